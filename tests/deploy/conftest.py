"""A state folder and free ports for one test; whatever was started there is ended."""

from collections.abc import Iterator
from pathlib import Path

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
