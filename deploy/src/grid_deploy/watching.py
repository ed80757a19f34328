"""What runs, and what it says."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psutil

from grid_deploy import processes, services
from grid_deploy.nats_server import Broker
from grid_deploy.postgres import Cluster
from grid_deploy.processes import Process
from grid_deploy.settings import SERVICES, Settings

_LINE = "{:<12} {:<10} {:>8} {:>6}  {:<12} {:>8}"
_MIB = 1024 * 1024


def print_status(settings: Settings, environ: Mapping[str, str]) -> bool:
    """One line per process; True when everything is up."""
    rows = list(_rows(settings, environ))
    print(_LINE.format("name", "state", "pid", "port", "since", "memory"))
    for row in rows:
        print(_LINE.format(*row))
    return all(row[1] in {"ready", "external"} for row in rows)


def print_logs(settings: Settings, names: list[str], *, lines: int, follow: bool) -> None:
    """The last lines of the logs, then whatever is added, each with the name of its process."""
    wanted = names or ["postgres", "nats", *(process.name for process in SERVICES)]
    logs = {settings.log_dir / f"{name}.log": name for name in wanted}
    for path, name in logs.items():
        for line in processes.tail(path, lines).splitlines():
            print(f"{name:<10} | {line}")
    if follow:
        with contextlib.suppress(KeyboardInterrupt):
            _follow(logs)


def _rows(settings: Settings, environ: Mapping[str, str]) -> Iterator[tuple[str, str, str, str, str, str]]:
    engines = (
        ("postgres", settings.database_url, Cluster(settings).running, settings.postgres_port),
        ("nats", settings.nats_url, Broker(settings).running, settings.nats_port),
    )
    for name, external, running, port in engines:
        if external is not None:
            yield name, "external", "", str(urlsplit(external).port or ""), "", ""
        else:
            process = running()
            yield name, "ready" if process else "stopped", *_figures(process, port)
    for service in SERVICES:
        process = processes.recall(service.name, settings.run_dir)
        ready = "ready" if process and services.is_ready(service, environ) else "not ready"
        yield service.name, ready if process else "stopped", *_figures(process, service.port(environ))


def _figures(process: Process | None, port: int) -> tuple[str, str, str, str]:
    if process is None:
        return "", str(port), "", ""
    try:
        found = psutil.Process(process.pid)
        since = datetime.fromtimestamp(found.create_time(), ZoneInfo("Asia/Shanghai"))
        memory = sum(map(_memory, [found, *found.children(recursive=True)]))
    except psutil.Error:
        return str(process.pid), str(port), "", ""
    return str(process.pid), str(port), f"{since:%m-%d %H:%M}", f"{memory // _MIB} MiB"


def _memory(process: psutil.Process) -> int:
    """Bytes of one process; what it shares with others is counted by share where the system tells."""
    try:
        return int(process.memory_full_info().pss)
    except (AttributeError, psutil.AccessDenied):
        return int(process.memory_info().rss)


def _follow(logs: Mapping[Path, str]) -> None:
    ends = {path: path.stat().st_size if path.exists() else 0 for path in logs}
    while True:
        for path, name in logs.items():
            size = path.stat().st_size if path.exists() else 0
            start = ends[path] if size >= ends[path] else 0
            if size > start:
                with path.open("rb") as log:
                    log.seek(start)
                    added = log.read(size - start)
                for line in added.decode("utf-8", "replace").splitlines():
                    print(f"{name:<10} | {line}", flush=True)
            ends[path] = size
        time.sleep(0.3)
