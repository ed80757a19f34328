"""The grid designer: contiguous grids of about 400 households, along roads, with as little change as need be."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some
from shapely.geometry import LineString, box, shape

from gis_svc import designer, designing
from gis_svc.designer import Block, Design, Wish, design, outlines
from gis_svc.designing import Commission, carry_out
from gis_svc.proposals import Ground, House, propose


def town(columns: int, rows: int, households: int = 20, *, grid: str | None = None) -> list[Block]:
    """Buildings in columns and rows, 40 metres apart."""
    return [Block(x * 40.0, y * 40.0, households, grid) for x in range(columns) for y in range(rows)]


def assert_contiguous(blocks: list[Block], parts: list[int]) -> None:
    graph = designer._Graph(blocks, ())
    for part in set(parts):
        assert designer._hangs_together(graph, [i for i, own in enumerate(parts) if own == part])


def test_a_community_is_divided_into_grids_within_five_percent() -> None:
    random = np.random.default_rng(3)
    blocks = [Block(*random.uniform(0, 900, 2).tolist(), households=int(random.integers(8, 40))) for _ in range(170)]
    found = design(blocks, Wish(seconds=20))
    assert found.unmet == []
    assert all(380 <= households <= 420 for households in found.households)
    assert sum(found.households) == sum(block.households for block in blocks)
    assert_contiguous(blocks, found.parts)


@settings(deadline=None, max_examples=15)
@given(some.integers(0, 10_000), some.integers(2, 60))
def test_grids_always_hang_together_and_lose_nobody(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    blocks = [
        Block(*random.uniform(0, 500, 2).round(0).tolist(), households=int(random.integers(1, 90)))
        for _ in range(count)
    ]
    found = design(blocks, Wish(target=200, seconds=0.3, seed=seed))
    assert len(found.parts) == count
    assert sum(found.households) == sum(block.households for block in blocks)
    assert_contiguous(blocks, found.parts)


def test_a_border_runs_along_the_road() -> None:
    blocks = town(10, 4)
    road = LineString([(180, -100), (180, 300)])
    found = design(blocks, Wish(seconds=3), [road])
    sides = {(block.x < 180, part) for block, part in zip(blocks, found.parts, strict=True)}
    assert len(sides) == 2


def test_grids_that_are_as_wanted_stay_as_they_are() -> None:
    blocks = [Block(b.x, b.y, b.households, "a" if b.x < 200 else "b") for b in town(10, 4)]
    found = design(blocks, Wish(seconds=3))
    assert {(block.grid, part) for block, part in zip(blocks, found.parts, strict=True)} == {("a", 0), ("b", 1)}


def test_what_cannot_be_met_says_why() -> None:
    tower = [*town(4, 4), Block(400.0, 400.0, 700)]
    assert "building" in {each["reason"] for each in design(tower, Wish(seconds=1)).unmet}
    small = design(town(5, 5), Wish(seconds=1))
    assert [each["reason"] for each in small.unmet] == ["total"]


def test_the_same_wish_gives_the_same_design() -> None:
    blocks = town(12, 10, 21)
    assert design(blocks, Wish(seconds=60, seed=5)).parts == design(blocks, Wish(seconds=60, seed=5)).parts


def test_whoever_does_not_wait_any_more_stops_the_search() -> None:
    def give_up(_: float) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        design(town(10, 10), Wish(seconds=30), progress=give_up)


def test_the_outline_of_each_grid_is_one_piece() -> None:
    random = np.random.default_rng(11)
    ground = box(0, 0, 800, 1000)
    blocks = [Block(*random.uniform((0, 0), (800, 1000)).tolist(), households=12) for _ in range(167)]
    found = design(blocks, Wish(seconds=6), within=ground)
    assert found.unmet == []
    assert {shape.geom_type for shape in outlines(blocks, found.parts, ground).values()} == {"Polygon"}


def test_outlines_divide_the_ground_without_gap_or_overlap() -> None:
    ground = box(-20, -20, 400, 160)
    blocks = town(10, 4)
    found = design(blocks, Wish(seconds=1))
    drawn = outlines(blocks, found.parts, ground)
    assert shapely.union_all(list(drawn.values())).symmetric_difference(ground).area < 1e-6
    assert sum(shape.area for shape in drawn.values()) == pytest.approx(ground.area)
    for block, part in zip(blocks, found.parts, strict=True):
        assert drawn[part].buffer(1e-6).contains(shapely.Point(block.x, block.y))


def test_what_the_sum_does_not_allow_is_said_of_the_sum() -> None:
    found = design([Block(x * 40.0, 0, 97) for x in range(26)], Wish(seconds=1))  # six grids would have 420.3 each
    assert {each["reason"] for each in found.unmet} <= {"total"}
    assert not Wish().divides(26 * 97, 6)
    assert Wish().divides(6 * 420, 6)


def commission(code: str, households: int) -> Commission:
    return Commission(code, tuple(town(10, 4, households)), box(-20, -20, 400, 160), (), Wish())


def test_communities_are_divided_side_by_side_in_processes_of_their_own() -> None:
    told: list[float] = []
    found = carry_out([commission("a", 20), commission("b", 40)], 20, told.append)
    assert {code: sorted(made.households) for code, made in found.items()} == {"a": [400] * 2, "b": [400] * 4}
    assert told == sorted(told)


def test_a_design_nobody_waits_for_is_given_up() -> None:
    class GivenUpError(Exception):
        pass

    def tell(_: float) -> None:
        raise GivenUpError

    with pytest.raises(GivenUpError):
        carry_out([commission("a", 20), commission("b", 40)], 20, tell)


def test_what_was_not_found_at_once_is_searched_for_again_and_the_better_one_kept() -> None:
    good, bad = Design([0], [400], cost=5), Design([0], [300], [{"reason": "not-found"}], cost=1)
    assert designing._better(bad, good) is good
    assert designing._better(good, bad) is good
    assert designing._worth_another(bad, 3)
    assert not designing._worth_another(Design([0], [300], [{"reason": "total"}]), 3)


def test_a_long_grid_costs_more_than_a_round_one() -> None:
    blocks = town(4, 4)
    strips, squares = [b // 4 for b in range(16)], [b // 8 * 2 + b % 4 // 2 for b in range(16)]
    graph = designer._Graph(blocks, ())
    costs = [designer._Search(blocks, graph, parts, Wish(target=80)).best_cost for parts in (strips, squares)]
    assert costs[1] < costs[0]


def test_a_grid_that_stays_is_no_part_of_the_search() -> None:
    west, east = box(109.9, 40.66, 109.904, 40.664), box(109.904, 40.66, 109.912, 40.664)
    houses = [House(f"{x}-{y}", "w" if x < 4 else "e", 109.9005 + x * 1e-3, 40.6605 + y * 1e-3, 50)
              for x in range(11) for y in range(4)]  # fmt: skip
    ground = Ground("c", west.union(east), houses, {"w": west}, {"w": 1, "e": 2})
    made = propose([ground], [], Wish(target=700, seconds=2), lambda _: None)
    stays, *others = made["features"]
    assert (stays["id"], stays["properties"]["fixed"], stays["properties"]["households"]) == ("w", True, 800)
    assert [each["properties"]["households"] for each in others] == [700, 700]
    assert all(shape(each["geometry"]).intersection(west).area < 1e-9 for each in others)
    assert made["summary"]["unmet"] == [{"areaCode": "c", "part": None, "households": 800, "reason": "fixed"}]
    assert made["bases"]["c"]["grids"] == {"w": 1, "e": 2}
    assert (made["summary"]["fixed"], made["summary"]["changedHouseholds"]) == (1, 700)
