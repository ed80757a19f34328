"""What a service is told on its command line before it serves: migrate, load, show dead letters."""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from grid_deploy.engines import Engines
from grid_deploy.environment import service_environment
from grid_deploy.errors import DeployError
from grid_deploy.settings import ROOT, SERVICES, ServiceProcess

_AT_ONCE = 2


def in_services(
    engines: Engines,
    told: Iterable[tuple[ServiceProcess, tuple[str, ...]]],
    environ: Mapping[str, str],
    *,
    owner: bool = False,
) -> list[str]:
    """Run one command in each service named, a few at once; what they printed, in the given order."""

    def run(pair: tuple[ServiceProcess, tuple[str, ...]]) -> str:
        return in_service(engines, pair[0], pair[1], environ, owner=owner)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(run, list(told)))


def in_service(
    engines: Engines,
    process: ServiceProcess,
    arguments: tuple[str, ...],
    environ: Mapping[str, str],
    *,
    owner: bool = False,
) -> str:
    """Run one command of a service; DeployError carries the end of what it said."""
    environment = service_environment(engines, process, environ=environ, owner=owner)
    command = [sys.executable, "-m", process.module, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeployError(f"python -m {' '.join(command[2:])}:\n{_end(done.stdout + done.stderr)}")
    return done.stdout


def service_named(name: str) -> ServiceProcess:
    """The service of this name; DeployError lists the names there are."""
    for process in SERVICES:
        if process.name == name:
            return process
    raise DeployError(f"没有服务 / no such service: {name!r}; there are {', '.join(each.name for each in SERVICES)}")


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-12:])
