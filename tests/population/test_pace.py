"""The visiting rule: 80 households a month are not yet 90 % of a grid of 400 in a quarter."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_kernel.clock import month_of, quarter_of
from population_svc import pace
from population_svc.pace import Rule

RULE = Rule(monthly_minimum=80, coverage_percent=90, care_visits=3, care_gap_days=14)
ALL = Rule(monthly_minimum=80, coverage_percent=100, care_visits=3, care_gap_days=14)
QUARTER = quarter_of(date(2026, 10, 1))
days = st.dates(QUARTER.start, QUARTER.end - timedelta(days=1))


@pytest.mark.parametrize(("rule", "needed"), [(RULE, 120), (ALL, 134)])
def test_a_grid_of_400_needs_more_than_80_a_month(rule: Rule, needed: int) -> None:
    month = pace.this_month(rule, 400, before=0, done=80, day=QUARTER.start, quarter=QUARTER)
    assert (month.minimum, month.minimum_reached, month.pace) == (80, True, needed)


def test_a_worker_with_80_a_month_reaches_60_percent() -> None:
    assert pace.coverage_percent(240, 400) == 60.0
    assert pace.this_month(RULE, 400, before=160, done=0, day=date(2026, 12, 1), quarter=QUARTER).pace == 200


def test_a_week_has_its_share_of_the_minimum_and_of_the_rest() -> None:
    assert RULE.weekly_minimum == 19
    week = pace.this_week(RULE, 400, before=0, done=0, day=date(2026, 10, 1), quarter=QUARTER)
    assert (week.period.start, week.pace) == (date(2026, 9, 28), 26)


def test_a_small_grid_has_all_its_households_as_minimum() -> None:
    month = pace.this_month(RULE, 50, before=0, done=50, day=QUARTER.start, quarter=QUARTER)
    assert (month.minimum, month.minimum_reached, month.pace) == (50, True, 50)


@given(st.integers(0, 1000))
def test_whoever_keeps_the_pace_reaches_the_target(households: int) -> None:
    done = 0
    for day in (date(2026, 10, 15), date(2026, 11, 15), date(2026, 12, 15)):
        month = pace.this_month(RULE, households, before=done, done=0, day=day, quarter=QUARTER)
        done += month.pace
    assert min(done, households) >= pace.target(RULE, households)


@given(st.integers(0, 1000), st.integers(0, 1000), days)
def test_the_pace_is_never_below_the_minimum_nor_more_than_is_left(households: int, before: int, day: date) -> None:
    before = min(before, households)
    for stretch in (
        pace.this_month(RULE, households, before=before, done=0, day=day, quarter=QUARTER),
        pace.this_week(RULE, households, before=before, done=0, day=day, quarter=QUARTER),
    ):
        assert stretch.minimum <= stretch.pace <= max(stretch.minimum, pace.target(RULE, households) - before)


@given(st.integers(1, 1000), days)
def test_an_even_walk_is_on_track_and_standing_still_is_not(households: int, day: date) -> None:
    target = pace.target(RULE, households)
    gone = (day - QUARTER.start).days
    even = target * gone // (QUARTER.end - QUARTER.start).days
    assert pace.on_track(target, visited=even, day=day, quarter=QUARTER)
    assert even == 0 or not pace.on_track(target, visited=even - 1, day=day, quarter=QUARTER)


@given(st.integers(0, 1000), st.integers(0, 1000), days)
def test_a_forecast_is_between_what_is_done_and_what_there_is(households: int, visited: int, day: date) -> None:
    visited = min(visited, households)
    assert visited <= pace.forecast(households, visited=visited, day=day, quarter=QUARTER) <= households


@given(st.integers(1, 10_000), st.integers(0, 10_000))
def test_coverage_is_never_rounded_up_to_the_goal(households: int, visited: int) -> None:
    visited = min(visited, households)
    if pace.coverage_percent(visited, households) >= 90:
        assert visited * 100 >= households * 90


def test_an_area_without_households_has_no_coverage_and_no_division() -> None:
    assert pace.coverage_percent(0, 0) == 0.0
    assert pace.this_month(RULE, 0, before=0, done=0, day=QUARTER.start, quarter=QUARTER).pace == 0


def test_a_month_of_a_quarter_is_the_calendar_month() -> None:
    month = pace.this_month(RULE, 400, before=0, done=0, day=date(2026, 11, 24), quarter=QUARTER)
    assert month.period == month_of(date(2026, 11, 1))
