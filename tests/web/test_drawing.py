"""The map is drawn so that neighbours meet and names do not."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.web.stub import NAMES, grids

from grid_site import drawing

STREETS = {code: name for code, name in NAMES.items() if len(code) == 9}


def corners(path: str) -> set[tuple[int, int]]:
    """The corners of a path of ours."""
    found: set[tuple[int, int]] = set()
    for ring in path.split("z")[:-1]:
        numbers = [int(number) for number in re.findall(r"-?\d+", ring)]
        x, y = numbers[:2]
        found.add((x, y))
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            x, y = x + dx, y + dy
            found.add((x, y))
    return found


def test_all_grids_of_the_district_lie_on_the_drawing() -> None:
    drawn = drawing.draw(grids("150204")["features"], {}, {})
    assert drawn is not None
    assert len(drawn.shapes) == 475
    points = {point for shape in drawn.shapes for point in corners(shape.path)}
    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in points)


def test_neighbours_share_their_corners() -> None:
    drawn = drawing.draw(grids("150204006019")["features"], {}, {})
    assert drawn is not None
    surfaces = [corners(shape.path) for shape in drawn.shapes]
    for place, surface in enumerate(surfaces):
        assert any(len(surface & other) >= 2 for number, other in enumerate(surfaces) if number != place)


def test_names_do_not_lie_on_each_other() -> None:
    drawn = drawing.draw(grids("150204")["features"], {}, STREETS)
    assert drawn is not None
    assert len(drawn.labels) >= 8
    for one in drawn.labels:
        for other in drawn.labels:
            wide = (len(one.text) + len(other.text)) * drawing.LETTERS / 2
            assert one is other or abs(one.x - other.x) >= wide or abs(one.y - other.y) >= drawing.LETTERS


def test_without_an_outline_there_is_no_map() -> None:
    assert drawing.draw([], {}, {}) is None
    assert drawing.draw([{"properties": {"code": "1", "name": "x"}, "geometry": None}], {}, {}) is None


@given(st.lists(st.floats(0, 100), min_size=2).map(sorted))
def test_more_coverage_is_never_lighter(coverages: list[float]) -> None:
    assert all(drawing.level_of(one) <= drawing.level_of(other) for one, other in pairwise(coverages))
    assert drawing.level_of(None) == drawing.NO_HOUSEHOLDS
