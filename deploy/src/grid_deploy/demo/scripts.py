"""Time in scripts: how long ago each step was, counted in working days, at plausible minutes of the day."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from grid_deploy.demo.composition import Draw
from grid_deploy.demo.plan import WorkingDays
from grid_kernel.clock import SHANGHAI

MORNING_STARTS, MORNING_MINUTES = time(8, 40), 190
AFTERNOON_STARTS, AFTERNOON_MINUTES = time(14, 35), 90


def first_day(as_of: date, gaps: Sequence[int], idle: int, days: WorkingDays) -> date:
    """The day to begin so that, after all gaps, nothing happened for `idle` working days before `as_of`."""
    return days.before(as_of, sum(gaps) + idle + 1)


def moments(start: date, gaps: Sequence[int], draw: Draw, days: WorkingDays) -> Iterator[datetime]:
    """A moment for the beginning and for each gap after it; gap 0 = some minutes later on the same day."""
    day, moment = start, _in_hours(start, draw)
    yield moment
    for gap in gaps:
        day = days.after(day, gap)
        moment = _in_hours(day, draw) if gap else moment + timedelta(minutes=draw.between(4, 14))
        yield moment


def _in_hours(day: date, draw: Draw) -> datetime:
    morning = draw.chance(0.6)
    start, span = (MORNING_STARTS, MORNING_MINUTES) if morning else (AFTERNOON_STARTS, AFTERNOON_MINUTES)
    begins = datetime.combine(day, start, SHANGHAI)
    return begins + timedelta(minutes=draw.between(0, span), seconds=draw.between(0, 59))
