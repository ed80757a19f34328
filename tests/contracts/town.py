"""A small town served: two villages of two grids each, the five services as processes, their demo data, its people."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from grid_deploy import engines as launcher
from grid_deploy import processes, trial
from grid_deploy.engines import Engines
from grid_deploy.provision import signing_key_file
from grid_deploy.settings import ROOT, SERVICES, Settings
from grid_deploy.trial import TrialServer
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.clock import SHANGHAI
from grid_kernel.testing import Tokens

T = TypeVar("T")
DISTRICT, STREET = "150204", "150204100"
VILLAGE, OTHER_VILLAGE = "150204100201", "150204100202"
GRID, NEXT_GRID, OTHER_GRID = f"{VILLAGE}001", f"{VILLAGE}002", f"{OTHER_VILLAGE}001"
_STAGES = (("population", "gis", "gateway"), ("approval", "dispute"))
_AT_ONCE = 2
_READY_SECONDS = 60
_NOBODY = "00000000-0000-7000-8000-00000000000{}"


@dataclass
class Town:
    """Where everything is."""

    folder: Path
    environments: dict[str, dict[str, str]]
    urls: dict[str, str]
    tokens: Tokens
    nats_url: str
    demo: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def log(self, service: str) -> str:
        """What a service has written so far."""
        return (self.folder / f"{service}.log").read_text("utf-8")

    def client(self, service: str, who: Actor | None = None) -> httpx.Client:
        """A client of one service as somebody; None is nobody."""
        headers = {} if who is None else {"Authorization": f"Bearer {self.tokens.of(who)}"}
        return httpx.Client(base_url=f"{self.urls[service]}/v1", headers=headers, timeout=20)

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of a demo file."""
        with (self.demo / f"{name}.ndjson").open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)

    def serve(self, service: str) -> None:
        """Start a service; `wait` says when it answers."""
        self._start(service, self.environments[service], _module(service), "run")

    def serve_variant(self, service: str, module: str) -> str:
        """Start a module in the place of a service, beside it on a port of its own; its address."""
        port = processes.free_ports(1)[0]
        environment = self.environments[service] | {f"GRID_{service.upper()}_PORT": str(port)}
        process = self._start(module.rpartition(".")[2], environment, module, "run")
        _wait_until_ready(url := f"http://127.0.0.1:{port}", process)
        return url

    def wait(self) -> None:
        """Until all that was started answers."""
        for url, process in zip(self.urls.values(), self.running, strict=True):
            _wait_until_ready(url, process)

    def _start(self, log_name: str, environment: dict[str, str], *module: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{log_name}.log").open("wb") as log:
            command = [sys.executable, "-m", *module]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        self.running.append(process)
        return process

    def stop(self) -> None:
        """End what was started."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(timeout=30)


def somebody(number: int, *grants: Grant) -> Actor:
    """An account that always has the same id, so that what it made stays its own."""
    return Actor(kind="account", id=_NOBODY.format(number), grants=grants)


def worker(grid: str, number: int) -> Actor:
    """A resident service officer on grid duty (B)."""
    return somebody(
        number, Grant(post=Post.RESIDENT_SERVICE_OFFICER, area=grid, unit=f"station-{grid[:12]}", duty="grid")
    )


@contextmanager
def founded(server: TrialServer, name: str, folder: Path) -> Iterator[Town]:
    """A town on databases and a broker of its own, loaded and served."""
    started = server.engines(name)
    town = _lay_out(started, name, folder)
    try:
        for service in town.urls:
            town.serve(service)
        _generate(town.demo)
        town.wait()
        for stage in _STAGES:
            _together(lambda service: _told(town, service, "load", str(town.demo / service)), stage)
        yield town
    finally:
        town.stop()
        launcher.stop(Settings(server.state_dir / name))


def _lay_out(started: Engines, name: str, folder: Path) -> Town:
    ports = dict(zip((each.name for each in SERVICES), processes.free_ports(len(SERVICES)), strict=True))
    urls = {service: f"http://127.0.0.1:{port}" for service, port in ports.items()}
    given = {name: value for name, value in os.environ.items() if not name.startswith("GRID_")}
    own = {f"GRID_{service.upper()}_PORT": str(port) for service, port in ports.items()}
    given |= {"GRID_LOG_LEVEL": "DEBUG", "GRID_RELAY_POLL_SECONDS": "0.2"}
    upstream = {f"GRID_{service.upper()}_URL": url for service, url in urls.items()}
    environments = {service: given | trial.environment_for(started, service, name) | own | upstream for service in urls}
    tokens = Tokens(signing_key_file(started.settings.secrets_dir, "gateway"))
    return Town(folder, environments, urls, tokens, started.nats_url, folder / "demo")


def _together(work: Callable[[str], T], services: Iterable[str]) -> list[T]:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(work, services))


def _generate(folder: Path) -> None:
    today = datetime.now(SHANGHAI).date().isoformat()
    command = [sys.executable, "-m", "grid_deploy.demo", "--seed", "1", "--as-of", today, "--out", str(folder)]
    command += ["--communities", f"{VILLAGE},{OTHER_VILLAGE}", "--applications", "60", "--cases", "60"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def _told(town: Town, service: str, *arguments: str) -> None:
    command = [sys.executable, "-m", _module(service), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=town.environments[service], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{service}: {done.stdout[-3000:]}{done.stderr[-3000:]}"


def _module(service: str) -> str:
    return next(each.module for each in SERVICES if each.name == service)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"{url} ended at once"
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} was not ready in {_READY_SECONDS} s")
