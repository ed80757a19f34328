"""approval-svc on real engines, with a population that answers over NATS when a test lets it."""

from itertools import count
from uuid import uuid4

from grid_kernel.auth import Actor, Grant, Post

DISTRICT = "150204"
PERMIT, BENEFIT, INSTANT = "EC001", "SA002", "SA006"
ID_NUMBER = "150299198102280019"
_communities = count(100)


def holder(post: Post, area: str, unit: str | None = None) -> Actor:
    """An account that holds one post."""
    return Actor(kind="account", id=str(uuid4()), grants=(Grant(post=post, area=area, unit=unit),))


class Place:
    """A community nobody else tests in, with its people."""

    def __init__(self) -> None:
        self.street = f"{DISTRICT}{next(_communities)}"
        self.community = f"{self.street}001"
        self.grid = f"{self.community}001"
        self.other_grid = f"{self.community}002"
        station = f"station-{self.community}"
        self.clerk = holder(Post.WINDOW_CLERK, self.community, station)
        self.head = holder(Post.STATION_HEAD, self.community, station)
        self.worker = holder(Post.RESIDENT_SERVICE_OFFICER, self.grid, station)
        self.neighbour = holder(Post.RESIDENT_SERVICE_OFFICER, self.other_grid, station)
        self.guide = holder(Post.PARTY_BUILDING_GUIDE, self.grid)
        self.street_leader = holder(Post.STREET_LEADER, self.street, f"office-{self.street}")


def handler(unit: str) -> Actor:
    """Somebody of a department, anywhere in the district."""
    return holder(Post.DEPARTMENT_HANDLER, DISTRICT, unit)


CIVIL_AFFAIRS, POLICE = handler("civil_affairs"), handler("police")
DISTRICT_LEADER = holder(Post.DISTRICT_LEADER, DISTRICT)
