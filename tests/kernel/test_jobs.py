"""Jobs: each in one process at a time, and never in one another's way."""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import text

from grid_kernel.jobs import Job, run_job
from grid_kernel.runtime import Runtime


async def test_more_jobs_than_connections_all_get_their_turn(runtime: Runtime) -> None:
    many = runtime.settings.system_pool * 2
    begun = asyncio.Barrier(many)

    async def work(runtime: Runtime, _: datetime) -> int:
        await begun.wait()
        async with runtime.system_session() as session:
            return int(await session.scalar(text("select 1")) or 0)

    jobs = [Job(f"turn-{number}", timedelta(minutes=1), work) for number in range(many)]
    async with asyncio.timeout(4):
        assert await asyncio.gather(*(run_job(runtime, job) for job in jobs)) == [1] * many


async def test_a_job_runs_once_at_a_time_and_again_when_it_is_done(runtime: Runtime) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def work(_: Runtime, __: datetime) -> int:
        started.set()
        await release.wait()
        return 1

    job = Job("alone", timedelta(minutes=1), work)
    first = asyncio.create_task(run_job(runtime, job))
    await started.wait()
    assert await run_job(runtime, job) is None
    release.set()
    assert await first == 1
    assert await run_job(runtime, job) == 1
