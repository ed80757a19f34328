"""What the visiting regulation says of a visit and of asking back."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from grid_kernel.clock import start_of, today
from grid_kernel.errors import InvalidInput
from grid_kernel.working_calendar import WorkingCalendar
from population_svc.rules.register import check_not_before

CLOCK_TOLERANCE = timedelta(minutes=5)
OLDEST_VISIT = timedelta(days=120)
REVISIT_AFTER = timedelta(days=7)
COME_AGAIN = "come_again"


SPOT_CHECK_PERCENT = 3


class Share(Protocol):
    """What is looked at in a visiting rule."""

    area_code: str
    valid_from: date
    spot_check_percent: int


def sample_size(number: int, percent: int = SPOT_CHECK_PERCENT) -> int:
    """How many of so many are asked back: so many in a hundred, one at least."""
    return min(number, max(1, -(-number * percent // 100)))


def share_asked_back(area: str, in_force: Iterable[Share]) -> int:
    """How many in a hundred are asked back in an area: the rule with the longest area code, the latest of two."""
    fitting = [rule for rule in in_force if area.startswith(rule.area_code)]
    if not fitting:
        return SPOT_CHECK_PERCENT
    return max(fitting, key=lambda rule: (len(rule.area_code), rule.valid_from)).spot_check_percent


def routine_since(now: datetime, calendar: WorkingCalendar) -> datetime:
    """Since when a routine look into the own grid is recorded once: the working day; on a day off each one is."""
    day = today(now)
    return start_of(day) if calendar.is_working_day(day) else now


def check_visit_time(visited_at: datetime, now: datetime, *, from_phone: bool = False) -> None:
    """Refuse a visit from the future, and one from before the last quarter unless a phone kept it until now."""
    if visited_at > now + CLOCK_TOLERANCE:
        raise InvalidInput.at("/visitedAt", "in-the-future")
    if visited_at < now - OLDEST_VISIT and not from_phone:
        raise InvalidInput.at("/visitedAt", "too-long-ago")


def revisit_day(needs: Sequence[str], asked: date | None, visited_on: date) -> date | None:
    """The day somebody asked to be visited again: the one named, a week later when none was."""
    if asked is not None:
        check_not_before(asked, visited_on, "/revisitOn")
        return asked
    return visited_on + REVISIT_AFTER if COME_AGAIN in needs else None
