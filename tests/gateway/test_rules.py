"""Which grants are in force follows from posts, substitutes and duty."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import rules
from gateway.rules import AdminsApart, Duty, Half, Held, NotForOneself, effective_grants, half_of, lock_after
from grid_kernel.auth import Post
from grid_kernel.errors import InvalidInput

ME, OTHER = uuid4(), uuid4()
TODAY = date(2026, 11, 24)
G1, G2, G3 = "150204006019001", "150204006019002", "150204006019003"
OFFICER = Post.RESIDENT_SERVICE_OFFICER


def held(
    post: Post, area: str, account: UUID = ME, *, until: date | None = None, substitute: UUID | None = None
) -> Held:
    return Held(post, area, "station-150204006019", account, date(2026, 1, 1), until, substitute)


def areas(posts: list[Held], duty: Duty | None) -> list[tuple[str, str]]:
    return [(str(grant.post), grant.area) for grant in effective_grants(posts, ME, duty, TODAY)]


def test_b_duty_has_the_own_and_the_substituted_grids() -> None:
    posts = [held(OFFICER, G1), held(OFFICER, G2, OTHER, substitute=ME), held(OFFICER, G3, OTHER)]
    assert areas(posts, Duty.GRID) == [("resident_service_officer", G1), ("resident_service_officer", G2)]
    assert all(grant.duty == "grid" for grant in effective_grants(posts, ME, Duty.GRID, TODAY))


def test_a_duty_has_the_window_of_the_community_and_no_grid() -> None:
    posts = [held(OFFICER, G1), held(OFFICER, G2, OTHER, substitute=ME)]
    assert areas(posts, Duty.WINDOW) == [("window_clerk", "150204006019")]


def test_b_duty_closes_the_window_of_a_clerk_who_also_has_a_grid() -> None:
    posts = [held(OFFICER, G1), held(Post.WINDOW_CLERK, "150204006019")]
    assert areas(posts, Duty.GRID) == [("resident_service_officer", G1)]
    assert areas(posts, Duty.WINDOW) == [("window_clerk", "150204006019")]


def test_without_a_roster_entry_a_worker_is_on_grid_duty() -> None:
    assert areas([held(OFFICER, G1)], None) == [("resident_service_officer", G1)]


def test_a_head_keeps_the_post_at_the_window() -> None:
    posts = [held(OFFICER, G1), held(Post.STATION_HEAD, "150204006019")]
    assert ("station_head", "150204006019") in areas(posts, Duty.WINDOW)


def test_nobody_who_is_no_worker_gets_a_window_by_roster() -> None:
    assert areas([held(Post.MEDIATOR, "150204006019")], Duty.WINDOW) == [("mediator", "150204006019")]


def test_a_post_ends_on_its_last_day() -> None:
    assert areas([held(OFFICER, G1, until=TODAY)], None) == []
    assert areas([held(OFFICER, G1, until=TODAY + timedelta(1))], None) != []


@given(
    st.lists(st.tuples(st.sampled_from([G1, G2, G3]), st.booleans(), st.booleans()), max_size=8), st.sampled_from(Duty)
)
def test_nobody_gains_an_area_from_a_post_of_somebody_else(rows: list[tuple[str, bool, bool]], duty: Duty) -> None:
    posts = [
        held(OFFICER, g, ME if mine else OTHER, substitute=ME if stands_in else None) for g, mine, stands_in in rows
    ]
    mine = {g for g, own, stands_in in rows if own or stands_in}
    for grant in effective_grants(posts, ME, duty, TODAY):
        assert any(area.startswith(grant.area) for area in mine)


@pytest.mark.parametrize(
    ("moment", "half"),
    [
        (datetime(2026, 11, 24, 0, 30, tzinfo=UTC), Half.AM),
        (datetime(2026, 11, 24, 4, 59, tzinfo=UTC), Half.AM),
        (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), Half.PM),
        (datetime(2026, 11, 24, 16, 30, tzinfo=UTC), Half.AM),
    ],
)
def test_the_half_day_is_shanghai_s(moment: datetime, half: Half) -> None:
    assert half_of(moment) is half


@pytest.mark.parametrize(
    ("post", "area"), [(OFFICER, "150204006019"), (Post.STREET_LEADER, "150204"), (Post.RESIDENT, G1)]
)
def test_a_post_is_held_at_its_own_level(post: Post, area: str) -> None:
    with pytest.raises(InvalidInput):
        rules.check_assignment(post, area, [], str(OTHER), ME)


@pytest.mark.parametrize("admin", sorted(rules.ADMINS))
def test_administrators_hold_nothing_else(admin: Post) -> None:
    with pytest.raises(AdminsApart):
        rules.check_assignment(OFFICER, G1, [held(admin, "150204")], str(OTHER), ME)
    with pytest.raises(AdminsApart):
        rules.check_assignment(admin, "150204", [held(OFFICER, G1)], str(OTHER), ME)


def test_whoever_stands_in_for_an_administrator_holds_nothing_else_either() -> None:
    stands_in = held(Post.AUDIT_ADMIN, "150204", OTHER, substitute=ME)
    with pytest.raises(AdminsApart):
        rules.check_assignment(OFFICER, G1, [stands_in], str(OTHER), ME)


def test_an_administrator_s_post_may_be_given_to_the_same_person_again() -> None:
    rules.check_assignment(Post.AUDIT_ADMIN, "150204", [held(Post.AUDIT_ADMIN, "150204")], str(OTHER), ME)


@pytest.mark.parametrize(
    ("begins", "ends", "meets"),
    [
        (date(2025, 1, 1), None, True),
        (date(2025, 1, 1), date(2026, 1, 1), False),
        (date(2025, 1, 1), date(2026, 1, 2), True),
        (TODAY, None, False),
        (TODAY - timedelta(1), TODAY, True),
    ],
)
def test_two_periods_meet_when_they_share_a_day(begins: date, ends: date | None, *, meets: bool) -> None:
    assert held(OFFICER, G1, until=TODAY).overlaps(begins, ends) is meets


def test_what_is_not_held_of_the_three_is_vacant() -> None:
    assert rules.vacant([OFFICER]) == [Post.OPINION_COLLECTOR, Post.PARTY_BUILDING_GUIDE]
    assert rules.vacant(rules.GRID_TRIO) == []


def test_nobody_gives_a_post_to_oneself() -> None:
    with pytest.raises(NotForOneself):
        rules.check_assignment(OFFICER, G1, [], str(ME), ME)


def test_locks_double_from_a_minute_to_an_hour() -> None:
    waits = [lock_after(n).total_seconds() for n in range(14)]
    assert waits == [0, 0, 0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
