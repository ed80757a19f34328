"""However often a community's grids are split and merged, nothing is lost: ground, buildings, codes."""

import random
from typing import Any

import pytest
import shapely
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from gis_svc import topology
from gis_svc.shapes import Area, surface_of
from grid_kernel.auth import Actor, Post
from grid_kernel.testing import actor

from .conftest import Send, Surfaces
from .drawings import building, drawn, point

STEPS, BUILDINGS = 10, 40


class Community:
    """The grids and buildings of one community as the service answers them."""

    def __init__(self, send: Send, leader: Actor, code: str) -> None:
        self.send, self.leader, self.code = send, leader, code
        self.head = actor(Post.STATION_HEAD, code)

    async def grids(self) -> dict[str, Area]:
        answer = await self.send(self.leader, "GET", f"/grids?within={self.code}")
        return {f["id"]: surface_of(f["geometry"]) for f in answer.json()["features"]}

    async def buildings(self) -> list[dict[str, Any]]:
        page = (await self.send(self.head, "GET", "/buildings?limit=100")).json()
        items: list[dict[str, Any]] = page["items"]
        return items

    async def version(self, code: str) -> int:
        return int((await self.send(self.leader, "GET", f"/areas/{code}")).json()["version"])

    async def split(self, code: str, line: LineString) -> set[str]:
        headers = {"If-Match": f'"{await self.version(code)}"'}
        answer = await self.send(
            self.leader, "POST", f"/grids/{code}/split", json={"cut": drawn(line)}, headers=headers
        )
        assert answer.status_code in (201, 409), answer.text
        return {area["code"] for area in answer.json().get("successors", ())}

    async def merge(self, codes: list[str]) -> set[str]:
        body = {"grids": [{"code": code, "version": await self.version(code)} for code in codes]}
        answer = await self.send(self.leader, "POST", "/grids/merge", json=body)
        assert answer.status_code in (201, 409), answer.text
        return {area["code"] for area in answer.json().get("successors", ())}


def somewhere(surface: BaseGeometry, dice: random.Random) -> Point:
    west, south, east, north = surface.bounds
    while True:
        found = Point(dice.uniform(west, east), dice.uniform(south, north))
        if surface.contains(found):
            return found


def anyhow(surface: BaseGeometry, dice: random.Random) -> LineString:
    middle, angle = somewhere(surface, dice), dice.uniform(-0.02, 0.02)
    return LineString([(middle.x - 0.02, middle.y - angle), (middle.x, middle.y), (middle.x + 0.02, middle.y + angle)])


@pytest.mark.parametrize("seed", [20131009, 1, 2])
async def test_splits_and_mergers_keep_ground_buildings_and_codes(
    send: Send, leader: Actor, community: str, grids: Surfaces, seed: int
) -> None:
    dice, here = random.Random(seed), Community(send, leader, community)
    before = await here.grids()
    ground, ever = shapely.union_all(list(before.values())), set(before)
    for _ in range(BUILDINGS):
        at = somewhere(before[dice.choice(sorted(before))], dice)
        await send(here.head, "POST", "/buildings", json=building(point(at.x, at.y)))
    for _ in range(STEPS):
        now = await here.grids()
        if len(now) > 4 and dice.random() < 0.5:
            fresh = await here.merge(dice.sample(sorted(now), 2))
        else:
            code = dice.choice(sorted(now))
            fresh = await here.split(code, anyhow(now[code], dice))
        assert not fresh & ever, "a code was used again"
        ever |= fresh
        await nothing_is_lost(here, ground)
    assert len(ever) > len(before)


async def nothing_is_lost(here: Community, ground: BaseGeometry) -> None:
    now = await here.grids()
    assert topology.uncovered(ground, now.values()).is_empty
    assert topology.sticks_out(shapely.union_all(list(now.values())), ground).is_empty
    assert topology.first_overlap(list(now.values())) is None
    standing = await here.buildings()
    assert len(standing) == BUILDINGS
    for each in standing:
        at = Point(each["position"]["lon"], each["position"]["lat"])
        assert now[each["areaCode"]].distance(at) <= topology.CRACK_DEGREES
