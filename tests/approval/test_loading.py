"""The demo's scripts, played through the service's own moves at the moments they happened."""

import json
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from approval_svc import commands
from approval_svc.rules import State
from grid_deploy.demo.generation import generate
from grid_deploy.demo.plan import DEFAULT_COMMUNITIES, Plan
from grid_kernel import clock
from grid_kernel.runtime import Runtime

LAST = {
    "pre_review_pass": "pre_reviewed",
    "pre_review_refuse": "pre_review_refused",
    "require_correction": "correction_required",
    "correct": "submitted",
    "forward": "forwarded",
    "accept": "accepted",
    "refuse_acceptance": "not_accepted",
    "suspend": "suspended",
    "resume": "accepted",
    "approve": "approved",
    "deny": "denied",
    "complete": "completed",
    "withdraw": "withdrawn",
    "rate": "completed",
    None: "submitted",
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo of a day."""
    folder = tmp_path_factory.mktemp("demo")
    generate(Plan(1, date(2026, 11, 24), DEFAULT_COMMUNITIES, 300, 10), folder)
    return folder / "approval"


@pytest.fixture
async def rows(scripts: Path, runtime: Runtime) -> list[dict[str, Any]]:
    """The scripts, loaded (once; again adds nothing)."""
    await commands.load(runtime, scripts, clock.now())
    lines = (scripts / "applications.ndjson").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


async def stored(runtime: Runtime, rows: list[dict[str, Any]], query: str) -> list[Any]:
    async with runtime.system_session() as session:
        return list((await session.execute(text(query), {"ids": [UUID(row["id"]) for row in rows]})).all())


async def test_every_script_ends_in_the_state_its_last_step_leads_to(
    rows: list[dict[str, Any]], runtime: Runtime
) -> None:
    query = "select id::text, state, version, synthetic from application where id = any(:ids)"
    found = {row.id: row for row in await stored(runtime, rows, query)}
    assert len(found) == len(rows) == 300
    for row in rows:
        last = row["steps"][-1]["verb"] if row["steps"] else None
        state = found[row["id"]].state
        # The job may have counted a silent permit as accepted, or ended a correction that never came, by now.
        assert state in {LAST[last], "deemed_accepted", "lapsed"}, row
        if state == LAST[last]:
            assert found[row["id"]].version == len(row["steps"]) + 1
        assert found[row["id"]].synthetic
    assert {row.state for row in found.values()} >= set(State) - {"deemed_accepted", "lapsed", "not_accepted"}


async def test_every_step_has_its_line_its_moment_and_its_event(rows: list[dict[str, Any]], runtime: Runtime) -> None:
    query = "select application_id::text as id, at, verb from entry where application_id = any(:ids) order by at"
    lines: dict[str, list[datetime]] = defaultdict(list)
    for entry in await stored(runtime, rows, query):
        if entry.verb not in {"deem_accepted", "lapse"}:
            lines[entry.id].append(entry.at)
    for row in rows:
        moments = [row["submitted_at"], *(step["at"] for step in row["steps"])]
        assert lines[row["id"]] == [datetime.fromisoformat(moment) for moment in moments]
    said = "select 1 from outbox where cast(convert_from(body, 'utf8') as jsonb) ->> 'aggregateid' = any(:ids)"
    async with runtime.system_session() as session:
        found = (await session.execute(text(said), {"ids": [row["id"] for row in rows]})).all()
    assert len(found) >= sum(map(len, lines.values()))


async def test_loading_twice_adds_nothing(rows: list[dict[str, Any]], scripts: Path, runtime: Runtime) -> None:
    async with runtime.system_session() as session:
        before = await session.scalar(text("select count(*) from entry"))
    assert await commands.load(runtime, scripts, clock.now()) == 0
    async with runtime.system_session() as session:
        assert await session.scalar(text("select count(*) from entry")) == before


async def test_some_are_late_some_wait_and_all_are_linked_as_the_script_says(
    rows: list[dict[str, Any]], runtime: Runtime
) -> None:
    query = "select application_id::text as id, person_id::text, link from party where application_id = any(:ids)"
    parties = {row.id: row for row in await stored(runtime, rows, query)}
    for row in rows:
        person = row["applicant"]["person_id"]
        assert parties[row["id"]].person_id == person
        assert parties[row["id"]].link == ("linked" if person else "not_registered")
    late = "select id from application where due_at < '2026-11-24' and ended_at is null and id = any(:ids)"
    assert await stored(runtime, rows, late)
