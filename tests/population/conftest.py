"""population on real engines: the production app, and places of a test's own."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from grid_deploy.engines import Engines
from grid_deploy.provision import signing_key_file
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.contracts.gis import BuildingLocated
from grid_kernel.identifiers import id_check_digit
from grid_kernel.inbox import Hearing
from grid_kernel.runtime import Runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import Tokens, actor, started
from population_svc.app import create_app
from population_svc.events import on_building_located

DISTRICT = "150204"
_streets = count(500)
_sequences = count(1)


def id_number(born: date, *, male: bool = True) -> str:
    """A fresh identity number with an unassigned prefix, 150299 and below: each has 450 for a day and sex."""
    round_, place = divmod(next(_sequences), 450)
    first_17 = f"{150299 - round_}{born:%Y%m%d}{place * 2 + (1 if male else 0):03}"
    return first_17 + id_check_digit(first_17)


def person(
    name: str = "王小明", *, born: date = date(1980, 5, 17), relation: str = "02", **more: Any
) -> dict[str, Any]:
    """A person as a form sends one."""
    given = {"name": name, "sex": "1", "birthDate": born.isoformat(), "idNumber": id_number(born)}
    return given | {"relationToHead": relation, "populationType": "1", "phone": "120000011110"[:11]} | more


class Place:
    """A community nobody else tests in: two grids with a building each, and its people."""

    def __init__(self) -> None:
        self.street = f"{DISTRICT}{next(_streets)}"
        self.community = f"{self.street}001"
        self.grid, self.other_grid = f"{self.community}001", f"{self.community}002"
        self.building, self.other_building = uuid4(), uuid4()
        self.worker = actor(Post.RESIDENT_SERVICE_OFFICER, self.grid)
        self.collector = actor(Post.OPINION_COLLECTOR, self.grid)
        self.neighbour = actor(Post.RESIDENT_SERVICE_OFFICER, self.other_grid)
        self.clerk = actor(Post.WINDOW_CLERK, self.community)
        self.head = actor(Post.STATION_HEAD, self.community)
        self.guide = actor(Post.PARTY_BUILDING_GUIDE, self.grid)
        self.leader = actor(Post.STREET_LEADER, self.street)
        self._rooms = count(101)

    def dwelling(self, building: UUID | None = None, **more: Any) -> dict[str, Any]:
        """A dwelling nobody entered yet."""
        room = str(next(self._rooms))
        given = {"buildingId": str(building or self.building), "entrance": 1, "floor": int(room[0]), "roomNo": room}
        return given | {"address": f"育才小区16栋1单元{room}号"} | more

    def household(self, *persons: dict[str, Any], building: UUID | None = None, **more: Any) -> dict[str, Any]:
        """A household as a form sends one."""
        formed = {"formedOn": "2026-01-05", "phone": "12000001111", "persons": list(persons) or [person()]}
        return formed | {"dwelling": self.dwelling(building)} | more


async def locate(runtime: Runtime, building: UUID, grid: str, *, no: str = "0016") -> None:
    """Let gis say for the first time where a building stands."""
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    event = BuildingLocated(aggregate_id=building, sequence=1, occurred_at=moment, area_code=grid, building_no=no)
    async with runtime.system_session() as session:
        await on_building_located(session, event, hearing())


def hearing(now: datetime | None = None) -> Hearing:
    """What a handler knows besides an event."""
    return Hearing(now=now or clock.now(), actor=Actor.system("population"), event_id=uuid4())


class Api:
    """The service over HTTP, as different people; None is nobody."""

    def __init__(self, client: httpx.AsyncClient, tokens: Tokens) -> None:
        self.client = client
        self._tokens = tokens

    async def send(
        self, who: Actor | None, method: str, path: str, body: Any = None, *, version: Any = None, **headers: str
    ) -> httpx.Response:
        """Send a request, on a version where one is named."""
        sent = ({} if who is None else self.headers(who)) | headers
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        return await self.client.request(method, f"/v1{path}", json=body, headers=sent)

    def headers(self, who: Actor) -> dict[str, str]:
        """What somebody sends with every request."""
        return self._tokens.headers(who)

    async def get(self, who: Actor | None, path: str) -> httpx.Response:
        """Read something."""
        return await self.send(who, "GET", path)

    async def post(self, who: Actor | None, path: str, body: Any, **more: Any) -> httpx.Response:
        """Do something."""
        return await self.send(who, "POST", path, body, **more)

    async def patch(self, who: Actor | None, path: str, body: Any, **more: Any) -> httpx.Response:
        """Change something."""
        return await self.send(who, "PATCH", path, body, **more)

    async def registered(self, who: Actor, household: dict[str, Any]) -> dict[str, Any]:
        """A household that was entered."""
        answer = await self.post(who, "/households", household)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def visited(
        self, who: Actor, household: dict[str, Any], outcome: str = "done", **more: Any
    ) -> dict[str, Any]:
        """A visit that was recorded now."""
        visit = {"householdId": household["id"], "visitedAt": clock.now().isoformat(), "outcome": outcome} | more
        answer = await self.post(who, "/visits", visit)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def refused(answer: httpx.Response, status: int, code: str | None = None, *pointers: str) -> dict[str, Any]:
    """The problem of a refusal, which must be this one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert code is None or problem["code"] == code, problem
    assert {error["pointer"] for error in problem.get("errors", [])} >= set(pointers), problem
    return problem


@pytest.fixture(scope="session")
def settings(service_environment: Callable[[str], dict[str, str]]) -> ServiceSettings:
    """The settings of this run's population."""
    return ServiceSettings.load("population", service_environment("population") | {"GRID_RELAY_POLL_SECONDS": "0.2"})


@pytest.fixture(scope="session")
async def client(settings: ServiceSettings) -> AsyncIterator[httpx.AsyncClient]:
    """The production app with all its workers."""
    async with started(create_app(settings)) as running:
        yield running


@pytest.fixture(scope="session")
def runtime(client: httpx.AsyncClient) -> Runtime:
    """What stands behind the routes."""
    found: Runtime = client.runtime  # type: ignore[attr-defined]  # put there by grid_kernel.testing
    return found


@contextmanager
def asked_elsewhere(runtime: Runtime, subject: str, to: str | None) -> Iterator[None]:
    """A question of the service goes to a subject of the test's own, or to nobody: the real one may be running."""
    client = runtime.bus.client
    real = client.request

    async def request(asked: str, *given: Any, **more: Any) -> Any:
        if asked != subject:
            return await real(asked, *given, **more)
        if to is None:
            raise TimeoutError
        return await real(to, *given, **more)

    client.request = request  # type: ignore[method-assign]  # until the test is over
    try:
        yield
    finally:
        client.request = real  # type: ignore[method-assign]  # as it was


@pytest.fixture(scope="session")
def tokens(engines: Engines) -> Tokens:
    """What the gateway would mint."""
    return Tokens(signing_key_file(engines.settings.secrets_dir, "gateway"))


@pytest.fixture
def api(client: httpx.AsyncClient, tokens: Tokens) -> Api:
    """The service over HTTP."""
    return Api(client, tokens)


@pytest.fixture
async def place(runtime: Runtime) -> Place:
    """A community of the test's own, whose buildings gis has located."""
    made = Place()
    await locate(runtime, made.building, made.grid)
    await locate(runtime, made.other_building, made.other_grid, no="0017")
    return made
