"""What loading many rows needs to know of the rows that are there; run as system."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from population_svc.models import BuildingGrid, Dwelling, Household
from population_svc.queries.scope import everyone


async def known_ids(session: AsyncSession, model: Any, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these rows exist."""
    asked = everyone(model).where(model.id.in_(ids)).with_only_columns(model.id)
    return set((await session.execute(asked)).scalars())


async def buildings_said(session: AsyncSession, ids: Sequence[UUID], said_at: datetime) -> set[UUID]:
    """Of which buildings this very word is known."""
    asked = everyone(BuildingGrid).where(
        col(BuildingGrid.building_id).in_(ids), col(BuildingGrid.takes_effect_at) == said_at
    )
    return set((await session.execute(asked.with_only_columns(col(BuildingGrid.building_id)))).scalars())


async def homes(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, Any]:
    """Of dwellings: where they are and what the roster orders them by."""
    columns: list[Any] = [col(Dwelling.id), col(Dwelling.building_id), col(Dwelling.area_code)]
    columns += [col(Dwelling.house_code), col(Dwelling.floor), col(Dwelling.room_no)]
    asked = everyone(Dwelling).where(col(Dwelling.id).in_(ids)).with_only_columns(*columns)
    return {row.id: row for row in await session.execute(asked)}


async def places(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, Any]:
    """What visits change of households, and where those are, locked."""
    names = ("id", "dwelling_id", "area_code", "presence", "presence_seen_at", "version", "effective_on", "recorded_at")
    columns: list[Any] = [getattr(Household, name) for name in names]
    asked = everyone(Household).where(col(Household.id).in_(ids)).with_only_columns(*columns).with_for_update()
    return {row["id"]: row for row in (await session.execute(asked)).mappings()}
