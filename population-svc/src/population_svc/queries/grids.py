"""In which grid a building stands, and which rules hold where."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Subquery, any_, func, literal
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.db import find
from grid_kernel.types import AREA_CODE
from population_svc.models import BuildingGrid, Dwelling, VisitRule
from population_svc.queries.scope import everyone


def grid_now(now: datetime, building_ids: Sequence[UUID] | None = None) -> Select[Any]:
    """The last word on each building that is in effect; the order in which the words arrived is no matter."""
    said = everyone(BuildingGrid).where(col(BuildingGrid.takes_effect_at) <= now)
    if building_ids is not None:
        said = said.where(col(BuildingGrid.building_id).in_(building_ids))
    latest = (
        col(BuildingGrid.sequence).desc(),
        col(BuildingGrid.takes_effect_at).desc(),
        col(BuildingGrid.area_code).desc(),
    )
    return said.ext(distinct_on(col(BuildingGrid.building_id))).order_by(col(BuildingGrid.building_id), *latest)


async def grid_of(session: AsyncSession, building_id: UUID, now: datetime) -> tuple[str | None, str | None]:
    """The grid and the number of a building, None when gis never said where it stands."""
    said = everyone(BuildingGrid).where(col(BuildingGrid.building_id) == building_id)
    words = (
        (await session.execute(said.order_by(col(BuildingGrid.sequence), col(BuildingGrid.takes_effect_at))))
        .scalars()
        .all()
    )
    grid = (await session.execute(grid_now(now, [building_id]))).scalars().one_or_none()
    number = next((word.building_no for word in reversed(words) if word.building_no), None)
    return (grid.area_code if grid else None), number


async def misplaced(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """Buildings whose dwellings are not where the last word in effect puts them."""
    words = _words(now)
    asked = everyone(Dwelling).join(words, words.c.building_id == col(Dwelling.building_id))
    asked = (
        asked.where(words.c.area_code != col(Dwelling.area_code))
        .with_only_columns(col(Dwelling.building_id))
        .distinct()
    )
    return list((await session.execute(asked)).scalars())


def _words(now: datetime) -> Subquery:
    return grid_now(now).subquery("words")


def rules_on(day: date) -> Select[Any]:
    """The visiting rules in force on a day."""
    ended = col(VisitRule.valid_to)
    in_force = everyone(VisitRule).where(col(VisitRule.valid_from) <= day)
    return in_force.where((ended.is_(None)) | (ended > day))


def rules_over(area: str) -> Select[Any]:
    """Every rule of an area and of those above it, the nearest and newest first."""
    above = [area[:length] for length in (0, 6, 9, 12, 15) if length <= len(area)]
    asked = everyone(VisitRule).where(col(VisitRule.area_code) == any_(literal(above, ARRAY(AREA_CODE))))
    return asked.order_by(func.length(col(VisitRule.area_code)).desc(), col(VisitRule.valid_from).desc())


async def rule_before(session: AsyncSession, area: str, day: date) -> VisitRule | None:
    """The area's own rule that holds on the day before another begins, locked."""
    asked = everyone(VisitRule).where(col(VisitRule.area_code) == area, col(VisitRule.valid_from) < day)
    asked = asked.where((col(VisitRule.valid_to).is_(None)) | (col(VisitRule.valid_to) > day))
    return await find(session, asked.with_for_update())


async def rules_in_force(session: AsyncSession, day: date) -> Sequence[VisitRule]:
    """The visiting rules in force on a day, for a job."""
    return list((await session.execute(rules_on(day))).scalars())
