"""Settings of the machine: where state lives, which ports, who brings the engines."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

from grid_deploy.errors import DeployError
from grid_kernel.crypto import Suite

ROOT = Path(__file__).resolve().parents[3]
HOST = "127.0.0.1"


@dataclass(frozen=True)
class ServiceProcess:
    """One of the five: its name in settings, the module that runs it, the port it listens on by default."""

    name: str
    module: str
    default_port: int

    def port(self, environ: Mapping[str, str]) -> int:
        """The port this service listens on."""
        return _port(environ, f"GRID_{self.name.upper()}_PORT", self.default_port)

    @property
    def database(self) -> str:
        """The service's own database."""
        return f"grid_{self.name}"


SERVICES = (
    ServiceProcess("gateway", "gateway", 8080),
    ServiceProcess("population", "population_svc", 8101),
    ServiceProcess("approval", "approval_svc", 8102),
    ServiceProcess("gis", "gis_svc", 8103),
    ServiceProcess("dispute", "dispute_svc", 8104),
)


@dataclass(frozen=True)
class Settings:
    """What the launcher needs to know; every field is a GRID_* variable."""

    state_dir: Path
    postgres_port: int = 54320
    nats_port: int = 42220
    nats_monitor_port: int = 42221
    database_url: str | None = None
    nats_url: str | None = None
    postgres_bin: Path | None = None
    environment: str = "development"
    demo: bool = True
    cipher_suite: Suite = Suite.AES_GCM

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the environment; DeployError names a setting that cannot be understood."""
        given = os.environ if environ is None else environ
        postgres_bin = given.get("GRID_POSTGRES_BIN")
        nats_port = _port(given, "GRID_NATS_PORT", 42220)
        return cls(
            state_dir=(ROOT / given.get("GRID_STATE_DIR", "var")).resolve(),
            postgres_port=_port(given, "GRID_POSTGRES_PORT", 54320),
            nats_port=nats_port,
            nats_monitor_port=_port(given, "GRID_NATS_MONITOR_PORT", nats_port + 1),
            database_url=_value(given, "GRID_DATABASE_URL"),
            nats_url=_value(given, "GRID_NATS_URL"),
            postgres_bin=Path(postgres_bin) if postgres_bin else None,
            environment=given.get("GRID_ENVIRONMENT", "development"),
            demo=given.get("GRID_DEMO", "on") != "off",
            cipher_suite=_suite(given),
        )

    @property
    def secrets_dir(self) -> Path:
        """Passwords, keys and database addresses; readable by the owner only."""
        return self.state_dir / "secrets"

    @property
    def log_dir(self) -> Path:
        """One file per process."""
        return self.state_dir / "log"

    @property
    def run_dir(self) -> Path:
        """One file per running process: its pid and when it started."""
        return self.state_dir / "run"


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:  # noqa: PLR2004 - the range of ports
        raise DeployError(f"{name}={text}: 端口须为 1 至 65535 的整数 / a port is a number from 1 to 65535")
    return int(text)


def _suite(environ: Mapping[str, str]) -> Suite:
    text = environ.get("GRID_CIPHER_SUITE") or Suite.AES_GCM
    if text not in set(Suite):
        raise DeployError(f"GRID_CIPHER_SUITE={text}: 须为 / one of {', '.join(Suite)}")
    return Suite(text)


def _value(environ: Mapping[str, str], name: str) -> str | None:
    """A setting that may carry a password and so may be given as a file."""
    if path := environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text("utf-8").strip()
        except OSError as error:
            raise DeployError(f"{name}_FILE: {path}: {error.strerror}") from None
    return environ.get(name) or None


def with_user(address: str, user: str, password: str) -> str:
    """The same address with a user and a password."""
    parts = urlsplit(address)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def read_dotenv(path: Path) -> dict[str, str]:
    """The KEY=VALUE lines of a .env file, as docker-compose reads them; no file means none."""
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, value in pairs}
