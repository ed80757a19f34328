"""What is near a point and what lies in a shape: any system in, three out, by the straight way."""

from typing import Any

import httpx
import pytest
import shapely
from pyproj import Geod, Transformer
from shapely.geometry import Point, mapping, shape

from grid_kernel.auth import Actor, Post
from grid_kernel.geo import Crs, from_cgcs2000
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces
from .drawings import drawn, point

GEOD = Geod(ellps="GRS80")
EAST_10M = 10 / 84_300


@pytest.fixture
async def clinics(client: httpx.AsyncClient, tokens: Tokens, community: str, grids: Surfaces) -> list[Point]:
    """Ten clinics in a row to the east, ten metres apart, the last one closed."""
    start = grids[min(code for code in grids if code.startswith(community))].representative_point()
    places = [Point(start.x + n * EAST_10M, start.y) for n in range(10)]
    for number, place in enumerate(places):
        properties = {"kind": "clinic", "name": f"{community}-{number}", "open": number < 9}
        body = {"type": "Feature", "geometry": mapping(place), "properties": properties}
        headers = tokens.headers(actor(Post.SYSTEM_ADMIN, "150204"))
        answer = await client.post("/ogc/collections/service-points/items", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
    return places


@pytest.fixture
def reader() -> Actor:
    return actor(Post.RESIDENT_SERVICE_OFFICER, "150204999999")


@pytest.mark.parametrize("crs", list(Crs))
async def test_the_nearest_are_found_whatever_the_system_of_the_point(
    send: Send, reader: Actor, clinics: list[Point], crs: Crs
) -> None:
    lon, lat = from_cgcs2000(clinics[2].x - EAST_10M / 10, clinics[2].y, crs)
    asked = {"point": point(lon, lat, crs.value), "of": "service-points", "kinds": ["clinic"], "k": 3, "withinM": 500}
    answer = await send(reader, "POST", "/nearest", json=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()["found"]
    assert [each["name"][-1] for each in found] == ["2", "1", "3"]
    metres = [GEOD.inv(clinics[2].x - EAST_10M / 10, clinics[2].y, *each["at"])[2] for each in found]
    assert [each["distanceM"] for each in found] == pytest.approx(metres, abs=0.1)


async def test_kind_state_number_and_reach_are_kept_to(send: Send, reader: Actor, clinics: list[Point]) -> None:
    at = point(clinics[9].x, clinics[9].y)
    ask: dict[str, Any] = {"point": at, "of": "service-points", "kinds": ["clinic"], "k": 50, "withinM": 45}
    everything = (await send(reader, "POST", "/nearest", json=ask)).json()["found"]
    assert [each["name"][-1] for each in everything] == ["9", "8", "7", "6", "5"]
    open_ones = (await send(reader, "POST", "/nearest", json=ask | {"openOnly": True})).json()["found"]
    assert [each["name"][-1] for each in open_ones] == ["8", "7", "6", "5"]
    assert (await send(reader, "POST", "/nearest", json=ask | {"kinds": ["canteen"]})).json()["found"] == []


async def test_metres_of_the_square_world_go_out(send: Send, reader: Actor, clinics: list[Point]) -> None:
    ask = {"point": point(clinics[0].x, clinics[0].y), "of": "service-points", "k": 1, "crs": "EPSG:3857"}
    [one] = (await send(reader, "POST", "/nearest", json=ask)).json()["found"]
    there = Transformer.from_crs(4490, 3857, always_xy=True).transform(clinics[0].x, clinics[0].y)
    assert one["at"] == pytest.approx(there, abs=0.01)


async def test_numbers_that_look_like_gcj02_are_flagged(send: Send, reader: Actor, grids: Surfaces) -> None:
    west = min(grids.values(), key=lambda surface: surface.bounds[0])
    outside = Point(west.bounds[0] - 0.0008, west.representative_point().y)
    lon, lat = from_cgcs2000(outside.x, outside.y, Crs.GCJ02)
    ask = {"point": point(lon, lat, "GCJ02"), "of": "service-points"}
    assert (await send(reader, "POST", "/nearest", json=ask)).json()["suspected"] is None
    inside = west.representative_point()
    off = from_cgcs2000(inside.x, inside.y, Crs.BD09)
    if not any(surface.contains(Point(off)) for surface in grids.values()):
        ask = {"point": point(*off), "of": "service-points"}
        assert (await send(reader, "POST", "/nearest", json=ask)).json()["suspected"]["crs"] in ("GCJ02", "BD09")


async def test_what_lies_in_a_circle_a_polygon_and_a_box(send: Send, reader: Actor, clinics: list[Point]) -> None:
    centre = point(clinics[4].x, clinics[4].y)
    some = shapely.box(clinics[1].x - 1e-6, clinics[1].y - 1e-6, clinics[3].x + 1e-6, clinics[3].y + 1e-6)
    west, south, east, north = some.bounds
    shapes: dict[str, Any] = {
        "circle": {"point": centre, "radiusM": 20.5},
        "polygon": drawn(some),
        "bbox": {"west": west, "south": south, "east": east, "north": north, "crs": "CGCS2000"},
    }
    expected = {"circle": "23456", "polygon": "123", "bbox": "123"}
    for name, given in shapes.items():
        answer = await send(reader, "POST", "/inside", json={"of": "service-points", name: given})
        assert answer.status_code == 200, answer.text
        names = sorted(f["properties"]["name"][-1] for f in answer.json()["features"])
        assert "".join(names) == expected[name]
        assert answer.json()["numberMatched"] == len(names)
    few = await send(reader, "POST", "/inside", json={"of": "service-points", "polygon": shapes["polygon"], "limit": 2})
    assert (few.json()["numberMatched"], few.json()["numberReturned"]) == (3, 2)
    metres = await send(
        reader, "POST", "/inside", json={"of": "service-points", "bbox": shapes["bbox"], "crs": "EPSG:3857"}
    )
    assert all(shape(f["geometry"]).bounds[0] > 1e7 for f in metres.json()["features"])


async def test_buildings_and_things_are_found_by_who_sees_them(send: Send, reader: Actor, leader: Actor) -> None:
    everywhere = {"west": 109.5, "south": 40.5, "east": 110.5, "north": 41, "crs": "CGCS2000"}
    for of in ("things", "buildings"):
        answer = await send(reader, "POST", "/inside", json={"of": of, "bbox": everywhere})
        assert answer.json()["features"] == []
    assert (await send(leader, "POST", "/inside", json={"of": "buildings", "bbox": everywhere})).status_code == 200


async def test_bad_questions_are_refused(send: Send, reader: Actor) -> None:
    here = point(109.87, 40.66)
    bad: list[tuple[str, Any]] = [
        ("/nearest", {"point": here, "of": "persons"}),
        ("/nearest", {"point": here, "of": "things", "k": 0}),
        ("/nearest", {"point": here, "of": "things", "withinM": 1e9}),
        ("/inside", {"of": "things"}),
        ("/inside", {"of": "things", "circle": {"point": point(0, 90), "radiusM": 5}}),
        ("/inside", {"of": "things", "circle": {"point": here, "radiusM": 5}, "bbox": {}}),
        ("/inside", {"of": "things", "bbox": {"west": 2, "south": 1, "east": 1, "north": 2, "crs": "WGS84"}}),
    ]
    for path, body in bad:
        assert (await send(reader, "POST", path, json=body)).status_code == 400
    for path, body in (bad[0], bad[3]):
        assert (await send(None, "POST", path, json=body)).status_code == 401
