"""Where a point lies, what is near it, what lies in a shape: any of the four coordinate systems in."""

import orjson
from fastapi.responses import Response

from gis_svc import locating, searching
from gis_svc.location import CurrentPlaces
from gis_svc.routes.areas import GEOJSON, GEOJSON_RESPONSE
from gis_svc.schemas import Inside, Nearest, NearestOut, PointsLocatedOut, PointsToLocate, PointToLocate
from grid_kernel import clock
from grid_kernel.auth import CurrentActor
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads

router = GridRouter(tags=["locations"])


@router.post("/locate")
async def locate_points(_: CurrentActor, places: CurrentPlaces, asked: PointsToLocate, now: Now) -> PointsLocatedOut:
    """The grid and the names of each point, what its accuracy leaves open, and whether its system looks wrong."""
    return locating.locate(places, asked, asked.as_of or clock.today(now))


@router.post("/nearest")
async def find_nearest(
    reads: Reads, actor: CurrentActor, places: CurrentPlaces, asked: Nearest, now: Now
) -> NearestOut:
    """The nearest service points, things or buildings of some kinds, in metres of the straight way."""
    point = PointToLocate(reference="point", point=asked.point)
    [at] = locating.locate(places, PointsToLocate(points=[point]), clock.today(now)).points
    return await searching.nearest(reads, actor, asked, at=at.position, grid_code=at.grid_code, suspected=at.suspected)


@router.post("/inside", response_class=Response, responses=GEOJSON_RESPONSE)
async def find_inside(reads: Reads, actor: CurrentActor, asked: Inside) -> Response:
    """What touches a circle, a polygon or a box, as a GeoJSON feature collection in the system asked for."""
    texts, matched = await searching.inside(reads, actor, asked)
    urn = f"urn:ogc:def:crs:EPSG::{asked.crs.removeprefix('EPSG:')}"
    head = {"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": urn}}}
    told = {"numberMatched": matched, "numberReturned": len(texts), "features": orjson.Fragment(f"[{','.join(texts)}]")}
    return Response(orjson.dumps(head | told), media_type=GEOJSON)
