"""Figures of an area, each with the query of the rows behind it."""

from typing import Annotated

from fastapi import Query

from dispute_svc import counting
from dispute_svc.schemas import Figures, UnitFigures, WeekFigures
from grid_kernel.auth import CurrentActor
from grid_kernel.errors import NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import AreaCode

router = GridRouter(prefix="/figures", tags=["figures"])


@router.get("", responses=refusals(NotFound))
async def get_figures(
    actor: CurrentActor, reads: Reads, runtime: CurrentRuntime, now: Now, area: Annotated[AreaCode, Query()]
) -> Figures:
    """Open, undispatched, late, to verify, objected, closed this month; restricted ones at district level only."""
    return await counting.count(reads, runtime.system_reads(actor), actor, area, now)


@router.get("/weeks", responses=refusals(NotFound))
async def get_week_figures(
    actor: CurrentActor, reads: Reads, now: Now, area: Annotated[AreaCode, Query()]
) -> WeekFigures:
    """What came in and what ended in each of the last five weeks, restricted cases left out."""
    return await counting.count_weeks(reads, actor, area, now)


@router.get("/units", responses=refusals(NotFound))
async def get_unit_figures(
    actor: CurrentActor, runtime: CurrentRuntime, now: Now, area: Annotated[AreaCode, Query()]
) -> UnitFigures:
    """What units were given this month and what they objected to; a unit sees its own row, the centre all of them."""
    return await counting.count_units(runtime.system_reads(actor), actor, area, now)
