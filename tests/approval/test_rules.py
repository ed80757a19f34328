"""What the regulation says, without a database: moves, clocks, notices, catalogue."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_svc import rules
from approval_svc.rules import (
    TRANSITIONS,
    ClockKind,
    ItemLimits,
    Limit,
    MoveNotAllowed,
    NotPreReviewed,
    SecondNotice,
    State,
    Verb,
    check_notice,
    due,
    next_state,
)
from grid_kernel.clock import SHANGHAI, Unit, WorkingCalendar
from grid_kernel.errors import InvalidInput

CALENDAR = WorkingCalendar.packaged()
FIVE = Limit(5, Unit.WORKING_DAY, "行政许可法 art 32")
TWENTY = Limit(20, Unit.WORKING_DAY, "行政许可法 art 42")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", Verb)
def test_every_move_leads_where_the_table_says_or_is_refused(state: State, verb: Verb) -> None:
    if verb in TRANSITIONS[state]:
        assert next_state(state, verb, handling_type="2") is TRANSITIONS[state][verb]
    else:
        with pytest.raises((MoveNotAllowed, NotPreReviewed)):
            next_state(state, verb, handling_type="2")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", Verb)
def test_an_instant_item_may_be_decided_when_it_arrives_and_is_otherwise_like_all(state: State, verb: Verb) -> None:
    short = {(State.FORWARDED, Verb.APPROVE): State.APPROVED, (State.FORWARDED, Verb.DENY): State.DENIED}
    wanted = short.get((state, verb), TRANSITIONS[state].get(verb))
    if wanted is not None:
        assert next_state(state, verb, handling_type=rules.INSTANT) is wanted
    else:
        with pytest.raises((MoveNotAllowed, NotPreReviewed)):
            next_state(state, verb, handling_type=rules.INSTANT)


def test_every_state_has_a_row_and_what_has_ended_goes_nowhere() -> None:
    assert set(TRANSITIONS) == set(State)
    for state in rules.ENDED - {State.COMPLETED}:
        assert not TRANSITIONS[state]
    assert set(TRANSITIONS[State.COMPLETED]) == {Verb.RATE}


def test_every_state_can_be_reached_and_every_open_one_can_end() -> None:
    reached, frontier = {State.SUBMITTED}, [State.SUBMITTED]
    while frontier:
        for target in TRANSITIONS[frontier.pop()].values():
            if target not in reached:
                reached.add(target)
                frontier.append(target)
    assert reached == set(State)


@pytest.mark.parametrize("state", sorted(rules.AT_THE_DESK - {State.PRE_REVIEWED}))
def test_forwarding_too_early_says_what_is_missing(state: State) -> None:
    with pytest.raises(NotPreReviewed):
        next_state(state, Verb.FORWARD, handling_type="2")


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2025-09-29T10:00", FIVE, "2025-10-13"),
        ("2026-02-13T16:59", FIVE, "2026-02-27"),
        ("2026-11-23T09:00", FIVE, "2026-11-30"),
    ],
)
def test_working_days_skip_holidays_and_count_make_up_days(start: str, limit: Limit, end: str) -> None:
    assert due(at(start), limit, CALENDAR).due_at.astimezone(SHANGHAI).date().isoformat() == end


def test_a_special_procedure_over_national_day_moves_the_end_by_its_working_days() -> None:
    start = at("2025-09-22T09:00")
    without = due(start, TWENTY, CALENDAR).due_at
    pause = (at("2025-09-26T08:00"), at("2025-10-10T18:00"))
    moved = due(start, TWENTY, CALENDAR, [pause]).due_at
    stopped = len(CALENDAR.working_days(pause[0].date(), pause[1].date()))
    between = len(CALENDAR.working_days(without.date(), moved.date()))
    assert stopped - 1 <= between <= stopped + 1
    assert moved > without


def test_a_deadline_in_a_year_nobody_has_published_is_provisional() -> None:
    assert due(at("2026-12-28T09:00"), TWENTY, CALENDAR).provisional
    assert not due(at("2026-11-02T09:00"), FIVE, CALENDAR).provisional


@given(st.integers(0, 60), st.integers(0, 20))
def test_a_pause_never_shortens_a_limit(start: int, length: int) -> None:
    begun = at("2026-03-02T09:00")
    pause = (begun + timedelta(days=start), begun + timedelta(days=start + length))
    assert due(begun, TWENTY, CALENDAR, [pause]).due_at >= due(begun, TWENTY, CALENDAR).due_at


def test_what_to_correct_is_told_once() -> None:
    told = [frozenset({"收入证明", "照片"})]
    check_notice([], frozenset({"收入证明"}), by_head=False, reason=None)
    check_notice(told, frozenset({"照片"}), by_head=False, reason=None)
    with pytest.raises(SecondNotice):
        check_notice(told, frozenset({"照片", "户口本"}), by_head=False, reason="忘了")
    with pytest.raises(SecondNotice):
        check_notice(told, frozenset({"户口本"}), by_head=True, reason=None)
    check_notice(told, frozenset({"户口本"}), by_head=True, reason="政策调整")
    with pytest.raises(InvalidInput):
        check_notice([], frozenset(), by_head=False, reason=None)


def test_each_clock_that_is_started_is_stopped_by_something() -> None:
    limits = ItemLimits(FIVE, TWENTY, TWENTY)
    started = {kind for verb in Verb for kind in rules.started_by(verb, limits)}
    stopped = {kind for verb in set(Verb) - {Verb.WITHDRAW, Verb.LAPSE} for kind in rules.STOPS[verb]}
    assert started == set(ClockKind) == stopped
    assert set(rules.STOPS) == set(Verb)


@pytest.mark.parametrize(
    ("handling_type", "promised", "statutory", "code"),
    [
        ("1", 10, None, "instant-means-promised-zero"),
        ("1", None, None, "instant-means-promised-zero"),
        ("2", 0, None, "instant-means-promised-zero"),
        ("2", 20, 10, "promised-longer-than-statutory"),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(
    handling_type: str, promised: int | None, statutory: int | None, code: str
) -> None:
    limits = ItemLimits(
        None, *(Limit(n, Unit.WORKING_DAY, "") if n is not None else None for n in (promised, statutory))
    )
    with pytest.raises(rules.InconsistentItem) as refused:
        rules.check_item(handling_type, limits)
    assert [error.code for error in refused.value.errors] == [code]


def test_an_item_that_fits_itself_is_published() -> None:
    at_once, ten = Limit(0, Unit.WORKING_DAY, ""), Limit(10, Unit.WORKING_DAY, "")
    rules.check_item("1", ItemLimits(None, at_once, None))
    rules.check_item("2", ItemLimits(FIVE, ten, TWENTY))
    rules.check_item("2", ItemLimits(None, TWENTY, Limit(15, Unit.DAY, "")))
    rules.check_item("9", ItemLimits(None, None, None))


def test_a_later_version_begins_later() -> None:
    rules.check_follows(date(2020, 1, 1), date(2020, 1, 2))
    for day in (date(2020, 1, 1), date(2019, 12, 31)):
        with pytest.raises(rules.InconsistentItem):
            rules.check_follows(date(2020, 1, 1), day)


def test_acceptance_by_silence_counts_from_receipt_and_everything_else_from_the_act() -> None:
    received, now = at("2026-11-02T09:00"), at("2026-11-10T00:01")
    for verb in Verb:
        assert rules.starts_at(verb, received, now) == (received if verb is Verb.DEEM_ACCEPTED else now)
