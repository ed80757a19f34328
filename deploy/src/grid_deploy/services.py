"""The five processes of the Procfile: started together, awaited until ready, stopped together."""

import os
import shlex
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from grid_deploy import processes
from grid_deploy.engines import Engines
from grid_deploy.environment import service_environment
from grid_deploy.errors import DeployError
from grid_deploy.settings import HOST, ROOT, SERVICES, ServiceProcess, Settings

PROCFILE = ROOT / "Procfile"
READY_SECONDS = 60
# Longer than a service takes to finish the requests at hand.
STOP_SECONDS = 30


def read_procfile(path: Path = PROCFILE) -> dict[ServiceProcess, list[str]]:
    """Each service of the Procfile with its command, in the order of the page."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    commands = {name.strip(): shlex.split(command) for name, _, command in (line.partition(":") for line in lines)}
    known = {process.name: process for process in SERVICES}
    if unknown := sorted(set(commands) - set(known)):
        raise DeployError(f"Procfile: 没有服务 / no such service: {', '.join(unknown)}")
    return {known[name]: command for name, command in commands.items()}


def require_free_ports(settings: Settings, environ: Mapping[str, str]) -> None:
    """Refuse before anything is started when something else listens where a service has to."""
    for process in read_procfile():
        if processes.recall(process.name, settings.run_dir) is None:
            name = f"GRID_{process.name.upper()}_PORT"
            processes.require_free_port(process.port(environ), name, host=_host(process, environ))


def start(engines: Engines, environ: Mapping[str, str]) -> list[ServiceProcess]:
    """Start what does not run yet, all at once, and return when every one is ready."""
    settings = engines.settings
    starting = [each for each in read_procfile() if processes.recall(each.name, settings.run_dir) is None]
    for process in starting:
        started = processes.launch(
            process.name,
            _with_this_python(read_procfile()[process]),
            log=log_of(settings, process),
            env=_environment(engines, process, environ),
            cwd=ROOT,
        )
        processes.remember(started, settings.run_dir)
    _wait_until_ready(settings, environ)
    return starting


def stop(settings: Settings) -> list[str]:
    """Ask all to finish, then wait for each; the names of those that ran."""
    running = [found for each in reversed(SERVICES) if (found := processes.recall(each.name, settings.run_dir))]
    for process in running:
        process.send(signal.SIGTERM)
    for process in running:
        process.stop(signal.SIGTERM, STOP_SECONDS)
        processes.forget(process.name, settings.run_dir)
    return [process.name for process in running]


def log_of(settings: Settings, process: ServiceProcess) -> Path:
    """Where a service's log lines go."""
    return settings.log_dir / f"{process.name}.log"


def is_ready(process: ServiceProcess, environ: Mapping[str, str]) -> bool:
    """Whether a service says that it can serve."""
    host = _host(process, environ)
    address = f"http://{HOST if host in {'0.0.0.0', '::'} else host}:{process.port(environ)}/readyz"  # noqa: S104
    try:
        with urllib.request.urlopen(address, timeout=3) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP OK
    except (urllib.error.URLError, OSError):
        return False


def _wait_until_ready(settings: Settings, environ: Mapping[str, str]) -> None:
    until = time.monotonic() + READY_SECONDS
    waiting = dict.fromkeys(read_procfile())
    while waiting:
        for process in list(waiting):
            if is_ready(process, environ):
                del waiting[process]
            elif (running := processes.recall(process.name, settings.run_dir)) is None:
                raise DeployError(
                    f"{process.name} 未能启动 / did not start:\n{processes.tail(log_of(settings, process))}"
                )
            elif time.monotonic() > until:
                raise DeployError(
                    f"{process.name} (pid {running.pid}) {READY_SECONDS} 秒内未就绪 / is not ready yet; "
                    f"see {log_of(settings, process)}"
                )
        time.sleep(0.05)


def _with_this_python(command: Sequence[str]) -> list[str]:
    return [sys.executable, *command[1:]] if command[0] == "python" else list(command)


def _environment(engines: Engines, process: ServiceProcess, environ: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
    return {**service_environment(engines, process, environ=environ), "PATH": path, "PYTHONUNBUFFERED": "1"}


def _host(process: ServiceProcess, environ: Mapping[str, str]) -> str:
    return environ.get(f"GRID_{process.name.upper()}_HOST", HOST)
