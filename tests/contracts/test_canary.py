"""A person nobody else is like passes through the whole system, and leaves no trace where no person belongs.

The name, the numbers and the words stand in requests only. They may not appear in a log line, an event on its way or
on the bus, a question, a figure of the metrics; and the numbers in no row of any database.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx
import nats
import pytest
from nats.aio.msg import Msg
from shapely.geometry import shape
from tests.contracts import house
from tests.contracts.conftest import People
from tests.contracts.town import GRID, VILLAGE, Town

from grid_kernel.auth import Actor
from grid_kernel.identifiers import id_check_digit

pytestmark = pytest.mark.timeout(300)  # the first test founds the town
NAME, WORDS = "鵷鶵鸑鷟", "鸂鶒䴔䴖的猫夜里叫"
NUMBER = "15029919470218876" + id_check_digit("15029919470218876")
PHONE = "12873645190"
CANARIES = (NAME, WORDS, NUMBER, PHONE)
GRIDS = Path(__file__).parents[2] / "gis-svc/src/gis_svc/data/grids.geojson"
MECHANISM = {"outbox", "inbox", "idempotency_key", "audit_entry", "access_record", "dead_event", "audit_anchor"}
SEEN_ON_THE_BUS = {
    "grid.population.person.registered.v1",
    "grid.population.household.formed.v1",
    "grid.approval.application.submitted.v1",
    "grid.dispute.case.reported.v1",
    "ask.gis.locate.v1",
}


ASKED_BY_NUMBER = {"ask.population.find-person.v1": [NUMBER]}
"""The one question that is asked by the whole number: answered at once, and no stream keeps `ask.`."""


def _forms(canary: str) -> set[str]:
    """The ways a text may be written down."""
    escaped = canary.encode("ascii", "backslashreplace").decode()
    return {canary, escaped, escaped.upper(), quote(canary), canary.encode().hex()}


def found(text: str, canaries: tuple[str, ...] = CANARIES) -> list[str]:
    """Which canaries stand in a text, in whatever form."""
    return [canary for canary in canaries if any(form in text for form in _forms(canary))]


def _send(client: httpx.Client, path: str, body: Any, *statuses: int) -> Any:
    answer = client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code in (statuses or (httpx.codes.OK, httpx.codes.CREATED)), answer.text
    return answer.json()


def _live_there(town: Town, who: Actor) -> None:
    """Register the person, look for them, show their number, and send what cannot be accepted."""
    dwelling = next(row["id"] for row in town.rows("population/dwellings") if row["area_code"] == GRID)
    person = {"name": NAME, "sex": "2", "birthDate": "1947-02-18", "relationToHead": "02", "populationType": "1"}
    known = person | {"phone": PHONE}
    with town.client("population", who) as client:
        household = {"dwellingId": dwelling, "formedOn": "2026-11-20", "phone": PHONE, "persons": [known]}
        made = _send(client, "/households", household)
        _send(
            client,
            "/persons",
            known | {"householdId": made["id"], "movedInOn": "2026-11-20", "idNumber": NUMBER},
        )
        _send(client, "/persons/search", {"idNumber": NUMBER})
        _send(client, "/persons/search", {"idNumber": NUMBER, "name": NAME, "nickname": NAME}, 400)
        _send(client, "/persons", {"name": NAME, "sex": NUMBER, "birthDate": PHONE, WORDS: WORDS}, 400)
        client.post("/persons/search", content=f'{{"name": "{NAME}')


def _apply_there(town: Town, who: Actor) -> None:
    applicant = {"name": NAME, "idNumber": NUMBER, "phone": PHONE}
    with town.client("approval", who) as client:
        application = {"itemCode": "SA001", "areaCode": VILLAGE, "applicant": applicant}
        _send(client, "/applications", application)
        _send(client, "/applications", application | {"channel": NAME, WORDS: NUMBER}, 400)
        _send(client, "/progress", {"receiptNumber": NUMBER, "queryCode": PHONE}, 400, 404, 429)


def _report_there(town: Town, who: Actor) -> None:
    reporter = {"name": NAME, "contact": PHONE}
    features = json.loads(GRIDS.read_text("utf-8"))["features"]
    inside = shape(next(f["geometry"] for f in features if f["properties"]["code"] == GRID)).representative_point()
    point = {"lon": round(inside.x, 6), "lat": round(inside.y, 6), "crs": "CGCS2000"}
    with town.client("dispute", who) as client:
        case = {"category": "H06", "title": WORDS, "description": f"{WORDS}，{NAME}", "point": point}
        made = _send(client, "/cases", case | {"reporter": reporter})
        _send(client, "/cases", case | {"emergency": NAME, "channel": NUMBER}, 400)
        _wait_until_located(client, f"/cases/{made['id']}")
        _send(client, f"/cases/{made['id']}/contact-disclosures", {"purpose": "回访"})


def _wait_until_located(client: httpx.Client, path: str) -> None:
    """gis is asked after the answer has left; who may know the reporter follows from the place."""
    until = time.monotonic() + 30
    while client.get(path).json()["areaCode"] != GRID:
        assert time.monotonic() < until, "gis was not asked, or does not know the point"
        time.sleep(0.1)


def _sign_in_there(town: Town) -> None:
    with httpx.Client(base_url=town.urls["gateway"], headers={"X-Grid-Request": "1"}, timeout=20) as client:
        client.post("/api/gateway/v1/session", json={"login": NAME, "password": WORDS})
        client.post("/api/gateway/v1/session", json={"login": NUMBER, "password": PHONE, "totp": NAME})
        client.post("/api/approval/v1/progress", json={"receiptNumber": NUMBER, "queryCode": PHONE})


async def _heard(town: Town, act: Callable[[], Awaitable[None]]) -> list[Msg]:
    """Everything that crosses the bus while something is done, until all that is expected was heard."""
    messages: list[Msg] = []

    complete = asyncio.Event()

    async def keep(message: Msg) -> None:
        messages.append(message)
        if {each.subject for each in messages} >= SEEN_ON_THE_BUS:
            complete.set()

    client = await nats.connect(town.nats_url)
    await client.subscribe(">", cb=keep)
    await client.flush()
    await act()
    with suppress(TimeoutError):
        await asyncio.wait_for(complete.wait(), timeout=20)
    await client.close()
    return messages


WRITTEN = {
    "population": {"outbox", "audit_entry", "access_record", "idempotency_key"},
    "approval": {"outbox", "audit_entry", "idempotency_key"},
    "dispute": {"outbox", "audit_entry", "access_record", "idempotency_key"},
}
"""Where the canary's requests left rows that are read below."""


async def _rows(town: Town, service: str) -> list[tuple[str, str]]:
    """Every row of a service's database as text; bytes as hexadecimal digits."""
    connection = await asyncpg.connect(town.environments[service][f"GRID_{service.upper()}_SYSTEM_DATABASE_URL"])
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        names = [row["tablename"] for row in tables]
        readable = [n for n in names if await connection.fetchval("select has_table_privilege($1, 'select')", n)]
        rows = [
            (name, row[0]) for name in readable for row in await connection.fetch(f'select t::text from "{name}" t')
        ]
    finally:
        await connection.close()
    return rows


@pytest.fixture(scope="module")
async def bus(town: Town, people: People) -> list[Msg]:
    """What crossed the bus while the canary passed through the system."""

    async def pass_through() -> None:
        for step in (_live_there, _apply_there, _report_there):
            await asyncio.to_thread(step, town, people.everybody)
        await asyncio.to_thread(_sign_in_there, town)

    return await _heard(town, pass_through)


def test_the_canary_is_found_in_every_form() -> None:
    assert all(found(f"…{form}…") for canary in CANARIES for form in _forms(canary))


async def test_nothing_personal_crosses_the_bus(bus: list[Msg]) -> None:
    assert {message.subject for message in bus} >= SEEN_ON_THE_BUS
    leaks = [(each.subject, found(f"{each.subject} {each.headers} {_text(each.data)}")) for each in bus]
    assert {subject: what for subject, what in leaks if what} == ASKED_BY_NUMBER


@pytest.mark.parametrize("service", house.PACKAGES)
def test_nothing_personal_stands_in_a_log_or_in_the_metrics(town: Town, bus: list[Msg], service: str) -> None:
    log = town.log(service)
    assert service == "gis" or '"status":' in log, "the requests of this test were logged"
    assert found(log) == []
    assert found(httpx.get(f"{town.urls[service]}/metrics", timeout=20).text) == []


@pytest.mark.parametrize("service", house.PACKAGES)
async def test_an_event_on_its_way_holds_nothing_personal_and_no_row_holds_a_number(
    town: Town, bus: list[Msg], service: str
) -> None:
    rows = await _rows(town, service)
    assert {table for table, _ in rows} >= WRITTEN.get(service, set())
    assert {table for table, row in rows if table in MECHANISM and found(row)} == set()
    assert {table for table, row in rows if found(row, (NUMBER, PHONE))} == set()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace") + data.hex()
