"""Placing: where a case lies, asked of gis in batches; then the routing table names its unit."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries, rules, triage
from dispute_svc.commands.routing import decide_for
from dispute_svc.commands.saving import open_case, save
from dispute_svc.dossier import Dossier
from dispute_svc.models import Entry, column
from dispute_svc.rules import CaseState
from dispute_svc.triage import Change
from grid_kernel import clock
from grid_kernel.ask import ask
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar, today
from grid_kernel.contracts.gis import LOCATE, LocatePoint, LocatePoints
from grid_kernel.errors import Refusal
from grid_kernel.runtime import Runtime

log = logging.getLogger(__name__)

BATCH = 500
ASK_SECONDS = 5.0


async def settle_pending(runtime: Runtime, now: datetime) -> int:
    """Find the place of every case that still waits for it, in batches; the number settled."""
    total = 0
    while settled := await settle(runtime, None, now):
        total += settled
    return total


async def settle(runtime: Runtime, only: Sequence[UUID] | None, now: datetime | None = None) -> int:
    """Find the place of waiting cases and route them. gis being away leaves them waiting, listed as undispatched."""
    now = now or clock.now()
    rows = await runtime.system_reads().fetch(queries.due_for_location(now, BATCH, only))
    places = await places_of(runtime, rows, now)
    calendar = await runtime.calendar()
    return sum([await _placed(runtime, case_id, area, calendar, now) for case_id, area in places.items()])


async def _placed(runtime: Runtime, case_id: UUID, area_code: str, calendar: WorkingCalendar, now: datetime) -> bool:
    """One case that cannot be placed must not keep the others waiting; it stays on the list."""
    try:
        async with runtime.system_session() as session:
            return await place(session, case_id, area_code, calendar=calendar, now=now) is not None
    except Exception:
        log.exception("a case could not be placed", extra={"case": str(case_id)})
        return False


async def places_of(runtime: Runtime, rows: Sequence[Mapping[str, Any]], now: datetime) -> dict[UUID, str]:
    """The area each case lies in, for those that can be told now: chosen by hand, asked, or nothing to ask with."""
    asking = [row for row in rows if row["lon"] is not None and not row["chosen_area"]]
    asked = await _ask(runtime, asking, now) if asking else {}
    changes = await _changes(runtime) if len(asking) < len(rows) else {}
    found: dict[UUID, str] = {}
    for row in rows:
        if row["id"] in asked:
            found[row["id"]] = asked[row["id"]] or _fallback(row)
        elif row["lon"] is None or row["chosen_area"]:
            chosen = row["chosen_area"] or row["area_code"]
            found[row["id"]] = triage.present_area(chosen, row["building_id"], today(now), changes)
    return found


def _fallback(row: Mapping[str, Any]) -> str:
    """Where a case is kept that lies in no grid: the community it was in, else the district."""
    length = rules.COMMUNITY_CODE_LENGTH if row["located_at"] else rules.DISTRICT_CODE_LENGTH
    return str(row["area_code"])[:length]


async def _changes(runtime: Runtime) -> dict[str, Change]:
    rows = await runtime.system_reads().fetch(queries.successions())
    return {row["predecessor"]: Change(tuple(row["successors"]), row["effective_on"], row["buildings"]) for row in rows}


async def _ask(runtime: Runtime, rows: Sequence[Mapping[str, Any]], now: datetime) -> dict[UUID, str | None]:
    points = tuple(LocatePoint(reference=str(row["id"]), lon=row["lon"], lat=row["lat"]) for row in rows)
    try:
        answer = await ask(runtime, LOCATE, LocatePoints(points=points, at=now), timeout=ASK_SECONDS)
    except Refusal as refusal:
        log.warning("places are asked again later", extra={"count": len(points), "code": refusal.code})
        return {}
    district = runtime.settings.district
    found = {UUID(point.reference): point.grid_code or point.area_code for point in answer.points}
    return {case_id: code if code and code.startswith(district) else None for case_id, code in found.items()}


async def place(
    session: AsyncSession, case_id: UUID, area_code: str, *, calendar: WorkingCalendar, now: datetime
) -> Dossier | None:
    """Put a case where it lies, and route it if nobody has it yet. None when another process did it meanwhile."""
    dossier = await open_case(session, queries.everything(), case_id)
    case = dossier.case
    if case.locate_after is None or case.locate_after > now:
        return None
    own = Actor.system("dispute")
    first = case.located_at is None
    dossier.locate(own, area_code, now)
    if first and case.state is CaseState.REPORTED:
        decision = await decide_for(session, case.category, area_code, today(now))
        dossier.route(own, decision, calendar, now)
    await save(session, dossier, now)
    moved = update(Entry).where(column(Entry.case_id) == case_id).values(area_code=area_code)
    await session.execute(moved)
    return dossier
