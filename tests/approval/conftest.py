"""approval-svc on real engines, with a population that answers over NATS when a test lets it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
import nats
import pytest
from sqlalchemy import Select, func, select

from approval_svc.app import create_app
from approval_svc.settings import ApprovalSettings
from grid_deploy.engines import Engines
from grid_deploy.provision import signing_key_file
from grid_kernel import tables
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.contracts.population import FIND_PERSON, FindByIdNumber, PersonFound
from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens, started

DISTRICT = "150204"
PERMIT, BENEFIT, INSTANT = "CB001", "SA002", "MI001"
APPLICANT = {"name": "王建国", "idNumber": "11010519491231002X", "phone": "12012345678"}
CANARIES = tuple(APPLICANT.values())
_communities = count(100)


def holder(post: Post, area: str, unit: str | None = None) -> Actor:
    """An account that holds one post."""
    return Actor(kind="account", id=str(uuid4()), grants=(Grant(post=post, area=area, unit=unit),))


def handler(unit: str) -> Actor:
    """Somebody of a department, anywhere in the district."""
    return holder(Post.DEPARTMENT_HANDLER, DISTRICT, unit)


class Place:
    """A community with its people; one nobody else tests in unless it is named."""

    def __init__(self, community: str | None = None) -> None:
        self.community = community or f"{DISTRICT}{next(_communities)}001"
        self.street = self.community[:9]
        self.grid, self.other_grid = f"{self.community}001", f"{self.community}002"
        station = f"station-{self.community}"
        self.clerk = holder(Post.WINDOW_CLERK, self.community, station)
        self.head = holder(Post.STATION_HEAD, self.community, station)
        self.worker = holder(Post.RESIDENT_SERVICE_OFFICER, self.grid, station)
        self.neighbour = holder(Post.RESIDENT_SERVICE_OFFICER, self.other_grid, station)
        self.guide = holder(Post.PARTY_BUILDING_GUIDE, self.grid)
        self.street_leader = holder(Post.STREET_LEADER, self.street, f"office-{self.street}")


DULAN = Place("150204006019")
COMMUNITY, GRID, ELSEWHERE = DULAN.community, DULAN.grid, "150204008015"
CLERK, HEAD, WORKER, GUIDE, LEADER = DULAN.clerk, DULAN.head, DULAN.worker, DULAN.guide, DULAN.street_leader
STRANGER = Place(ELSEWHERE).clerk
CIVIL, HEALTH = handler("civil_affairs"), handler("health")
DISTRICT_LEADER = holder(Post.DISTRICT_LEADER, DISTRICT)


def application(**changed: Any) -> dict[str, Any]:
    """What the window sends for a new application."""
    return {"itemCode": BENEFIT, "areaCode": COMMUNITY, "applicant": APPLICANT} | changed


WAYS: dict[str, tuple[tuple[str, str, dict[str, Any] | None], ...]] = {
    "submitted": (),
    "correction_required": (("clerk", "correction-notice", {"deficiencies": ["收入证明"]}),),
    "pre_review_refused": (("clerk", "pre-review", {"passed": False, "reason": "不属于本站"}),),
    "pre_reviewed": (("clerk", "pre-review", {"passed": True}),),
    "forwarded": (("clerk", "pre-review", {"passed": True}), ("clerk", "forward", None)),
}
WAYS["accepted"] = (*WAYS["forwarded"], ("unit", "acceptance", {"accepted": True}))
WAYS["not_accepted"] = (*WAYS["forwarded"], ("unit", "acceptance", {"accepted": False, "reason": "不属于本部门"}))
WAYS["suspended"] = (*WAYS["accepted"], ("unit", "suspension", {"procedure": "hearing"}))
WAYS["approved"] = (*WAYS["accepted"], ("unit", "decision", {"approved": True}))
WAYS["denied"] = (*WAYS["accepted"], ("unit", "decision", {"approved": False, "reason": "不符合条件"}))
WAYS["completed"] = (*WAYS["approved"], ("clerk", "completion", None))
WAYS["withdrawn"] = (("clerk", "withdrawal", {"reason": "本人不再申请"}),)
"""How an application comes into each state: who does what."""


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


class Desk:
    """One application at a place, and everybody who has to do with it."""

    def __init__(self, api: Api, place: Place, unit: Actor = CIVIL) -> None:
        self.api, self.place, self.unit = api, place, unit
        self.known: dict[str, Any] = {}

    @property
    def path(self) -> str:
        """The address of the application."""
        return f"/v1/applications/{self.known['id']}"

    async def submit(self, *, who: Actor | None = None, **changed: Any) -> dict[str, Any]:
        """Take an application in and keep its receipt."""
        given = application(areaCode=self.place.community) | changed
        answer = await self.api.post(who or self.place.clerk, "/applications", given)
        assert answer.status_code == 201, answer.text
        self.known = dict(answer.json())
        return dict(self.known)

    async def act(self, verb: str, who: Actor, body: Any = None, **headers: str) -> httpx.Response:
        """Do something with the application on its present version."""
        sent = self.api.tokens.headers(who, **{"If-Match": f'"{self.known["version"]}"'}) | headers
        answer = await self.api.client.post(f"{self.path}/{verb}", json=body, headers=sent)
        if answer.status_code == 200:
            self.known |= answer.json()
        return answer

    async def to(self, state: str) -> None:
        """Bring the application on to a state."""
        way = WAYS[state]
        passed = [number for number in range(len(way) + 1) if _after(way[:number]) == self.known["state"]]
        for who, verb, body in way[max(passed, default=0) :]:
            answer = await self.act(verb, self.unit if who == "unit" else getattr(self.place, who), body)
            assert answer.status_code == 200, answer.text

    async def read(self, who: Actor | None = None) -> httpx.Response:
        """The application as somebody sees it, the clerk if nobody is named."""
        return await self.api.client.get(self.path, headers=self.api.tokens.headers(who or self.place.clerk))

    async def look_up(self, **changed: str) -> httpx.Response:
        """The progress, as whoever holds the receipt."""
        receipt = {name: self.known[name] for name in ("receiptNumber", "queryCode")}
        return await self.api.client.post("/v1/progress", json=receipt | changed)


def _after(steps: tuple[tuple[str, str, dict[str, Any] | None], ...]) -> str:
    return next(state for state, way in WAYS.items() if way == steps)


class Population:
    """Answers whether somebody is registered: whoever a test has put there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.persons: dict[str, UUID] = {}
        self.asked: list[FindByIdNumber] = []

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """As long as this lasts, questions about persons are answered."""
        connection = await nats.connect(self._url)

        async def receive(message: Any) -> None:
            asked = FindByIdNumber.model_validate_json(message.data)
            self.asked.append(asked)
            answer = PersonFound(person_id=self.persons.get(asked.id_number), community_code=None)
            await message.respond(b'{"ok":' + answer.model_dump_json(by_alias=True).encode() + b"}")

        await connection.subscribe(FIND_PERSON.subject, cb=receive)
        await connection.flush()
        yield
        await connection.close()

    @asynccontextmanager
    async def silent(self) -> AsyncIterator[asyncio.Event]:
        """As long as this lasts, questions are received and not answered; the event says that one was."""
        connection, asked = await nats.connect(self._url), asyncio.Event()

        async def receive(_: Any) -> None:
            asked.set()

        await connection.subscribe(FIND_PERSON.subject, cb=receive)
        await connection.flush()
        yield asked
        await connection.close()


@pytest.fixture(scope="session")
def settings(service_environment: Callable[[str], dict[str, str]]) -> ApprovalSettings:
    """The settings of the service under test."""
    return ApprovalSettings.load("approval", service_environment("approval") | {"GRID_RELAY_POLL_SECONDS": "0.2"})


@pytest.fixture(scope="session")
async def client(settings: ApprovalSettings) -> AsyncIterator[httpx.AsyncClient]:
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


@pytest.fixture
def desk(api: Api) -> Desk:
    """The desk of 都兰社区, with no application yet."""
    return Desk(api, DULAN)


@pytest.fixture
def own_desk(api: Api, place: Place) -> Desk:
    """The desk of a community of the test's own."""
    return Desk(api, place)


@pytest.fixture(scope="session")
def population(engines: Engines) -> Population:
    """A population that answers when a test lets it."""
    return Population(engines.nats_url_of("population"))


def acts_of(application_id: str) -> Select[Any]:
    """What the audit says was done to an application."""
    entry = tables.audit_entry
    return select(entry.c.action).where(entry.c.object_id == UUID(application_id)).order_by(entry.c.position)


def said_of(application_id: str) -> Select[Any]:
    """What was said about an application, in order."""
    outbox = tables.outbox
    about = func.convert_from(outbox.c.body, "UTF8").contains(f'"aggregateid":"{application_id}"')
    return select(outbox.c.subject, outbox.c.body).where(about).order_by(outbox.c.position)
