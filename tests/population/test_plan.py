"""Today's list: who is owed a visit, who is not reached yet, in the order of a walk, each with its reasons."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_kernel.clock import quarter_of
from population_svc.pace import Rule
from population_svc.plan import Line, Reason, Stop, care_dues, todays_list, todays_share
from population_svc.rules import Presence, VisitOutcome

QUARTER = quarter_of(date(2026, 10, 1))
MONDAY = date(2026, 11, 2)
RULE = Rule(monthly_minimum=80, coverage_percent=90, care_visits=3, care_gap_days=14)


def stop(place: int, building: int = 1, **more: Any) -> Stop:
    given: dict[str, Any] = {
        "id": uuid4(),
        "roster_key": f"150204001001{building:04}01{place:03}",
        "presence": Presence.LIVING,
        "on_care_list": False,
        "care_visits": 0,
        "visited_in_quarter": False,
        "last_visited_on": None,
        "last_tried_on": None,
        "last_outcome": None,
        "revisit_on": None,
        "follow_up_since": None,
    }
    return Stop(**given | more)


def listed(*stops: Stop, day: date = MONDAY, left: int = 0, rule: Rule = RULE) -> list[Line]:
    return todays_list(stops, rule, day=day, quarter=QUARTER, left_this_week=left)


def reasons(lines: list[Line]) -> dict[UUID, tuple[Reason, ...]]:
    return {line.household: line.reasons for line in lines}


def test_what_is_owed_is_listed_whatever_the_pace() -> None:
    care, case, promised = (
        stop(1, on_care_list=True),
        stop(2, follow_up_since=date(2026, 10, 30), visited_in_quarter=True),
        stop(3, revisit_on=MONDAY),
    )
    assert reasons(listed(care, case, promised, stop(4))) == {
        care.id: (Reason.CARE_DUE, Reason.NOT_REACHED),
        case.id: (Reason.CASE_FOLLOW_UP,),
        promised.id: (Reason.REVISIT_ASKED, Reason.NOT_REACHED),
    }


def test_a_campaign_joins_the_visit_that_is_made_anyway() -> None:
    friday = date(2026, 11, 27)
    care = stop(1, on_care_list=True, campaign_until=friday)
    others = [stop(2 + number, visited_in_quarter=True) for number in range(3)]
    assert reasons(listed(care, *others)) == {care.id: (Reason.CARE_DUE, Reason.NOT_REACHED, Reason.CAMPAIGN)}


def test_homes_of_a_campaign_fill_the_list_before_others_within_the_share() -> None:
    asked, other = stop(9, building=7, campaign_until=date(2027, 3, 31)), stop(1)
    assert reasons(listed(asked, other, left=1)) == {asked.id: (Reason.NOT_REACHED, Reason.CAMPAIGN)}


def test_a_campaign_adds_only_what_a_day_needs_to_end_in_time() -> None:
    until = MONDAY + timedelta(days=4)
    stops = [stop(number, visited_in_quarter=True, campaign_until=until) for number in range(12)]
    lines = listed(*stops)
    assert [line.reasons for line in lines] == [(Reason.CAMPAIGN,)] * 3
    assert {line.due_on for line in lines} == {until}
    assert len(listed(*stops, day=until)) == 12


def test_whoever_declined_or_lives_elsewhere_is_not_asked_by_a_campaign() -> None:
    until = MONDAY + timedelta(days=1)
    declined = stop(
        1, campaign_until=until, last_tried_on=MONDAY - timedelta(days=5), last_outcome=VisitOutcome.DECLINED
    )
    assert listed(declined, stop(2, campaign_until=until, presence=Presence.REGISTERED_ONLY), left=5) == []


def test_a_promise_for_later_is_not_kept_early() -> None:
    assert listed(stop(1, revisit_on=MONDAY + timedelta(days=1), visited_in_quarter=True)) == []


def test_care_comes_first_and_the_rest_follows_the_walk() -> None:
    far_care = stop(9, building=7, on_care_list=True)
    near, nearer = stop(5, revisit_on=MONDAY), stop(2, revisit_on=MONDAY)
    assert [line.household for line in listed(near, far_care, nearer)] == [far_care.id, nearer.id, near.id]


def test_buildings_one_walks_to_anyway_are_filled_up_first() -> None:
    owed, beside, elsewhere = stop(3, building=8, revisit_on=MONDAY), stop(1, building=8), stop(1, building=2)
    assert reasons(listed(owed, beside, elsewhere, left=6)).keys() == {owed.id, beside.id}
    filled = listed(owed, beside, elsewhere, left=15)
    assert [line.household for line in filled] == [elsewhere.id, beside.id, owed.id]
    assert filled[0].due_on == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"last_tried_on": MONDAY - timedelta(days=2), "last_outcome": VisitOutcome.NO_ANSWER}, False),
        ({"last_tried_on": MONDAY - timedelta(days=3), "last_outcome": VisitOutcome.NO_ANSWER}, True),
        ({"last_tried_on": MONDAY - timedelta(days=29), "last_outcome": VisitOutcome.DECLINED}, False),
        ({"last_tried_on": MONDAY - timedelta(days=30), "last_outcome": VisitOutcome.DECLINED}, True),
        ({"visited_in_quarter": True}, False),
        ({"presence": Presence.REGISTERED_ONLY}, False),
        ({"presence": Presence.REPORTED_MOVED}, False),
    ],
)
def test_nobody_is_pressed_and_nobody_absent_is_looked_for(more: dict[str, Any], wanted: bool) -> None:
    assert bool(listed(stop(1, **more), left=50)) is wanted


def test_care_visits_are_spread_over_the_quarter_and_over_the_households() -> None:
    households = [stop(place, on_care_list=True) for place in range(4)]
    dues = [due for _, due in care_dues(households, RULE, QUARTER)]
    assert dues == [date(2026, 10, 1), date(2026, 10, 8), date(2026, 10, 16), date(2026, 10, 24)]
    once = [stop(0, on_care_list=True, care_visits=1, last_visited_on=date(2026, 10, 30))]
    assert care_dues(once, RULE, QUARTER)[0][1] == date(2026, 11, 13)
    early = [stop(0, on_care_list=True, care_visits=1, last_visited_on=date(2026, 10, 2))]
    assert care_dues(early, RULE, QUARTER)[0][1] == date(2026, 10, 31)
    assert care_dues([stop(0, on_care_list=True, care_visits=3)], RULE, QUARTER) == []


def test_the_week_is_spread_over_its_days_and_whole_on_the_visiting_day() -> None:
    days = [MONDAY + timedelta(days=number) for number in range(7)]
    assert [todays_share(20, day, None) for day in days] == [4, 5, 7, 10, 20, 20, 20]
    assert todays_share(20, days[2], 3) == 20
    assert todays_share(-4, MONDAY, None) == 0


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5), st.booleans(), st.integers(0, 3)), max_size=40),
    st.integers(-5, 60),
    st.integers(0, 91),
)
def test_every_line_has_a_reason_and_nobody_is_listed_twice(
    homes: list[tuple[int, int, bool, int]], left: int, days: int
) -> None:
    stops = [stop(room, building, on_care_list=care, care_visits=done) for room, building, care, done in homes]
    day = QUARTER.start + timedelta(days=days)
    lines = listed(*stops, day=day, left=left)
    assert all(line.reasons for line in lines)
    assert len({line.household for line in lines}) == len(lines)
    owed = [line for line in lines if Reason.CARE_DUE in line.reasons]
    assert len(lines) <= max(len(owed), todays_share(left, day, None))
    assert lines[: len(owed)] == owed
    assert sorted(lines, key=lambda line: line.household) == sorted(
        todays_list(stops[::-1], RULE, day=day, quarter=QUARTER, left_this_week=left), key=lambda line: line.household
    )
