"""Asking back: a small random share of what visits reported, by the station, never by photo or position."""

import random
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import expect_version
from population_svc import queries, rules
from population_svc.models import SpotCheck
from population_svc.rules import CheckAbout
from population_svc.schemas import SpotCheckAnswerIn

_WEEK = timedelta(days=7)
_dice = random.SystemRandom()


async def draw_checks(session: AsyncSession, *, now: datetime) -> int:
    """Once a week and grid, draw a few of its visits and of the households that stand beside; how many were drawn."""
    day, drawn = today(now), 0
    if await queries.drawn_since(session, day - _WEEK):
        return 0
    visited = await queries.visited_since(session, day - _WEEK, day)
    beside = await queries.standing_beside(session)
    in_force = await queries.rules_in_force(session, day)
    for grid in sorted({row.area_code for row in (*visited, *beside)}):
        chosen: dict[UUID, SpotCheck] = {}
        for about, rows in ((CheckAbout.VISIT, visited), (CheckAbout.PRESENCE, beside)):
            own = [row for row in rows if row.area_code == grid]
            for row in _dice.sample(own, rules.sample_size(len(own), rules.share_asked_back(grid, in_force))):
                chosen.setdefault(
                    row.household_id,
                    SpotCheck(
                        household_id=row.household_id,
                        visit_id=row.visit_id,
                        area_code=grid,
                        about=about,
                        drawn_on=day,
                    ),
                )
        session.add_all(chosen.values())
        drawn += len(chosen)
    await session.flush()
    return drawn


async def answer_check(
    session: AsyncSession, actor: Actor, check_id: UUID, said: SpotCheckAnswerIn, *, version: int, now: datetime
) -> SpotCheck:
    """Note what a household said when it was asked back."""
    check = await queries.check_for_update(session, actor, check_id)
    rules.check_asks_back(actor, check.area_code)
    expect_version(check, version)
    check.reply(said.answer, now)
    await session.flush()
    await record_act(session, actor, "spot_check.answered", check, kind="spot_check", now=now, reason=said.answer.value)
    return check
