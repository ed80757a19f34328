"""A house to break: engines that survive a crash, the production processes apart, each started again when it dies."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
import psutil

from grid_deploy import commands, engines, processes, stack
from grid_deploy.engines import Engines
from grid_deploy.environment import service_environment
from grid_deploy.errors import DeployError
from grid_deploy.nats_server import Broker
from grid_deploy.postgres import Cluster
from grid_deploy.processes import Process
from grid_deploy.settings import ROOT, SERVICES, Settings
from grid_kernel.clock import SHANGHAI

COMMUNITIES = ("150204006019", "150204008015")
RUNNING = ("gateway", "gis", "population")
# Each part of the production layout that a kill may hit: the service and the word on its command line.
PARTS = {
    "gateway": ("gateway", "run"),
    "gis": ("gis", "serve"),
    "gis relay": ("gis", "relay"),
    "gis inbox": ("gis", "consume"),
    "population": ("population", "serve"),
    "population relay": ("population", "relay"),
    "population inbox": ("population", "consume"),
}
ENGINES = ("postgres", "nats")
_READY_SECONDS = 60


@dataclass
class House:
    """What runs, and who starts it again."""

    engines: Engines
    environ: dict[str, str]
    demo: Path
    closing: threading.Event = field(default_factory=threading.Event)
    down: set[str] = field(default_factory=set)
    """Parts kept down on purpose."""
    pauses: random.Random = field(default_factory=random.Random)
    _keepers: list[threading.Thread] = field(default_factory=list)
    _running: dict[str, Process] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The launcher's."""
        return self.engines.settings

    @property
    def url(self) -> str:
        """The gateway's address."""
        return f"http://127.0.0.1:{self.environ['GRID_GATEWAY_PORT']}"

    def log(self, part: str) -> str:
        """What a part has written so far."""
        return (self.settings.log_dir / f"{part}.log").read_text("utf-8", "replace")

    def keep(self) -> None:
        """Start everything and keep it running, as systemd or Kubernetes would."""
        for part in (*ENGINES, *PARTS):
            keeper = threading.Thread(target=self._keep, args=(part,), name=f"keeper of {part}", daemon=True)
            keeper.start()
            self._keepers.append(keeper)
        self.wait_until_ready()

    def kill(self, part: str) -> None:
        """kill -9, a whole server with its children."""
        process = self._running.get(part)
        if process is None or not process.alive():
            return
        with suppress(psutil.NoSuchProcess):
            whole = psutil.Process(process.pid)
            for each in (whole, *whole.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    each.kill()

    def terminate(self, part: str) -> None:
        """Ask a part to finish, as an orderly restart does."""
        self._running[part].send(signal.SIGTERM)

    @contextmanager
    def without(self, part: str) -> Iterator[None]:
        """Keep a part down for a while."""
        self.down.add(part)
        self.kill(part)
        try:
            yield
        finally:
            self.down.discard(part)

    def process(self, part: str) -> Process:
        """The process of a part as it runs now."""
        return self._running[part]

    def alive(self, part: str) -> bool:
        """Whether a part runs just now."""
        process = self._running.get(part)
        return process is not None and process.alive()

    def wait_until_ready(self) -> None:
        """Until every part runs and every API answers."""
        wait_for(lambda: all(map(self.alive, (*ENGINES, *PARTS))) and all(map(self._answers, RUNNING)), _READY_SECONDS)

    def close(self) -> None:
        """End everything."""
        self.closing.set()
        for keeper in self._keepers:
            keeper.join(timeout=90)
        for part in PARTS:
            if self.alive(part):
                self.terminate(part)
        for part in PARTS:
            if part in self._running:
                self._running[part].stop(signal.SIGTERM, 20)
        engines.stop(self.settings)

    def tell(self, service: str, *words: str) -> str:
        """A command of a service."""
        return commands.in_service(self.engines, commands.service_named(service), words, self.environ)

    def furnish(self, service: str) -> None:
        """Load the demo of a service."""
        self.tell(service, "load", str(self.demo / service))

    def _keep(self, part: str) -> None:
        while not self.closing.is_set():
            if not self.alive(part) and part not in self.down:
                time.sleep(self.pauses.uniform(0, 0.5))
                with suppress(DeployError):
                    self._running[part] = self._start(part)
                    self.restarts[part] = self.restarts.get(part, -1) + 1
            self.closing.wait(0.1)

    def _start(self, part: str) -> Process:
        if part == "postgres":
            return Cluster(self.settings).start()
        if part == "nats":
            return Broker(self.settings).start()
        name, word = PARTS[part]
        service = commands.service_named(name)
        environment = service_environment(self.engines, service, environ=self.environ)
        command = [sys.executable, "-m", service.module, word]
        log = self.settings.log_dir / f"{part}.log"
        return processes.launch(part, command, log=log, env=environment, cwd=ROOT)

    def _answers(self, service: str) -> bool:
        port = self.environ[f"GRID_{service.upper()}_PORT"]
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=3).is_success
        except httpx.HTTPError:
            return False


def wait_for(holds: Callable[[], bool], seconds: float) -> float:
    """Until something holds; how many seconds it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def built(folder: Path) -> Iterator[House]:
    """A house on engines of its own, set to survive a crash, with two communities in it."""
    environ = _environment(folder / "var")
    settings = Settings.load(environ)
    house = House(engines.start(settings), environ, folder / "demo")
    try:
        stack.prepare(settings, environ)
        _generate(house.demo)
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(house.furnish, RUNNING))
        house.keep()
        yield house
    finally:
        house.close()


def _environment(state: Path) -> dict[str, str]:
    names = ["GRID_POSTGRES_PORT", "GRID_NATS_PORT", "GRID_NATS_MONITOR_PORT"]
    names += [f"GRID_{service.name.upper()}_PORT" for service in SERVICES]
    ports = zip(names, map(str, processes.free_ports(len(names))), strict=True)
    other = {name: value for name, value in os.environ.items() if not name.startswith("GRID_")}
    return {**other, **dict(ports), "GRID_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1"}


def _generate(folder: Path) -> None:
    today = datetime.now(SHANGHAI).date().isoformat()
    command = [sys.executable, "-m", "grid_deploy.demo", "--seed", "1", "--as-of", today, "--out", str(folder)]
    command += ["--communities", ",".join(COMMUNITIES)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
