"""Figures of grids and communities, kept from what others say; numbers only, never a person."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc.models import CaseMark
from gis_svc.queries import figures
from gis_svc.rules import COMMUNITY_DIGITS, GRID_DIGITS
from grid_kernel import clock
from grid_kernel.clock import Period
from grid_kernel.contracts.dispute import CaseClosed, CaseLocated, CaseReopened, CaseReported
from grid_kernel.contracts.population import FiguresTaken

UNCOUNTED = ("void", "merged")
"""A case that was none, or that is another one: nothing happened there."""
CaseTold = CaseReported | CaseLocated | CaseClosed | CaseReopened


async def take_figures(session: AsyncSession, told: FiguresTaken) -> None:
    """Keep what population counted in a grid, and the sum of its community."""
    quarter = quarter_named(told.quarter)
    counted = {name: getattr(told, name) for name in figures.COUNTED}
    await figures.keep(session, told.area_code, quarter, counted)
    await figures.sum_up(session, told.area_code[:COMMUNITY_DIGITS], quarter)


async def take_case(session: AsyncSession, told: CaseTold) -> None:
    """Keep where a case was reported and whether it is open; of restricted cases nothing is kept."""
    mark = await figures.mark_for_update(session, told.aggregate_id)
    before = (mark.area_code, mark.reported_on) if mark else (None, None)
    if told.restricted:
        if mark is not None:
            await session.delete(mark)
            await session.flush()
        await _recount(session, *before)
        return
    if mark is None:
        mark = CaseMark(id=told.aggregate_id, area_code=told.area_code, sequence=0)
        session.add(mark)
    if isinstance(told, CaseReported):
        mark.reported_on = clock.today(told.occurred_at)
    if told.sequence > mark.sequence:
        mark.follow(told.area_code, told.sequence, closed=isinstance(told, CaseClosed))
    if isinstance(told, CaseClosed):
        mark.counted = told.outcome not in UNCOUNTED
    await session.flush()
    await _recount(session, *before)
    await _recount(session, mark.area_code, mark.reported_on)


async def _recount(session: AsyncSession, area_code: str | None, reported_on: date | None) -> None:
    if area_code is None or reported_on is None:
        return
    quarter = clock.quarter_of(reported_on)
    for digits in (GRID_DIGITS, COMMUNITY_DIGITS):
        if len(area_code) >= digits:
            await figures.recount_cases(session, area_code[:digits], quarter)


def quarter_named(name: str) -> Period:
    """The quarter of a name such as 2026Q4."""
    year, _, number = name.partition("Q")
    return clock.quarter_of(date(int(year), int(number) * 3, 1))
