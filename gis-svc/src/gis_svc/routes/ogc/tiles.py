"""Vector tiles: tilesets of a collection, and the tiles themselves."""

from datetime import date

import numpy as np
import shapely
from fastapi.responses import Response

from gis_svc import tiles
from gis_svc.kept_tiles import KeptTile, kept_tiles
from gis_svc.ogc import documents, parameters
from gis_svc.ogc.answers import MVT, answer, etag_of, is_known, json_answer, not_modified
from gis_svc.ogc.collections import Collection, collection_of
from gis_svc.ogc.documents import MATRIX_SET
from gis_svc.ogc.links import ROOT
from gis_svc.ogc.serving import Caller, CurrentCaller
from gis_svc.queries import features
from gis_svc.queries.features import Asked
from gis_svc.tiles import DEEPEST, Drawable, Tile
from grid_kernel import clock
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.routing import GridRouter

router = GridRouter(prefix=f"{ROOT}/collections/{{collection}}/tiles")
_LONGEST = 8


@router.get("")
async def list_tilesets(caller: CurrentCaller, collection: str) -> Response:
    """The tilesets of a collection: one."""
    parameters.only(caller.request, ("f",))
    made = documents.tilesets(caller.request, caller.words, await caller.whole(), collection_of(collection))
    return json_answer(caller.request, made)


@router.get("/{matrix_set}")
async def get_tileset(caller: CurrentCaller, collection: str, matrix_set: str) -> Response:
    """Zooms, limits and layers of a tileset."""
    parameters.only(caller.request, ("f",))
    if matrix_set != MATRIX_SET:
        raise NotFound
    made = documents.tileset(caller.request, caller.words, await caller.whole(), collection_of(collection))
    return json_answer(caller.request, made)


@router.get("/{matrix_set}/{tile_matrix}/{tile_row}/{tile_col}")
async def get_tile(
    caller: CurrentCaller, collection: str, matrix_set: str, tile_matrix: str, tile_row: str, tile_col: str
) -> Response:
    """One tile; what the caller may not see is not in it."""
    of = collection_of(collection)
    tile = _tile(matrix_set, tile_matrix, tile_row, tile_col)
    parameters.only(caller.request, ("f", "datetime"))
    day = parameters.during_of(caller.request, caller.now).last or clock.today(caller.now)
    key = (await caller.revision(of), of.id, caller.sight(of), day, tile)
    etag = etag_of(*key)
    if is_known(caller.request, etag):
        return not_modified(etag)
    kept = kept_tiles(caller.runtime)
    found = kept.get(key) or kept.keep(key, KeptTile.of(await _draw(caller, of, tile, day)))
    return answer(caller.request, found.plain, MVT, etag=etag, packed=found.packed)


def _tile(matrix_set: str, *numbers: str) -> Tile:
    if matrix_set != MATRIX_SET or not all(n.isascii() and n.isdigit() and len(n) <= _LONGEST for n in numbers):
        raise NotFound
    zoom, row, column = map(int, numbers)
    if zoom > DEEPEST or not (tile := Tile(zoom, column, row)).exists:
        raise NotFound
    return tile


async def _draw(caller: Caller, of: Collection, tile: Tile, day: date) -> bytes:
    if tile.zoom < of.shallowest:
        return b""
    if of.level is not None:
        return tiles.draw(of.id, tile, (await caller.layers()).of(of.level).within(tile, day))
    return tiles.draw(of.id, tile, await _drawable(caller, of, tile, day))


async def _drawable(caller: Caller, of: Collection, tile: Tile, day: date) -> Drawable:
    asked = Asked(features.During(day, day), box=tile.box())
    rows = await features.drawn(caller.reads, of.source, caller.actor, asked)
    if len(rows) == features.MOST_IN_TILE:
        raise InvalidInput.at("#/path/tileMatrix", "too-many-features", most=features.MOST_IN_TILE)
    degrees = shapely.from_wkb(np.array([row["wkb"] for row in rows], dtype=object))
    drawn = [member for member in of.source.members if member.drawn]
    columns = {member.name: [_plain(row[member.name]) for row in rows] for member in drawn}
    return Drawable(tiles.to_world(degrees), tiles.to_world(tiles.label_points(degrees)), columns)


def _plain(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
