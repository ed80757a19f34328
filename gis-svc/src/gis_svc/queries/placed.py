"""Reads of things, service points and roads: one to change, all roads as a network, service points of an area."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from gis_svc.models import Building, Road, ServicePoint, Thing
from gis_svc.queries.access import (
    column,
    inside,
    visible,
    visible_roads,
    visible_service_points,
    visible_things,
)
from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from grid_kernel.reads import ReadRunner
from grid_kernel.types import AREA_CODE

Row = Mapping[str, Any]
_VISIBLE: Mapping[Any, Any] = {Thing: visible_things, ServicePoint: visible_service_points, Road: visible_roads}


async def for_update(session: AsyncSession, actor: Actor, model: Any, identifier: UUID) -> Any:
    """An entry the actor may see, locked."""
    entry = await find(session, _VISIBLE[model](actor).where(column(model.id) == identifier).with_for_update())
    if entry is None:
        raise NotFound
    return entry


async def placed_for_update(session: AsyncSession, model: Any, codes: Sequence[str]) -> list[Any]:
    """What stands in some areas; who may change the grids may move it."""
    wanted = column(model.area_code) == func.any(literal(list(codes), ARRAY(AREA_CODE)))
    statement = select(model).where(wanted, column(model.removed_at).is_(None)).order_by(column(model.id))
    return list((await session.execute(statement.with_for_update())).scalars())


async def network(reads: ReadRunner, actor: Actor) -> Sequence[Row]:
    """Every road that can be walked, in the order of their ids, so that the same roads give the same network."""
    roads = visible_roads(actor).where(column(Road.walkable)).with_only_columns(column(Road.shape_wkb))
    return await reads.fetch(roads.order_by(column(Road.id)))


async def any_roads(session: AsyncSession) -> bool:
    """Whether there are roads at all; asked when an installation is loaded."""
    return await session.scalar(select(Road.id).limit(1)) is not None


async def roads_from(session: AsyncSession, source: str) -> bool:
    """Whether the roads of a source were loaded before; asked by the loader."""
    return await session.scalar(select(Road.id).where(column(Road.source) == source).limit(1)) is not None


async def made_up_roads(session: AsyncSession) -> list[Road]:
    """The made-up roads that are there, locked; asked by the loader."""
    there = (column(Road.synthetic), column(Road.removed_at).is_(None))
    statement = select(Road).where(*there).order_by(column(Road.id)).with_for_update()
    return list((await session.execute(statement)).scalars())


async def open_service_points(reads: ReadRunner, actor: Actor, within: str, kind: str | None) -> Sequence[Row]:
    """The open service points of an area, of one kind or all."""
    kept = (ServicePoint.id, ServicePoint.name, ServicePoint.kind, ServicePoint.area_code, ServicePoint.shape_wkb)
    columns: list[Any] = list(kept)
    points = visible_service_points(actor).with_only_columns(*columns)
    points = points.where(column(ServicePoint.open), inside(ServicePoint.area_code, within))
    if kind is not None:
        points = points.where(column(ServicePoint.kind) == kind)
    return await reads.fetch(points.order_by(column(ServicePoint.id)))


async def buildings_of(reads: ReadRunner, actor: Actor, within: str) -> Sequence[Row]:
    """The buildings of an area with what they may hold."""
    kept = (Building.id, Building.name, Building.area_code, Building.floors, Building.entrances, Building.kind)
    columns: list[Any] = [*kept, Building.lon, Building.lat]
    rows = visible(actor).with_only_columns(*columns).where(inside(Building.area_code, within))
    return await reads.fetch(rows.order_by(column(Building.id)))
