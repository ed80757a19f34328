"""Deadlines follow the working calendar: what was computed over days that were declared differently moves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries
from dispute_svc.commands.saving import open_case
from dispute_svc.rules import DispatchRole
from grid_kernel.clock import Deadline, Unit, deadline
from grid_kernel.runtime import Runtime


async def follow_calendar(runtime: Runtime, _: datetime) -> int:
    """Compute the limits of all parts still at work anew; the number that moved."""
    calendar = await runtime.calendar()
    moved = 0
    for row in await runtime.system_reads().fetch(queries.running_clocks()):
        end = deadline(row["sent_at"], row["limit_amount"], Unit(row["limit_unit"]), calendar)
        if (end.due_at, end.provisional) != (row["due_at"], row["provisional"]):
            async with runtime.system_session() as session:
                await _move(session, row["case_id"], row["id"], end)
            moved += 1
    return moved


async def _move(session: AsyncSession, case_id: UUID, dispatch_id: UUID, end: Deadline) -> None:
    """The version stays: nobody did anything to the case."""
    dossier = await open_case(session, queries.everything(), case_id)
    dispatch = next(each for each in dossier.dispatches if each.id == dispatch_id)
    dispatch.due_at, dispatch.provisional = end.due_at, end.provisional
    if dispatch.role is DispatchRole.LEAD and dispatch in dossier.live:
        dossier.case.due_at = end.due_at
