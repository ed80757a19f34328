"""Areas: the division tree, each area with its history, outlines as GeoJSON."""

from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import Response

from gis_svc.queries import areas as queries
from gis_svc.routes.parameters import AsOf, Within
from gis_svc.rules import Level
from gis_svc.schemas import AreaOut, AreaVersionOut
from grid_kernel.errors import NotFound, refusals
from grid_kernel.paging import Page, Paging
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Reads
from grid_kernel.schemas import AreaCode

GEOJSON = "application/geo+json"
GEOJSON_RESPONSE: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {"schema": {"type": "object"}}}}}
Source = Annotated[str | None, Query(pattern="^[a-z0-9_]{1,32}$", description="A source other than the one in force.")]
router = GridRouter(prefix="/areas", tags=["areas"])


@router.get("")
async def list_areas(
    reads: Reads, paging: Paging, day: AsOf, within: Within = None, level: Level | None = None
) -> Page[AreaOut]:
    """Areas by code as they were on a day, those of one level or inside one area."""
    return await queries.list_areas(reads, paging, day=day, level=level, within=within)


@router.get("/{code}", responses=refusals(NotFound))
async def get_area(reads: Reads, code: AreaCode, day: AsOf) -> AreaOut:
    """One area as it was on a day."""
    return await queries.get_area(reads, code, day)


@router.get("/{code}/versions", responses=refusals(NotFound))
async def list_area_versions(reads: Reads, code: AreaCode) -> list[AreaVersionOut]:
    """Every dated outline of an area from every source, with the day it began and ended."""
    return await queries.versions_of(reads, code)


@router.get("/{code}/outline", response_class=Response, responses=GEOJSON_RESPONSE | refusals(NotFound))
async def get_outline(reads: Reads, code: AreaCode, day: AsOf, source: Source = None) -> Response:
    """The outline of an area on a day as one GeoJSON feature: the one in force, or that of a source."""
    return Response(await queries.outline_of(reads, code, day=day, source=source), media_type=GEOJSON)
