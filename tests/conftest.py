"""The engines of a test run: real ones, started once, one database per service and worker."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from grid_deploy import engines as launcher
from grid_deploy import trial
from grid_deploy.engines import Engines
from grid_deploy.settings import Settings
from grid_deploy.trial import TrialServer

# How long an example takes says how busy the machine is, nothing about the code.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

_SERVER = pytest.StashKey[TrialServer]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Item) -> None:
    """With pytest-xdist the controller starts PostgreSQL once and tells every worker where it is."""
    server = node.config.stash.get(_SERVER, None)
    if server is None:
        server = node.config.stash[_SERVER] = trial.start_server()
    node.workerinput["trial_server"] = (str(server.state_dir), server.port)  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the controller started."""
    if (server := config.stash.get(_SERVER, None)) is not None:
        trial.stop_server(server)


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of this pytest worker."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def engines(request: pytest.FixtureRequest, worker: str) -> Iterator[Engines]:
    """PostgreSQL and NATS of this run, provisioned."""
    handed_down = getattr(request.config, "workerinput", {}).get("trial_server")
    if handed_down is not None:
        server = TrialServer(Path(handed_down[0]), handed_down[1])
    else:
        # Kept with the configuration: it is stopped even when a test run is interrupted.
        server = request.config.stash[_SERVER] = trial.start_server()
    started = server.engines(worker)
    yield started
    launcher.stop(Settings(server.state_dir / worker))


@pytest.fixture(scope="session")
def service_environment(engines: Engines, worker: str) -> Callable[[str], dict[str, str]]:
    """The GRID_* settings of a service, whose migrated database belongs to this worker alone."""
    made: dict[str, dict[str, str]] = {}

    def environment(service: str) -> dict[str, str]:
        if service not in made:
            made[service] = trial.environment_for(engines, service, worker)
        return dict(made[service])

    return environment
