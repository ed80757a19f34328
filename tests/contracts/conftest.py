"""One small town for all tests that need services which run."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.contracts import town as towns
from tests.contracts.town import DISTRICT, GRID, NEXT_GRID, OTHER_GRID, OTHER_VILLAGE, STREET, VILLAGE, Town, somebody

from grid_deploy.engines import Engines
from grid_deploy.trial import TrialServer
from grid_kernel.auth import Actor, Grant, Post


@dataclass(frozen=True)
class People:
    """Who is asked to look where."""

    worker: Actor
    neighbour: Actor
    """Of the next grid of the same village, on duty B like the worker."""
    stranger: Actor
    """Of another village."""
    guide: Actor
    system_admin: Actor
    security_admin: Actor
    audit_admin: Actor
    everybody: Actor
    """One account with so many posts that little is refused to it."""


@pytest.fixture(scope="session")
def town(engines: Engines, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Founded once, when the first test asks for it."""
    server = TrialServer(engines.settings.state_dir, engines.settings.postgres_port)
    with towns.founded(server, f"{worker}_town", tmp_path_factory.mktemp("town")) as founded:
        yield founded


@pytest.fixture(scope="session")
def people() -> People:
    """The people of the town."""
    return People(
        worker=towns.worker(GRID, 1),
        neighbour=towns.worker(NEXT_GRID, 2),
        stranger=towns.worker(OTHER_GRID, 3),
        guide=somebody(4, Grant(post=Post.PARTY_BUILDING_GUIDE, area=GRID)),
        system_admin=somebody(5, Grant(post=Post.SYSTEM_ADMIN, area=DISTRICT)),
        security_admin=somebody(6, Grant(post=Post.SECURITY_ADMIN, area=DISTRICT)),
        audit_admin=somebody(7, Grant(post=Post.AUDIT_ADMIN, area=DISTRICT)),
        everybody=_everybody(),
    )


def _everybody() -> Actor:
    held = (
        Grant(post=Post.RESIDENT_SERVICE_OFFICER, area=GRID, unit=f"station-{VILLAGE}", duty="grid"),
        Grant(post=Post.WINDOW_CLERK, area=VILLAGE, unit=f"station-{VILLAGE}", duty="window"),
        Grant(post=Post.STATION_HEAD, area=VILLAGE, unit=f"station-{VILLAGE}"),
        Grant(post=Post.STATION_HEAD, area=OTHER_VILLAGE, unit=f"station-{OTHER_VILLAGE}"),
        Grant(post=Post.MEDIATOR, area=VILLAGE, unit=f"mediation-{VILLAGE}"),
        Grant(post=Post.ARBITER, area=STREET, unit=f"centre-{STREET}"),
        Grant(post=Post.DEPARTMENT_HANDLER, area=DISTRICT, unit="civil_affairs"),
        Grant(post=Post.DISTRICT_LEADER, area=DISTRICT),
        Grant(post=Post.SYSTEM_ADMIN, area=DISTRICT),
        Grant(post=Post.SECURITY_ADMIN, area=DISTRICT),
        Grant(post=Post.AUDIT_ADMIN, area=DISTRICT),
    )
    return somebody(8, *held)
