"""A method per move: it changes the state, counts the version, and returns the event that says so."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from gis_svc import rules
from gis_svc.models import Area, Building
from gis_svc.rules import GridType, Level
from grid_kernel.geo import Crs

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
TODAY = date(2026, 11, 23)
COMMUNITY = "150204006019"


def grid(number: int) -> Area:
    return Area(
        code=f"{COMMUNITY}{number:03}",
        level=Level.GRID,
        parent_code=COMMUNITY,
        grid_type=GridType.BASIC,
        valid_from=date(2026, 1, 1),
        version=3,
    )


def standing(code: str) -> Building:
    return Building(
        id=uuid4(), area_code=code, community_code=COMMUNITY, building_no="0001", name="1栋", kind="residential",
        floors=6, entrances=2, address_text="x", lon=109.8, lat=40.6, point_crs=Crs.CGCS2000, point_source="phone",
        registered_at=NOW,
    )  # fmt: skip


def test_a_redrawn_grid_counts_its_version_and_says_from_when() -> None:
    area = grid(1)
    event = area.redraw(NOW, effective_on=TODAY)
    assert (area.version, event.sequence, event.aggregate_id) == (4, 4, area.id)
    assert (event.area_code, event.valid_from, event.occurred_at) == (area.code, TODAY, NOW)


def test_a_split_ends_the_grid_and_names_each_building_s_new_one() -> None:
    area, building = grid(1), standing(f"{COMMUNITY}001")
    building.assign(f"{COMMUNITY}008")
    event = area.split([f"{COMMUNITY}008", f"{COMMUNITY}009"], {building.id: building}, NOW, effective_on=TODAY)
    assert (area.valid_to, area.successors, area.version) == (TODAY, [f"{COMMUNITY}008", f"{COMMUNITY}009"], 4)
    assert event.buildings == {building.id: f"{COMMUNITY}008"}
    assert event.building_versions == {building.id: 2}
    assert event.predecessors == (area.code,)


def test_a_merger_ends_every_predecessor() -> None:
    one, two, whole = grid(1), grid(2), grid(8)
    event = whole.merged([one, two], {}, NOW, effective_on=TODAY)
    assert [(area.valid_to, area.successors) for area in (one, two)] == [(TODAY, [whole.code])] * 2
    assert (event.aggregate_id, event.predecessors, event.successors) == (whole.id, (one.code, two.code), (whole.code,))


def test_a_grid_ends_once() -> None:
    area = grid(1)
    area.split(["a", "b"], {}, NOW, effective_on=TODAY)
    for again in (
        lambda: area.split(["c"], {}, NOW, effective_on=TODAY),
        lambda: area.redraw(NOW, effective_on=TODAY),
        lambda: grid(3).merged([area], {}, NOW, effective_on=TODAY),
    ):
        with pytest.raises(rules.GridClosed):
            again()


def test_a_building_that_changes_grid_says_so_with_the_next_sequence() -> None:
    building = standing(f"{COMMUNITY}001")
    assert (building.located(NOW).sequence, building.located(NOW).area_code) == (1, f"{COMMUNITY}001")
    building.assign(f"{COMMUNITY}002")
    event = building.located(NOW)
    assert (event.sequence, event.area_code, event.building_no) == (2, f"{COMMUNITY}002", "0001")
