"""OGC API – Tiles: what is drawn, for whom, and until when it may be kept."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as some
from pyproj import Transformer
from shapely.geometry import Point
from sqlalchemy import text

from gis_svc import tiles
from gis_svc.kept import Kept, KeptAnswer
from gis_svc.revisions import Touched
from gis_svc.tiles import Tile
from grid_kernel.auth import Actor, Post
from grid_kernel.geo import Box
from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces
from .drawings import building, inside

TO_DEGREES = Transformer.from_crs(3857, 4326, always_xy=True).transform
LEADER = actor(Post.DISTRICT_LEADER, "150204")


@pytest.fixture
def ogc(client: httpx.AsyncClient, tokens: Tokens) -> Any:
    """Ask the OGC API as somebody; the leader unless said."""

    async def get(path: str, who: Actor | None = LEADER, **options: Any) -> httpx.Response:
        headers = {} if who is None else tokens.headers(who)
        return await client.get(f"/ogc{path}", headers=headers | options.pop("headers", {}), **options)

    return get


def at(surface: Any, zoom: int) -> Tile:
    """The tile in which a point of a surface lies."""
    spot = surface.representative_point()
    return tiles.corners(Box(spot.x, spot.y, spot.x, spot.y), zoom)[0]


def path_of(collection: str, tile: Tile) -> str:
    return f"/collections/{collection}/tiles/WebMercatorQuad/{tile.zoom}/{tile.row}/{tile.column}"


def read(body: bytes, tile: Tile, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The layers of a tile as GDAL reads and places them, in degrees."""
    if not body:
        return {}
    place = folder / f"{tile.zoom}-{tile.column}-{tile.row}.pbf"
    place.write_bytes(body)
    found = {}
    for name, _ in pyogrio.list_layers(place):
        meta, _, wkb, columns = pyogrio.raw.read(place, layer=name, CLIP="NO")
        shapes = shapely.transform(shapely.from_wkb(wkb), TO_DEGREES, interleaved=False)
        members = [str(member) for member in meta["fields"]]
        rows = zip(shapes, *columns, strict=True)
        found[str(name)] = [dict(zip(["shape", *members], row, strict=True)) for row in rows]
    return found


@given(some.integers(0, 22), some.floats(-179.9, 179.9), some.floats(-85, 85))
def test_a_point_lies_in_its_tile(zoom: int, lon: float, lat: float) -> None:
    tile, _ = tiles.corners(Box(lon, lat, lon, lat), zoom)
    west, south, east, north = tile.box(0)
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9
    units = tile.units(tiles.to_world(np.array([Point(lon, lat)], dtype=object)))[0]
    assert -1e-3 <= units.x <= 4096 + 1e-3
    assert -1e-3 <= units.y <= 4096 + 1e-3


async def test_a_grid_is_drawn_where_it_lies(ogc: Any, grids: Surfaces, tmp_path: Path) -> None:
    code = "150204006019001"
    tile = at(grids[code], 14)
    answer = await ogc(f"{path_of('grids', tile)}?f=mvt")
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layers = read(answer.content, tile, tmp_path)
    drawn = {each["code"]: each for each in layers["grids"]}
    visible = grids[code].intersection(shapely.box(*tile.box()))
    assert drawn[code]["shape"].symmetric_difference(visible).area < visible.area * 0.02
    assert drawn[code]["level"] == "grid"
    near = {c for c, s in grids.items() if s.intersection(shapely.box(*tile.box(0))).area > 0}
    assert near <= set(drawn)


async def test_every_grid_has_its_name_in_one_tile_only(
    ogc: Any, shipped_grids: Surfaces, grids: Surfaces, tmp_path: Path
) -> None:
    box = Box(*shapely.union_all(list(shipped_grids.values())).bounds)
    first, last = tiles.corners(box, 12)
    items = await ogc("/collections/grids/items", params={"filter": "version = 1", "limit": 1000})
    as_shipped = {feature["id"] for feature in items.json()["features"]} & grids.keys()  # other tests draw elsewhere
    named: Counter[str] = Counter()
    for row in range(first.row, last.row + 1):
        for column in range(first.column, last.column + 1):
            tile = Tile(12, column, row)
            body = (await ogc(path_of("grids", tile))).content
            for label in read(body, tile, tmp_path).get("grids-labels", []):
                named[label["code"]] += 1
                if label["code"] in as_shipped:
                    assert grids[label["code"]].buffer(1e-4).contains(label["shape"])
                assert label["name"]
    assert set(named.values()) == {1}
    assert len(named) >= 450


@pytest.mark.parametrize("path", ["14/1/16385", "23/1/1", "14/-1/1", "x/1/1", "14/1", "٣/1/1"])
async def test_a_tile_that_cannot_be_is_not_found(ogc: Any, path: str) -> None:
    assert (await ogc(f"/collections/grids/tiles/WebMercatorQuad/{path}")).status_code == 404
    assert (await ogc("/collections/grids/tiles/WorldCRS84Quad/1/1/1")).status_code == 404


async def test_nobody_unknown_gets_a_tile(ogc: Any, grids: Surfaces) -> None:
    assert (await ogc(path_of("grids", at(grids["150204006019001"], 14)), None)).status_code == 401


async def test_buildings_of_another_area_are_in_no_tile(ogc: Any, send: Send, grids: Surfaces, tmp_path: Path) -> None:
    code = max(grids)
    own, foreign = actor(Post.STATION_HEAD, code[:12]), actor(Post.STATION_HEAD, min(grids)[:12])
    tile = at(grids[code], 15)
    assert (await ogc(path_of("buildings", tile), own)).content == b""
    made = (await send(own, "POST", "/buildings", json=building(inside(grids[code])))).json()
    drawn = read((await ogc(path_of("buildings", tile), own)).content, tile, tmp_path)
    assert [each["id"] for each in drawn["buildings"]] == [made["id"]]
    assert [each["name"] for each in drawn["buildings-labels"]] == [made["name"]]
    assert (await ogc(path_of("buildings", tile), foreign)).content == b""
    assert (await ogc(path_of("buildings", tile), LEADER)).content != b""


async def test_a_change_makes_anew_the_tiles_it_is_seen_in_and_no_others(
    ogc: Any, client: httpx.AsyncClient, tokens: Tokens, send: Send, grids: Surfaces
) -> None:
    here, there, above = (
        at(grids[code], zoom) for code, zoom in ((min(grids), 16), (max(grids), 16), (min(grids), 13))
    )

    async def tags() -> list[str]:
        return [(await ogc(path_of("buildings", tile))).headers["etag"] for tile in (here, above, there)]

    before = await tags()
    head = actor(Post.STATION_HEAD, min(grids)[:12])
    made = (await send(head, "POST", "/buildings", json=building(inside(grids[min(grids)])))).json()
    after = await tags()
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, False, True]
    path, sent = f"/ogc/collections/buildings/items/{made['id']}", {"type": "Feature", "properties": {"name": "又一栋"}}
    named = await client.patch(path, json=sent, headers=tokens.headers(head) | {"If-Match": '"1"'})
    assert named.status_code == 204, named.text
    again = await tags()
    assert [old == new for old, new in zip(after, again, strict=True)] == [False, False, True]
    assert "又一栋".encode() in (await ogc(path_of("buildings", here))).content


async def test_every_tile_in_which_a_shape_is_seen_counts_its_changes(runtime: Runtime) -> None:
    random = np.random.default_rng(7)
    corner = random.uniform((109.8, -60), (110.2, 60), (60, 2))
    size = random.choice([0.0, 1e-4, 3e-3, 0.05], (60, 2))
    async with runtime.system_session() as session:
        for (west, south), (wide, high) in zip(corner.tolist(), size.tolist(), strict=True):
            place = {"west": west, "south": south, "east": west + wide, "north": south + high}
            asked = text("select cells_of(:west, :south, :east, :north)").bindparams(**place)
            touched = Touched()
            touched.learn([(cell, 1) for cell in (await session.execute(asked)).scalars()])
            for zoom in (5, 12, 13, 14, 15, 17):
                first, last = tiles.corners(Box(**place).widened(200), zoom)
                for row in range(first.row, min(last.row, first.row + 40) + 1):
                    for column in range(first.column, min(last.column, first.column + 40) + 1):
                        tile = Tile(zoom, column, row)
                        if shapely.intersects(shapely.box(*place.values()), shapely.box(*tile.box())):
                            assert touched.within(tile) == 1, (place, tile)
        wide = text("select array(select cells_of(70, 0, 140, 50))")
        assert (await session.execute(wide)).scalar_one() == [-1]


async def test_buildings_are_drawn_from_the_zoom_the_tileset_names(ogc: Any, grids: Surfaces) -> None:
    tileset = (await ogc("/collections/buildings/tiles/WebMercatorQuad")).json()
    shallowest = int(tileset["layers"][0]["minTileMatrix"])
    assert [layer["id"] for layer in tileset["layers"]] == ["buildings", "buildings-labels"]
    assert {int(limit["tileMatrix"]) for limit in tileset["tileMatrixSetLimits"]} == set(range(shallowest, 23))
    assert (await ogc(path_of("buildings", at(grids["150204006019001"], shallowest - 1)))).content == b""


async def test_the_limits_of_a_tileset_hold_every_grid(ogc: Any, grids: Surfaces) -> None:
    tileset = (await ogc("/collections/grids/tiles/WebMercatorQuad")).json()
    limits = {int(each["tileMatrix"]): each for each in tileset["tileMatrixSetLimits"]}
    for zoom in (10, 14):
        for surface in grids.values():
            tile, limit = at(surface, zoom), limits[zoom]
            assert limit["minTileRow"] <= tile.row <= limit["maxTileRow"]
            assert limit["minTileCol"] <= tile.column <= limit["maxTileCol"]
    template = next(link["href"] for link in tileset["links"] if link["rel"] == "item")
    assert template.endswith("/collections/grids/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}?f=mvt")


async def test_a_tile_is_kept_until_a_grid_changes(
    ogc: Any, send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = min(code for code in grids if code.startswith(community))
    path = path_of("grids", at(grids[code], 14))
    first = await ogc(path)
    again = await ogc(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    renamed = await send(leader, "PATCH", f"/grids/{code}", json={"name": "新名网格"}, headers={"If-Match": '"1"'})
    assert renamed.status_code == 200, renamed.text
    changed = await ogc(path, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert "新名网格".encode() in changed.content


async def test_the_grids_of_an_earlier_day_are_drawn_as_they_were(ogc: Any, grids: Surfaces) -> None:
    path = path_of("grids", at(grids["150204006019001"], 14))
    assert (await ogc(f"{path}?datetime=2020-01-01")).content == b""
    assert (await ogc(f"{path}?datetime=2024-01-01")).content != b""


async def test_a_tile_is_packed_for_whoever_unpacks(ogc: Any, grids: Surfaces) -> None:
    path = path_of("grids", at(grids["150204006019001"], 12))
    plain = await ogc(path, headers={"Accept-Encoding": "identity"})
    packed = await ogc(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content


async def test_the_tile_matrix_set_is_described(ogc: Any) -> None:
    listed = (await ogc("/tileMatrixSets")).json()["tileMatrixSets"]
    assert [each["id"] for each in listed] == ["WebMercatorQuad"]
    described = (await ogc("/tileMatrixSets/WebMercatorQuad")).json()
    assert described["tileMatrices"][1]["matrixWidth"] == 2
    assert (await ogc("/tileMatrixSets/Other")).status_code == 404


@pytest.mark.parametrize("zoom", [13, 15, 17, 20])
def test_a_sheet_is_cut_into_tiles_that_show_what_lies_in_each(tmp_path: Path, zoom: int) -> None:
    random = np.random.default_rng(zoom)
    places = random.uniform((109.90, 40.66), (109.901, 40.661), (40, 2))
    wide = places + random.uniform(1e-5, 2e-3, (40, 2))
    shapes = np.append(shapely.box(*places.T, *wide.T), [Point(109.9005, 40.6605), None])
    shapes[3] = shapes[3].difference(shapes[3].centroid.buffer(shapes[3].length / 20))
    sheet = tiles.Sheet(shapes, {"name": [*map(str, range(41)), None], "number": [*range(42)]})
    first, last = tiles.corners(Box(109.9004, 40.6596, 109.9013, 40.6604), zoom)
    named: list[int] = []
    for row in range(first.row, last.row + 1):
        for column in range(first.column, last.column + 1):
            tile = Tile(zoom, column, row)
            layers = read(sheet.draw("blocks", tile), tile, tmp_path)
            named += [each["number"] for each in layers.get("blocks-labels", [])]
            drawn = {each["number"]: each["shape"] for each in layers.get("blocks", [])}
            ground, unit = shapely.box(*tile.box()), 360 / (1 << zoom) / 4096
            for number, shape in enumerate(shapes[:41]):
                expected = shape.intersection(ground)
                off = drawn.get(number, Point()).symmetric_difference(expected).area
                assert off <= (expected.length + unit) * unit * 2, (tile, number)
    assert max(Counter(named).values(), default=0) <= 1
    assert zoom > 13 or set(named) == set(range(41))


async def test_a_sheet_is_made_once_however_many_wait_for_it() -> None:
    made: list[int] = []

    async def make() -> KeptAnswer:
        made.append(1)
        await asyncio.sleep(0.01)
        return KeptAnswer(b"x")

    kept: Kept[KeptAnswer] = Kept()
    found = await asyncio.gather(*(kept.made("a", make) for _ in range(8)))
    assert (len(made), {id(each) for each in found}) == (1, {id(found[0])})


async def test_a_day_makes_no_other_tile_of_what_has_no_history(ogc: Any, grids: Surfaces) -> None:
    path = path_of("roads", at(grids["150204006019001"], 14))
    told = [(await ogc(f"{path}?datetime={day}")).headers["etag"] for day in ("2024-01-01", "2026-01-01")]
    assert told[0] == told[1]


def test_the_tiles_not_asked_for_longest_make_room() -> None:
    kept: Kept[KeptAnswer] = Kept(most=2_500)
    for number in range(4):
        kept.keep(number, KeptAnswer(b"x" * 640))
        kept.get(0)
    assert [kept.get(number) is not None for number in range(4)] == [True, False, False, True]
