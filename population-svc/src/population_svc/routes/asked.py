"""What queries ask for, one dependency each."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Query

from grid_kernel.clock import today
from grid_kernel.runtime import Now
from grid_kernel.schemas import AreaCode
from population_svc.progress import quarter_named
from population_svc.queries import RosterFilter
from population_svc.rules import Presence, VisitState

Area = Annotated[AreaCode, Query(description="District, street, community or grid.")]
AreaOrAll = Annotated[AreaCode | None, Query(description="An area within one's own; all of it when left out.")]
Quarter = Annotated[str | None, Query(pattern=r"^20[0-9]{2}Q[1-4]$", description="Such as 2026Q4; the running one.")]


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
) -> RosterFilter:
    """Which households are wanted; whatever asks about visits asks about a quarter."""
    of_visits = any(asked is not None for asked in (quarter, reached, state, visited_from, visits_at_least))
    period, day = quarter_named(quarter, today(now)) if of_visits else (None, None)
    return RosterFilter(area, period, day, reached, state, presence, care, visited_from, visits_at_least)


Wanted = Annotated[RosterFilter, Depends(_roster_filter)]
