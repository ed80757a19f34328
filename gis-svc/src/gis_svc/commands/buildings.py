"""Registering buildings: the point decides the grid, the community gives the number."""

from datetime import datetime

from shapely.geometry import Point
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, shapes, topology
from gis_svc.commands import addressing, drawing, wording
from gis_svc.location import Places
from gis_svc.models import Building
from gis_svc.queries import areas, buildings
from gis_svc.schemas import BuildingFeatureIn, BuildingIn, BuildingOut, Drawing
from gis_svc.shapes import DECIMALS
from grid_kernel import clock
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.codes import codes
from grid_kernel.db import as_system, expect_version
from grid_kernel.errors import InvalidInput
from grid_kernel.events import publish
from grid_kernel.geo import to_cgcs2000
from grid_kernel.types import uuid7


async def register(
    session: AsyncSession, actor: Actor, places: Places, new: BuildingIn, *, now: datetime
) -> BuildingOut:
    """Register a building in the grid its point lies in."""
    if new.kind not in codes("gis_svc", Building.kinds):
        raise InvalidInput.at("/kind", "unknown-kind")
    lon, lat = (round(degree, DECIMALS) for degree in to_cgcs2000(new.point.lon, new.point.lat, new.point.crs))
    area_code = await _area_at(session, places, lon, lat, now)
    if area_code is None or len(area_code) < rules.COMMUNITY_DIGITS:
        raise InvalidInput.at("/point", "outside-communities")
    rules.check_may_register(actor, area_code)
    footprint = drawing.surface_of(new.footprint, "/footprint") if new.footprint else None
    if footprint is not None:
        rules.check_extent(*footprint.bounds)
    community = area_code[: rules.COMMUNITY_DIGITS]
    names = [place.name for place in places.path(community, clock.today(now))]
    building = Building(
        **new.model_dump(include={"name", "compound", "road", "kind", "floors", "entrances"}),
        id=new.id or uuid7(),
        area_code=area_code,
        community_code=community,
        building_no=await _number(session, community, new.building_no),
        address_text=new.address_text or wording.address(names[:2], new.road, new.name),
        lon=lon,
        lat=lat,
        point_crs=new.point.crs,
        point_source=new.point.source,
        accuracy_m=new.point.accuracy_m,
        captured_at=new.point.captured_at,
        footprint_geojson=shapes.geojson_text(footprint) if footprint else None,
        **shapes.stored_shape(footprint or Point(lon, lat)),
        registered_at=now,
    )
    session.add(building)
    await session.flush()
    async with as_system(session):
        await addressing.grow(session, [building], now)
    await publish(session, building.located(now))
    await record_act(session, actor, "building.registered", building, kind="building", now=now)
    return BuildingOut.of(building.model_dump())


async def change(
    session: AsyncSession,
    actor: Actor,
    places: Places,
    building: Building,
    said: BuildingFeatureIn,
    drawn: tuple[Point, Drawing | None] | None,
    *,
    version: int,
    now: datetime,
) -> Building:
    """Let a building be as it is said now; where it is drawn elsewhere it may go to another grid of its community."""
    rules.check_may_register(actor, building.area_code)
    expect_version(building, version)
    if said.kind not in codes("gis_svc", Building.kinds):
        raise InvalidInput.at("/properties/kind", "unknown-kind")
    if said.building_no not in (None, building.building_no):
        raise InvalidInput.at("/properties/buildingNo", "not-acceptable")
    members = said.model_dump(exclude={"building_no", "address_text"})
    called = (building.name, building.compound, building.road)
    building.change(members | {"address_text": said.address_text or building.address_text})
    if drawn is not None:
        await _move(session, actor, places, building, drawn, now)
    if called != (building.name, building.compound, building.road):
        async with as_system(session):
            await addressing.renew(session, building, now)
    await publish(session, building.located(now))
    await record_act(session, actor, "building.changed", building, kind="building", now=now)
    await session.flush()
    return building


async def _move(
    session: AsyncSession,
    actor: Actor,
    places: Places,
    building: Building,
    drawn: tuple[Point, Drawing | None],
    now: datetime,
) -> None:
    """Stand elsewhere: its number and its house codes tie a building to its community."""
    point, footprint = drawn
    area_code = await _area_at(session, places, point.x, point.y, now)
    if area_code is None or not area_code.startswith(building.community_code):
        raise InvalidInput.at("/geometry", "outside-community")
    rules.check_may_register(actor, area_code)
    surface = drawing.surface_of(footprint, "/geometry") if footprint else None
    if surface is not None:
        rules.check_extent(*surface.bounds)
    building.stand(area_code, point, surface)


async def _area_at(session: AsyncSession, places: Places, lon: float, lat: float, now: datetime) -> str | None:
    """The grid by the table, which is never behind, as the picture in memory may be; else the smallest area."""
    await areas.hold_areas(session)
    around = Point(lon, lat).buffer(topology.CRACK_DEGREES)
    grid = topology.grid_at(lon, lat, await areas.grids_touching(session, [around]))
    if grid is not None:
        return grid
    smallest = places.locate(lon, lat, clock.today(now))
    return smallest and smallest[: rules.COMMUNITY_DIGITS]


async def _number(session: AsyncSession, community: str, wanted: str | None) -> str:
    """The number asked for if it is free, else the next one; given one at a time per community."""
    await buildings.lock_numbers(session, community)
    async with as_system(session):
        if wanted is None:
            return rules.next_building_no(await buildings.highest_number(session, community))
        if await buildings.number_taken(session, community, wanted):
            raise rules.BuildingNumberTaken(number=wanted)
        return wanted
