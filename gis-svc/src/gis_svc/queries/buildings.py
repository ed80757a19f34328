"""Reads of buildings, by area and by box; and what registering them and changing grids needs to know."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text
from sqlmodel import select

from gis_svc.models import Building
from gis_svc.queries.access import column, inside, visible
from gis_svc.schemas import BuildingOut
from gis_svc.topology_report import Home
from grid_kernel.auth import Actor
from grid_kernel.codes import read_table
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from grid_kernel.geo import Box
from grid_kernel.paging import Page, PageRequest, page_of
from grid_kernel.reads import ReadRunner
from grid_kernel.types import AREA_CODE

Row = Mapping[str, Any]


async def list_buildings(
    reads: ReadRunner, actor: Actor, paging: PageRequest, *, within: str | None, box: Box | None
) -> Page[BuildingOut]:
    """Buildings by community and number, those of one area or of a box."""
    statement = visible(actor)
    if within is not None:
        statement = statement.where(inside(Building.area_code, within))
    if box is not None:
        statement = statement.where(in_box(box))
    key = tuple_(column(Building.community_code), column(Building.building_no))
    if (after := paging.after(str, str)) is not None:
        statement = statement.where(key > tuple_(*after))
    ordered = statement.order_by(column(Building.community_code), column(Building.building_no))
    # A plan for any box would fetch all buildings of the area to look at each.
    rows = await reads.fetch(ordered.limit(paging.limit + 1).execution_options(replan=True))
    return page_of(rows, paging, key=lambda row: (row["community_code"], row["building_no"]), item=BuildingOut.of)


def in_box(box: Box) -> ColumnElement[bool]:
    """The point of a building lies in a box."""
    # Numbers only: row-level security would let an operator on boxes be asked of its own rows alone, without an index.
    return and_(column(Building.lon).between(box.west, box.east), column(Building.lat).between(box.south, box.north))


async def get_building(reads: ReadRunner, actor: Actor, building_id: UUID) -> BuildingOut:
    """One building in the actor's areas."""
    row = await reads.fetch_one(visible(actor).where(column(Building.id) == building_id))
    if row is None:
        raise NotFound
    return BuildingOut.of(row)


async def drawn_in(reads: ReadRunner, actor: Actor, grid_code: str) -> list[Row]:
    """The buildings of one grid as a phone draws them, by number."""
    kept = (Building.id, Building.name, Building.building_no, Building.kind, Building.floors, Building.entrances)
    columns: list[Any] = [*kept, Building.lon, Building.lat, Building.footprint_geojson]
    statement = visible(actor).with_only_columns(*columns).where(column(Building.area_code) == grid_code)
    return await reads.fetch(statement.order_by(column(Building.building_no)))


async def homes(reads: ReadRunner, actor: Actor, within: str | None) -> list[Home]:
    """The residential buildings of the actor's areas: where each stands, and where its row says it does."""
    columns: list[Any] = [Building.id, Building.lon, Building.lat, Building.area_code]
    lived_in = column(Building.kind) == func.any(literal(sorted(_residential()), ARRAY(Text)))
    statement = visible(actor).with_only_columns(*columns).where(lived_in)
    if within is not None:
        statement = statement.where(inside(Building.area_code, within))
    return [Home(row["id"], row["lon"], row["lat"], row["area_code"]) for row in await reads.fetch(statement)]


@cache
def _residential() -> frozenset[str]:
    table = read_table("gis_svc", Building.kinds)
    return frozenset(row["code"] for row in table.rows if row["residential"] == "1")


async def for_update(session: AsyncSession, actor: Actor, building_id: UUID) -> Building:
    """A building the actor may see, locked."""
    statement = visible(actor).where(column(Building.id) == building_id).with_for_update()
    found: Building | None = await find(session, statement)
    if found is None:
        raise NotFound
    return found


async def buildings_for_update(session: AsyncSession, codes: Sequence[str]) -> list[Building]:
    """The buildings of some grids; who may change the grids may move their buildings."""
    wanted = column(Building.area_code) == func.any(literal(list(codes), ARRAY(AREA_CODE)))
    statement = select(Building).where(wanted).order_by(column(Building.id)).with_for_update()
    return list((await session.execute(statement)).scalars())


async def known_ids(session: AsyncSession) -> set[UUID]:
    """The ids of all buildings, for loading the same file twice."""
    return set((await session.execute(select(Building.id))).scalars())


async def highest_number(session: AsyncSession, community_code: str) -> str | None:
    """The highest building number of a community; asked as the service, for scope may hide some."""
    statement = select(func.max(Building.building_no)).where(column(Building.community_code) == community_code)
    highest: str | None = await session.scalar(statement)
    return highest


async def number_taken(session: AsyncSession, community_code: str, building_no: str) -> bool:
    """Whether a building of the community has this number; asked as the service, for scope may hide it."""
    same = (column(Building.community_code) == community_code, column(Building.building_no) == building_no)
    return await session.scalar(select(Building.id).where(*same)) is not None


async def lock_numbers(session: AsyncSession, community_code: str) -> None:
    """Give building numbers of a community one transaction at a time."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"building {community_code}", 0))))
