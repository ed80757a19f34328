"""Deadlines follow the calendar: a year that is published, a day that is declared off."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from approval_svc import queries, rules
from approval_svc.clockwork import note_due
from approval_svc.rules import Limit
from grid_kernel.clock import Deadline, Unit, WorkingCalendar
from grid_kernel.runtime import Runtime

_Row = Mapping[str, Any]


async def follow_calendar(runtime: Runtime, _: datetime) -> int:
    """Compute the running clocks anew that a changed day may concern; the number of applications whose end moved."""
    calendar = await runtime.calendar()
    reads = runtime.system_reads()
    moved: dict[UUID, dict[UUID, Deadline]] = defaultdict(dict)
    pauses = _spans(await reads.fetch(queries.pauses_of_running()))
    for row in await reads.fetch(queries.clocks_the_calendar_moves()):
        ends = _ends(row, calendar, pauses[row["application_id"]])
        if (ends.due_at, ends.provisional) != (row["due_at"], row["provisional"]):
            moved[row["application_id"]][row["id"]] = ends
    for application_id, ends_of in moved.items():
        await _move(runtime, application_id, ends_of)
    return len(moved)


def _spans(rows: Sequence[_Row]) -> dict[UUID, list[tuple[datetime, datetime | None]]]:
    spans: dict[UUID, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for row in rows:
        spans[row["application_id"]].append((row["from_at"], row["to_at"]))
    return spans


def _ends(row: _Row, calendar: WorkingCalendar, pauses: Sequence[tuple[datetime, datetime | None]]) -> Deadline:
    limit = Limit(row["amount"], Unit(row["unit"]), row["basis"])
    return rules.due(row["started_at"], limit, calendar, pauses)


async def _move(runtime: Runtime, application_id: UUID, ends_of: Mapping[UUID, Deadline]) -> None:
    """The version stays: nobody did anything to the application."""
    async with runtime.system_session() as session:
        application = await queries.by_id(session, application_id)
        if application is None:
            return
        running = await queries.running_clocks(session, application_id)
        for clock in running:
            if ends := ends_of.get(clock.id):
                clock.due_at, clock.provisional = ends.due_at, ends.provisional
        note_due(application, running)
