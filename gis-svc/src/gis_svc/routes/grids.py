"""Grids: a feature collection for maps; drawing, redrawing, splitting, merging."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Depends, Request
from fastapi.responses import Response

from gis_svc import commands, packs, rules
from gis_svc.location import CurrentPlaces, map_of
from gis_svc.ogc.answers import answer, etag_of, is_known, not_modified
from gis_svc.queries import areas as queries
from gis_svc.queries import scope
from gis_svc.queries.buildings import drawn_in
from gis_svc.revisions import revisions_of
from gis_svc.routes.areas import GEOJSON, GEOJSON_RESPONSE
from gis_svc.routes.parameters import AsOf, IfNoneMatch, Within
from gis_svc.schemas import (
    AreaOut,
    AreasRedrawn,
    AreaVersionOut,
    Closure,
    GridChange,
    GridsChanged,
    Merge,
    NewGrid,
    Redraw,
    Split,
)
from grid_kernel import clock
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, Stale, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import GridCode

router = GridRouter(prefix="/grids", tags=["grids"])

TOPOLOGY = (
    rules.GridOutsideCommunity,
    rules.GridsOverlap,
    rules.BuildingsLeftOut,
    rules.GridClosed,
    rules.GridOfOtherType,
)
DRAWN = refusals(Forbidden, NotFound, *TOPOLOGY)
SPLIT = refusals(
    Forbidden,
    NotFound,
    *TOPOLOGY,
    rules.PartsLeaveGap,
    rules.PartsOutsideGrid,
    rules.CutDoesNotDivide,
    rules.GridCodesExhausted,
)
MERGED = refusals(
    Forbidden,
    NotFound,
    Stale,
    *TOPOLOGY,
    rules.GridsNotContiguous,
    rules.GridsOfSeveralCommunities,
    rules.GridCodesExhausted,
)


async def areas_change(runtime: CurrentRuntime) -> AsyncIterator[None]:
    """Once the transaction is stored, point → grid answers by the new outlines."""
    areas = map_of(runtime)
    # Entered before the session, so left after its commit and before the answer leaves.
    yield
    areas.changed()
    revisions_of(runtime).changed()
    runtime.start(lambda: areas.refresh(runtime))


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The caller has this answer already."}}
AREAS_CHANGE = [Depends(areas_change, scope="function")]


@router.get("", response_class=Response, responses=GEOJSON_RESPONSE | NOT_MODIFIED)
async def list_grids(
    reads: Reads, places: CurrentPlaces, day: AsOf, within: Within = None, known: IfNoneMatch = None
) -> Response:
    """The grids of an area on a day as one GeoJSON feature collection, at most 2,000; 304 while nothing changed."""
    # The revision in memory is never ahead of the table, so the worst is to send the same once more.
    headers = {"ETag": f'W/"{places.revision}-{day}-{within or ""}"', "Cache-Control": "private, no-cache"}
    if known == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(await queries.grid_features(reads, day=day, within=within), headers=headers, media_type=GEOJSON)


@router.get("/{code}/pack", response_class=Response, responses=GEOJSON_RESPONSE | NOT_MODIFIED | refusals(NotFound))
async def get_grid_pack(
    request: Request,
    reads: Reads,
    actor: CurrentActor,
    runtime: CurrentRuntime,
    places: CurrentPlaces,
    code: GridCode,
    now: Now,
) -> Response:
    """The map of a grid the caller works in, for the phone: outline and buildings; 304 while nothing changed."""
    grid = places.place(code, clock.today(now))
    if grid is None or not code.startswith(scope(actor)):
        raise NotFound
    etag = etag_of((await revisions_of(runtime).current(runtime))["buildings"], places.revision, code)
    if is_known(request, etag):
        return not_modified(etag)
    buildings = await drawn_in(reads, actor, code)
    return answer(request, packs.pack(grid, buildings), GEOJSON, etag=etag)


@router.post("", status_code=201, responses=DRAWN, dependencies=AREAS_CHANGE)
async def draw_grid(session: WriteSession, actor: CurrentActor, new: NewGrid, now: Now) -> AreaOut:
    """Draw a basic grid where its community has none, or a special one over those there are; it gets the next code."""
    return await commands.draw(session, actor, new, now=now)


@router.patch("/{code}", responses=DRAWN | CHANGED, dependencies=AREAS_CHANGE)
async def change_grid(
    session: WriteSession, actor: CurrentActor, code: GridCode, wanted: GridChange, version: IfMatch, now: Now
) -> AreaOut:
    """Give a grid another outline or name from a day on; the old one stays as history."""
    return await commands.change(session, actor, code, wanted, version=version, now=now)


@router.post("/redraw", responses=MERGED, dependencies=AREAS_CHANGE)
async def redraw_grids(session: WriteSession, actor: CurrentActor, wanted: Redraw, now: Now) -> AreasRedrawn:
    """Move the borders between several grids of one community in one step."""
    return await commands.redraw(session, actor, wanted, now=now)


@router.post("/merge", status_code=201, responses=MERGED, dependencies=AREAS_CHANGE)
async def merge_grids(session: WriteSession, actor: CurrentActor, wanted: Merge, now: Now) -> GridsChanged:
    """End neighbouring grids and let one follow, which takes their buildings."""
    return await commands.merge(session, actor, wanted, now=now)


@router.post("/{code}/split", status_code=201, responses=SPLIT | CHANGED, dependencies=AREAS_CHANGE)
async def split_grid(
    session: WriteSession, actor: CurrentActor, code: GridCode, wanted: Split, version: IfMatch, now: Now
) -> GridsChanged:
    """End a grid and let its parts follow, which take its buildings."""
    return await commands.split(session, actor, code, wanted, version=version, now=now)


@router.post(
    "/{code}/closure",
    responses=refusals(Forbidden, NotFound, rules.GridClosed, rules.GridOfOtherType) | CHANGED,
    dependencies=AREAS_CHANGE,
)
async def close_special_grid(
    session: WriteSession, actor: CurrentActor, code: GridCode, wanted: Closure, version: IfMatch, now: Now
) -> AreaVersionOut:
    """End a special grid; nothing follows it, and what lies under it stays as it is."""
    return await commands.close(session, actor, code, wanted, version=version, now=now)
