"""Figures of an area for the overview."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query

from approval_svc import queries, wording
from approval_svc.schemas import FiguresOut, WeekFigures
from grid_kernel.auth import CurrentActor
from grid_kernel.clock import start_of
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import AreaCode

router = GridRouter(prefix="/figures", tags=["figures"])


@router.get("")
async def get_figures(area: Annotated[AreaCode, Query()], actor: CurrentActor, reads: Reads, now: Now) -> FiguresOut:
    """Applications of an area in numbers, each with the query that lists its rows."""
    return wording.figures_out(await reads.fetch_one(queries.counted(actor, area, now)) or {}, area, now)


@router.get("/weeks")
async def get_week_figures(
    area: Annotated[AreaCode, Query()], actor: CurrentActor, reads: Reads, now: Now
) -> WeekFigures:
    """What came in and what ended in each of the last five weeks."""
    begins = wording.weeks_before(now)
    spans = [(start_of(begin), start_of(begin + timedelta(weeks=1))) for begin in begins]
    return wording.weeks_out(await reads.fetch_one(queries.weeks(actor, area, spans)) or {}, area, begins, now)
