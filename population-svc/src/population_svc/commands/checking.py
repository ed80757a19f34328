"""Asking back: a small random share of what visits reported, by the station, never by photo or position."""

import random
from datetime import datetime, timedelta
from typing import Any
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
    """Once a week and grid, draw a few of its visits and of all that stands beside them; how many were drawn."""
    day, drawn = today(now), 0
    if await queries.drawn_since(session, day - _WEEK):
        return 0
    sources = {
        CheckAbout.VISIT: await queries.visited_since(session, day - _WEEK, day),
        CheckAbout.PRESENCE: await queries.standing_beside(session),
        CheckAbout.DECLINED: await queries.declined_since(session, day - _WEEK, day),
        CheckAbout.VACANT: await queries.vacant_dwellings(session),
    }
    in_force = await queries.rules_in_force(session, day)
    by_grid: dict[str, dict[CheckAbout, list[Any]]] = {}
    for about, rows in sources.items():
        for row in rows:
            by_grid.setdefault(row.area_code, {}).setdefault(about, []).append(row)
    for grid, own in sorted(by_grid.items()):
        percent = rules.share_asked_back(grid, in_force)
        chosen: dict[UUID, SpotCheck] = {}
        for about, rows in own.items():
            for row in _dice.sample(rows, rules.sample_size(len(rows), percent)):
                check = SpotCheck(**row._mapping, about=about, drawn_on=day)
                chosen.setdefault(check.household_id or check.dwelling_id, check)  # type: ignore[arg-type]
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
