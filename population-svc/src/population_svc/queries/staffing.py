"""Reads for staffing: norms, and households by grid and by building on a day."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, func, literal
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.types import AREA_CODE
from population_svc.history import as_of
from population_svc.models import StaffingNorm, dwelling_version, household_version
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import NormOf, Presence


def norms_on(day: date) -> Select[Any]:
    """The norms in force on a day."""
    ended = col(StaffingNorm.valid_to)
    return everyone(StaffingNorm).where(col(StaffingNorm.valid_from) <= day, (ended.is_(None)) | (ended > day))


def norms_over(area: str) -> Select[Any]:
    """Every norm of an area and of those above it, the nearest and newest first."""
    above = [area[:length] for length in (0, 6, 9, 12, 15) if length <= len(area)]
    asked = everyone(StaffingNorm).where(col(StaffingNorm.area_code) == any_(literal(above, ARRAY(AREA_CODE))))
    length = func.length(col(StaffingNorm.area_code))
    return asked.order_by(length.desc(), col(StaffingNorm.valid_from).desc(), col(StaffingNorm.norm_of))


async def norm_before(session: AsyncSession, area: str, norm_of: NormOf, day: date) -> StaffingNorm | None:
    """The area's own norm that holds on the day before another begins, locked."""
    asked = everyone(StaffingNorm).where(col(StaffingNorm.area_code) == area, col(StaffingNorm.norm_of) == norm_of)
    ended = col(StaffingNorm.valid_to)
    asked = asked.where(col(StaffingNorm.valid_from) < day, (ended.is_(None)) | (ended > day))
    return await find(session, asked.with_for_update())


def _living(actor: Actor, area: str, day: date) -> Select[Any]:
    h = household_version
    lived = visible(actor, h).where(as_of(h, day), within(h.c.area_code, area))
    return lived.where(h.c.presence == Presence.LIVING)


def living_by_grid(actor: Actor, area: str, day: date) -> Select[Any]:
    """How many households lived in each grid of an area on a day."""
    h = household_version.c
    counted = _living(actor, area, day).with_only_columns(h.area_code, func.count().label("households"))
    return counted.group_by(h.area_code)


def living_by_building(actor: Actor, area: str, buildings: Sequence[UUID], day: date) -> Select[Any]:
    """How many households of an area lived in each of some buildings on a day."""
    h, d = household_version.c, dwelling_version
    joined = _living(actor, area, day).join(d, d.c.id == h.dwelling_id).where(as_of(d, day))
    joined = joined.where(d.c.building_id == any_(literal(list(buildings), ARRAY(Uuid))))
    return joined.with_only_columns(d.c.building_id, func.count().label("households")).group_by(d.c.building_id)
