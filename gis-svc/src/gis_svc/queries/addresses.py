"""Reads of addresses: elements below a community, those of a building, candidates for a text."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.types import Text
from sqlmodel import select

from gis_svc import addresses
from gis_svc.addresses import BUILDING, Parsed
from gis_svc.models import Address, Building
from gis_svc.queries.access import column, inside, visible, visible_addresses
from gis_svc.schemas import AddressElementOut
from grid_kernel.auth import Actor
from grid_kernel.paging import Page, PageRequest, page_of
from grid_kernel.reads import ReadRunner, Row
from grid_kernel.types import AREA_CODE

MOST_COMPARED = 2_000
_COMMON = frozenset(("小区", "家属", "属院", "花园", "大院", "新村", "社区"))
_above, _top = aliased(Address), aliased(Address)


async def below(reads: ReadRunner, paging: PageRequest, *, within: str, parent: UUID | None) -> Page[AddressElementOut]:
    """The roads and compounds of a community, or what lies below one of them; buildings are read as buildings."""
    statement = visible_addresses().where(column(Address.building_id).is_(None), inside(Address.community_code, within))
    of_parent = column(Address.parent_id)
    statement = statement.where(of_parent.is_(None) if parent is None else of_parent == parent)
    if (after := paging.after(UUID)) is not None:
        statement = statement.where(column(Address.id) > after[0])
    rows = await reads.fetch(statement.order_by(column(Address.id)).limit(paging.limit + 1))
    return page_of(rows, paging, key=lambda row: (str(row["id"]),), item=AddressElementOut.model_validate)


def _with_ways(rows: Select[Any]) -> Select[Any]:
    """Buildings with each of their addresses and the two elements above it."""
    found = (Address.id.label("address_id"), Address.name.label("number"), Address.state.label("address_state"))  # type: ignore[attr-defined]
    columns: list[Any] = [
        *(Building.id, Building.name, Building.address_text, Building.area_code, Building.community_code),
        *(Building.floors, Building.entrances, Building.lon, Building.lat),
        *found,
        Address.source,
        column(_above.element_type).label("above_type"),
        column(_above.name).label("above_name"),
        column(_top.element_type).label("top_type"),
        column(_top.name).label("top_name"),
    ]
    joined = rows.with_only_columns(*columns).join(Address, column(Address.building_id) == column(Building.id))
    joined = joined.outerjoin(_above, column(_above.id) == column(Address.parent_id))
    return joined.outerjoin(_top, column(_top.id) == column(_above.parent_id))


async def of_building(reads: ReadRunner, actor: Actor, building_id: UUID) -> list[Row]:
    """The addresses of a building the actor may see, those in use first."""
    statement = _with_ways(visible(actor)).where(column(Building.id) == building_id)
    return await reads.fetch(statement.order_by(column(Address.state).desc(), column(Address.id)))


async def candidates(reads: ReadRunner, actor: Actor, asked: Parsed, within: str | None) -> list[Row]:
    """Registered addresses that may be meant: of the same number, or of a place that shares two characters."""
    statement = _with_ways(visible(actor))
    if within is not None:
        statement = statement.where(inside(Building.area_code, within))
    if (number := asked.of(BUILDING)) is not None:
        statement = statement.where(column(Address.name) == number)
    elif pairs := [f"%{term}%" for term in addresses.terms(asked.place) if term not in _COMMON]:
        like = func.any(literal(pairs, ARRAY(Text)))
        statement = statement.where(or_(column(_above.name).like(like), column(_top.name).like(like)))
    else:
        return []
    return await reads.fetch(statement.order_by(column(Address.id)).limit(MOST_COMPARED))


async def places_of(session: AsyncSession, communities: Sequence[str]) -> list[Address]:
    """The roads and compounds some communities have already."""
    wanted = column(Address.community_code) == func.any(literal(list(communities), ARRAY(AREA_CODE)))
    statement = select(Address).where(wanted, column(Address.building_id).is_(None))
    return list((await session.execute(statement)).scalars())


async def in_use(session: AsyncSession, building_id: UUID) -> list[Address]:
    """The addresses made of what a building is called, to be renewed with it."""
    own = (column(Address.building_id) == building_id, column(Address.source) == "building")
    return list((await session.execute(select(Address).where(*own).with_for_update())).scalars())


async def without_address(session: AsyncSession, most: int) -> list[Building]:
    """Buildings nobody has given an address yet; asked as the service."""
    known = select(Address.id).where(column(Address.building_id) == column(Building.id)).exists()
    return list((await session.execute(select(Building).where(~known).limit(most))).scalars())
