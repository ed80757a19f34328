"""Where a point lies, what is near it, what lies in a shape: any of the four coordinate systems in."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import orjson
from fastapi.responses import Response

from gis_svc import locating, searching
from gis_svc.footways import network_of
from gis_svc.location import CurrentPlaces, Places
from gis_svc.queries import opening as queries
from gis_svc.queries.buildings import get_building
from gis_svc.queries.opening import Openings
from gis_svc.routes.areas import GEOJSON, GEOJSON_RESPONSE
from gis_svc.schemas import (
    Inside,
    Nearest,
    NearestOut,
    PointsLocatedOut,
    PointsToLocate,
    PointToLocate,
    Sought,
)
from gis_svc.searching import Around
from grid_kernel import clock
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.errors import InvalidInput, NotFound, refusals
from grid_kernel.reads import ReadRunner
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads, Runtime

router = GridRouter(tags=["locations"])


@router.post("/locate")
async def locate_points(_: CurrentActor, places: CurrentPlaces, asked: PointsToLocate, now: Now) -> PointsLocatedOut:
    """The grid and the names of each point, what its accuracy leaves open, and whether its system looks wrong."""
    return locating.locate(places, asked, asked.as_of or clock.today(now))


async def _openings(runtime: Runtime, reads: ReadRunner, actor: Actor, of: Sought, at: datetime) -> Openings | None:
    if of is not Sought.SERVICE_POINTS:
        return None
    return await queries.openings(reads, actor, at, await runtime.calendar())


async def _from(reads: ReadRunner, actor: Actor, places: Places, asked: Nearest, now: datetime) -> Around:
    if asked.point is None:
        building = await get_building(reads, actor, asked.building_id or UUID(int=0))
        return Around(building.position, locating.grid_or_none(building.area_code))
    point = PointToLocate(reference="point", point=asked.point)
    [at] = locating.locate(places, PointsToLocate(points=[point]), clock.today(now)).points
    return Around(at.position, at.grid_code, at.suspected)


@router.post("/nearest", responses=refusals(NotFound))
async def find_nearest(
    reads: Reads, actor: CurrentActor, runtime: CurrentRuntime, places: CurrentPlaces, asked: Nearest, now: Now
) -> NearestOut:
    """The nearest service points, things or buildings to a point or a building, straight or on foot, open or all."""
    around = await _from(reads, actor, places, asked, now)
    if asked.on_foot:
        network = await network_of(runtime, actor)
        if network is None:
            raise InvalidInput.at("/onFoot", "no-roads")
        around = replace(around, network=network)
    openings = await _openings(runtime, reads, actor, asked.of, asked.at or now)
    return await searching.nearest(reads, actor, asked, around, openings)


@router.post("/inside", response_class=Response, responses=GEOJSON_RESPONSE)
async def find_inside(reads: Reads, actor: CurrentActor, runtime: CurrentRuntime, asked: Inside, now: Now) -> Response:
    """What touches a circle, a polygon or a box, as a GeoJSON feature collection in the system asked for."""
    openings = await _openings(runtime, reads, actor, asked.of, asked.at or now) if asked.open_only else None
    texts, matched = await searching.inside(reads, actor, asked, openings)
    urn = f"urn:ogc:def:crs:EPSG::{asked.crs.removeprefix('EPSG:')}"
    head = {"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": urn}}}
    told = {"numberMatched": matched, "numberReturned": len(texts), "features": orjson.Fragment(f"[{','.join(texts)}]")}
    return Response(orjson.dumps(head | told), media_type=GEOJSON)
