"""What the visiting regulation says of a visit and of asking back."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from grid_kernel.errors import InvalidInput
from population_svc.rules.register import check_not_before

CLOCK_TOLERANCE = timedelta(minutes=5)
OLDEST_VISIT = timedelta(days=120)
REVISIT_AFTER = timedelta(days=7)
COME_AGAIN = "come_again"


def sample_size(number: int) -> int:
    """How many of so many are asked back: three in a hundred, one at least."""
    return min(number, max(1, -(-number * 3 // 100)))


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
