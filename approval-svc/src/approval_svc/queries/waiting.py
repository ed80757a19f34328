"""What the clock has to look after."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Date,
    Select,
    and_,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc.models import (
    Application,
    Clock,
    Party,
    Pause,
    ServiceItem,
)
from approval_svc.rules import ClockKind, Link, State
from grid_kernel.db import find
from grid_kernel.tables import calendar_day


async def waiting_party(session: AsyncSession, application_id: UUID) -> Party | None:
    """Who applied, locked for a change, while the register has not said whether it knows them."""
    waiting = and_(col(Party.application_id) == application_id, col(Party.link) == Link.WAITING)
    return await find(session, select(Party).where(waiting).with_for_update())


async def silent_too_long(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Forwarded applications whose notice clock has run out and whose item's basis provides acceptance by silence."""
    overdue = (col(Clock.kind) == ClockKind.NOTICE, col(Clock.stopped_at).is_(None), col(Clock.due_at) < now)
    statement = (
        select(col(Application.id))
        .join(Clock, col(Clock.application_id) == Application.id)
        .join(ServiceItem, col(ServiceItem.id) == Application.item_id)
        .where(col(Application.state) == State.FORWARDED, col(ServiceItem.deemed_accepted).is_(True), *overdue)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def not_corrected_in_time(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Applications whose correction clock has run out."""
    overdue = (col(Application.due_kind) == ClockKind.CORRECTION, col(Application.due_at) < now)
    statement = select(col(Application.id)).where(col(Application.state) == State.CORRECTION_REQUIRED, *overdue)
    return list((await session.execute(statement.limit(limit))).scalars())


async def to_link(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Applications whose applicant has not yet been found in the register, or found not to be there."""
    due = and_(col(Party.link) == Link.WAITING, col(Party.link_after) <= now)
    statement = select(col(Party.application_id)).where(due).order_by(col(Party.link_after)).limit(limit)
    return list((await session.execute(statement)).scalars())


def clocks_the_calendar_moves() -> Select[*tuple[Any, ...]]:
    """Running clocks whose end is provisional, or that run over a day this installation has changed."""
    first, last = (
        cast(func.timezone("Asia/Shanghai", column), Date) for column in (col(Clock.started_at), col(Clock.due_at))
    )
    changed = exists(select(1).where(calendar_day.c.day.between(first, last)))
    wanted: Select[*tuple[Any, ...]] = select(*Clock.__table__.c).where(  # type: ignore[attr-defined]
        col(Clock.stopped_at).is_(None), or_(col(Clock.provisional), changed)
    )
    return wanted


def pauses_of_running() -> Select[*tuple[Any, ...]]:
    """The pauses of applications that are not at their end."""
    statement: Select[*tuple[Any, ...]] = select(col(Pause.application_id), col(Pause.from_at), col(Pause.to_at)).join(
        Application, col(Application.id) == col(Pause.application_id)
    )
    return statement.where(col(Application.ended_at).is_(None))
