"""When a service point is open: dated weeks, holidays and make-up days of the working calendar. Pure.

Of the weeks entered, the one entered last among those that cover a day holds on it: two weeks of closing for the
Spring Festival are entered over the usual week, which holds again afterwards. Nothing entered is nothing known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from grid_kernel.clock import SHANGHAI, WorkingCalendar
from grid_kernel.working_calendar import SATURDAY

LOOK_AHEAD = 30
"""Days within which the next opening is looked for; the longest holiday has nine."""
MONDAY = 1


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of one day of the week (1 is Monday), Shanghai time; from opens up to, not including, closes."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of a week, for the days from valid_from up to, not including, valid_to."""

    valid_from: date
    valid_to: date | None
    spans: tuple[Span, ...]
    on_holidays: bool = False

    def covers(self, day: date) -> bool:
        """Whether it says anything of a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def overlapping(spans: Sequence[Span]) -> bool:
    """Whether two of them are of the same minute."""
    ordered = sorted(spans, key=lambda span: (span.weekday, span.opens))
    return any(one.weekday == other.weekday and other.opens < one.closes for one, other in pairwise(ordered))


def hours_on(weeks: Sequence[Week], day: date, calendar: WorkingCalendar) -> tuple[Span, ...] | None:
    """The hours of a day out of weeks, the last entered first; () is closed, None is not known.

    A public holiday is closed unless the week says otherwise. A Saturday or Sunday worked for a holiday has its own
    hours, or where it has none those of a Monday (调休).
    """
    week = next((week for week in weeks if week.covers(day)), None)
    if week is None:
        return None
    special = calendar.special.get(day)
    if special is not None and not special.working and not week.on_holidays:
        return ()
    found = _of_weekday(week, day.isoweekday())
    made_up = special is not None and special.working and day.weekday() >= SATURDAY
    return _of_weekday(week, MONDAY) if made_up and not found else found


def _of_weekday(week: Week, weekday: int) -> tuple[Span, ...]:
    return tuple(sorted((span for span in week.spans if span.weekday == weekday), key=lambda span: span.opens))


def is_open(weeks: Sequence[Week], moment: datetime, calendar: WorkingCalendar) -> bool | None:
    """Whether it is open at a moment; None when nothing is known of the day."""
    local = moment.astimezone(SHANGHAI)
    hours = hours_on(weeks, local.date(), calendar)
    return None if hours is None else any(span.opens <= local.time() < span.closes for span in hours)


def opens_next(weeks: Sequence[Week], moment: datetime, calendar: WorkingCalendar) -> datetime | None:
    """When it opens next after a moment; None when that is not within thirty days, or not known."""
    return next((begin for begin in _openings(weeks, moment, calendar) if begin > moment), None)


def _openings(weeks: Sequence[Week], moment: datetime, calendar: WorkingCalendar) -> Iterator[datetime]:
    first = moment.astimezone(SHANGHAI).date()
    for ahead in range(LOOK_AHEAD + 1):
        day = first + timedelta(days=ahead)
        for span in hours_on(weeks, day, calendar) or ():
            yield datetime.combine(day, span.opens, SHANGHAI)
