"""Vector tiles: tilesets of a collection, and the tiles themselves."""

from contextlib import suppress
from datetime import date
from functools import partial

import numpy as np
import shapely
from fastapi.responses import Response

from gis_svc.kept import KeptAnswer, drawing_of
from gis_svc.ogc import documents, parameters
from gis_svc.ogc.answers import MVT, answer, etag_of, is_known, not_modified, takes_gzip
from gis_svc.ogc.collections import Collection, collection_of
from gis_svc.ogc.documents import MATRIX_SET
from gis_svc.ogc.html import shown
from gis_svc.ogc.links import ROOT
from gis_svc.ogc.serving import Caller, CurrentCaller
from gis_svc.queries import features
from gis_svc.queries.features import Asked
from gis_svc.tiles import DEEPEST, Sheet, Tile
from grid_kernel import clock
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.routing import GridRouter

router = GridRouter(prefix=f"{ROOT}/collections/{{collection}}/tiles")
_LONGEST = 8
_SHEET_ZOOM = 14
"""Two kilometres and a half: some thousand buildings of a town."""


@router.get("")
async def list_tilesets(caller: CurrentCaller, collection: str) -> Response:
    """The tilesets of a collection: one."""
    parameters.only(caller.request, ("f",))
    made = documents.tilesets(caller.request, caller.words, await caller.whole(), collection_of(collection))
    return shown(caller.request, caller.words, caller.words("links", "tiles"), made)


@router.get("/{matrix_set}")
async def get_tileset(caller: CurrentCaller, collection: str, matrix_set: str) -> Response:
    """Zooms, limits and layers of a tileset."""
    parameters.only(caller.request, ("f",))
    if matrix_set != MATRIX_SET:
        raise NotFound
    made = documents.tileset(caller.request, caller.words, await caller.whole(), collection_of(collection))
    return shown(caller.request, caller.words, made["title"], made)


@router.get("/{matrix_set}/{tile_matrix}/{tile_row}/{tile_col}")
async def get_tile(
    caller: CurrentCaller, collection: str, matrix_set: str, tile_matrix: str, tile_row: str, tile_col: str
) -> Response:
    """One tile; what the caller may not see is not in it."""
    of = collection_of(collection)
    tile = tile_of(matrix_set, tile_matrix, tile_row, tile_col)
    parameters.only(caller.request, ("f", "datetime"))
    day = parameters.during_of(caller.request, caller.now).last or clock.today(caller.now)
    seen = (of.id, caller.sight(of), day if of.source.dated is not None else None)
    key = (await caller.revision_of_tile(of, tile), *seen)
    etag = etag_of(*key, tile)
    if is_known(caller.request, etag):
        return not_modified(etag)
    kept = drawing_of(caller.runtime).tiles
    found = kept.get((*key, tile)) or kept.keep((*key, tile), KeptAnswer(await _draw(caller, of, tile, day, seen)))
    packed = found.packed if takes_gzip(caller.request) else None
    return answer(caller.request, found.plain, MVT, etag=etag, packed=packed)


def tile_of(matrix_set: str, *numbers: str) -> Tile:
    """The tile of an address; NotFound when there is none."""
    if matrix_set != MATRIX_SET or not all(n.isascii() and n.isdigit() and len(n) <= _LONGEST for n in numbers):
        raise NotFound
    zoom, row, column = map(int, numbers)
    if zoom > DEEPEST or not (tile := Tile(zoom, column, row)).exists:
        raise NotFound
    return tile


async def _draw(caller: Caller, of: Collection, tile: Tile, day: date, seen: tuple[object, ...]) -> bytes:
    if tile.zoom < of.shallowest:
        return b""
    if of.level is not None:
        return (await caller.layers()).of(of.level).draw(of.id, tile, day)
    # One sheet serves all tiles of a neighbourhood, at every zoom.
    for zoom in range(min(_SHEET_ZOOM, tile.zoom), tile.zoom + 1):
        place = tile.above(zoom)
        with suppress(_TooManyError):
            make = partial(_sheet, caller, of, place, day)
            key = (await caller.revision_of_tile(of, place), *seen, place)
            sheet = await drawing_of(caller.runtime).sheets.made(key, make)
            return sheet.draw(of.id, tile)
    raise InvalidInput.at("#/path/tileMatrix", "too-many-features", most=features.MOST_IN_TILE)


class _TooManyError(Exception):
    """There are more features than are drawn at once."""


async def _sheet(caller: Caller, of: Collection, place: Tile, day: date) -> Sheet:
    asked = Asked(features.During(day, day), box=place.box())
    wkb, columns = await features.drawn(caller.reads, of.source, caller.actor, asked)
    if len(wkb) == features.MOST_IN_TILE:
        raise _TooManyError
    return Sheet(shapely.from_wkb(np.array(wkb, dtype=object)), columns)
