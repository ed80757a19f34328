"""What the clock starts."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from grid_kernel.jobs import Job
from population_svc import commands

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime


async def follow_grids(runtime: "Runtime", now: datetime) -> int:
    """Let buildings follow a change of grids announced earlier, on the day it takes effect."""
    async with runtime.system_session() as session:
        return await commands.follow_misplaced(session, now=now)


JOBS = (Job("follow-grids", every=timedelta(minutes=15), run=follow_grids),)
