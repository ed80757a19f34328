"""Figures of an area for the overview."""

from typing import Annotated

from fastapi import Query

from approval_svc import queries, wording
from approval_svc.schemas import FiguresOut
from grid_kernel.auth import CurrentActor
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import AreaCode

router = GridRouter(prefix="/figures", tags=["figures"])


@router.get("")
async def get_figures(area: Annotated[AreaCode, Query()], actor: CurrentActor, reads: Reads, now: Now) -> FiguresOut:
    """Applications of an area in numbers, each with the query that lists its rows."""
    return wording.figures_out(await reads.fetch_one(queries.counted(actor, area, now)) or {}, area, now)
