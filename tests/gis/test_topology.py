"""Grids are cut and joined without gap and overlap; borders are one metre wide."""

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box

from gis_svc import shapes, topology
from gis_svc.shapes import Area
from grid_kernel import geo
from grid_kernel.geo import Crs

from .conftest import Surfaces
from .drawings import across

LON, LAT = 109.87, 40.67
METRE = 1 / 111_000
SQUARE = box(LON, LAT, LON + 0.004, LAT + 0.003)


@pytest.fixture(scope="module")
def grids(shipped_grids: Surfaces) -> Surfaces:
    """Here the grids as they are shipped alone."""
    return shipped_grids


@st.composite
def blobs(draw: st.DrawFn) -> Polygon:
    """A star-shaped surface of 200 to 600 metres, often concave."""
    corners = draw(st.integers(5, 14))
    radii = draw(st.lists(st.floats(100, 300), min_size=corners, max_size=corners))
    turns = [2 * math.pi * index / corners for index in range(corners)]
    ring = [
        (LON + r * METRE * 1.3 * math.cos(t), LAT + r * METRE * math.sin(t)) for r, t in zip(radii, turns, strict=True)
    ]
    return Polygon([(round(x, 6), round(y, 6)) for x, y in ring])


@st.composite
def cuts(draw: st.DrawFn) -> LineString:
    """A line right across, through the middle, with a bend."""
    turn = draw(st.floats(0, math.pi))
    reach = (0.01 * math.cos(turn), 0.01 * math.sin(turn))
    bend = (LON + draw(st.floats(-0.0005, 0.0005)), LAT + draw(st.floats(-0.0005, 0.0005)))
    return LineString([(LON - reach[0], LAT - reach[1]), bend, (LON + reach[0], LAT + reach[1])])


@settings(max_examples=150, deadline=None)
@given(surface=blobs(), line=cuts())
def test_the_parts_of_a_cut_are_the_whole_and_do_not_overlap(surface: Polygon, line: LineString) -> None:
    parts = topology.cut(surface, line)
    assert topology.uncovered(surface, parts).is_empty
    assert topology.sticks_out(shapely.union_all(parts), surface).is_empty
    assert topology.first_overlap(parts) is None
    assert sum(map(geo.area_m2, parts)) == pytest.approx(geo.area_m2(surface), abs=2)


@settings(max_examples=100, deadline=None)
@given(surface=blobs(), line=cuts())
def test_what_was_cut_can_be_joined_again(surface: Polygon, line: LineString) -> None:
    parts = topology.cut(surface, line)
    joined = topology.join(parts)
    assert joined is not None
    assert topology.uncovered(surface, [joined]).is_empty
    assert topology.sticks_out(joined, surface).is_empty


@settings(max_examples=100, deadline=None)
@given(surface=blobs(), line=cuts(), x=st.floats(-1, 1), y=st.floats(-1, 1))
def test_every_point_of_the_whole_lies_in_exactly_one_part(
    surface: Polygon, line: LineString, x: float, y: float
) -> None:
    parts = {str(index): part for index, part in enumerate(topology.cut(surface, line))}
    lon, lat = LON + x * 0.0005, LAT + y * 0.0005
    if surface.contains(shapely.Point(lon, lat)):
        assert topology.grid_at(lon, lat, parts) in parts


def test_parts_are_numbered_from_west_to_east_then_from_north_to_south() -> None:
    west, east = SQUARE.bounds[0], SQUARE.bounds[2]
    middle = (west + east) / 2
    upright = topology.cut(SQUARE, LineString([(middle, LAT - 1), (middle, LAT + 1)]))
    assert [part.bounds[0] for part in upright] == [west, pytest.approx(middle)]
    level = topology.cut(SQUARE, across(SQUARE))
    assert level[0].bounds[3] > level[1].bounds[3]


@pytest.mark.parametrize(
    "line",
    [
        LineString([(LON + 0.001, LAT - 0.001), (LON + 0.001, LAT + 0.001)]),
        LineString([(LON - 0.001, LAT - 0.001), (LON + 0.01, LAT - 0.001)]),
        LineString([(LON - 0.001, LAT + METRE), (LON + 0.01, LAT + METRE)]),
    ],
    ids=["ends inside", "passes by", "cuts off less than a border's width"],
)
def test_a_line_that_does_not_cross_cuts_nothing(line: LineString) -> None:
    assert len(topology.cut(SQUARE, line)) == 1


def test_a_crack_of_less_than_a_metre_is_no_gap_and_no_overlap() -> None:
    near = box(LON + 0.004 + 0.5 * METRE, LAT, LON + 0.008, LAT + 0.003)
    over = box(LON + 0.004 - 0.5 * METRE, LAT, LON + 0.008, LAT + 0.003)
    whole = box(LON, LAT, LON + 0.008, LAT + 0.003)
    assert topology.uncovered(whole, [SQUARE, near]).is_empty
    assert topology.overlap(SQUARE, over).is_empty


def test_a_strip_of_ten_metres_is_a_gap_or_an_overlap() -> None:
    far = box(LON + 0.004 + 10 * METRE, LAT, LON + 0.008, LAT + 0.003)
    over = box(LON + 0.004 - 10 * METRE, LAT, LON + 0.008, LAT + 0.003)
    whole = box(LON, LAT, LON + 0.008, LAT + 0.003)
    assert not topology.uncovered(whole, [SQUARE, far]).is_empty
    assert topology.overlapping(SQUARE, {"b": over, "a": far}) == "b"


def test_grids_that_touch_in_a_corner_are_no_neighbours() -> None:
    corner = box(LON + 0.004, LAT + 0.003, LON + 0.008, LAT + 0.006)
    assert topology.join([SQUARE, corner]) is None


def test_joining_closes_the_crack_between_neighbours() -> None:
    near = box(LON + 0.004 + 0.5 * METRE, LAT, LON + 0.008, LAT + 0.003)
    joined = topology.join([SQUARE, near])
    assert joined is not None
    assert joined.geom_type == "Polygon"
    assert not joined.interiors


def test_neighbouring_grids_of_every_community_can_be_joined(grids: Surfaces) -> None:
    by_community: dict[str, list[Area]] = {}
    for code, surface in sorted(grids.items()):
        by_community.setdefault(code[:12], []).append(surface)
    assert all(topology.join(surfaces) is not None for surfaces in by_community.values())


def test_the_shipped_grids_overlap_nowhere(grids: Surfaces) -> None:
    codes = list(grids)
    first, second = shapely.STRtree(list(grids.values())).query(list(grids.values()))
    pairs = [(codes[i], codes[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True) if i < j]
    assert [pair for pair in pairs if not topology.overlap(grids[pair[0]], grids[pair[1]]).is_empty] == []


def test_a_point_on_a_common_border_belongs_to_the_lowest_code() -> None:
    other = box(LON + 0.004, LAT, LON + 0.008, LAT + 0.003)
    assert topology.grid_at(LON + 0.004, LAT + 0.001, {"2": SQUARE, "1": other}) == "1"
    assert topology.grid_at(LON + 0.1, LAT, {"2": SQUARE}) is None


def test_a_surface_is_measured_on_the_ground() -> None:
    outline = shapes.outline_of(SQUARE)
    assert outline.area_m2 == pytest.approx(0.004 * 111_320 * math.cos(math.radians(LAT)) * 0.003 * 111_030, rel=0.005)
    assert outline.box == SQUARE.bounds
    assert SQUARE.contains(shapely.Point(outline.centre))


@pytest.mark.parametrize("radius", [5.0, 30.0, 2_000.0])
def test_a_circle_is_as_wide_in_every_direction(radius: float) -> None:
    ring = shapely.get_coordinates(shapes.circle(LON, LAT, radius))
    metres = geo.distances_m(LON, LAT, ring[:, 0], ring[:, 1])
    assert metres == pytest.approx(radius, rel=0.005)


def test_a_surface_drawn_on_another_map_is_stored_in_our_system() -> None:
    stored = shapes.surface_of(shapely.geometry.mapping(SQUARE), Crs.GCJ02)
    west, south, _, _ = stored.bounds
    assert geo.distance_m(west, south, SQUARE.bounds[0], SQUARE.bounds[1]) == pytest.approx(490, abs=15)


@pytest.mark.parametrize(
    "geojson",
    [
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [0, 0], [0, 0], [0, 0]]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        {"type": "Nonsense", "coordinates": []},
    ],
)
def test_what_is_no_surface_is_refused(geojson: dict[str, object]) -> None:
    with pytest.raises(shapes.ShapeInvalidError):
        shapes.surface_of(geojson)
