"""Tiles written by our own encoder say what was drawn: GDAL reads them back."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, Polygon, box

from gis_svc.mvt import Layer, encode

OUTER = box(0, 0, 4096, 4096)


def read(tile: bytes, folder: Path, layer: str) -> list[dict[str, Any]]:
    """The features GDAL finds in a layer of a tile, in tile units with y down."""
    path = folder / "0.pbf"
    path.write_bytes(tile)
    meta, _, shapes, columns = pyogrio.raw.read(path, layer=layer, CLIP="NO")
    found = shapely.transform(shapely.from_wkb(shapes), lambda xy: np.column_stack([xy[:, 0], 4096 - xy[:, 1]]))
    names = [str(name) for name in meta["fields"]]
    rows = zip(*columns, strict=True) if len(columns) else ([()] * len(found))
    return [{"shape": s, **dict(zip(names, row, strict=True))} for s, row in zip(found, rows, strict=True)]


def layer(*shapes: Any, name: str = "things", ids: Any = None, **columns: Any) -> Layer:
    return Layer(name, np.array(shapes, dtype=object), ids, columns)


def test_a_surface_with_a_hole_and_its_properties_are_read_back(tmp_path: Path) -> None:
    ring = box(100, 100, 900, 900).difference(box(300, 300, 500, 500))
    tile = encode([layer(ring, ids=np.array([150204006019001]), name_=["育才第1网格"], floors=[6], ratio=[0.5])])
    [found] = read(tile, tmp_path, "things")
    assert found["shape"].normalize().equals_exact(MultiPolygon([ring]).normalize(), 0) or found["shape"].equals(ring)
    assert (found["name_"], found["floors"], found["ratio"]) == ("育才第1网格", 6, 0.5)
    assert found["mvt_id"] == 150204006019001


def test_several_surfaces_lines_and_points_go_into_one_layer(tmp_path: Path) -> None:
    two = MultiPolygon([box(0, 0, 10, 10), box(20, 20, 40, 40)])
    line = LineString([(0, 0), (100, 50), (200, 0)])
    tile = encode([layer(line, two, Point(7, 8), MultiPoint([(1, 2), (30, 4)]), code=["a", "b", "c", "d"])])
    shapes = {each["code"]: each["shape"] for each in read(tile, tmp_path, "things")}
    assert shapes["a"].equals(line)
    assert shapes["b"].equals(two)
    assert shapes["c"].equals(Point(7, 8))
    assert shapes["d"].equals(MultiPoint([(1, 2), (30, 4)]))


def test_what_is_smaller_than_a_unit_is_not_drawn() -> None:
    dot = box(5.1, 5.1, 5.2, 5.2)
    stroke = LineString([(5.1, 5.1), (5.2, 5.2)])
    assert encode([layer(dot, stroke, Polygon())]) == b""


def test_a_hole_smaller_than_a_unit_leaves_a_whole_surface(tmp_path: Path) -> None:
    ring = box(0, 0, 100, 100).difference(box(50.1, 50.1, 50.2, 50.2))
    [found] = read(encode([layer(ring, code=["x"])]), tmp_path, "things")
    assert found["shape"].equals(box(0, 0, 100, 100))


def test_a_property_nobody_knows_is_left_out(tmp_path: Path) -> None:
    tile = encode([layer(Point(1, 1), Point(2, 2), code=["a", None], floors=[None, 7], old=[True, False])])
    first, second = read(tile, tmp_path, "things")
    assert (first["code"], second["code"]) == ("a", None)
    assert second["floors"] == 7


def test_numbers_below_zero_are_read_back(tmp_path: Path) -> None:
    tile = encode([layer(Point(1, 1), Point(2, 2), floor=[-1, -300])])
    assert [each["floor"] for each in read(tile, tmp_path, "things")] == [-1, -300]


def test_a_layer_without_shapes_is_left_out(tmp_path: Path) -> None:
    tile = encode([layer(name="empty"), layer(Point(1, 1), name="full", code=["x"])])
    (tmp_path / "0.pbf").write_bytes(tile)
    assert [str(name) for name, _ in pyogrio.list_layers(tmp_path / "0.pbf")] == ["full"]
    assert gzip.decompress(gzip.compress(tile)) == tile


corner = some.integers(-64, 4160)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(some.tuples(corner, corner, some.integers(1, 900), some.integers(1, 900)), min_size=1, max_size=12))
def test_any_boxes_come_back_where_they_were(tmp_path: Path, boxes: list[tuple[int, int, int, int]]) -> None:
    drawn = [box(x, y, x + width, y + height) for x, y, width, height in boxes]
    tile = encode([layer(*drawn, number=list(range(len(drawn))))])
    found = {each["number"]: each["shape"] for each in read(tile, tmp_path, "things")}
    assert all(found[number].equals(one) for number, one in enumerate(drawn))


@pytest.mark.parametrize("turned", [False, True])
def test_rings_of_either_direction_are_surfaces(tmp_path: Path, turned: bool) -> None:
    ring = [(10, 10), (10, 90), (90, 90), (90, 10)]
    [found] = read(encode([layer(Polygon(ring[::-1] if turned else ring), code=["x"])]), tmp_path, "things")
    assert found["shape"].equals(box(10, 10, 90, 90))
