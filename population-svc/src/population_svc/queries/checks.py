"""Reads for asking back, and what is forgotten when its time is over."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, null
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from population_svc.models import Dwelling, Household, SpotCheck, Visit
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import VACANT, Presence, VisitOutcome


def spot_checks(actor: Actor, area: str, *, opened: bool, after: tuple[UUID] | None, limit: int) -> Select[Any]:
    """The households to ask back, or those that were."""
    asked = visible(actor, SpotCheck).where(within(col(SpotCheck.area_code), area))
    asked = asked.where(col(SpotCheck.answer).is_(None) if opened else col(SpotCheck.answer).is_not(None))
    if after is not None:
        asked = asked.where(col(SpotCheck.id) > after[0])
    return asked.order_by(col(SpotCheck.id)).limit(limit + 1)


async def check_for_update(session: AsyncSession, actor: Actor, check_id: UUID) -> SpotCheck:
    """The check, locked; NotFound outside the actor's areas."""
    found: SpotCheck | None = await find(
        session, visible(actor, SpotCheck).where(col(SpotCheck.id) == check_id).with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def drawn_since(session: AsyncSession, day: date) -> bool:
    """Whether checks were drawn after a day."""
    asked = everyone(SpotCheck).where(col(SpotCheck.drawn_on) > day).limit(1)
    return (await session.execute(asked.with_only_columns(col(SpotCheck.id)))).first() is not None


async def visited_since(session: AsyncSession, since: date, until: date) -> Sequence[Any]:
    """The home visits of some days."""
    asked = everyone(Visit).where(col(Visit.outcome) == VisitOutcome.DONE)
    asked = asked.where(col(Visit.visited_on) >= since, col(Visit.visited_on) < until)
    columns: list[Any] = [col(Visit.household_id), col(Visit.area_code), col(Visit.id).label("visit_id")]
    return (await session.execute(asked.with_only_columns(*columns))).all()


async def declined_since(session: AsyncSession, since: date, until: date) -> Sequence[Any]:
    """The households that were said to decline a visit on some days."""
    asked = everyone(Visit).where(col(Visit.outcome) == VisitOutcome.DECLINED)
    asked = asked.where(col(Visit.visited_on) >= since, col(Visit.visited_on) < until)
    columns: list[Any] = [col(Visit.household_id), col(Visit.area_code), col(Visit.id).label("visit_id")]
    return (await session.execute(asked.with_only_columns(*columns))).all()


async def vacant_dwellings(session: AsyncSession) -> Sequence[Any]:
    """The dwellings that are said to be empty."""
    asked = everyone(Dwelling).where(col(Dwelling.use) == VACANT)
    columns: list[Any] = [col(Dwelling.id).label("dwelling_id"), col(Dwelling.area_code)]
    return (await session.execute(asked.with_only_columns(*columns))).all()


async def standing_beside(session: AsyncSession) -> Sequence[Any]:
    """The households that are not visited because they are said to live elsewhere."""
    asked = everyone(Household).where(col(Household.presence) != Presence.LIVING, col(Household.dissolved_on).is_(None))
    columns: list[Any] = [col(Household.id).label("household_id"), col(Household.area_code), null().label("visit_id")]
    return (await session.execute(asked.with_only_columns(*columns))).all()
