"""What the clock starts: every job runs in one process at a time."""

import asyncio
import logging
import random
import zlib

import asyncpg

from grid_kernel import clock
from grid_kernel.db import server_settings
from grid_kernel.runtime import Runtime
from grid_kernel.service import Job

__all__ = ["Job", "run_job", "run_jobs"]

log = logging.getLogger(__name__)


async def run_job(runtime: Runtime, job: Job) -> int | None:
    """Run one job now, None when another process is at it."""
    # Not a pooled connection: all jobs waiting for one another's guard would leave none to work with.
    guard = await asyncpg.connect(
        runtime.settings.system_database_url.get_secret_value(),
        server_settings=server_settings(f"{runtime.service.name} job"),
        timeout=5,
    )
    try:
        key = zlib.crc32(f"job:{runtime.service.name}:{job.name}".encode())
        if not await guard.fetchval("select pg_try_advisory_lock($1)", key):
            return None
        return await job.run(runtime, clock.now())
    finally:
        await guard.close(timeout=2)


async def run_jobs(runtime: Runtime) -> None:
    """Run every job of the service at its interval until the service stops."""
    async with asyncio.TaskGroup() as group:
        for job in runtime.service.jobs:
            group.create_task(_repeat(runtime, job))


async def _repeat(runtime: Runtime, job: Job) -> None:
    while not runtime.stopping.is_set():
        try:
            done = await run_job(runtime, job)
            if done:
                log.info("job done", extra={"job": job.name, "count": done})
        except Exception:
            log.exception("job failed", extra={"job": job.name})
        pause = job.every.total_seconds() * random.uniform(0.9, 1.1)  # noqa: S311 - spreads work, guards nothing
        try:
            await asyncio.wait_for(runtime.stopping.wait(), pause)
        except TimeoutError:
            continue
