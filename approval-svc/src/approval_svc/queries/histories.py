"""What belongs to one application: its history, its clocks, their pauses, its notices."""

from uuid import UUID

from sqlalchemy import (
    Select,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc.models import (
    Clock,
    Entry,
    Notice,
    Pause,
)


def entries(application_id: UUID) -> Select[Entry]:
    """The history of an application, oldest first."""
    return select(Entry).where(col(Entry.application_id) == application_id).order_by(col(Entry.at), col(Entry.id))


def clocks(application_id: UUID) -> Select[Clock]:
    """The clocks of an application."""
    of_it = col(Clock.application_id) == application_id
    return select(Clock).where(of_it).order_by(col(Clock.started_at), col(Clock.id))


def pauses(application_id: UUID) -> Select[Pause]:
    """The times its clocks stood."""
    return select(Pause).where(col(Pause.application_id) == application_id).order_by(col(Pause.from_at))


def notices(application_id: UUID) -> Select[Notice]:
    """What the applicant was told to correct."""
    return select(Notice).where(col(Notice.application_id) == application_id).order_by(col(Notice.round))


async def running_clocks(session: AsyncSession, application_id: UUID) -> list[Clock]:
    """The clocks that run or stand."""
    return list((await session.execute(clocks(application_id).where(col(Clock.stopped_at).is_(None)))).scalars())


async def all_pauses(session: AsyncSession, application_id: UUID) -> list[Pause]:
    """Every pause of an application."""
    return list((await session.execute(pauses(application_id))).scalars())


async def all_notices(session: AsyncSession, application_id: UUID) -> list[Notice]:
    """Every notice of an application."""
    return list((await session.execute(notices(application_id))).scalars())
