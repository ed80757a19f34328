"""Reads for the figures the other services hear: of every grid of the district, numbers only. Run as system."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.clock import Period
from population_svc.models import GridFigures, RosterChange, Visit
from population_svc.queries.scope import everyone, visible, within
from population_svc.queries.standing import standing
from population_svc.queries.statistics import FRESH_WITHIN, count_in_grids
from population_svc.rules import Presence, VisitOutcome, VisitState

Figures = tuple[int, int, int, int]


def _whole(district: str) -> Actor:
    grants = (Grant(post=Post.DISTRICT_LEADER, area=district),)
    return Actor(kind="service", id="population", grants=grants)


async def figures_by_grid(session: AsyncSession, district: str, quarter: Period, day: date) -> Mapping[str, Figures]:
    """Of each grid as of a day: households that live there, persons, households entered, and entered of late."""
    actor = _whole(district)
    s = standing(actor, district, quarter, day)
    entered = visible(actor, Visit).where(col(Visit.outcome) == VisitOutcome.DONE, col(Visit.visited_on) <= day)
    entered = entered.where(col(Visit.visited_on) > day - timedelta(days=FRESH_WITHIN[0]))
    late = entered.with_only_columns(col(Visit.household_id)).distinct().subquery("late")
    living = s.c.presence == Presence.LIVING
    asked = select(
        s.c.area_code,
        func.count().filter(living).label("households"),
        func.count().filter(s.c.visit_state == VisitState.VISITED.value).label("visited"),
        func.count().filter(and_(living, late.c.household_id.is_not(None))).label("fresh"),
    ).select_from(s.outerjoin(late, late.c.household_id == s.c.id))
    homes = {row.area_code: row for row in await session.execute(asked.group_by(s.c.area_code))}
    people = {row.area_code: row.number for row in await session.execute(count_in_grids((district,), district, day))}
    return {
        grid: (row.households, people.get(grid, 0), row.visited, row.fresh)
        if (row := homes.get(grid))
        else (0, people[grid], 0, 0)
        for grid in homes.keys() | people.keys()
    }


async def figures_said(session: AsyncSession, district: str, quarter: str) -> Mapping[str, GridFigures]:
    """What was last said of each grid in a quarter."""
    asked = everyone(GridFigures).where(within(col(GridFigures.area_code), district))
    found = (await session.execute(asked.where(col(GridFigures.quarter) == quarter))).scalars()
    return {row.area_code: row for row in found}


async def last_change(session: AsyncSession) -> datetime | None:
    """When a household last changed."""
    asked = everyone(RosterChange).order_by(col(RosterChange.id).desc()).limit(1)
    found: datetime | None = await session.scalar(asked.with_only_columns(col(RosterChange.changed_at)))
    return found
