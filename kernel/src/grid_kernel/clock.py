"""Time by the law: Shanghai days and quarters, and deadlines that explain themselves."""

import json
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from grid_kernel.working_calendar import SATURDAY, Pauses, Span, advance, closed, running, shanghai, spans
from grid_kernel.working_calendar import SHANGHAI as SHANGHAI
from grid_kernel.working_calendar import SpecialDay as SpecialDay
from grid_kernel.working_calendar import WorkingCalendar as WorkingCalendar
from grid_kernel.working_calendar import end_of as end_of
from grid_kernel.working_calendar import start_of as start_of

WARNING_SHARE = 0.8
_DAY = timedelta(days=1)
_TEXTS = json.loads((files("grid_kernel") / "data" / "clock_texts.json").read_text("utf-8"))


def now() -> datetime:
    """The only place that reads the system clock for business; everything else is told the time."""
    return datetime.now(UTC)


def today(now: datetime) -> date:
    return shanghai(now).date()


class Period(NamedTuple):
    """Days from start up to, not including, end."""

    start: date
    end: date
    label: str

    def contains(self, day: date) -> bool:
        return self.start <= day < self.end


def week_of(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    year, week, _ = day.isocalendar()
    return Period(monday, monday + timedelta(days=7), f"{year}W{week:02}")


def week_named(label: str) -> Period:
    """The week a label such as 2026W48 means; a 53rd week of a year that has 52 is the first of the next."""
    return week_of(date.fromisocalendar(int(label[:4]), 1, 1) + timedelta(weeks=int(label[5:]) - 1))


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, _months_later(first, 1), f"{day:%Y-%m}")


def quarter_of(day: date) -> Period:
    quarter = (day.month - 1) // 3
    first = date(day.year, quarter * 3 + 1, 1)
    return Period(first, _months_later(first, 3), f"{day.year}Q{quarter + 1}")


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where it has none (民法典 art 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


class Unit(StrEnum):
    """What a limit is counted in; the law says which."""

    WORKING_DAY = "working_day"
    DAY = "day"
    WORKING_HOUR = "working_hour"
    HOUR = "hour"
    MONTH = "month"


class Light(StrEnum):
    """How much of the time is used: under 80 %, from 80 %, all of it."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Skipped(NamedTuple):
    """Public holidays in a row, both ends included."""

    names: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True)
class Explanation:
    """Why a deadline is when it is."""

    amount: int
    unit: Unit
    start: datetime
    skipped: tuple[Skipped, ...] = ()
    makeup: tuple[date, ...] = ()
    paused: timedelta = timedelta(0)
    moved_from: date | None = None
    unpublished: tuple[int, ...] = ()


@dataclass(frozen=True)
class Deadline:
    """When a limit ends. While an open pause stops the clock, due_at is the earliest it could be."""

    due_at: datetime
    warn_at: datetime
    provisional: bool
    stopped_at: datetime | None
    explanation: Explanation

    @property
    def stopped(self) -> bool:
        return self.stopped_at is not None

    def light(self, now: datetime) -> Light:
        reached = min(now, self.stopped_at or now)
        if reached > self.due_at:
            return Light.RED
        return Light.YELLOW if reached >= self.warn_at else Light.GREEN


def deadline(start: datetime, amount: int, unit: Unit, calendar: WorkingCalendar, pauses: Pauses = ()) -> Deadline:
    """Compute when a limit ends.

    Days are counted from the day after the start and end at its close; working days as in 行政许可法 art 82, calendar
    days and months move off a day off (民法典 art 201 to 203); hours run at once. A day counts when the clock runs at
    its end; pauses are (from, to), to = None while still stopped.
    """
    start = shanghai(start)
    if amount < 0:
        raise ValueError("a limit cannot be negative")
    ended = closed(pauses)
    if unit in (Unit.HOUR, Unit.WORKING_HOUR):
        due_at, explanation = _by_hours(start, amount, unit, calendar, ended)
    else:
        due_at, explanation = _by_days(start, amount, unit, calendar, ended)
    stopped_at = min((shanghai(begin) for begin, end in pauses if end is None and begin <= due_at), default=None)
    warn_at = _warn_at(start, due_at, unit, calendar, ended)
    return Deadline(due_at, warn_at, bool(explanation.unpublished), stopped_at, explanation)


def elapsed_share(deadline: Deadline, now: datetime, calendar: WorkingCalendar, pauses: Pauses = ()) -> float:
    """How much of the (working) time is used, 0 to 1; above 1 it is late."""
    start, counted = deadline.explanation.start, _counted(deadline.explanation.unit, calendar)
    reached = min(shanghai(now), deadline.stopped_at or shanghai(now))
    if reached > deadline.due_at:
        return 1 + (reached - deadline.due_at) / (deadline.due_at - start or _DAY)
    ended = closed(pauses)
    total = running(spans(start, counted, ended), deadline.due_at)
    return running(spans(start, counted, ended), reached) / total if total else 0.0


def _by_days(
    start: datetime, amount: int, unit: Unit, calendar: WorkingCalendar, pauses: list[Span]
) -> tuple[datetime, Explanation]:
    working = unit is Unit.WORKING_DAY
    left = (_months_later(start.date(), amount) - start.date()).days if unit is Unit.MONTH else amount
    last = start.date()
    paused: set[date] = set()
    while left:
        last += _DAY
        if working and not calendar.is_working_day(last):
            continue
        if _is_paused(last, pauses):
            paused.add(last)
        else:
            left -= 1
    due_on = last
    while not working and (not calendar.is_working_day(due_on) or _is_paused(due_on, pauses)):
        due_on += _DAY
    passed = _days(start.date() + _DAY, due_on) if working else []
    return end_of(due_on), Explanation(
        amount,
        unit,
        start,
        skipped=_holidays(passed, calendar),
        makeup=tuple(day for day in passed if _is_makeup(day, calendar) and day not in paused),
        paused=timedelta(days=len(paused)),
        moved_from=last if due_on != last else None,
        unpublished=_unpublished((passed or [last])[0], due_on, calendar),
    )


def _by_hours(
    start: datetime, amount: int, unit: Unit, calendar: WorkingCalendar, pauses: list[Span]
) -> tuple[datetime, Explanation]:
    length = timedelta(hours=amount)
    due_at = advance(spans(start, _counted(unit, calendar), pauses), length)
    passed = _days(start.date(), due_at.date()) if unit is Unit.WORKING_HOUR else []
    return due_at, Explanation(
        amount,
        unit,
        start,
        skipped=_holidays(passed, calendar),
        makeup=tuple(day for day in passed if _is_makeup(day, calendar)),
        paused=running(spans(start, calendar if passed else None, []), due_at) - length,
        unpublished=_unpublished(start.date(), due_at.date(), calendar) if passed else (),
    )


def _warn_at(start: datetime, due_at: datetime, unit: Unit, calendar: WorkingCalendar, pauses: list[Span]) -> datetime:
    counted = _counted(unit, calendar)
    total = running(spans(start, counted, pauses), due_at)
    return advance(spans(start, counted, pauses), total * WARNING_SHARE).replace(microsecond=0) if total else due_at


def _counted(unit: Unit, calendar: WorkingCalendar) -> WorkingCalendar | None:
    return calendar if unit in (Unit.WORKING_DAY, Unit.WORKING_HOUR) else None


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _is_makeup(day: date, calendar: WorkingCalendar) -> bool:
    return day.weekday() >= SATURDAY and calendar.is_working_day(day)


def _unpublished(first: date, last: date, calendar: WorkingCalendar) -> tuple[int, ...]:
    return tuple(year for year in range(first.year, last.year + 1) if not calendar.is_published(year))


def _holidays(days: Sequence[date], calendar: WorkingCalendar) -> tuple[Skipped, ...]:
    found: list[Skipped] = []
    for day in days:
        special = calendar.special.get(day)
        if special is None or special.working:
            continue
        if found and found[-1].last == day - _DAY:
            names = tuple(dict.fromkeys((*found[-1].names, special.name)))
            found[-1] = Skipped(names, found[-1].first, day)
        else:
            found.append(Skipped((special.name,), day, day))
    return tuple(found)


def _is_paused(day: date, pauses: list[Span]) -> bool:
    return bool(pauses) and any(begin <= end_of(day) < end for begin, end in pauses)


def explain(deadline: Deadline, language: Literal["zh", "en"] = "zh") -> str:
    """Say in one sentence why the deadline is when it is."""
    texts, why = _TEXTS[language], deadline.explanation
    in_hours = why.unit in (Unit.HOUR, Unit.WORKING_HOUR)
    moment = texts["moment" if in_hours else "date"].format
    day = texts["date"].format
    parts = [texts[why.unit].format(start=moment(why.start), amount=why.amount, due=moment(deadline.due_at))]
    if why.skipped:
        parts.append(texts["skipped"].format(days=texts["and"].join(_range(skipped, texts) for skipped in why.skipped)))
    if why.makeup:
        parts.append(texts["makeup"].format(days=texts["and"].join(map(day, why.makeup))))
    if why.paused:
        hours = round(why.paused / timedelta(hours=1), 1)
        key, paused = ("paused_hours", hours) if in_hours else ("paused_days", why.paused.days)
        parts.append(texts[key].format(paused=paused))
    if why.moved_from:
        parts.append(texts["moved"].format(day=day(why.moved_from)))
    if deadline.stopped:
        parts.append(texts["stopped"])
    if deadline.provisional:
        parts.append(texts["provisional"].format(years=texts["and"].join(map(str, why.unpublished))))
    return str(texts["then"].join(parts) + texts["end"])


def _range(skipped: Skipped, texts: dict[str, Any]) -> str:
    name = texts["and"].join(texts["holidays"].get(name, name) for name in skipped.names)
    form = texts["single" if skipped.first == skipped.last else "range"]
    return str(
        form.format(name=name, first=texts["date"].format(skipped.first), last=texts["date"].format(skipped.last))
    )
