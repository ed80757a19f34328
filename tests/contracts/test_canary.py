"""A person nobody else is like passes through the whole system, and leaves no trace where no person belongs.

The name, the numbers and the words stand in requests only. They may not appear in a log line, an event on its way or
on the bus, a question, a figure of the metrics; and the numbers in no row of any database.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx
import nats
import pytest
from nats.aio.msg import Msg
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
MECHANISM = {"outbox", "inbox", "idempotency_key", "audit_entry", "access_record", "dead_event", "audit_anchor"}
SEEN_ON_THE_BUS = {
    "grid.population.person.registered.v1",
    "grid.population.household.formed.v1",
    "grid.approval.application.submitted.v1",
    "grid.dispute.case.reported.v1",
    "ask.gis.locate.v1",
}


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
    point = {"lon": 109.94, "lat": 40.65, "crs": "GCJ02"}
    with town.client("dispute", who) as client:
        case = {"category": "H06", "title": WORDS, "description": f"{WORDS}，{NAME}", "point": point}
        made = _send(client, "/cases", case | {"reporter": reporter})
        _send(client, "/cases", case | {"emergency": NAME, "channel": NUMBER}, 400)
        _send(client, f"/cases/{made['id']}/contact-disclosures", {"purpose": WORDS}, 200, 404)


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
    leaks = {message.subject for message in bus if found(f"{message.subject} {message.headers} {_text(message.data)}")}
    assert leaks == set()


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
    assert {"outbox", "audit_entry", "access_record"} <= {table for table, _ in rows} or service == "gis"
    assert {table for table, row in rows if table in MECHANISM and found(row)} == set()
    assert {table for table, row in rows if found(row, (NUMBER, PHONE))} == set()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace") + data.hex()
