"""dispute-svc on real engines, with a gis that answers over NATS when a test lets it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
import nats
import pytest
from sqlalchemy import Select, func, select

from dispute_svc.app import create_app
from grid_deploy.engines import Engines
from grid_deploy.provision import signing_key_file
from grid_kernel import tables
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.contracts.gis import LOCATE, LocatePoints, PointLocated, PointsLocated
from grid_kernel.runtime import Runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import Tokens, started

DISTRICT = "150204"
_communities = count(100)


class Gis:
    """Answers where points lie: at (i, j) tenths of a degree, whatever a test has put there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.grids: dict[tuple[float, float], str] = {}
        self.asked: list[LocatePoints] = []

    def puts(self, grid_code: str) -> dict[str, Any]:
        """A fresh point that lies in a grid, as a phone would send it."""
        lon, lat = 109.9 + len(self.grids) / 10_000, 40.6
        self.grids[round(lon, 4), round(lat, 4)] = grid_code
        return {"lon": lon, "lat": lat, "crs": "CGCS2000", "accuracyM": 12.0}

    def _answer(self, asked: LocatePoints) -> PointsLocated:
        self.asked.append(asked)
        found = [(point, self.grids.get((round(point.lon, 4), round(point.lat, 4)))) for point in asked.points]
        return PointsLocated(
            points=tuple(PointLocated(reference=p.reference, grid_code=grid, area_code=grid) for p, grid in found)
        )

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """As long as this lasts, questions about places are answered."""
        connection = await nats.connect(self._url)

        async def receive(message: Any) -> None:
            answer = self._answer(LocatePoints.model_validate_json(message.data))
            await message.respond(b'{"ok":' + answer.model_dump_json(by_alias=True).encode() + b"}")

        await connection.subscribe(LOCATE.subject, cb=receive)
        await connection.flush()
        yield
        await connection.close()


class Place:
    """A community nobody else tests in, with its people."""

    def __init__(self) -> None:
        self.street = f"{DISTRICT}{next(_communities)}"
        self.community = f"{self.street}001"
        self.grid = f"{self.community}001"
        self.other_grid = f"{self.community}002"
        self.worker = self._holds(Post.RESIDENT_SERVICE_OFFICER, self.grid, f"station-{self.community}")
        self.neighbour = self._holds(Post.RESIDENT_SERVICE_OFFICER, self.other_grid, f"station-{self.community}")
        self.station_head = self._holds(Post.STATION_HEAD, self.community, f"station-{self.community}")
        self.guide = self._holds(Post.PARTY_BUILDING_GUIDE, self.grid)
        self.mediator = self._holds(Post.MEDIATOR, self.community, f"mediation-{self.community}")
        self.street_leader = self._holds(Post.STREET_LEADER, self.street, f"office-{self.street}")
        self.arbiter = self._holds(Post.ARBITER, self.street, f"centre-{self.street}")

    @staticmethod
    def _holds(post: Post, area: str, unit: str | None = None) -> Actor:
        return Actor(kind="account", id=str(uuid4()), grants=(Grant(post=post, area=area, unit=unit),))


def handler(unit: str) -> Actor:
    """Somebody of a department, anywhere in the district."""
    return Actor(
        kind="account", id=str(uuid4()), grants=(Grant(post=Post.DEPARTMENT_HANDLER, area=DISTRICT, unit=unit),)
    )


HANDLER = handler("urban_management")


def at_district(post: Post) -> Actor:
    """Somebody of the district."""
    return Actor(kind="account", id=str(uuid4()), grants=(Grant(post=post, area=DISTRICT),))


class Api:
    """The service over HTTP, as different people."""

    def __init__(self, client: httpx.AsyncClient, tokens: Tokens) -> None:
        self.client = client
        self.tokens = tokens

    async def get(self, who: Actor, path: str, **params: str) -> httpx.Response:
        """Read something."""
        return await self.client.get(f"/v1{path}", params=params, headers=self.tokens.headers(who))

    async def post(
        self, who: Actor, path: str, body: Any = None, *, version: int | None = None, key: str | None = None
    ) -> httpx.Response:
        """Do something, on a version where one is named, under a key of its own unless one is named."""
        sent = self.tokens.headers(who)
        sent |= {} if version is None else {"If-Match": f'"{version}"'}
        sent |= {} if key is None else {"Idempotency-Key": key}
        return await self.client.post(f"/v1{path}", json=body if body is not None else {}, headers=sent)

    async def put(self, who: Actor, path: str, body: Any, *, version: int) -> httpx.Response:
        """Change something on a version."""
        headers = self.tokens.headers(who) | {"If-Match": f'"{version}"'}
        return await self.client.put(f"/v1{path}", json=body, headers=headers)

    async def report(self, who: Actor, **body: Any) -> dict[str, Any]:
        """Report something and be told its codes."""
        answer = await self.post(who, "/cases", {"category": "H06", "title": "路灯不亮"} | body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def case(self, who: Actor, case_id: str) -> dict[str, Any]:
        """A case as somebody sees it."""
        answer = await self.get(who, f"/cases/{case_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def settled(self, who: Actor, **body: Any) -> dict[str, Any]:
        """Report something in a grid, and wait until it was placed and routed."""
        receipt = await self.report(who, **body)
        return await self.until(who, receipt["id"], lambda case: case["locatedAt"] is not None)

    async def until(self, who: Actor, case_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until a case the reporter reads is so."""
        for _ in range(200):
            answer = await self.get(who, f"/my-reports/{case_id}")
            if answer.status_code == 200 and holds(answer.json()):
                return dict(answer.json())
            await asyncio.sleep(0.02)
        raise AssertionError(answer.text)

    async def act(self, who: Actor, case: dict[str, Any], verb: str, body: Any = None) -> httpx.Response:
        """Do something to the live lead dispatch of a case, on its present version."""
        live = [d for d in case["dispatches"] if d["state"] != "withdrawn" and d["role"] == "lead"]
        return await self.post(who, f"/dispatches/{live[0]['id']}/{verb}", body, version=live[0]["version"])

    async def in_state(self, place: Place, state: str, **body: Any) -> dict[str, Any]:
        """A case of street lamps that has come as far as this, as the worker of its grid sees it."""
        case = await self.settled(place.worker, **({"gridCode": place.grid} | body))
        if state == "objected":
            await self._done(self.act(HANDLER, case, "object", {"reason": "not_our_duty"}))
        if state in ("handling", "handled", "verified", "closed"):
            await self._done(self.act(HANDLER, case, "accept"))
        if state in ("handled", "verified", "closed"):
            case = await self.case(HANDLER, case["id"])
            await self._done(self.act(HANDLER, case, "handle", {"note": "已处理"}))
        for step, wanted in (("verification", ("verified", "closed")), ("closure", ("closed",))):
            if state in wanted:
                version = (await self.case(place.worker, case["id"]))["version"]
                sent = {"solved": True} if step == "verification" else {}
                await self._done(self.post(place.worker, f"/cases/{case['id']}/{step}", sent, version=version))
        return await self.case(place.worker, case["id"])

    @staticmethod
    async def _done(answer: Awaitable[httpx.Response]) -> None:
        assert (got := await answer).status_code == 200, got.text


@pytest.fixture(scope="session")
def settings(service_environment: Callable[[str], dict[str, str]]) -> ServiceSettings:
    """The settings of the service under test."""
    return ServiceSettings.load("dispute", service_environment("dispute") | {"GRID_RELAY_POLL_SECONDS": "0.2"})


@pytest.fixture(scope="session")
async def client(settings: ServiceSettings) -> AsyncIterator[httpx.AsyncClient]:
    """The production app with all its workers."""
    async with started(create_app(settings)) as client:
        yield client


@pytest.fixture
def runtime(client: httpx.AsyncClient) -> Runtime:
    """What the service holds."""
    found: Runtime = client.runtime  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="session")
def tokens(engines: Engines) -> Tokens:
    """Tokens as the gateway mints them."""
    return Tokens(signing_key_file(engines.settings.secrets_dir, "gateway"))


@pytest.fixture
def api(client: httpx.AsyncClient, tokens: Tokens) -> Api:
    """The service over HTTP."""
    return Api(client, tokens)


@pytest.fixture
def place() -> Place:
    """A community of the test's own."""
    return Place()


@pytest.fixture(scope="session")
def gis(engines: Engines) -> Gis:
    """A gis that answers when a test lets it."""
    return Gis(engines.nats_url_of("gis"))


def acts_of(case_id: str) -> Select[Any]:
    """What the audit says was done to a case."""
    entry = tables.audit_entry
    return select(entry.c.action).where(entry.c.object_id == UUID(case_id)).order_by(entry.c.position)


def said_of(case_id: str) -> Select[Any]:
    """What was said about a case, in order."""
    outbox = tables.outbox
    about = func.convert_from(outbox.c.body, "UTF8").contains(f'"aggregateid":"{case_id}"')
    return select(outbox.c.subject, outbox.c.body).where(about).order_by(outbox.c.position)
