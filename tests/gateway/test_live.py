"""Live updates on the real broker: in one's own scope, from where one was, and never longer than the session."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import nats
import orjson
import pytest
from tests.gateway.conftest import DISTRICT, Enter, Gateway, SignIn

from gateway import live, rules
from gateway.holding import holding_of
from gateway.live import change_of
from grid_deploy.engines import Engines
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.contracts.dispute import CaseReported
from grid_kernel.contracts.gateway import DutyChanged
from grid_kernel.contracts.population import HouseholdVisited
from grid_kernel.events import Event, envelope
from grid_kernel.testing import actor
from grid_kernel.types import uuid7

LIVE = "/api/gateway/v1/live"
# Areas of this file alone: services other tests started speak on the same stream.
COMMUNITY, ELSEWHERE = "150204007012", "150204007013"
GRID, OTHER_GRID = f"{COMMUNITY}001", f"{COMMUNITY}002"
Tell = Callable[..., Awaitable[int]]


class Page:
    """An open page: it reads the stream over ASGI, because httpx waits for the end of an answer."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.text = b""
        self.ended = False
        self.close = asyncio.Event()

    async def run(self, app: Any, client: httpx.AsyncClient, query: str, headers: Iterable[tuple[str, str]]) -> None:
        """Ask, and read until one side ends."""
        request = client.build_request("GET", f"{LIVE}{query}", headers=list(headers))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": LIVE, "raw_path": LIVE.encode(), "query_string": query.removeprefix("?").encode(), "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 1), "server": ("gateway.test", 80),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            await self.close.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.status, self.headers = message["status"], dict(message["headers"])
            else:
                self.text += message.get("body", b"")
                self.ended = not message.get("more_body", False)

        await app(scope, receive, send)
        self.ended = True

    def events(self, kind: str = "change") -> list[Any]:
        """What came of a kind."""
        found = []
        for block in self.text.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if fields.get("event") == kind:
                found.append({"at": int(fields["id"])} | orjson.loads(fields["data"]))
        return found

    async def until(self, holds: Callable[["Page"], object], seconds: float = 20) -> None:
        """Wait until something has come."""
        async with asyncio.timeout(seconds):
            while not holds(self):  # noqa: ASYNC110 - what is waited for is what arrived
                await asyncio.sleep(0.02)


Open = Callable[..., Any]


@pytest.fixture
def open_page(gateway: Gateway) -> Open:
    """Open a page as whoever is signed in."""

    @asynccontextmanager
    async def opened(client: httpx.AsyncClient, query: str = "", **headers: str) -> AsyncIterator[Page]:
        page = Page()
        given = [(name.replace("_", "-"), value) for name, value in headers.items()]
        running = asyncio.create_task(page.run(gateway.front, client, query, given))
        await page.until(lambda each: each.text or each.ended)
        yield page
        page.close.set()
        await asyncio.wait_for(running, 5)

    return opened


@pytest.fixture
async def tell(engines: Engines) -> AsyncIterator[Tell]:
    """Say something on the stream as the service that says it; its place there."""
    connections = {name: await nats.connect(engines.nats_url_of(name)) for name in ("dispute", "population", "gateway")}

    async def said(event: Event) -> int:
        stream = connections[event.publisher()].jetstream()
        return (await stream.publish(event.subject, envelope(event, uuid7()))).seq

    yield said
    for connection in connections.values():
        await connection.close()


def case(area: str, *, restricted: bool = False, unit: str | None = None) -> CaseReported:
    return CaseReported(
        aggregate_id=uuid4(), sequence=1, occurred_at=clock.now(), area_code=area, case_code="1" * 21,
        restricted=restricted, category=None, state="reported", lead_unit=unit,
    )  # fmt: skip


def visit(area: str) -> HouseholdVisited:
    return HouseholdVisited(
        aggregate_id=uuid4(), sequence=2, occurred_at=clock.now(), area_code=area, visit_id=uuid4(), outcome="done",
        visited_on=clock.today(clock.now()),
    )  # fmt: skip


def duty(account: UUID) -> DutyChanged:
    return DutyChanged(
        aggregate_id=account, sequence=1, occurred_at=clock.now(), area_code=DISTRICT, account_id=account,
        day=clock.today(clock.now()), half="am", duty="window",
    )  # fmt: skip


async def test_a_page_hears_of_its_own_areas_within_a_second(
    enter: Enter, sign_in: SignIn, open_page: Open, tell: Tell
) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    async with open_page(head) as page:
        assert (page.status, page.headers[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
        assert page.headers[b"cache-control"] == b"no-store"
        await tell(case(ELSEWHERE))
        mine, place = case(GRID), await tell(visit(OTHER_GRID))
        began = asyncio.get_running_loop().time()
        await tell(mine)
        await page.until(lambda each: len(each.events()) >= 2)
        assert asyncio.get_running_loop().time() - began < 1
        visited, reported = page.events()
        assert (visited["at"], visited["service"], visited["aggregate"]) == (place, "population", "household")
        assert reported == {
            "at": reported["at"], "type": mine.subject, "service": "dispute", "aggregate": "case",
            "id": str(mine.aggregate_id), "areaCode": GRID, "state": "reported", "occurredAt": reported["occurredAt"],
        }  # fmt: skip
        assert "1" * 21 not in page.text.decode()


async def test_a_page_can_be_narrowed_but_not_widened(
    enter: Enter, sign_in: SignIn, open_page: Open, tell: Tell
) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    async with open_page(head, f"?area={GRID}") as page:
        await tell(case(OTHER_GRID))
        await tell(wanted := case(GRID))
        await page.until(lambda each: each.events())
        assert [each["id"] for each in page.events()] == [str(wanted.aggregate_id)]
    for query, status in ((f"?area={ELSEWHERE}", 403), ("?area=x", 400)):
        async with open_page(head, query) as page:
            assert page.status == status
    async with open_page(head, f"?area={DISTRICT}") as page:
        assert page.status == 200


async def test_a_department_hears_of_what_it_was_given_and_of_nothing_else(
    enter: Enter, sign_in: SignIn, open_page: Open, tell: Tell
) -> None:
    police = await sign_in(await enter((Post.DEPARTMENT_HANDLER, DISTRICT, {"unit_code": "police"}), area=DISTRICT))
    async with open_page(police) as page:
        await tell(case(GRID, unit="housing"))
        await tell(visit(GRID))
        await tell(given := case(GRID, unit="police"))
        await page.until(lambda each: each.events())
        assert [each["id"] for each in page.events()] == [str(given.aggregate_id)]


async def test_restricted_matters_reach_no_page_and_duty_only_its_own(
    enter: Enter, sign_in: SignIn, open_page: Open, tell: Tell
) -> None:
    person = await enter((Post.DISTRICT_LEADER, DISTRICT), area=DISTRICT)
    async with open_page(await sign_in(person)) as page:
        await tell(case(DISTRICT, restricted=True))
        for account in (uuid4(), person.id):
            await tell(duty(account))
        await page.until(lambda each: each.events())
        assert [each["id"] for each in page.events()] == [str(person.id)]


async def test_a_page_goes_on_where_it_was(enter: Enter, sign_in: SignIn, open_page: Open, tell: Tell) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    async with open_page(head) as page:
        await tell(first := case(GRID))
        await page.until(lambda each: each.events())
        place = page.events()[-1]["at"]
        assert page.events()[-1]["id"] == str(first.aggregate_id)
    missed = [case(GRID), case(ELSEWHERE), case(OTHER_GRID)]
    for each in missed:
        await tell(each)
    async with open_page(head, last_event_id=str(place)) as page:
        await page.until(lambda each: len(each.events()) == 2)
        assert [each["id"] for each in page.events()] == [str(missed[0].aggregate_id), str(missed[2].aggregate_id)]
        assert page.events("reset") == page.events("ready") == []


@pytest.mark.parametrize("place", ["1", "999999999", "x"])
async def test_a_page_that_was_away_too_long_loads_anew(
    enter: Enter, sign_in: SignIn, open_page: Open, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    reader = holding_of(gateway.runtime).live
    monkeypatch.setattr(reader, "_recent", type(reader._recent)(list(reader._recent)[-1:], maxlen=2))
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    async with open_page(head, last_event_id=place) as page:
        assert len(page.events("ready" if place == "x" else "reset")) == 1


async def test_a_page_that_does_not_read_is_bounded_and_told_so(
    enter: Enter, sign_in: SignIn, open_page: Open, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = holding_of(gateway.runtime).live
    monkeypatch.setattr(reader, "_last", reader._last)
    monkeypatch.setattr(reader, "_recent", type(reader._recent)(reader._recent, maxlen=live.REMEMBERED))
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    async with open_page(head) as page:
        body = envelope(case(GRID), uuid7())
        for number in range(live.WAITING + 10):  # at once: the page has no turn to read
            reader.take(10**9 + number, body)
        await page.until(lambda each: each.events("reset"))
        assert page.events() == []
        assert max(len(each._waiting) for each in reader._listeners) <= live.WAITING


async def test_silence_is_broken_by_a_heartbeat(
    enter: Enter, sign_in: SignIn, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.1)
    head = await sign_in(await enter((Post.STATION_HEAD, ELSEWHERE), area=ELSEWHERE))
    async with open_page(head) as page:
        await page.until(lambda each: each.text.count(b"\n\n: ") >= 2)
        assert page.events() == []


async def test_a_page_ends_at_once_when_one_signs_out(enter: Enter, sign_in: SignIn, open_page: Open) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    async with open_page(head) as page:
        assert (await head.delete("/api/gateway/v1/session")).status_code == 204
        await page.until(lambda each: each.ended, seconds=3)


async def test_a_post_that_is_given_counts_at_once_on_an_open_page(
    enter: Enter, sign_in: SignIn, open_page: Open, tell: Tell, security_admin: httpx.AsyncClient
) -> None:
    worker = await enter()
    client = await sign_in(worker)
    grid = f"{COMMUNITY}377"
    async with open_page(client) as page:
        await tell(case(grid))
        body = {
            "post": "resident_service_officer", "areaCode": grid, "accountId": str(worker.id), "validFrom": "2026-01-01"
        }  # fmt: skip
        given = await security_admin.post("/api/gateway/v1/posts", json=body, headers={"Idempotency-Key": uuid4().hex})
        assert given.status_code == 201, given.text
        await asyncio.sleep(0.3)
        await tell(second := case(grid))
        await page.until(lambda each: str(second.aggregate_id) in [change["id"] for change in each.events()])
        assert "grid.gateway.post.assigned.v1" in [change["type"] for change in page.events()]


async def test_an_open_page_does_not_keep_a_session_alive(
    enter: Enter, sign_in: SignIn, open_page: Open, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.1)
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    async with open_page(head) as page:
        gateway.front._sessions._known.clear()  # type: ignore[union-attr]  # as if a minute had passed
        monkeypatch.setattr(rules, "SESSION_IDLE", clock.now() - clock.now())
        await page.until(lambda each: each.ended, seconds=3)


async def test_pages_are_bounded_and_for_accounts_only(
    enter: Enter, sign_in: SignIn, open_page: Open, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_page(gateway.client()) as page:
        assert page.status == 401
    monkeypatch.setattr(live, "PAGES_OF_ACCOUNT", 1)
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    async with open_page(head), open_page(head) as second:
        assert second.status == 503
    async with open_page(head) as again:
        assert again.status == 200


@pytest.mark.parametrize("post", [Post.PARTY_BUILDING_GUIDE, Post.SYSTEM_ADMIN, Post.AUDIT_ADMIN])
def test_volunteers_and_administrators_hear_of_no_person_and_no_case(post: Post) -> None:
    who = actor(post, DISTRICT)
    for event in (visit(GRID), case(GRID)):
        assert not rules.sees_change(who, "", change_of(1, envelope(event, uuid7())))
