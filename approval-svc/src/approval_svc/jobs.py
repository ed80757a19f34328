"""What the clock starts: acceptance by silence, corrections that never came, what others changed, old tries."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import commands, queries
from grid_kernel.auth import Actor
from grid_kernel.runtime import Runtime
from grid_kernel.service import Job

AT_ONCE = 200


async def deem_accepted(runtime: Runtime, now: datetime) -> int:
    """Count silent applications as accepted; run twice, it does nothing the second time."""
    return await _each(runtime, now, queries.silent_too_long, commands.deem_accepted)


async def lapse(runtime: Runtime, now: datetime) -> int:
    """End applications whose correction was not brought in time."""
    return await _each(runtime, now, queries.not_corrected_in_time, commands.lapse)


async def _each(
    runtime: Runtime,
    now: datetime,
    look: Callable[[AsyncSession, datetime, int], Awaitable[list[UUID]]],
    act: Callable[..., Awaitable[bool]],
) -> int:
    calendar, actor = await runtime.calendar(), Actor.system(runtime.service.name)
    async with runtime.system_session() as session:
        found = await look(session, now, AT_ONCE)
    done = 0
    for application_id in found:
        async with runtime.system_session() as session:
            done += await act(session, actor, application_id, calendar=calendar, now=now)
    return done


JOBS = (
    Job("deem-accepted", timedelta(minutes=1), deem_accepted),
    Job("lapse", timedelta(minutes=10), lapse),
    Job("link-applicants", timedelta(minutes=1), commands.link_waiting),
    Job("follow-calendar", timedelta(minutes=10), commands.follow_calendar),
    Job("forget-tries", timedelta(hours=1), commands.forget_tries),
)
