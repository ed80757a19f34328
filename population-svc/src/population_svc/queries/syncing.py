"""What phones have sent before, and where a thing was when they did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, and_, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from grid_kernel.clock import today
from grid_kernel.db import in_scope
from population_svc.history import as_of
from population_svc.models import (
    BuildingGrid,
    Dwelling,
    Household,
    Person,
    SyncOperation,
    dwelling_version,
    household_version,
    person_version,
)
from population_svc.queries.grids import grid_now
from population_svc.queries.scope import everyone


async def sync_operation(session: AsyncSession, operation_id: UUID) -> SyncOperation:
    """An operation that was claimed, by this transaction or one before it."""
    asked = everyone(SyncOperation).where(col(SyncOperation.id) == operation_id)
    found: SyncOperation = (await session.execute(asked)).scalars().one()
    return found


def where_then(row_id: UUID, moment: datetime) -> Select[Any]:
    """Where a row lies now, and in which grid it lay then: as was believed, and as is known since (run as system)."""
    found = [_where(*placed, row_id, moment, known) for placed in _PLACED for known in (moment, None)]
    return select(union_all(*found).subquery("placed"))


def _where(model: Any, versions: Table, row_id: UUID, moment: datetime, known_at: datetime | None) -> Select[Any]:
    known = and_(versions.c.id == model.id, as_of(versions, today(moment), known_at))
    asked = everyone(model).outerjoin(versions, known).where(model.id == row_id)
    then = func.coalesce(versions.c.grid_code_then, model.area_code).label("grid_code_then")
    return asked.with_only_columns(model.area_code, then)


def came_from(grid: str, areas: Sequence[str], now: datetime) -> Select[Any]:
    """Buildings of these areas that once stood in a grid: it is a predecessor of theirs (run as system)."""
    once, current = aliased(BuildingGrid), grid_now(now).subquery("current")
    asked = everyone(once).join(current, current.c.building_id == once.building_id)
    asked = asked.where(col(once.area_code) == grid, in_scope(current.c.area_code, areas))
    return asked.with_only_columns(col(once.building_id)).limit(1)


_PLACED: tuple[tuple[Any, Table], ...] = (
    (Household, household_version),
    (Person, person_version),
    (Dwelling, dwelling_version),
)
