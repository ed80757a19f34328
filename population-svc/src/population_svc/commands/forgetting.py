"""Forgetting what may not be kept longer: every class of the retention table that has an end."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.clock import today
from grid_kernel.codes import read_table
from population_svc import queries, rules

Forget = Callable[[AsyncSession, datetime], Awaitable[int]]


async def _notes(session: AsyncSession, before: datetime) -> int:
    return await queries.forget_notes(session, today(before))


FORGETS: Mapping[str, Forget] = {
    "visit_note": _notes,
    "roster_change": queries.forget_changes,
    "own_access": queries.forget_own_access,
    "data_request": queries.forget_data_requests,
    "secrecy": queries.forget_secrecies,
    "campaign_answer": queries.forget_answers,
    "care_entry": queries.forget_care,
    "spot_check": queries.forget_spot_checks,
    "transfer": queries.forget_transfers,
    "sync_operation": queries.forget_operations,
    "pending_change": queries.forget_pending,
    "follow_up": queries.forget_follow_ups,
}
"""How each class is forgotten; a class with an end and no entry here fails a test."""


def retention() -> Mapping[str, timedelta]:
    """How long each class with an end is kept."""
    rows = read_table(rules.PACKAGE, "retention_classes").rows
    return {row["code"]: timedelta(days=int(row["days"])) for row in rows if row["days"]}


async def forget(session: AsyncSession, *, now: datetime) -> int:
    """Forget everything that is past its time; how many rows."""
    return sum([await FORGETS[name](session, now - kept) for name, kept in retention().items()])
