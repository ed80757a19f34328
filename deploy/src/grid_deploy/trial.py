"""Engines and databases for one run of the tests: made below the state folder, gone afterwards.

One PostgreSQL serves the whole run. Each service's database is migrated once and then copied for each worker, so
that tests may commit. Each worker has a broker of its own.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import psutil

from grid_deploy import engines, processes
from grid_deploy.engines import Engines
from grid_deploy.environment import service_environment
from grid_deploy.errors import DeployError
from grid_deploy.postgres import Cluster
from grid_deploy.provision import connect, ensure_database, provision, with_database
from grid_deploy.settings import ROOT, SERVICES, ServiceProcess, Settings

T = TypeVar("T")

_UNSAFE_AND_FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "400"}


@dataclass(frozen=True)
class TrialServer:
    """The PostgreSQL of a run; as text it travels to the workers of pytest-xdist."""

    state_dir: Path
    port: int

    @property
    def settings(self) -> Settings:
        """The launcher's settings of this run."""
        # GRID_POSTGRES_BIN lets a run choose another PostgreSQL than the wheel's.
        return replace(
            Settings.load(), state_dir=self.state_dir, postgres_port=self.port, database_url=None, nats_url=None
        )

    def engines(self, worker: str) -> Engines:
        """The run's PostgreSQL and a broker for one worker."""
        nats_port, monitor_port = processes.free_ports(2)
        own = Settings(
            self.state_dir / worker,
            postgres_port=self.port,
            database_url=Cluster(self.settings).url,
            nats_port=nats_port,
            nats_monitor_port=monitor_port,
        )
        started = engines.start(own)
        # Keys and passwords of roles belong to the server, so every worker reads the same ones.
        return replace(started, settings=self.settings)


def start_server() -> TrialServer:
    """Start the PostgreSQL of a run on a free port and provision it; sweep up after runs that were killed."""
    runs = ROOT / "var" / "tests"
    runs.mkdir(parents=True, exist_ok=True)
    _sweep(runs)
    server = TrialServer(runs / f"run-{os.getpid()}", processes.free_ports(1)[0])
    cluster = Cluster(server.settings, _UNSAFE_AND_FAST)
    try:
        cluster.start()
        in_thread(provision(cluster.url, server.settings.secrets_dir))
    except BaseException:
        stop_server(server)
        raise
    return server


def stop_server(server: TrialServer) -> None:
    """End the run's engines and remove its folder."""
    _stop_everything_in(server.state_dir)
    shutil.rmtree(server.state_dir, ignore_errors=True)


def environment_for(started: Engines, service: str, worker: str) -> dict[str, str]:
    """The settings of a service, owner's address included, with a migrated database of the worker's own."""
    process = next(each for each in SERVICES if each.name == service)
    _migrate_once(started, process)
    database = f"{process.database}_{worker}"
    in_thread(_copy(started.admin_url, process, database))
    environment = service_environment(started, process, owner=True)
    for name in [name for name in environment if name.endswith("DATABASE_URL_FILE")]:
        url = Path(environment.pop(name)).read_text("utf-8").strip()
        environment[name.removesuffix("_FILE")] = with_database(url, database)
    return environment | {"GRID_STATE_DIR": str(started.settings.state_dir / worker)}


def in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also where a loop is running already."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _copy(admin_url: str, process: ServiceProcess, database: str) -> None:
    admin = await connect(admin_url)
    try:
        await ensure_database(admin, database, process.name, template=process.database)
    finally:
        await admin.close()


def _migrate_once(started: Engines, process: ServiceProcess) -> None:
    done = started.settings.run_dir / f"{process.name}.migrated"
    with _locked(started.settings.run_dir / f"{process.name}.lock"):
        if done.exists():
            return
        environment = {**os.environ, **service_environment(started, process, owner=True)}
        command = [sys.executable, "-m", process.module, "migrate"]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise DeployError(f"{' '.join(command[1:])}:\n{result.stdout[-2000:]}{result.stderr[-4000:]}")
        done.touch()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _sweep(runs: Path) -> None:
    for leftover in runs.glob("run-*"):
        pid = leftover.name.removeprefix("run-")
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            _stop_everything_in(leftover)
            shutil.rmtree(leftover, ignore_errors=True)


def _stop_everything_in(folder: Path) -> None:
    for worker in [each for each in folder.glob("*/run") if each.is_dir()]:
        engines.stop(Settings(worker.parent))
    engines.stop(Settings(folder))
