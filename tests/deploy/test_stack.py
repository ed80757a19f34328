"""The whole system, brought up and down by the command line, as an operator does it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.deploy.conftest import kill_families

from grid_deploy import processes, stack
from grid_deploy.settings import SERVICES, Settings

pytestmark = pytest.mark.timeout(300)
STARTED = ("postgres", "nats", *(service.name for service in SERVICES))


@dataclass(frozen=True)
class Machine:
    """A state folder with ports of its own, and the command line."""

    environ: dict[str, str]

    @property
    def settings(self) -> Settings:
        return Settings.load(self.environ)

    def do(self, *words: str, expect: int = 0) -> str:
        """Run a command; what it printed."""
        command = [sys.executable, "-m", "grid_deploy", *words]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def pids(self) -> dict[str, int]:
        """What runs."""
        found = {name: processes.recall(name, self.settings.run_dir) for name in STARTED}
        return {name: process.pid for name, process in found.items() if process}

    def answers(self) -> set[str]:
        """The services that say they are ready."""
        return {service.name for service in SERVICES if _ready(service.port(self.environ))}


def _runs(pid: int) -> bool:
    """Whether a process lives; a zombie waits for its parent only."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One machine for the tests of this file; they follow each other."""
    names = ["GRID_POSTGRES_PORT", "GRID_NATS_PORT", "GRID_NATS_MONITOR_PORT"]
    names += [f"GRID_{service.name.upper()}_PORT" for service in SERVICES]
    ports = zip(names, map(str, processes.free_ports(len(names))), strict=True)
    other = {name: value for name, value in os.environ.items() if not name.startswith("GRID_")}
    state = str(tmp_path_factory.mktemp("machine"))
    made = Machine({**other, **dict(ports), "GRID_STATE_DIR": state, "GRID_DEMO": "off"})
    yield made
    stack.down(made.settings)


def test_one_word_brings_everything_up(machine: Machine) -> None:
    said = machine.do("up")
    assert f"http://localhost:{machine.environ['GRID_GATEWAY_PORT']}/" in said
    assert "make down" in said
    assert set(machine.pids()) == set(STARTED)
    assert machine.answers() == {service.name for service in SERVICES}


def test_a_second_start_changes_nothing(machine: Machine) -> None:
    before, began = machine.pids(), time.monotonic()
    machine.do("up")
    assert machine.pids() == before
    assert time.monotonic() - began < 10


def test_status_shows_every_process(machine: Machine) -> None:
    said = machine.do("status")
    assert [line.split()[0] for line in said.splitlines()[1:]] == list(STARTED)
    assert said.count("ready") == len(STARTED)


def test_logs_name_the_process_that_speaks(machine: Machine) -> None:
    said = machine.do("logs", "--no-follow", "--lines", "2", "gis", "nats")
    assert {line.split()[0] for line in said.splitlines()} == {"gis", "nats"}


def test_no_process_holds_the_secrets_of_another(machine: Machine) -> None:
    for service in SERVICES:
        told = psutil.Process(machine.pids()[service.name]).environ()
        mine = {name: value for name, value in told.items() if name.startswith("GRID_")}
        assert "GRID_DATABASE_URL" not in mine
        assert not [value for value in mine.values() if "owner" in value or "admin" in value]
        others = [other.name for other in SERVICES if other is not service]
        assert not [name for name in mine if name.endswith("_FILE") and any(other.upper() in name for other in others)]


def test_a_service_that_was_killed_is_started_again_alone(machine: Machine) -> None:
    before = machine.pids()
    os.kill(before["gis"], signal.SIGKILL)
    _wait(lambda: "gis" not in machine.pids())
    machine.do("status", expect=3)
    machine.do("up")
    after = machine.pids()
    assert {name for name in STARTED if after[name] != before[name]} == {"gis"}


def test_everything_comes_back_after_kill_9_of_everything(machine: Machine) -> None:
    kill_families(*machine.pids().values())
    _wait(lambda: not machine.pids())
    machine.do("up")
    assert machine.answers() == {service.name for service in SERVICES}


def test_down_ends_what_was_started_and_nothing_else(machine: Machine) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"]) as stranger:
        note = machine.settings.run_dir / "approval.pid"
        saved = note.read_text("utf-8")
        pids = machine.pids()
        machine.do("down")
        note.write_text(saved.replace(str(pids["approval"]), str(stranger.pid)), "utf-8")
        machine.do("down")
        assert stranger.poll() is None
        stranger.kill()
    assert machine.pids() == {}
    assert not any(_runs(pid) for pid in pids.values())


def test_a_start_after_a_stop_takes_less_than_ten_seconds(machine: Machine) -> None:
    began = time.monotonic()
    machine.do("up")
    assert time.monotonic() - began < 10
    machine.do("down")


@pytest.mark.parametrize("setting", ["GRID_GATEWAY_PORT", "GRID_DISPUTE_PORT", "GRID_POSTGRES_PORT", "GRID_NATS_PORT"])
def test_a_taken_port_stops_the_start_with_the_name_of_the_setting(machine: Machine, setting: str) -> None:
    with socket.create_server(("127.0.0.1", int(machine.environ[setting]))):
        said = machine.do("up", expect=1)
    assert said.strip().endswith(f": set {setting}")
    assert len(said.strip().splitlines()) == 1


def test_two_starts_at_once_make_one_system(machine: Machine) -> None:
    command = [sys.executable, "-m", "grid_deploy", "up"]
    both = [subprocess.Popen(command, env=machine.environ, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(240) for each in both] == [0, 0]
    assert set(machine.pids()) == set(STARTED)


def test_clean_leaves_nothing(machine: Machine) -> None:
    machine.do("clean")
    assert machine.pids() == {}
    assert not Path(machine.environ["GRID_STATE_DIR"]).exists()


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
