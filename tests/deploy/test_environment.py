"""What a service process is told: its own settings and secrets, nobody else's."""

from dataclasses import replace
from pathlib import Path

import pytest

from grid_deploy.engines import Engines
from grid_deploy.environment import service_environment
from grid_deploy.errors import DeployError
from grid_deploy.nats_server import Broker
from grid_deploy.provision import data_keys_file, database_url_file, write_keys
from grid_deploy.secret_files import keep
from grid_deploy.services import read_procfile
from grid_deploy.settings import SERVICES, Settings, read_dotenv
from grid_kernel.crypto import Keys, Suite
from grid_kernel.settings import ServiceSettings

GATEWAY, POPULATION, APPROVAL, *_ = SERVICES


@pytest.fixture
def engines(tmp_path: Path) -> Engines:
    """Engines that only have addresses."""
    settings = Settings(tmp_path)
    write_keys(settings.secrets_dir)
    for service in SERVICES:
        for role in ("app", "system", "owner"):
            keep(database_url_file(settings.secrets_dir, service.name, role), f"postgresql://{service.name}_{role}@h/d")
    return Engines("postgresql://admin:secret@h/d", Broker(settings).url(), settings, Broker(settings))


def test_personal_data_is_encrypted_with_sm4_where_that_is_set(tmp_path: Path) -> None:
    settings = Settings.load({"GRID_STATE_DIR": str(tmp_path), "GRID_CIPHER_SUITE": "sm4-gcm"})
    write_keys(settings.secrets_dir, settings.cipher_suite)
    written = data_keys_file(settings.secrets_dir, "population").read_text("utf-8")
    assert Keys.parse(written).suite is Suite.SM4_GCM
    write_keys(settings.secrets_dir, Suite.AES_GCM)
    assert data_keys_file(settings.secrets_dir, "population").read_text("utf-8") == written
    with pytest.raises(DeployError, match="GRID_CIPHER_SUITE=des"):
        Settings.load({"GRID_CIPHER_SUITE": "des"})


@pytest.mark.parametrize("process", SERVICES, ids=lambda process: process.name)
def test_a_service_can_start_with_what_it_is_given(engines: Engines, process: object) -> None:
    service = next(each for each in SERVICES if each is process)
    read = ServiceSettings.load(service.name, service_environment(engines, service))
    assert read.port == service.default_port
    assert read.database_url.get_secret_value() == f"postgresql://{service.name}_app@h/d"
    assert read.nats_url.startswith(f"nats://{service.name}:")
    assert read.owner_database_url is None


def test_nothing_of_another_service_and_no_administration_is_passed_on(engines: Engines) -> None:
    given = {
        "PATH": "/bin",
        "GRID_DATABASE_URL": "postgresql://admin:secret@h/d",
        "GRID_POPULATION_SIGNING_KEY_FILE": "/elsewhere",
        "GRID_APPROVAL_LOG_LEVEL": "DEBUG",
        "GRID_POPULATION_LOG_LEVEL": "ERROR",
    }
    told = service_environment(engines, APPROVAL, environ=given)
    assert told["PATH"] == "/bin"
    assert told["GRID_APPROVAL_LOG_LEVEL"] == "DEBUG"
    assert "GRID_DATABASE_URL" not in told
    assert not [name for name in told if "POPULATION" in name]
    assert not [value for value in told.values() if "population" in value or "owner" in value]


def test_what_the_operator_set_goes_before_what_was_made(engines: Engines) -> None:
    given = {"GRID_APPROVAL_DATABASE_URL": "postgresql://mine@h/d", "GRID_APPROVAL_PORT": "9102"}
    told = service_environment(engines, APPROVAL, environ=given)
    assert "GRID_APPROVAL_DATABASE_URL_FILE" not in told
    assert ServiceSettings.load("approval", told).database_url.get_secret_value() == "postgresql://mine@h/d"
    gateway = service_environment(engines, GATEWAY, environ=given)
    assert gateway["GRID_APPROVAL_URL"] == "http://127.0.0.1:9102"


def test_the_gateway_may_be_told_where_a_service_is(engines: Engines) -> None:
    given = {"GRID_APPROVAL_URL": "http://elsewhere:8080", "GRID_APPROVAL_DATABASE_URL": "postgresql://mine@h/d"}
    told = service_environment(engines, GATEWAY, environ=given)
    assert told["GRID_APPROVAL_URL"] == "http://elsewhere:8080"
    assert "GRID_APPROVAL_DATABASE_URL" not in told


def test_only_a_migration_gets_the_owners_address(engines: Engines) -> None:
    assert "GRID_GATEWAY_OWNER_DATABASE_URL_FILE" in service_environment(engines, GATEWAY, owner=True)
    assert "GRID_GATEWAY_OWNER_DATABASE_URL_FILE" not in service_environment(engines, GATEWAY)


def test_the_procfile_shows_all_five() -> None:
    page = read_procfile()
    assert list(page) == list(SERVICES)
    assert all(command == ["python", "-m", process.module, "run"] for process, command in page.items())


def test_an_unknown_line_of_the_procfile_is_named(tmp_path: Path) -> None:
    page = tmp_path / "Procfile"
    page.write_text("postbox: python -m postbox run\n")
    with pytest.raises(DeployError, match="postbox"):
        read_procfile(page)


@pytest.mark.parametrize("port", ["", "70000", "0", "high", "-1"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    if not port:
        assert Settings.load({"GRID_POSTGRES_PORT": port}).postgres_port == 54320
        return
    with pytest.raises(DeployError, match="GRID_POSTGRES_PORT"):
        Settings.load({"GRID_POSTGRES_PORT": port})


def test_an_address_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("postgresql://admin@h/d\n")
    assert Settings.load({"GRID_DATABASE_URL_FILE": str(tmp_path / "address")}).database_url == "postgresql://admin@h/d"
    with pytest.raises(DeployError, match="GRID_DATABASE_URL_FILE"):
        Settings.load({"GRID_DATABASE_URL_FILE": str(tmp_path / "absent")})


def test_a_dotenv_file_is_read_as_docker_compose_reads_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# a comment\nGRID_NATS_PORT=5000\n\nGRID_DISTRICT='150204'\nno setting\n")
    assert read_dotenv(path) == {"GRID_NATS_PORT": "5000", "GRID_DISTRICT": "150204"}
    assert read_dotenv(tmp_path / "absent") == {}


def test_the_monitor_port_follows_the_port_of_the_broker() -> None:
    assert Settings.load({"GRID_NATS_PORT": "5000"}).nats_monitor_port == 5001
    assert replace(Settings.load({}), nats_port=1).nats_monitor_port == 42221
