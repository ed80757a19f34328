"""The demo's case scripts, played through the service's own steps."""

import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from tests.dispute.conftest import Api, Gis, at_district, said_of

from dispute_svc import commands, rules
from dispute_svc.rules import CaseState
from grid_deploy.demo.generation import generate
from grid_deploy.demo.plan import DEFAULT_COMMUNITIES, Plan
from grid_kernel import clock, tables
from grid_kernel.auth import Post
from grid_kernel.events import open_envelope
from grid_kernel.runtime import Runtime

LAST = {
    "accept": "handling",
    "object": "objected",
    "handle": "handled",
    "verify_fail": "handling",
    "verify_pass": "verified",
    "close": "closed",
    "rate": "rated",
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo of today."""
    folder = tmp_path_factory.mktemp("demo")
    generate(Plan(1, date(2026, 11, 24), DEFAULT_COMMUNITIES, 10, 150), folder)
    return folder


@pytest.fixture
async def rows(scripts: Path, runtime: Runtime) -> list[dict[str, Any]]:
    """The scripts, loaded (once; again adds nothing)."""
    await commands.load(runtime, scripts / "dispute", clock.now())
    lines = (scripts / "dispute" / "cases.ndjson").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


async def stored(runtime: Runtime, rows: list[dict[str, Any]]) -> dict[str, Any]:
    async with runtime.system_session() as session:
        found = await session.execute(
            text(
                "select id::text, state, area_code, version, due_at, reported_at, routing, case_code from gov_case"
                " where id = any(:ids)"
            ),
            {"ids": [UUID(row["id"]) for row in rows]},
        )
        return {row.id: row for row in found}


async def test_every_script_ends_in_the_state_its_last_step_leads_to(
    rows: list[dict[str, Any]], runtime: Runtime
) -> None:
    cases = await stored(runtime, rows)
    assert len(cases) == len(rows) == 150
    for row in rows:
        last = row["steps"][-1]["verb"] if row["steps"] else None
        state = cases[row["id"]].state
        if last in LAST:
            assert state == LAST[last]
        elif last is None:
            assert state in ("dispatched", "reported")
    assert {case.state for case in cases.values()} == set(CaseState)


async def test_some_are_late_and_some_wait_without_grid_or_rule(rows: list[dict[str, Any]], runtime: Runtime) -> None:
    cases = (await stored(runtime, rows)).values()
    now = clock.start_of(date(2026, 11, 25))
    late = [case for case in cases if rules.is_late(CaseState(case.state), case.due_at, now)]
    waiting = Counter(case.routing["routed"] for case in cases if case.state == "reported")
    assert len(late) >= 10
    assert waiting == {"no_grid": 4, "no_rule": 2}


async def test_loading_twice_adds_nothing(rows: list[dict[str, Any]], runtime: Runtime, scripts: Path) -> None:
    before = await stored(runtime, rows)
    assert await commands.load(runtime, scripts / "dispute", clock.now()) == 0
    assert await stored(runtime, rows) == before


async def test_every_case_has_a_timeline_without_gaps_and_an_event_for_each_entry(
    rows: list[dict[str, Any]], runtime: Runtime
) -> None:
    cases = await stored(runtime, rows)
    async with runtime.system_session() as session:
        entries = await session.execute(
            text("select case_id::text, number, at, area_code from case_entry order by case_id, number")
        )
        timelines: dict[str, list[Any]] = {}
        for entry in entries:
            timelines.setdefault(entry.case_id, []).append(entry)
        bodies = (await session.execute(select(tables.outbox.c.body))).scalars().all()
    said = Counter(str(event.aggregate_id) for _, event in map(open_envelope, bodies))
    for case_id, case in cases.items():
        timeline = timelines[case_id]
        assert [entry.number for entry in timeline] == list(range(1, case.version + 1))
        assert [entry.at for entry in timeline] == sorted(entry.at for entry in timeline)
        assert {entry.area_code for entry in timeline} == {case.area_code}
        assert said[case_id] == case.version


async def test_case_codes_are_of_the_day_of_the_report_and_given_once(
    rows: list[dict[str, Any]], runtime: Runtime
) -> None:
    cases = (await stored(runtime, rows)).values()
    assert len({case.case_code for case in cases}) == len(rows)
    for case in cases:
        assert case.case_code[6:14] == f"{clock.today(case.reported_at):%Y%m%d}"


async def test_what_was_loaded_is_read_like_any_other_case(rows: list[dict[str, Any]], api: Api) -> None:
    row = next(row for row in rows if row["steps"] and row["steps"][-1]["verb"] == "rate" and row["category"] != "H03")
    told = await api.case(at_district(Post.ARBITER), row["id"])
    assert (told["state"], told["title"]) == ("rated", row["title"])
    assert told["dispatches"][0]["clock"]
    by_unit = next(entry for entry in told["entries"] if entry["kind"] == "accepted")
    assert by_unit["unit"] == told["dispatches"][0]["unitCode"]


async def test_no_event_of_a_loaded_restricted_case_tells_what_it_is_about(
    rows: list[dict[str, Any]], runtime: Runtime
) -> None:
    restricted = [row for row in rows if row["category"] == "H03"]
    assert restricted
    for row in restricted:
        for said in await runtime.system_reads().fetch(said_of(row["id"])):
            body = said["body"].decode()
            assert "H03" not in body
            assert row["area_code"] not in body
            assert "ethnic" not in body


async def test_a_script_without_a_grid_is_placed_by_gis(
    scripts: Path, runtime: Runtime, gis: Gis, tmp_path: Path
) -> None:
    folder = tmp_path / "dispute"
    shutil.copytree(scripts / "dispute", folder)
    row = json.loads((folder / "cases.ndjson").read_text("utf-8").splitlines()[0])
    point = gis.puts("150204006019777")
    row |= {"id": "00000000-0000-7000-8000-000000000777", "area_code": None, "crs": "CGCS2000", "steps": []}
    row |= {"lon": point["lon"], "lat": point["lat"]}
    (folder / "cases.ndjson").write_text(json.dumps(row), "utf-8")
    async with gis.answering():
        assert await commands.load(runtime, folder, clock.now()) == 1
    assert (await stored(runtime, [row]))[row["id"]].area_code == "150204006019777"


async def test_the_queue_of_late_cases_holds_what_the_rule_calls_late(
    rows: list[dict[str, Any]], runtime: Runtime, api: Api
) -> None:
    cases = (await stored(runtime, rows)).values()
    now = clock.now()
    late = {case.id for case in cases if rules.is_late(CaseState(case.state), case.due_at, now)}
    answer = await api.get(at_district(Post.ARBITER), "/cases", queue="late", limit="100")
    listed = answer.json()["items"]
    assert late <= {row["id"] for row in listed}
    assert all(row["late"] for row in listed)
