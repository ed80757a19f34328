"""Deadlines as the law counts them, on the real calendar of 2024 to 2026 and a provisional 2027."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grid_kernel.clock import (
    SHANGHAI,
    Light,
    SpecialDay,
    Unit,
    WorkingCalendar,
    deadline,
    elapsed_share,
    end_of,
    explain,
    month_of,
    now,
    quarter_of,
    start_of,
    today,
    week_named,
    week_of,
)

CALENDAR = WorkingCalendar.packaged()
DAYS = (Unit.WORKING_DAY, Unit.DAY, Unit.MONTH)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 9, 1)).map(lambda m: m.replace(tzinfo=SHANGHAI))  # noqa: DTZ001
units = st.sampled_from(list(Unit))
amounts = st.integers(0, 20)


# --- periods


def test_the_day_is_that_of_shanghai_wherever_the_server_stands() -> None:
    assert today(datetime(2026, 9, 30, 16, 0, tzinfo=UTC)) == date(2026, 10, 1)
    assert today(datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC)) == date(2026, 9, 30)
    assert now().utcoffset() == timedelta(0)


def test_a_moment_without_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        today(datetime(2026, 9, 30, 16, 0))  # noqa: DTZ001


def test_periods_are_half_open_and_have_their_labels() -> None:
    day = date(2026, 11, 23)
    assert quarter_of(day) == (date(2026, 10, 1), date(2027, 1, 1), "2026Q4")
    assert month_of(day) == (date(2026, 11, 1), date(2026, 12, 1), "2026-11")
    assert week_of(day) == (date(2026, 11, 23), date(2026, 11, 30), "2026W48")
    assert week_of(date(2027, 1, 1)).label == "2026W53"
    assert week_named("2026W53") == week_of(date(2027, 1, 1))
    assert week_named("2025W53") == week_named("2026W01")


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_day_lies_in_its_periods_and_the_next_period_follows_at_once(day: date) -> None:
    for period_of in (week_of, month_of, quarter_of):
        period = period_of(day)
        assert period.contains(day)
        assert not period.contains(period.end)
        assert period_of(period.end).start == period.end
        assert period_of(period.start) == period


# --- the calendar


@pytest.mark.parametrize(("year", "days"), [(2024, 251), (2025, 248), (2026, 248), (2027, 248)])
def test_every_year_has_the_working_days_of_its_notice(year: int, days: int) -> None:
    assert len(CALENDAR.working_days(date(year, 1, 1), date(year + 1, 1, 1))) == days


def test_only_years_with_a_notice_count_as_published() -> None:
    assert [year for year in range(2020, 2030) if CALENDAR.is_published(year)] == [2024, 2025, 2026]


def test_an_unknown_year_falls_back_to_monday_to_friday() -> None:
    assert CALENDAR.is_working_day(date(2030, 10, 1))
    assert not CALENDAR.is_working_day(date(2030, 10, 5))


def test_an_administrator_can_publish_a_year_and_correct_its_days() -> None:
    corrected = WorkingCalendar.packaged({date(2027, 2, 13): SpecialDay(True, "春节")}, published=[2027])
    assert corrected.is_working_day(date(2027, 2, 13))
    assert not CALENDAR.is_working_day(date(2027, 2, 13))
    assert corrected.is_published(2027)


# --- deadlines: examples


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2025-09-29T10:00", 5, Unit.WORKING_DAY, "2025-10-13T23:59:59"),
        ("2026-02-13T10:00", 5, Unit.WORKING_DAY, "2026-02-27T23:59:59"),
        ("2026-03-02T23:59", 1, Unit.WORKING_DAY, "2026-03-03T23:59:59"),
        ("2026-03-07T10:00", 1, Unit.WORKING_DAY, "2026-03-09T23:59:59"),
        ("2026-02-13T10:00", 1, Unit.WORKING_DAY, "2026-02-14T23:59:59"),
        ("2026-03-02T10:00", 0, Unit.WORKING_DAY, "2026-03-02T23:59:59"),
        ("2026-03-02T10:00", 15, Unit.DAY, "2026-03-17T23:59:59"),
        ("2026-09-20T10:00", 13, Unit.DAY, "2026-10-08T23:59:59"),
        ("2026-03-02T10:00", 1, Unit.MONTH, "2026-04-02T23:59:59"),
        ("2026-03-31T10:00", 1, Unit.MONTH, "2026-04-30T23:59:59"),
        ("2026-01-31T10:00", 1, Unit.MONTH, "2026-02-28T23:59:59"),
        ("2026-03-02T10:00", 24, Unit.HOUR, "2026-03-03T10:00:00"),
        ("2026-10-01T10:00", 24, Unit.HOUR, "2026-10-02T10:00:00"),
        ("2026-03-02T10:00", 4, Unit.WORKING_HOUR, "2026-03-02T16:30:00"),
        ("2026-03-02T07:00", 4, Unit.WORKING_HOUR, "2026-03-02T15:00:00"),
        ("2026-03-06T17:00", 4, Unit.WORKING_HOUR, "2026-03-09T12:00:00"),
        ("2026-09-30T16:30", 2, Unit.WORKING_HOUR, "2026-10-08T09:30:00"),
    ],
)
def test_limits_end_where_the_law_says(start: str, amount: int, unit: Unit, due: str) -> None:
    assert deadline(at(start), amount, unit, CALENDAR).due_at == at(due)


def test_a_start_just_before_midnight_utc_counts_as_the_day_of_shanghai() -> None:
    started = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # 3 March 00:30 in Shanghai
    assert deadline(started, 1, Unit.WORKING_DAY, CALENDAR).due_at == end_of(date(2026, 3, 4))


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        deadline(at("2026-03-02"), -1, Unit.DAY, CALENDAR)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "provisional"),
    [
        ("2026-12-29T10:00", 5, Unit.WORKING_DAY, True),
        ("2026-12-23T10:00", 5, Unit.WORKING_DAY, False),
        ("2026-12-31T10:00", 5, Unit.WORKING_DAY, True),
        ("2026-12-20T10:00", 30, Unit.DAY, True),
        ("2026-12-31T16:00", 4, Unit.WORKING_HOUR, True),
        ("2026-12-31T16:00", 24, Unit.HOUR, False),
        ("2025-12-29T10:00", 5, Unit.WORKING_DAY, False),
    ],
)
def test_a_deadline_that_leans_on_an_unpublished_year_is_provisional(
    start: str, amount: int, unit: Unit, provisional: bool
) -> None:
    assert deadline(at(start), amount, unit, CALENDAR).provisional is provisional


def test_a_deadline_becomes_firm_when_the_year_is_published() -> None:
    firm = WorkingCalendar.packaged(published=[2027])
    assert not deadline(at("2026-12-29T10:00"), 5, Unit.WORKING_DAY, firm).provisional


# --- stopping the clock


def test_working_days_while_stopped_are_not_counted() -> None:
    pause = (at("2026-03-04T15:00"), at("2026-03-06T09:00"))  # Wednesday and Thursday do not count, Friday does
    counted = deadline(at("2026-03-02T10:00"), 5, Unit.WORKING_DAY, CALENDAR, [pause])
    assert counted.due_at == end_of(date(2026, 3, 11))
    assert counted.explanation.paused == timedelta(days=2)


def test_a_stop_within_one_day_costs_nothing_in_days_and_its_length_in_hours() -> None:
    pause = (at("2026-03-03T09:00"), at("2026-03-03T11:00"))
    start = at("2026-03-03T08:30")
    assert deadline(start, 1, Unit.WORKING_DAY, CALENDAR, [pause]).due_at == end_of(date(2026, 3, 4))
    assert deadline(start, 3, Unit.WORKING_HOUR, CALENDAR, [pause]).due_at == at("2026-03-03T16:00")
    assert deadline(start, 3, Unit.HOUR, CALENDAR, [pause]).due_at == at("2026-03-03T13:30")


def test_an_open_stop_leaves_the_earliest_end_and_says_so() -> None:
    start, pause = at("2026-03-02T10:00"), (at("2026-03-04T15:00"), None)
    stopped = deadline(start, 5, Unit.WORKING_DAY, CALENDAR, [pause])
    assert stopped.stopped
    assert stopped.due_at == deadline(start, 5, Unit.WORKING_DAY, CALENDAR).due_at
    assert not deadline(start, 1, Unit.WORKING_DAY, CALENDAR, [(at("2026-03-05T00:00"), None)]).stopped


def test_stops_that_overlap_are_counted_once() -> None:
    pauses = [
        (at("2026-03-04T00:00"), at("2026-03-06T00:00")),
        (at("2026-03-05T00:00"), at("2026-03-05T12:00")),
        (at("2026-03-05T00:00"), at("2026-03-07T00:00")),
    ]
    joined = [(at("2026-03-04T00:00"), at("2026-03-07T00:00"))]
    for unit in Unit:
        several, one = (deadline(at("2026-03-02T10:00"), 3, unit, CALENDAR, p) for p in (pauses, joined))
        assert several.due_at == one.due_at


# --- lights


def test_the_light_turns_yellow_at_four_fifths_of_the_working_time_and_red_when_it_is_over() -> None:
    limit = deadline(at("2026-03-02T08:30"), 4, Unit.WORKING_DAY, CALENDAR)  # five days at the desk, to Friday's end
    assert limit.warn_at == at("2026-03-05T17:30")
    assert limit.light(at("2026-03-05T17:29")) is Light.GREEN
    assert limit.light(at("2026-03-05T17:30")) is Light.YELLOW
    assert limit.light(limit.due_at) is Light.YELLOW
    assert limit.light(limit.due_at + timedelta(seconds=1)) is Light.RED


def test_nights_and_weekends_use_up_no_working_time() -> None:
    start = at("2026-03-05T08:30")
    limit = deadline(start, 2, Unit.WORKING_DAY, CALENDAR)
    assert elapsed_share(limit, at("2026-03-06T17:30"), CALENDAR) == elapsed_share(limit, at("2026-03-09"), CALENDAR)
    assert elapsed_share(limit, start, CALENDAR) == 0
    assert elapsed_share(limit, limit.due_at, CALENDAR) == 1
    assert elapsed_share(limit, limit.due_at + timedelta(hours=1), CALENDAR) > 1


def test_a_stopped_clock_keeps_its_share_and_its_light_however_long_it_stands() -> None:
    pauses = [(at("2026-03-06T00:00"), None)]
    limit = deadline(at("2026-03-05T08:30"), 2, Unit.WORKING_DAY, CALENDAR, pauses)
    share = elapsed_share(limit, at("2026-03-06T00:00"), CALENDAR, pauses)
    assert 0 < share < 0.8
    assert elapsed_share(limit, at("2026-05-06T00:00"), CALENDAR, pauses) == share
    assert limit.light(at("2026-05-06T00:00")) is Light.GREEN


def test_a_limit_without_any_working_time_in_it_still_has_a_light() -> None:
    limit = deadline(at("2026-03-07T10:00"), 0, Unit.WORKING_DAY, CALENDAR)
    assert limit.light(at("2026-03-07T12:00")) is Light.GREEN
    assert elapsed_share(limit, at("2026-03-07T12:00"), CALENDAR) == 0


# --- explanations


def test_a_deadline_explains_itself_to_people() -> None:
    limit = deadline(at("2025-09-29T10:00"), 5, Unit.WORKING_DAY, CALENDAR)
    assert explain(limit) == (
        "自2025年9月29日的次日起算，5个工作日，至2025年10月13日届满；"
        "其间国庆节、中秋（2025年10月1日至2025年10月8日）放假，不计入；2025年10月11日调休上班，计入。"
    )
    assert explain(limit, "en") == (
        "5 working days from the day after 2025-09-29 end on 2025-10-13; not counted as public holidays: "
        "National Day, Mid-Autumn Festival (2025-10-01 to 2025-10-08); counted as make-up working days: 2025-10-11."
    )


def test_the_explanation_names_stops_moves_and_what_is_not_yet_known() -> None:
    pauses = [(at("2026-12-28T10:00"), at("2026-12-29T10:00")), (at("2026-12-31T10:00"), None)]
    assert explain(deadline(at("2026-12-25T10:00"), 5, Unit.WORKING_DAY, CALENDAR, pauses)) == (
        "自2026年12月25日的次日起算，5个工作日，至2027年1月5日届满；其间元旦（2027年1月1日）放假，不计入；"
        "暂停计时1日，不计入；现已暂停计时，恢复后重新计算届满日期；2027年的放假安排尚未公布，届满日期为暂定。"
    )
    assert explain(deadline(at("2026-09-20T10:00"), 13, Unit.DAY, CALENDAR), "en") == (
        "13 days from the day after 2026-09-20 end on 2026-10-08; "
        "the last day, 2026-10-03, is a day off, so the first working day after it counts."
    )
    pause = (at("2026-03-02T11:00"), at("2026-03-02T11:30"))
    assert explain(deadline(at("2026-03-02T10:00"), 2, Unit.HOUR, CALENDAR, [pause])) == (
        "自2026年3月2日10:00起2小时，至2026年3月2日12:30届满；暂停计时0.5小时，不计入。"
    )


@given(start=moments, amount=amounts, unit=units)
def test_every_deadline_can_be_explained_in_both_languages(start: datetime, amount: int, unit: Unit) -> None:
    limit = deadline(start, amount, unit, CALENDAR)
    assert explain(limit).endswith("。")
    assert explain(limit, "en").endswith(".")


# --- properties


@given(start=moments, amount=amounts, unit=units)
def test_a_longer_limit_never_ends_earlier(start: datetime, amount: int, unit: Unit) -> None:
    assert deadline(start, amount, unit, CALENDAR).due_at <= deadline(start, amount + 1, unit, CALENDAR).due_at


@given(start=moments, later=st.timedeltas(timedelta(0), timedelta(days=9)), amount=amounts, unit=units)
def test_a_later_start_never_ends_earlier(start: datetime, later: timedelta, amount: int, unit: Unit) -> None:
    assert deadline(start, amount, unit, CALENDAR).due_at <= deadline(start + later, amount, unit, CALENDAR).due_at


@given(
    start=moments,
    amount=amounts,
    unit=units,
    pauses=st.lists(
        st.tuples(st.timedeltas(timedelta(-3), timedelta(30)), st.timedeltas(timedelta(0), timedelta(9))), max_size=3
    ),
)
def test_stopping_the_clock_never_shortens_a_limit(
    start: datetime, amount: int, unit: Unit, pauses: list[tuple[timedelta, timedelta]]
) -> None:
    stops = [(start + offset, start + offset + length) for offset, length in pauses]
    with_stops = deadline(start, amount, unit, CALENDAR, stops)
    assert deadline(start, amount, unit, CALENDAR).due_at <= with_stops.due_at
    assert start <= with_stops.warn_at <= with_stops.due_at
    assert deadline(start, amount, unit, CALENDAR, [*stops, (start, None)]).due_at == with_stops.due_at


@given(start=moments, amount=st.integers(1, 20))
def test_working_days_end_on_a_working_day_with_exactly_that_many_after_the_start(start: datetime, amount: int) -> None:
    due_on = deadline(start, amount, Unit.WORKING_DAY, CALENDAR).due_at.date()
    assert CALENDAR.is_working_day(due_on)
    after_start = start.date() + timedelta(days=1)
    assert len(CALENDAR.working_days(after_start, due_on + timedelta(days=1))) == amount


@given(start=moments, amount=amounts, unit=st.sampled_from(DAYS))
def test_day_limits_end_at_the_close_of_a_day_that_does_not_depend_on_the_hour_of_start(
    start: datetime, amount: int, unit: Unit
) -> None:
    due_at = deadline(start, amount, unit, CALENDAR).due_at
    assert due_at == end_of(due_at.date())
    assert due_at == deadline(start_of(start.date()), amount, unit, CALENDAR).due_at


@given(
    start=moments, amount=st.integers(1, 20), unit=units, hours=st.lists(st.integers(0, 400), min_size=2, max_size=6)
)
def test_the_elapsed_share_only_grows(start: datetime, amount: int, unit: Unit, hours: list[int]) -> None:
    limit = deadline(start, amount, unit, CALENDAR)
    shares = [elapsed_share(limit, start + timedelta(hours=hour), CALENDAR) for hour in sorted(hours)]
    assert all(earlier <= later for earlier, later in pairwise(shares))


@given(start=moments, amount=st.integers(1, 20), hour=st.integers(0, 400))
def test_light_and_share_tell_the_same(start: datetime, amount: int, hour: int) -> None:
    limit = deadline(start, amount, Unit.WORKING_DAY, CALENDAR)
    moment = start + timedelta(hours=hour)
    share = elapsed_share(limit, moment, CALENDAR)
    assume(abs(share - 0.8) > 0.001)
    light = Light.RED if share > 1 else Light.YELLOW if share > 0.8 else Light.GREEN
    assert limit.light(moment) is light
