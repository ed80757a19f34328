"""Two walls around an area, each standing alone; bounds on work; answers and logs that tell nothing they should not."""

import asyncio
import json
import logging
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from grid_kernel.auth import Actor, Post
from grid_kernel.labels import preferred_language
from grid_kernel.middleware import InFlightLimit
from grid_kernel.runtime import Runtime
from grid_kernel.telemetry import JsonFormatter
from grid_kernel.testing import actor
from toy_svc.app import visible
from toy_svc.models import Note

AREAS = [
    "150204",
    "150204006",
    "150204006019",
    "150204006019001",
    "150204006019002",
    "150204008",
    "150204008015001",
    "150203",
]


async def written(client: httpx.AsyncClient, toy: Any, area: str) -> str:
    who = actor(Post.DISTRICT_LEADER, area[:6])
    body = {"text": "墙", "areaCode": area}
    answer = await client.post("/v1/notes", json=body, headers=toy.tokens.headers(who))
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
async def notes(client: httpx.AsyncClient, toy: Any) -> dict[str, str]:
    """One note in each area."""
    return {area: await written(client, toy, area) for area in AREAS}


SCOPES = st.lists(st.sampled_from(AREAS), max_size=3, unique=True).map(tuple)


def holder(areas: tuple[str, ...]) -> Actor:
    grants = [actor(Post.STATION_HEAD, area).grants[0] for area in areas]
    return Actor(kind="account", id="wall", grants=tuple(grants))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(areas=SCOPES)
async def test_both_walls_say_what_an_oracle_says(
    runtime: Runtime, notes: dict[str, str], areas: tuple[str, ...]
) -> None:
    expected = {note for area, note in notes.items() if any(area.startswith(own) for own in areas)}
    ids = list(notes.values())
    async with runtime.system_session() as session:  # the application's rule alone: the system role sees all
        rows = await session.execute(visible(holder(areas)).where(Note.id.in_(ids)))  # type: ignore[attr-defined]
        assert {str(note.id) for note in rows.scalars()} == expected
    async with runtime.app_session(holder(areas)) as session:  # the database alone: no rule in the query
        rows = await session.execute(select(Note.id).where(Note.id.in_(ids)))  # type: ignore[attr-defined]
        assert {str(found) for found in rows.scalars()} == expected


async def test_a_connection_without_a_scope_sees_nothing_even_after_another_s_transaction(
    toy: Any, notes: dict[str, str]
) -> None:
    connection = await asyncpg.connect(toy.settings.database_url.get_secret_value())
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.scope', '150204', true)")
            assert await connection.fetchval("select count(*) from note") >= 7
        assert await connection.fetchval("select count(*) from note") == 0
        assert await connection.fetchval("update note set text = 'x' returning 1") is None
        assert await connection.fetchval("select count(*) from note where area_code like '1502%'") == 0
    finally:
        await connection.close()


async def test_the_owner_s_tables_bind_the_owner_too(toy: Any, notes: dict[str, str]) -> None:
    owner = toy.settings.owner_database_url
    connection = await asyncpg.connect(owner.get_secret_value())
    try:
        assert await connection.fetchval("select count(*) from note") == 0
    finally:
        await connection.close()


async def test_a_scope_is_codes_and_nothing_else(runtime: Runtime) -> None:
    evil = Actor(kind="account", id="x", grants=(actor(Post.STATION_HEAD, "1'; drop table note; --").grants[0],))
    with pytest.raises(ValueError, match="area codes"):
        await runtime.reads(evil).fetch(select(Note))
    async with runtime.system_session() as session:
        assert await session.scalar(text("select count(*) from note"))


async def test_more_work_than_can_be_done_well_is_refused_at_once(runtime: Runtime) -> None:
    release = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    limited = InFlightLimit(slow, limit=3, service="toy", labels=runtime.labels)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://toy") as client:
        waiting = [asyncio.create_task(client.get("/v1/notes")) for _ in range(3)]
        await asyncio.sleep(0.05)
        refused = await client.get("/v1/notes")
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        probe = asyncio.create_task(client.get("/livez"))
        release.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting, probe)} == {204}


def test_a_log_line_carries_only_what_is_allowed() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "said", None, None)
    record.__dict__ |= {"route": "/v1/notes", "name_of_person": "王建国", "id_number": "11010519491231002X"}
    line = json.loads(JsonFormatter("toy").format(record))
    assert line["route"] == "/v1/notes"
    assert "王建国" not in str(line)
    assert "1949" not in str(line)


def test_an_exception_is_logged_by_type_and_place_never_by_its_text() -> None:
    formatter = JsonFormatter("toy")
    try:
        raise ValueError("canary 11010519491231002X")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "broke", None, info)
    line = formatter.format(record)
    assert "canary" not in line
    assert json.loads(line)["exception"]["type"] == "ValueError"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh_CN"),
        ("en", "en"),
        ("en-GB,zh;q=0.5", "en"),
        ("zh-CN,en;q=0.9", "zh_CN"),
        ("fr", "zh_CN"),
        ("en;q=x", "zh_CN"),
    ],
)
def test_chinese_unless_english_is_preferred(header: str, language: str) -> None:
    assert preferred_language(header) == language


async def test_probes_and_metrics_need_nobody(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready", "broker": "connected"}
    figures = (await client.get("/metrics")).text
    assert "outbox_pending" in figures
    assert "http_server_request_duration_seconds_bucket" in figures


async def test_code_tables_and_words_are_served_with_their_version(client: httpx.AsyncClient) -> None:
    table = (await client.get("/v1/code-tables/colours")).json()
    assert [row["code"] for row in table["rows"]] == ["01", "02"]
    assert len(table["version"]) == 12
    assert (await client.get("/v1/code-tables/nothing")).status_code == 404
    words = (await client.get("/v1/labels", headers={"Accept-Language": "en"})).json()
    assert words["labels"]["refusals"]["note-sealed"]["title"] == "Note is sealed"
