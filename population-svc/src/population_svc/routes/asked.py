"""What queries ask for, one dependency each."""

from datetime import date, datetime
from typing import Annotated, NamedTuple

from fastapi import Depends, Query
from pydantic import AwareDatetime

from grid_kernel.clock import today
from grid_kernel.errors import InvalidInput
from grid_kernel.runtime import CurrentRuntime, Now
from grid_kernel.schemas import AreaCode
from grid_kernel.working_calendar import WorkingCalendar
from population_svc.progress import quarter_named
from population_svc.queries import RosterFilter
from population_svc.rules import Freshness, Presence, VisitState

FIRST_DAY = date(1900, 1, 1)
"""Nobody kept a register of households here before."""

Area = Annotated[AreaCode, Query(description="District, street, community or grid.")]
AreaOrAll = Annotated[AreaCode | None, Query(description="An area within one's own; all of it when left out.")]
FIRST_YEAR_KNOWN = 2000
"""Nothing was known to this register before."""

AsOf = Annotated[date | None, Query(alias="asOf", description="As it was on that day; today when left out.")]
KnownAt = Annotated[AwareDatetime | None, Query(alias="knownAt", description="As it was known then; now.")]
Quarter = Annotated[str | None, Query(pattern=r"^20[0-9]{2}Q[1-4]$", description="Such as 2026Q4; the running one.")]


def moment_asked(stated: datetime | None, now: datetime) -> datetime | None:
    """The moment that was stated, where a calendar has room around it; None for what is known now."""
    if stated is not None and not FIRST_YEAR_KNOWN <= stated.year <= now.year + 1:
        raise InvalidInput.at("#/query/knownAt", "not-acceptable")
    return stated


class Moment(NamedTuple):
    """The day something is asked of, and the moment it is asked as known at; None is now."""

    day: date
    known: datetime | None


def _moment(now: Now, as_of: AsOf = None, known_at: KnownAt = None) -> Moment:
    return Moment(as_of or today(now), moment_asked(known_at, now))


When = Annotated[Moment, Depends(_moment)]


def day_asked(as_of: date | None, now: datetime) -> date:
    """The day the round is asked of: today unless named; nobody knows how one that is to come will stand."""
    day = today(now)
    if as_of is None:
        return day
    if as_of > day:
        raise InvalidInput.at("#/query/asOf", "in-the-future")
    return max(as_of, FIRST_DAY)


async def _working_calendar(runtime: CurrentRuntime) -> WorkingCalendar:
    """The working calendar with what an administrator entered."""
    return await runtime.calendar()


Days = Annotated[WorkingCalendar, Depends(_working_calendar)]


async def _roster_filter(  # noqa: PLR0917 - one query parameter each
    now: Now,
    area: AreaOrAll = None,
    quarter: Quarter = None,
    reached: Annotated[bool | None, Query(description="Entered in the quarter, or living there and not yet.")] = None,
    state: Annotated[VisitState | None, Query(description="Where it stands in the quarter's round.")] = None,
    presence: Presence | None = None,
    care: Annotated[bool | None, Query(description="Whether somebody of it is on the care list.")] = None,
    visited_from: Annotated[
        date | None, Query(alias="visitedFrom", description="Entered on or after this day.")
    ] = None,
    visits_at_least: Annotated[int | None, Query(alias="visitsAtLeast", ge=1, le=92)] = None,
    freshness: Annotated[Freshness | None, Query(description="How long ago it was last entered there.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> RosterFilter:
    """Which households are wanted; whatever asks about visits asks about a quarter, of what is known now."""
    known = moment_asked(known_at, now)
    if known is not None:
        of_visits = (quarter, reached, state, care, visited_from, visits_at_least, freshness)
        if any(asked is not None for asked in of_visits):
            raise InvalidInput.at("#/query/knownAt", "not-with-visits")
        return RosterFilter(area, day=day_asked(as_of, now), presence=presence, known_at=known)
    dated = (quarter, reached, state, visited_from, visits_at_least, freshness, as_of)
    of_a_day = any(asked is not None for asked in dated)
    period, day = quarter_named(quarter, day_asked(as_of, now)) if of_a_day else (None, None)
    return RosterFilter(area, period, day, reached, state, presence, care, visited_from, visits_at_least, freshness)


Wanted = Annotated[RosterFilter, Depends(_roster_filter)]
