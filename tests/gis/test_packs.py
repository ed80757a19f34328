"""The map of a grid for the phone: small, whole, for those who work there."""

import gzip

import pytest
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from grid_kernel.auth import Post
from grid_kernel.testing import actor

from .conftest import Send, Surfaces
from .drawings import building, drawn, inside, point


def slabs(surface: BaseGeometry, count: int) -> list[BaseGeometry]:
    """So many footprints around the middle of a grid."""
    middle = surface.representative_point()
    return [middle.buffer(1e-5 + number * 1e-7, cap_style="square") for number in range(count)]


async def test_a_phone_gets_outline_and_buildings_in_a_few_kilobytes(
    send: Send, community: str, grids: Surfaces
) -> None:
    code = min(code for code in grids if code.startswith(community))
    worker = actor(Post.RESIDENT_SERVICE_OFFICER, code, duty="grid")
    for number, slab in enumerate(slabs(grids[code], 33)):
        new = building(inside(grids[code]), name=f"育才小区{number}栋", footprint=drawn(slab))
        assert (await send(worker, "POST", "/buildings", json=new)).status_code == 201
    answer = await send(worker, "GET", f"/grids/{code}/pack")
    assert answer.headers["content-type"] == "application/geo+json"
    grid, *buildings = answer.json()["features"]
    assert (grid["id"], grid["properties"]["kind"]) == (code, "grid")
    assert shape(grid["geometry"]).symmetric_difference(grids[code]).area < grids[code].area * 1e-3
    assert [each["properties"]["buildingNo"] for each in buildings] == [f"{n:04}" for n in range(1, 34)]
    assert {each["geometry"]["type"] for each in buildings} == {"Polygon"}
    assert all(shape(each["geometry"]).is_valid for each in buildings)
    assert len(gzip.compress(answer.content)) <= 10_000


async def test_a_building_without_a_footprint_is_a_point(send: Send, community: str, grids: Surfaces) -> None:
    code = max(code for code in grids if code.startswith(community))
    worker = actor(Post.RESIDENT_SERVICE_OFFICER, code, duty="grid")
    spot = grids[code].representative_point()
    made = await send(worker, "POST", "/buildings", json=building(point(spot.x, spot.y)))
    [_, only] = (await send(worker, "GET", f"/grids/{code}/pack")).json()["features"]
    assert only["id"] == made.json()["id"]
    assert only["geometry"]["type"] == "Point"
    # Kept with seven decimals, told with six: half a unit may go either way.
    assert only["geometry"]["coordinates"] == pytest.approx([spot.x, spot.y], abs=6e-7)


async def test_a_phone_that_has_the_map_is_told_so_until_a_building_comes(
    send: Send, community: str, grids: Surfaces
) -> None:
    code = min(code for code in grids if code.startswith(community))
    worker = actor(Post.RESIDENT_SERVICE_OFFICER, code, duty="grid")
    known = {"If-None-Match": (await send(worker, "GET", f"/grids/{code}/pack")).headers["etag"]}
    assert (await send(worker, "GET", f"/grids/{code}/pack", headers=known)).status_code == 304
    await send(worker, "POST", "/buildings", json=building(inside(grids[code])))
    assert (await send(worker, "GET", f"/grids/{code}/pack", headers=known)).status_code == 200


async def test_the_map_of_another_grid_is_not_there(send: Send, grids: Surfaces) -> None:
    mine, other, *_ = sorted(grids)
    worker = actor(Post.RESIDENT_SERVICE_OFFICER, mine)
    assert (await send(worker, "GET", f"/grids/{other}/pack")).status_code == 404
    assert (await send(worker, "GET", "/grids/150204999999001/pack")).status_code == 404
    assert (await send(worker, "GET", "/grids/1502/pack")).status_code == 400
    assert (await send(None, "GET", f"/grids/{mine}/pack")).status_code == 401
