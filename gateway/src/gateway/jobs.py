"""What the clock starts at the gateway."""

from datetime import datetime, timedelta

from gateway import commands
from grid_kernel.runtime import Runtime
from grid_kernel.service import Job


async def end_idle_sessions(runtime: Runtime, now: datetime) -> int:
    """Sign out browsers nobody uses."""
    async with runtime.system_session() as session:
        return await commands.end_idle_sessions(session, now=now)


JOBS = (Job("end-idle-sessions", timedelta(minutes=5), end_idle_sessions),)
