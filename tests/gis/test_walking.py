"""Walking: distances on the network, the ground of a circle, who is outside."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, shape

from gis_svc.circles import Home, Spot, circles
from gis_svc.walking import METRES_PER_MINUTE, Network, synthetic_roads
from grid_kernel import geo

from .conftest import Surfaces

ORIGIN = shapely.get_coordinates(geo.to_plane(shapely.Point(109.87, 40.66)))[0]


@pytest.fixture(scope="module")
def grids(shipped_grids: Surfaces) -> Surfaces:
    """Here the grids as they are shipped alone."""
    return shipped_grids


def spot(x: float, y: float) -> Any:
    """A place of the plane so many metres east and north of the corner."""
    return ORIGIN + np.array([x, y])


def at(x: float, y: float) -> tuple[float, float]:
    """Degrees of a place so many metres east and north of a corner of the town."""
    lon, lat = shapely.get_coordinates(geo.to_degrees(shapely.Point(ORIGIN[0] + x, ORIGIN[1] + y)))[0].tolist()
    return lon, lat


def road(*places: tuple[float, float]) -> LineString:
    return LineString([at(*place) for place in places])


CROSS = [
    road((-2000, 0), (-1000, 0), (0, 0), (1000, 0), (2000, 0)),
    road((0, -2000), (0, -1000), (0, 0), (0, 1000), (0, 2000)),
]


def test_somebody_walks_round_the_corner_and_not_across() -> None:
    network = Network(CROSS)
    start = network.stand(np.array([spot(500, 0)]))
    reached = network.walk(start, 5000)
    to = network.stand(np.array([spot(0, 600), spot(800, 30), spot(500, 0)]))
    assert network.metres(start, reached, to) == pytest.approx([1100, 330, 0], abs=1)


def test_beyond_the_limit_nothing_is_reached() -> None:
    network = Network(CROSS)
    reached = network.walk(network.stand(np.array([ORIGIN])), 1200)
    known = np.isfinite(reached)
    away = np.abs(network.nodes - ORIGIN).sum(axis=1)
    assert (away[known] <= 1200.5).all()
    assert (away[~known] >= 1199.5).all()


def test_the_ground_follows_the_roads_as_far_as_one_gets() -> None:
    network = Network(CROSS)
    start = network.stand(np.array([ORIGIN]))
    ground = network.ground(start, network.walk(start, 750), 750)
    assert ground.contains(shapely.Point(spot(700, 0)))
    assert not ground.contains(shapely.Point(spot(900, 0)))
    assert not ground.contains(shapely.Point(spot(400, 400)))


def test_who_lives_too_far_is_named_until_a_station_opens_there() -> None:
    near, far = Home("near", "近楼", "a", *at(300, 20), 12), Home("far", "远楼", "a", *at(-1900, 20), 30)
    station = Spot("s", "服务站", "station", *at(900, 0))
    told: list[float] = []
    before = circles(CROSS, [station], [near, far], told.append)["summary"]
    assert (before["householdsOutside"], [each["buildingId"] for each in before["outside"]]) == (30, ["far"])
    assert told == [1.0]
    what_if = Spot("extra", "新站", "extra", *at(-1500, 0))
    after = circles(CROSS, [station, what_if], [near, far], told.append)["summary"]
    assert (after["householdsOutside"], after["outside"]) == (0, [])


def test_circles_grow_with_the_minutes() -> None:
    made = circles(
        CROSS, [Spot("s", "服务站", "station", *at(0, 0))], [Home("h", "楼", "a", *at(700, 0), 9)], lambda _: None
    )
    by_minutes = {each["properties"]["minutes"]: each for each in made["features"]}
    assert [each["properties"]["minutes"] for each in made["features"]] == [15, 10, 5]
    for less, more in pairwise((5, 10, 15)):
        inner, outer = (shape(by_minutes[minutes]["geometry"]) for minutes in (less, more))
        assert outer.buffer(1e-5).contains(inner)
    assert [by_minutes[m]["properties"]["households"] for m in (5, 10, 15)] == [0, 9, 9]
    assert by_minutes[15]["properties"]["buildings"] == 1
    assert METRES_PER_MINUTE * 15 == 1125


def test_the_made_up_network_hangs_together_and_passes_every_grid(grids: Surfaces) -> None:
    roads = synthetic_roads(list(grids.values()))
    network = Network(roads)
    start = network.stand(network.nodes[:1])
    reached = np.isfinite(network.walk(start, 1e9)).mean()
    assert reached > 0.99
    everything = shapely.union_all(roads).buffer(5e-5)
    assert all(everything.intersects(surface) for surface in grids.values())
    assert [line.wkb for line in synthetic_roads(list(grids.values()))] == [line.wkb for line in roads]
