"""Which days and hours are worked, and how time runs through them; the words for it are in the clock."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

SATURDAY = 5
SHANGHAI = ZoneInfo("Asia/Shanghai")
Pauses = Sequence[tuple[datetime, datetime | None]]
Span = tuple[datetime, datetime]
_DAY = timedelta(days=1)


def start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)


def end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)


def shanghai(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(SHANGHAI)


class SpecialDay(NamedTuple):
    """A day that is not what its weekday says, or is a named holiday."""

    working: bool
    name: str


WORKING_HOURS = ((time(8, 30), time(12, 0)), (time(14, 30), time(17, 30)))


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days and hours count. Years outside `published` fall back to what is known, else Monday to Friday."""

    special: Mapping[date, SpecialDay]
    published: frozenset[int]
    hours: tuple[tuple[time, time], ...] = WORKING_HOURS

    @classmethod
    def packaged(
        cls,
        overrides: Mapping[date, SpecialDay] | None = None,
        published: Iterable[int] = (),
        hours: tuple[tuple[time, time], ...] = WORKING_HOURS,
    ) -> Self:
        """The calendar shipped with us (State Council notices), corrected by what an administrator entered."""
        special = _PACKAGED | dict(overrides or {})
        return cls(special, _PUBLISHED | frozenset(published), hours)

    def is_working_day(self, day: date) -> bool:
        special = self.special.get(day)
        return day.weekday() < SATURDAY if special is None else special.working

    def is_published(self, year: int) -> bool:
        return year in self.published

    def working_days(self, start: date, end: date) -> list[date]:
        """The working days from start up to, not including, end."""
        days = (start + timedelta(days=number) for number in range((end - start).days))
        return [day for day in days if self.is_working_day(day)]


def _packaged() -> tuple[dict[date, SpecialDay], frozenset[int]]:
    text = (files("grid_kernel") / "data" / "working_calendar.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    special = {date.fromisoformat(row["day"]): SpecialDay(row["working"] == "1", row["name"]) for row in rows}
    return special, frozenset(int(row["day"][:4]) for row in rows if row["status"] == "official")


_PACKAGED, _PUBLISHED = _packaged()


def closed(pauses: Pauses) -> list[Span]:
    """The pauses that have ended, in order, joined where they overlap."""
    joined: list[Span] = []
    for begin, end in sorted((shanghai(begin), shanghai(end)) for begin, end in pauses if end is not None):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif begin < end:
            joined.append((begin, end))
    return joined


def spans(start: datetime, calendar: WorkingCalendar | None, pauses: list[Span]) -> Iterator[Span]:
    """The stretches in which the clock runs, without end: working hours, or round the clock without a calendar."""
    day = start.date()
    while True:
        if calendar is None:
            yield from _without(pauses, max(start, start_of(day)), start_of(day + _DAY))
        elif calendar.is_working_day(day):
            for opens, closes in calendar.hours:
                begin, end = datetime.combine(day, opens, SHANGHAI), datetime.combine(day, closes, SHANGHAI)
                yield from _without(pauses, max(start, begin), end)
        day += _DAY


def _without(pauses: list[Span], begin: datetime, end: datetime) -> Iterator[Span]:
    for stopped, resumed in pauses:
        if stopped < end and resumed > begin:
            if stopped > begin:
                yield begin, stopped
            begin = resumed
    if begin < end:
        yield begin, end


def running(spans: Iterator[Span], until: datetime) -> timedelta:
    total = timedelta(0)
    for begin, end in spans:
        if begin >= until:
            break
        total += min(end, until) - begin
    return total


def advance(spans: Iterator[Span], amount: timedelta) -> datetime:
    for begin, end in spans:
        if begin + amount <= end:
            return begin + amount
        amount -= end - begin
    raise AssertionError("the clock runs without end")
