"""Locating points over HTTP: four systems in, grid and names out, accuracy and suspicion said."""

from typing import Any

import pytest

from grid_kernel import geo
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.geo import Crs
from grid_kernel.testing import actor

from .conftest import Send, Surfaces
from .drawings import inside, point

CODE = "150204006019003"
LONG_AGO = "2024-01-01"


async def ask(send: Send, who: Actor, *points: dict[str, Any]) -> list[dict[str, Any]]:
    asked = [{"reference": str(index), **each} for index, each in enumerate(points)]
    answer = await send(who, "POST", "/locate", json={"points": asked, "asOf": LONG_AGO})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["points"]
    return found


@pytest.mark.parametrize("crs", list(Crs))
async def test_each_system_leads_to_the_same_grid(send: Send, leader: Actor, grids: Surfaces, crs: Crs) -> None:
    here = grids[CODE].representative_point()
    lon, lat = geo.from_cgcs2000(here.x, here.y, crs)
    [found] = await ask(send, leader, {"point": point(lon, lat, crs, accuracyM=8)})
    assert (found["gridCode"], found["accuracyM"], found["gridsInAccuracy"]) == (CODE, 8, [CODE])
    assert [area["name"] for area in found["path"]] == ["青山区", "青山路街道", "都兰社区", "都兰社区第003网格"]


async def test_numbers_of_one_system_called_another_are_suspected(send: Send, leader: Actor, grids: Surfaces) -> None:
    here = grids[CODE].representative_point()
    lon, lat = geo.from_cgcs2000(here.x, here.y, Crs.GCJ02)
    [found] = await ask(send, leader, {"point": point(lon, lat, "WGS84"), "near": inside(grids[CODE])})
    assert found["gridCode"] != CODE
    assert (found["suspected"]["crs"], found["suspected"]["gridCode"]) == ("GCJ02", CODE)


async def test_a_thousand_points_are_answered_in_their_order(
    send: Send, leader: Actor, shipped_grids: Surfaces
) -> None:
    codes = (list(shipped_grids) * 3)[:1000]
    found = await ask(send, leader, *({"point": inside(shipped_grids[code])} for code in codes))
    assert [item["gridCode"] for item in found] == codes
    assert [item["reference"] for item in found] == [str(index) for index in range(1000)]


@pytest.mark.parametrize(
    "who",
    [
        actor(Post.RESIDENT_SERVICE_OFFICER, "150204008015001"),
        actor(Post.PARTY_BUILDING_GUIDE, "150204008015001"),
        Actor(kind="resident", id="r", grants=(Grant(post=Post.RESIDENT, area="150204", resource="person:1"),)),
        Actor(kind="account", id="without-post"),
    ],
    ids=["officer", "guide", "resident", "nobody"],
)
async def test_anybody_who_is_signed_in_may_ask_where_a_point_lies(send: Send, who: Actor, grids: Surfaces) -> None:
    [found] = await ask(send, who, {"point": inside(grids[CODE])})
    assert found["gridCode"] == CODE


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/points"),
        ({"points": []}, "/points"),
        ({"points": [{"reference": "a", "point": point(109.8, 40.6)}] * 1001}, "/points"),
        ({"points": [{"point": point(109.8, 40.6)}]}, "/points/0/reference"),
        ({"points": [{"reference": "a", "point": {"lon": 1, "lat": 1}}]}, "/points/0/point/crs"),
        ({"points": [{"reference": "a", "point": point(109.8, 95)}]}, "/points/0/point/lat"),
        ({"points": [{"reference": "a", "point": point(109.8, 40.6, accuracyM=-1)}]}, "/points/0/point/accuracyM"),
        ({"points": [{"reference": "a", "point": point(109.8, 40.6)}], "asOf": "x"}, "/asOf"),
        ({"points": [{"reference": "a", "point": point(109.8, 40.6)}], "asOf": 0}, "/asOf"),
    ],
)
async def test_points_that_cannot_be_read_are_named(
    send: Send, leader: Actor, body: dict[str, Any], pointer: str
) -> None:
    answer = await send(leader, "POST", "/locate", json=body)
    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
