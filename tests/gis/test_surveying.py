"""A real network of roads is loaded out of a file: cut at crossings, walked on at once, once per file."""

from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString, box, shape

from gis_svc import commands
from gis_svc.commands.surveying import cut_where_they_meet
from gis_svc.exchange import UnreadableFileError
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor

from .conftest import Send, Surfaces


def written(path: Path, lines: list[Any], crs: str, **columns: list[Any]) -> Path:
    """A file as a survey would come."""
    pyogrio.raw.write(
        path, geometry=shapely.to_wkb(lines), field_data=[np.array(v, dtype=object) for v in columns.values()],
        fields=list(columns), geometry_type="LineString", crs=crs, encoding="UTF-8",
    )  # fmt: skip
    return path


def test_roads_are_cut_where_they_cross_and_keep_whose_they_are() -> None:
    lines = [LineString([(0, 0), (2, 0)]), LineString([(1, -1), (1, 1)]), LineString([(5, 5), (6, 6)])]
    pieces, owner = cut_where_they_meet(lines)
    assert sorted(owner) == [0, 0, 1, 1, 2]
    assert all(lines[index].buffer(1e-9).covers(piece) for piece, index in zip(pieces, owner, strict=True))
    assert cut_where_they_meet([]) == ([], [])


async def test_a_network_of_a_file_takes_the_place_of_the_made_up_one(
    send: Send, runtime: Runtime, community: str, grids: Surfaces, tmp_path: Path
) -> None:
    ground = shapely.union_all([surface for code, surface in grids.items() if code.startswith(community)])
    middle, (west, south, east, north) = ground.representative_point(), ground.bounds
    lines = [
        LineString([(west, middle.y), (east, middle.y)]),
        LineString([(middle.x, south), (middle.x, north)]),
        LineString([(100.0, 30.0), (100.1, 30.0)]),
    ]
    said = {
        "name": ["测试大街", None, "远方路"],
        "highway": ["primary", "footway", "primary"],
        "foot": [None, "no", None],
    }
    written(tmp_path / "roads.gpkg", lines, "EPSG:4490", **said)
    added = await commands.load(runtime, tmp_path, clock.now())
    assert added >= 4
    assert await commands.load(runtime, tmp_path, clock.now()) == 0
    found = await _inside(send, community, box(west, south, east, north))
    assert {(each["name"], each["kind"], each["walkable"]) for each in found} >= {("测试大街", "main", True)}
    assert {each["walkable"] for each in found if each["kind"] == "path" and not each["synthetic"]} == {False}
    assert not any(each["name"] == "远方路" for each in found)
    hull = shapely.union_all(lines[:2]).convex_hull.buffer(-1e-5)
    assert not [each for each in found if each["synthetic"] and hull.intersects(each["shape"])]


async def _inside(send: Send, community: str, around: Any) -> list[dict[str, Any]]:
    head = actor(Post.STATION_HEAD, community)
    bbox = ",".join(map(str, around.bounds))
    answer = await send(head, "GET", f"/../ogc/collections/roads/items?limit=1000&bbox={bbox}")
    features = answer.json()["features"]
    return [{**each["properties"], "shape": shape(each["geometry"])} for each in features]


async def test_a_file_that_is_none_stops_the_load(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "roads.gpkg").write_bytes(b"no such thing")
    with pytest.raises(UnreadableFileError):
        await commands.load(runtime, tmp_path, clock.now())
