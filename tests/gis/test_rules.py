"""Levels, codes, who may draw, from when a change may hold."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_svc import rules
from gis_svc.rules import Level
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.errors import Forbidden, InvalidInput
from grid_kernel.testing import actor

COMMUNITY = "150204006019"
DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("150204", Level.DISTRICT, None),
        ("150204006", Level.STREET, "150204"),
        (COMMUNITY, Level.COMMUNITY, "150204006"),
        (COMMUNITY + "003", Level.GRID, COMMUNITY),
    ],
)
def test_the_length_of_a_code_tells_its_level_and_its_beginning_the_parent(
    code: str, level: Level, parent: str | None
) -> None:
    assert rules.level_of(code) is level
    assert rules.parent_of(code) == parent


def test_the_first_grids_of_a_community_are_numbered_from_one() -> None:
    assert rules.next_grid_codes(COMMUNITY, [], 2) == (COMMUNITY + "001", COMMUNITY + "002")


@given(used=st.sets(st.integers(1, 900)), count=st.integers(1, 20))
def test_no_grid_code_is_ever_given_twice(used: set[int], count: int) -> None:
    before = [f"{COMMUNITY}{number:03}" for number in used]
    fresh = rules.next_grid_codes(COMMUNITY, before, count)
    assert len(set(fresh)) == count
    assert not set(fresh) & set(before)
    assert all(code > max(before, default="") for code in fresh)


def test_a_community_that_used_999_codes_gets_no_more() -> None:
    with pytest.raises(rules.GridCodesExhausted):
        rules.next_grid_codes(COMMUNITY, [COMMUNITY + "998"], 2)


def test_building_numbers_follow_the_highest_one() -> None:
    assert rules.next_building_no(None) == "0001"
    assert rules.next_building_no("0041") == "0042"
    with pytest.raises(rules.BuildingNumbersExhausted):
        rules.next_building_no("9999")


@pytest.mark.parametrize(
    "who", [actor(Post.DISTRICT_LEADER, "150204"), actor(Post.SYSTEM_ADMIN, "150204"), actor(Post.SYSTEM_ADMIN, "1502")]
)
def test_the_district_draws_grids(who: Actor) -> None:
    rules.check_may_draw(who, COMMUNITY)


@pytest.mark.parametrize(
    "who",
    [
        actor(Post.DISTRICT_LEADER, "150205"),
        actor(Post.SYSTEM_ADMIN, "150204006"),
        actor(Post.STREET_LEADER, "150204"),
        actor(Post.STATION_HEAD, COMMUNITY),
        actor(Post.RESIDENT_SERVICE_OFFICER, COMMUNITY + "001"),
        Actor.system("dispute"),
        Actor(kind="account", id="nobody"),
    ],
)
def test_nobody_else_draws_grids(who: Actor) -> None:
    with pytest.raises(Forbidden):
        rules.check_may_draw(who, COMMUNITY)


def test_buildings_are_registered_by_those_who_work_there() -> None:
    rules.check_may_register(actor(Post.RESIDENT_SERVICE_OFFICER, COMMUNITY + "001"), COMMUNITY + "001")
    rules.check_may_register(actor(Post.STATION_HEAD, COMMUNITY), COMMUNITY + "001")
    with pytest.raises(Forbidden):
        rules.check_may_register(actor(Post.RESIDENT_SERVICE_OFFICER, COMMUNITY + "001"), COMMUNITY + "002")
    with pytest.raises(Forbidden):
        rules.check_may_register(actor(Post.PARTY_BUILDING_GUIDE, COMMUNITY + "001"), COMMUNITY + "001")


def test_two_posts_do_not_make_one_right() -> None:
    grants = (
        Grant(post=Post.PARTY_BUILDING_GUIDE, area=COMMUNITY),
        Grant(post=Post.STATION_HEAD, area="150204008015"),
    )
    with pytest.raises(Forbidden):
        rules.check_may_register(Actor(kind="account", id="a", grants=grants), COMMUNITY + "001")


@pytest.mark.parametrize("day", [DAY, date(2026, 1, 1)])
def test_a_change_holds_from_today_or_a_day_since_the_present_outline(day: date) -> None:
    rules.check_effective(day, since=date(2026, 1, 1), today=DAY)


@pytest.mark.parametrize(
    ("day", "code"), [(date(2026, 11, 24), "effective-in-future"), (date(2025, 12, 31), "effective-before-valid")]
)
def test_a_change_neither_waits_nor_rewrites_what_was_before(day: date, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules.check_effective(day, since=date(2026, 1, 1), today=DAY)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/effectiveOn", code)]


def test_a_grid_that_ended_is_not_changed() -> None:
    rules.check_in_force("1", None, ())
    with pytest.raises(rules.GridClosed) as refused:
        rules.check_in_force("1", DAY, ["2", "3"])
    assert refused.value.params == {"code": "1", "successors": "2 3"}


def test_grids_of_two_communities_have_no_community() -> None:
    assert rules.check_one_community([COMMUNITY + "001", COMMUNITY + "002"]) == COMMUNITY
    with pytest.raises(rules.GridsOfSeveralCommunities):
        rules.check_one_community([COMMUNITY + "001", "150204008015001"])


def test_a_proposal_goes_on_under_the_code_it_has_most_households_of_and_each_code_goes_on_once() -> None:
    assert rules.codes_kept([{"a": 300, "b": 100}, {"b": 390}, {"a": 120, "c": 10}]) == ["a", "b", "c"]
    assert rules.codes_kept([{"a": 200}, {"a": 210}]) == [None, "a"]
    assert rules.codes_kept([{"a": 200}, {"a": 200}, {}]) == ["a", None, None]
