"""A state folder and free ports for one test; whatever was started there is ended."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from grid_deploy import engines, processes
from grid_deploy.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """The launcher's settings for engines of this test alone."""
    postgres, nats, monitor = processes.free_ports(3)
    made = Settings(tmp_path / "var", postgres_port=postgres, nats_port=nats, nats_monitor_port=monitor)
    yield made
    engines.stop(made)


def kill_families(*pids: int) -> None:
    """kill -9 of some processes with their children, and of nothing else; whoever ended meanwhile needs none."""
    begun = [psutil.Process(pid) for pid in pids]
    family = [each for process in begun for each in (process, *process.children(recursive=True))]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=10)
