"""Holding back what a second person has to look at."""

from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from population_svc import queries, rules
from population_svc.models import PendingChange
from population_svc.rules import CheckedKind


async def hold_back(
    session: AsyncSession,
    actor: Actor,
    row: Any,
    changes: dict[str, Any],
    *,
    evidence: str | None,
    since: date,
    now: datetime,
) -> dict[str, Any]:
    """What of a change counts at once; the rest is kept and waits where a setting of the area asks for it."""
    kind = CheckedKind(type(row).__name__.lower())
    if rules.publishes_at_once(actor, row.area_code):
        return changes
    checked = await queries.checked_members(session, kind, row.area_code, today(now))
    held = {name: value for name, value in changes.items() if name in checked and getattr(row, name) != value}
    if not held:
        return changes
    grant = actor.grant_for(row.area_code)
    waiting = PendingChange(
        kind=kind,
        object_id=row.id,
        area_code=row.area_code,
        members=sorted(held),
        changes=orjson.dumps(held).decode(),
        evidence=evidence,
        effective_on=since,
        asked_by=actor.id,
        asked_post=str(grant.post) if grant else None,
        asked_unit=grant.unit if grant else None,
        asked_at=now,
    )
    session.add(waiting)
    await session.flush()
    await record_act(session, actor, f"{kind.value}.change_asked", waiting, kind="pending_change", now=now)
    return {name: value for name, value in changes.items() if name not in held}
