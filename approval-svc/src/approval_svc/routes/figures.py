"""Figures of an area for the overview."""

from typing import Annotated

from fastapi import Query

from approval_svc import queries
from approval_svc.schemas import Figure, FiguresOut
from approval_svc.wording import FIGURE_ROWS
from grid_kernel.auth import CurrentActor
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import AreaCode

router = GridRouter(prefix="/figures", tags=["figures"])


@router.get("")
async def get_figures(area: Annotated[AreaCode, Query()], actor: CurrentActor, reads: Reads, now: Now) -> FiguresOut:
    """Applications of an area in numbers, each with the query that lists its rows."""
    row = await reads.fetch_one(queries.counted(actor, area, now)) or {}
    figures = {name: Figure(count=row[name], rows=path.format(area=area)) for name, path in FIGURE_ROWS.items()}
    return FiguresOut(area_code=area, made_at=now, figures=figures)
