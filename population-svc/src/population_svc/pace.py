"""The visiting rule of a quarter, and how fast a grid must go to keep it. Pure figures."""

from dataclasses import dataclass
from datetime import date

from grid_kernel.clock import Period, month_of, week_of

_WEEKS_OF_A_QUARTER = 13
_MONTHS_OF_A_QUARTER = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """What an area demands of its visits from a day on."""

    monthly_minimum: int
    coverage_percent: int
    care_visits: int
    care_gap_days: int
    visit_weekday: int | None = None

    @property
    def weekly_minimum(self) -> int:
        """The monthly minimum, spread over the 13 weeks of a quarter and rounded up."""
        return _divided_up(self.monthly_minimum * _MONTHS_OF_A_QUARTER, _WEEKS_OF_A_QUARTER)


@dataclass(frozen=True, slots=True)
class Pace:
    """What is left to do in a stretch of the quarter: the larger of the minimum and an even share of the rest."""

    period: Period
    minimum: int
    pace: int
    done: int

    @property
    def minimum_reached(self) -> bool:
        """Whether the minimum of distinct households is done."""
        return self.done >= self.minimum


def target(rule: Rule, households: int) -> int:
    """How many distinct households the quarter asks for."""
    return _divided_up(households * rule.coverage_percent, 100)


def this_month(rule: Rule, households: int, *, before: int, done: int, day: date, quarter: Period) -> Pace:
    """`max(minimum, ceil((target - done before this month) / months left))`; `before` and `done` are distinct.

    A grid with fewer households than the minimum has all of them as its minimum.
    """
    month = month_of(day)
    left = _months(month.start, quarter.end)
    minimum = min(rule.monthly_minimum, households)
    return Pace(month, minimum, max(minimum, _divided_up(target(rule, households) - before, left)), done)


def this_week(rule: Rule, households: int, *, before: int, done: int, day: date, quarter: Period) -> Pace:
    """The same with the weeks left, the running one included."""
    week = week_of(day)
    first = max(week.start, quarter.start)
    left = _divided_up((quarter.end - first).days, 7)
    minimum = min(rule.weekly_minimum, households)
    return Pace(week, minimum, max(minimum, _divided_up(target(rule, households) - before, left)), done)


def on_track(target: int, *, visited: int, day: date, quarter: Period) -> bool:
    """Whether an even walk through the quarter would be no further at the beginning of this day."""
    gone = (min(day, quarter.end) - quarter.start).days
    return visited >= target * gone // (quarter.end - quarter.start).days


def forecast(households: int, *, visited: int, day: date, quarter: Period) -> int:
    """How many distinct households the quarter ends with at the speed so far; never more than there are."""
    length = (quarter.end - quarter.start).days
    gone = min((day - quarter.start).days + 1, length)
    return min(households, visited * length // gone)


def coverage_percent(visited: int, households: int) -> float:
    """Distinct households entered of those living there, in percent with one decimal; rounded down, never up."""
    return visited * 1000 // households / 10 if households else 0.0


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _divided_up(amount: int, by: int) -> int:
    return -(-max(amount, 0) // by)
