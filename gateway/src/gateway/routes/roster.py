"""The AB roster: who has the window and who has the grid, by half-days."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query
from sqlmodel import col

from gateway import commands, queries
from gateway.holding import CurrentHolding
from gateway.models import RosterEntry
from gateway.schemas import RosterIn, RosterOut
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads

router = GridRouter(prefix="/roster", tags=["roster"])
WEEK = timedelta(days=7)


@router.put("")
async def set_duty(
    given: RosterIn, actor: CurrentActor, session: WriteSession, held: CurrentHolding, now: Now
) -> RosterOut:
    """Put an account on window or grid duty for a half-day."""
    entry = await commands.set_duty(session, actor, given, now=now)
    held.sessions.forget(session, entry.account_id)
    return RosterOut.model_validate(entry)


@router.get("")
async def list_roster(
    actor: CurrentActor, reads: Reads, week_from: Annotated[date, Query(alias="weekFrom")]
) -> list[RosterOut]:
    """Seven days of the roster of the own areas."""
    days = (col(RosterEntry.day) >= week_from, col(RosterEntry.day) < week_from + WEEK)
    order = (col(RosterEntry.day), col(RosterEntry.half), col(RosterEntry.account_id))
    rows = await reads.fetch(queries.visible_roster(actor).where(*days).order_by(*order).limit(5000))
    return [RosterOut.model_validate(row) for row in rows]
