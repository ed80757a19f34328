"""Things, service points and roads: registered, replaced, changed and removed, each in the area its shape lies in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, shapes
from gis_svc.location import Places
from gis_svc.models import Road, ServicePoint, Thing
from gis_svc.queries import placed
from gis_svc.schemas import PlacedIn, RoadIn, ServicePointIn, ThingIn
from grid_kernel import clock
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.codes import codes
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput
from grid_kernel.events import publish
from grid_kernel.types import uuid7

Placed = Thing | ServicePoint | Road


@dataclass(frozen=True, slots=True)
class Register:
    """One register: its table, what is said of an entry, which shapes it takes, and who keeps it."""

    name: str
    model: type[Placed]
    said: type[PlacedIn]
    geometries: tuple[str, ...]
    check: Callable[[Actor, str], None]


REGISTERS: Mapping[str, Register] = {
    "things": Register("thing", Thing, ThingIn, ("Point", "LineString", "Polygon"), rules.check_may_register),
    "service-points": Register("service_point", ServicePoint, ServicePointIn, ("Point",), rules.check_may_furnish),
    "roads": Register("road", Road, RoadIn, ("LineString",), rules.check_may_furnish),
}


async def place(
    session: AsyncSession,
    actor: Actor,
    places: Places,
    register: Register,
    shape: BaseGeometry,
    said: PlacedIn,
    *,
    now: datetime,
    identifier: UUID | None = None,
) -> Placed:
    """Enter something into a register."""
    members = _members(register, shape, said)
    area_code = _area(actor, places, register, shape, now)
    entry = register.model(id=identifier or uuid7(), area_code=area_code, registered_at=now, **members)
    session.add(entry)
    if isinstance(entry, Thing):
        await publish(session, entry.registered(now))
    await record_act(session, actor, f"{register.name}.registered", entry, kind=register.name, now=now)
    await session.flush()
    return entry


async def replace(
    session: AsyncSession,
    actor: Actor,
    places: Places,
    register: Register,
    identifier: UUID,
    shape: BaseGeometry | None,
    said: Callable[[Placed], PlacedIn],
    *,
    version: int,
    now: datetime,
) -> Placed:
    """Let an entry be as it is said now; without a shape it stays where it is."""
    entry = await _held(session, actor, register, identifier, version)
    kept = shape if shape is not None else shapes.any_from_wkb(entry.shape_wkb)
    members = _members(register, kept, said(entry))
    entry.replace({**members, "area_code": _area(actor, places, register, kept, now)})
    await record_act(session, actor, f"{register.name}.changed", entry, kind=register.name, now=now)
    await session.flush()
    return entry


async def remove(
    session: AsyncSession, actor: Actor, register: Register, identifier: UUID, *, version: int, now: datetime
) -> None:
    """Take an entry off the map; its row stays as history."""
    entry = await _held(session, actor, register, identifier, version)
    entry.remove(now)
    await record_act(session, actor, f"{register.name}.removed", entry, kind=register.name, now=now)


async def _held(session: AsyncSession, actor: Actor, register: Register, identifier: UUID, version: int) -> Placed:
    entry: Placed = await placed.for_update(session, actor, register.model, identifier)
    register.check(actor, entry.area_code)
    expect_version(entry, version)
    return entry


def _members(register: Register, shape: BaseGeometry, said: PlacedIn) -> dict[str, Any]:
    if said.kind not in codes("gis_svc", register.model.kinds):
        raise InvalidInput.at("/properties/kind", "unknown-kind")
    if shape.geom_type not in register.geometries:
        raise InvalidInput.at("/geometry", "shape-invalid", reason=shape.geom_type)
    return {**said.model_dump(), "shape_geojson": shapes.geojson_text(shape), **shapes.stored_shape(shape)}


def _area(actor: Actor, places: Places, register: Register, shape: BaseGeometry, now: datetime) -> str:
    spot = shapes.middle_of(shape)
    code = places.locate(spot.x, spot.y, clock.today(now))
    if code is None:
        raise InvalidInput.at("/geometry", "outside-communities")
    register.check(actor, code)
    return code
