"""Places by name, for a service that asks inside the house: public facts, nothing of who lives there."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import literal
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from gis_svc.models import Building, Thing
from gis_svc.queries.access import column, inside
from grid_kernel.codes import read_table
from grid_kernel.contracts.gis import ListPlaces, PlaceNamed, PlacesListed

_AT_ONCE = 1_000


async def places_named(session: AsyncSession, asked: ListPlaces) -> PlacesListed:
    """Buildings or things of an area, in the order of their ids."""
    model: Any = Building if asked.of == "buildings" else Thing
    address = column(Building.address_text) if model is Building else literal("")
    columns: list[Any] = [model.id, model.area_code, model.kind, model.name, address.label("address")]
    statement = select(*columns).where(inside(model.area_code, asked.area_code))
    if model is Thing:
        statement = statement.where(column(Thing.removed_at).is_(None))
    if asked.kinds:
        statement = statement.where(column(model.kind).in_(asked.kinds))
    if asked.after is not None:
        statement = statement.where(column(model.id) > asked.after)
    found = (await session.execute(statement.order_by(column(model.id)).limit(_AT_ONCE + 1))).mappings().all()
    called = _called(model.kinds)
    rows = [PlaceNamed(**row, kind_name=called.get(row["kind"], row["kind"])) for row in found[:_AT_ONCE]]
    return PlacesListed(places=tuple(rows), more=len(found) > _AT_ONCE)


def _called(kinds: str) -> Mapping[str, str]:
    return {row["code"]: row["name_zh"] for row in read_table("gis_svc", kinds).rows}
