"""The topology report: a seamless division has nothing to tell; every violation is named, measured and placed."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box

from gis_svc.rules import Fault, Level
from gis_svc.topology_report import Finding, Home, Piece, findings
from grid_kernel import geo

from .conftest import Surfaces

LON, LAT = 109.87, 40.67
METRE = 1 / 111_000
COMMUNITY = "150204001001"
WHOLE = box(LON, LAT, LON + 0.01, LAT + 0.008)


def divided(xs: list[float], ys: list[float]) -> dict[str, Any]:
    """The community cut into a seamless division by lines from border to border."""
    west, south, east, north = WHOLE.bounds
    columns = [west, *(west + x * (east - west) for x in sorted(xs)), east]
    rows = [south, *(south + y * (north - south) for y in sorted(ys)), north]
    cells = [box(a, c, b, d) for a, b in pairwise(columns) for c, d in pairwise(rows)]
    return {f"{COMMUNITY}{number:03}": cell for number, cell in enumerate(cells, 1)}


def spaced(numbers: list[int]) -> list[float]:
    return [number / 10 for number in sorted(set(numbers))]


divisions = st.builds(
    lambda xs, ys: divided(spaced(xs), spaced(ys)),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
)


def pieces(grids: dict[str, Any], **special: Polygon) -> list[Piece]:
    community = Piece(COMMUNITY, COMMUNITY[:9], Level.COMMUNITY, WHOLE)
    basic = [Piece(code, COMMUNITY, Level.GRID, surface) for code, surface in grids.items()]
    over = [Piece(code, COMMUNITY, Level.GRID, surface, special=True) for code, surface in special.items()]
    return [community, *basic, *over]


def of(fault: Fault, found: list[Finding]) -> list[Finding]:
    return [each for each in found if each.fault is fault]


@settings(max_examples=40, deadline=None)
@given(grids=divisions)
def test_a_seamless_division_violates_nothing(grids: dict[str, Polygon]) -> None:
    assert findings(pieces(grids)) == []


@settings(max_examples=40, deadline=None)
@given(grids=divisions, data=st.data())
def test_a_missing_grid_is_a_gap_of_just_its_ground(grids: dict[str, Polygon], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(grids)))
    surface = grids.pop(gone)
    [gap] = findings(pieces(grids))
    assert (gap.fault, gap.codes) == (Fault.GAP, (COMMUNITY,))
    assert gap.area_m2 == pytest.approx(geo.area_m2(surface), abs=20)
    assert surface.contains(Point(gap.place))


@settings(max_examples=40, deadline=None)
@given(grids=divisions, data=st.data(), metres=st.integers(5, 60))
def test_a_grid_that_grew_overlaps_its_neighbours_and_nobody_else(
    grids: dict[str, Polygon], data: st.DataObject, metres: int
) -> None:
    grown = data.draw(st.sampled_from(sorted(grids)))
    larger = grids[grown].buffer(metres * METRE, join_style="mitre").intersection(WHOLE)
    touched = {code for code, surface in grids.items() if code != grown and surface.intersects(larger)}
    found = findings(pieces(grids | {grown: larger}))
    assert {each.fault for each in found} == {Fault.OVERLAP}
    assert {code for each in found for code in each.codes} == touched | {grown}
    for each in found:
        one, other = ((grids | {grown: larger})[code] for code in each.codes)
        assert each.area_m2 == pytest.approx(geo.area_m2(one.intersection(other)), abs=20)


@settings(max_examples=40, deadline=None)
@given(grids=divisions, data=st.data(), metres=st.integers(5, 200))
def test_a_grid_beyond_its_community_is_told_with_the_ground_outside(
    grids: dict[str, Polygon], data: st.DataObject, metres: int
) -> None:
    code = data.draw(st.sampled_from(sorted(grids)))
    _, south, east, north = WHOLE.bounds
    beyond = (
        grids[code].union(box(east - METRE, south, east + metres * METRE, north))
        if grids[code].bounds[2] == east
        else None
    )
    if beyond is None:
        return
    [found] = of(Fault.OUTSIDE_PARENT, findings(pieces(grids | {code: beyond})))
    assert found.codes == (code, COMMUNITY)
    assert found.area_m2 == pytest.approx(geo.area_m2(beyond.difference(WHOLE)), abs=20)
    assert not WHOLE.contains(Point(found.place))


def test_what_is_narrower_than_a_metre_is_the_border_itself() -> None:
    grids = divided([0.5], [0.5])
    code = sorted(grids)[0]
    wobbly = shapely.affinity.translate(grids[code], 0.4 * METRE, -0.4 * METRE)
    assert findings(pieces(grids | {code: wobbly})) == []


def test_a_special_grid_lies_over_basic_ones_and_makes_no_gap() -> None:
    grids = divided([0.5], [])
    park = box(LON + 0.002, LAT + 0.002, LON + 0.008, LAT + 0.006)
    assert findings(pieces(grids, **{f"{COMMUNITY}901": park})) == []
    two = findings(pieces(grids, **{f"{COMMUNITY}901": park, f"{COMMUNITY}902": park}))
    assert [each.fault for each in two] == [Fault.OVERLAP]


def test_buildings_in_none_in_two_and_elsewhere_are_told_apart() -> None:
    grids = divided([0.5], [])
    one, two = sorted(grids)
    grids[two] = grids[two].union(box(LON + 0.0045, LAT, LON + 0.005, LAT + 0.008))
    outside = Home(UUID(int=1), LON - 0.001, LAT + 0.001, one)
    in_both = Home(UUID(int=2), LON + 0.0047, LAT + 0.001, one)
    elsewhere = Home(UUID(int=3), LON + 0.009, LAT + 0.001, one)
    at_home = Home(UUID(int=4), LON + 0.001, LAT + 0.001, one)
    on_the_border = Home(UUID(int=5), LON + 0.0045, LAT + 0.001, one)
    found = findings(pieces(grids), [at_home, elsewhere, in_both, outside, on_the_border])
    told = {(each.fault, each.building_id and each.building_id.int, each.codes) for each in found if each.building_id}
    assert told == {
        (Fault.BUILDING_IN_NONE, 1, (one,)),
        (Fault.BUILDING_IN_SEVERAL, 2, (one, two)),
        (Fault.BUILDING_ELSEWHERE, 3, (one, two)),
    }


def test_what_is_shipped_leaves_no_grid_outside_and_no_overlap(shipped_grids: Surfaces) -> None:
    found = findings([Piece(code, code[:12], Level.GRID, surface) for code, surface in shipped_grids.items()])
    assert found == []
