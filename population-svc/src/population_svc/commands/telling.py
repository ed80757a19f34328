"""Telling the other services the figures of every grid, numbers only."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.clock import Period, quarter_of, today
from grid_kernel.events import publish
from population_svc import queries
from population_svc.models import GridFigures

CLOSING = timedelta(days=3)
"""How long after its end the figures of a quarter may still change."""


async def tell_figures(session: AsyncSession, *, district: str, now: datetime) -> int:
    """Say the figures that changed since they were last said; those of a quarter that just ended once more."""
    day = today(now)
    running = quarter_of(day)
    told = await _tell(session, district, running, now)
    if day - running.start < CLOSING:
        told += await _tell(session, district, quarter_of(running.start - timedelta(days=1)), now)
    return told


async def _tell(session: AsyncSession, district: str, quarter: Period, now: datetime) -> int:
    day = min(today(now), quarter.end - timedelta(days=1))
    counted = await queries.figures_by_grid(session, district, quarter, day)
    known = await queries.figures_said(session, district, quarter.label)
    fresh = []
    for grid in sorted(counted.keys() | known.keys()):
        figures = counted.get(grid, (0, 0, 0, 0))
        if (row := known.get(grid)) is None:
            row = GridFigures(area_code=grid, quarter=quarter.label, **dict(zip(_NAMES, figures, strict=True)))
            session.add(row)
            fresh.append(row)
        elif row.take(*figures):
            fresh.append(row)
    for row in fresh:
        await publish(session, row.taken(now))
    await session.flush()
    return len(fresh)


_NAMES = ("households", "persons", "visited", "fresh")
