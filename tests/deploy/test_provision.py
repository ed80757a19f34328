"""Databases, roles and secrets: made once, the same ever after, each service its own."""

import asyncio
import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from grid_deploy import engines, processes
from grid_deploy.errors import DeployError
from grid_deploy.postgres import Cluster
from grid_deploy.provision import connect, data_keys_file, provision, signing_key_file, verify_keys_file, with_database
from grid_deploy.settings import SERVICES, Settings
from grid_kernel.auth import Actor, Signer, Verifier
from grid_kernel.crypto import Keys

UNSAFE_AND_FAST = {"fsync": "off"}


@pytest.fixture(scope="module")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A provisioned cluster for the tests of this file."""
    settings = Settings(tmp_path_factory.mktemp("provisioned"), postgres_port=processes.free_ports(1)[0])
    cluster = Cluster(settings, UNSAFE_AND_FAST)
    cluster.start()
    asyncio.run(provision(cluster.url, settings.secrets_dir))
    yield settings
    engines.stop(settings)


def secrets_of(settings: Settings) -> dict[str, str]:
    """Every secret with its content."""
    files = (path for path in settings.secrets_dir.rglob("*") if path.is_file())
    return {str(path): path.read_text("utf-8") for path in files}


async def entered_as(settings: Settings, service: str, role: str, database: str | None = None) -> asyncpg.Connection:
    """A connection with one of the addresses that were written."""
    url = (settings.secrets_dir / f"{service}_{role}.url").read_text("utf-8")
    return await asyncpg.connect(with_database(url, database) if database else url)


async def test_provisioning_again_changes_nothing(provisioned: Settings) -> None:
    before = secrets_of(provisioned)
    await provision(Cluster(provisioned).url, provisioned.secrets_dir)
    assert secrets_of(provisioned) == before


def test_only_the_owner_can_read_secrets(provisioned: Settings) -> None:
    found = list(provisioned.secrets_dir.rglob("*"))
    assert len(found) > 25
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_every_password_is_another(provisioned: Settings) -> None:
    passwords = [urlsplit(path.read_text("utf-8")).password for path in provisioned.secrets_dir.glob("*.url")]
    assert len(passwords) == len(set(passwords)) == 15


@pytest.mark.parametrize("service", [each.name for each in SERVICES])
async def test_a_role_is_nothing_but_a_log_in(provisioned: Settings, service: str) -> None:
    for role in ("owner", "app", "system"):
        connection = await entered_as(provisioned, service, role)
        row = await connection.fetchrow(
            "select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as mighty"
            " from pg_roles where rolname = current_user"
        )
        await connection.close()
        assert row is not None
        assert not row["mighty"]


async def test_only_the_owner_changes_the_schema(provisioned: Settings) -> None:
    owner = await entered_as(provisioned, "gis", "owner")
    await owner.execute("create table building (id int)")
    await owner.close()
    for role in ("app", "system"):
        connection = await entered_as(provisioned, "gis", role)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("create table mine (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("drop table building")
        await connection.close()


async def test_nobody_enters_the_database_of_another(provisioned: Settings) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await entered_as(provisioned, "approval", "app", "grid_population")


async def test_exclusion_constraints_find_their_operators(provisioned: Settings) -> None:
    owner = await entered_as(provisioned, "population", "owner")
    await owner.execute(
        "create table stay (person int, during daterange, exclude using gist (person with =, during with &&))"
    )
    await owner.close()


def test_the_keys_fit_what_the_services_read(provisioned: Settings) -> None:
    folder, now = provisioned.secrets_dir, datetime.now(UTC)
    verifier = Verifier(verify_keys_file(folder).read_text("utf-8"))
    for service in SERVICES:
        signer = Signer(signing_key_file(folder, service.name).read_text("utf-8"))
        token = signer.mint(Actor.system(service.name), now=now)
        assert verifier.verify(token, now=now.timestamp()).service == service.name
        keys = Keys.parse(data_keys_file(folder, service.name).read_text("utf-8"))
        assert keys.decrypt(keys.encrypt(b"152921", "a"), "a") == b"152921"
    published = json.loads(verify_keys_file(folder).read_text("utf-8"))["keys"]
    assert all("d" not in key for key in published)


async def test_a_moved_server_keeps_its_passwords(provisioned: Settings, tmp_path: Path) -> None:
    before = secrets_of(provisioned)
    moved = replace(provisioned, postgres_port=processes.free_ports(1)[0])
    Cluster(moved, UNSAFE_AND_FAST).start()
    await provision(Cluster(moved).url, moved.secrets_dir)
    connection = await entered_as(moved, "approval", "app")
    await connection.close()
    changed = [name for name, content in secrets_of(moved).items() if content != before[name]]
    assert all(name.endswith(".url") for name in changed)
    Cluster(provisioned, UNSAFE_AND_FAST).start()
    await provision(Cluster(provisioned).url, provisioned.secrets_dir)
    assert secrets_of(provisioned) == before


async def test_lost_keys_of_existing_data_are_never_made_anew(provisioned: Settings) -> None:
    owner = await entered_as(provisioned, "dispute", "owner")
    await owner.execute("create table if not exists alembic_version (version_num text)")
    await owner.close()
    path = data_keys_file(provisioned.secrets_dir, "dispute")
    saved = path.rename(path.with_suffix(".saved"))
    try:
        with pytest.raises(DeployError, match="grid_dispute"):
            await provision(Cluster(provisioned).url, provisioned.secrets_dir)
        assert not path.exists()
    finally:
        saved.rename(path)


async def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    port = processes.free_ports(1)[0]
    with pytest.raises(DeployError) as refusal:
        await connect(f"postgresql://admin:hunter2@127.0.0.1:{port}/postgres")
    assert f"127.0.0.1:{port}" in str(refusal.value)
    assert "GRID_DATABASE_URL" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
