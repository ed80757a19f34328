"""What the clock starts."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from grid_kernel import clock
from grid_kernel.jobs import Job
from population_svc import commands, queries

_HOURLY, _LATELY = 5, timedelta(minutes=15)

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime


async def follow_grids(runtime: "Runtime", now: datetime) -> int:
    """Let buildings follow a change of grids announced earlier, on the day it takes effect."""
    async with runtime.system_session() as session:
        return await commands.follow_misplaced(session, now=now)


async def ask_back(runtime: "Runtime", now: datetime) -> int:
    """Draw the households of the week that are asked back."""
    async with runtime.system_session() as session:
        return await commands.draw_checks(session, now=now)


async def carry_tables(runtime: "Runtime", now: datetime) -> int:
    """Work on the tables that were brought in until none waits, and make those that are taken out."""
    worked = await commands.make_exports(runtime, now)
    while not runtime.stopping.is_set() and (waiting := await commands.work_on_imports(runtime, now)):
        worked, now = worked + waiting, clock.now()
    return worked


async def turn_campaigns(runtime: "Runtime", now: datetime) -> int:
    """Begin the campaigns of the day, and end those whose last day is over."""
    async with runtime.system_session() as session:
        turned = await commands.turn_campaigns(session, now=now)
    return turned + await commands.name_places(runtime, now)


async def forget(runtime: "Runtime", now: datetime) -> int:
    """Forget files after a week, and every class of data whose time is over."""
    files = await commands.expire_imports(runtime, now) + await commands.expire_exports(runtime, now)
    async with runtime.system_session() as session:
        return files + await commands.forget(session, now=now)


async def hand_over(runtime: "Runtime", now: datetime) -> int:
    """Give transfers nobody answered to the station head."""
    async with runtime.system_session() as session:
        return await commands.hand_silent_to_heads(session, now=now)


async def tell_figures(runtime: "Runtime", now: datetime) -> int:
    """Tell the others the figures of every grid, a few minutes after something changed and once an hour."""
    async with runtime.system_session() as session:
        changed = await queries.last_change(session)
        if now.minute >= _HOURLY and (changed is None or changed < now - _LATELY):
            return 0
        return await commands.tell_figures(session, district=runtime.settings.district, now=now)


JOBS = (
    Job("follow-grids", every=timedelta(minutes=15), run=follow_grids),
    Job("ask-back", every=timedelta(days=1), run=ask_back),
    Job("tell-figures", every=timedelta(minutes=4), run=tell_figures),
    Job("hand-over", every=timedelta(hours=1), run=hand_over),
    Job("turn-campaigns", every=timedelta(minutes=15), run=turn_campaigns),
    Job("carry-tables", every=timedelta(seconds=2), run=carry_tables),
    Job("forget", every=timedelta(days=1), run=forget),
)
