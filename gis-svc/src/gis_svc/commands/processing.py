"""Jobs of processes: started, run beside the requests, watched, dismissed."""

import asyncio
import logging
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc.models import ProcessJob
from gis_svc.processes import DismissedError, Process, Ticket, Work
from gis_svc.queries import jobs
from gis_svc.rules import JobState
from grid_kernel import clock
from grid_kernel.auth import Actor
from grid_kernel.db import after_commit
from grid_kernel.runtime import Runtime

log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5
_FORGOTTEN = timedelta(minutes=2)
"""A job nobody has said anything of for so long was lost with its process."""


async def start(
    session: AsyncSession,
    runtime: Runtime,
    actor: Actor,
    process: Process,
    inputs: BaseModel,
    work: Work,
    now: datetime,
) -> ProcessJob:
    """Take a job; it begins when this transaction is stored."""
    given = inputs.model_dump(mode="json", by_alias=True)
    job = ProcessJob(
        process=process.id, area_code=given["area"], actor_id=actor.id, inputs=given, created_at=now, updated_at=now
    )
    session.add(job)
    await session.flush()
    after_commit(session, lambda: _run(runtime, job.id, work))
    return job


async def dismiss(session: AsyncSession, actor: Actor, job_id: UUID, now: datetime) -> ProcessJob:
    """Stop a job, or forget its result."""
    job = await jobs.for_update(session, actor, job_id)
    if job.state is not JobState.DISMISSED:
        job.move(JobState.DISMISSED, now)
    return job


async def give_up_lost(runtime: Runtime, now: datetime) -> int:
    """Say of jobs whose process ended that they failed."""
    async with runtime.system_session() as session:
        lost = await jobs.silent_since(session, now - _FORGOTTEN)
        for job in lost:
            job.move(JobState.FAILED, now, message="lost")
    return len(lost)


async def _run(runtime: Runtime, job_id: UUID, work: Work) -> None:
    """One job at a time in a process: each takes a core."""
    turns: asyncio.Semaphore = runtime.extra.setdefault("process-turns", asyncio.Semaphore(1))
    ticket = Ticket()
    watching = asyncio.create_task(_watch(runtime, job_id, ticket))
    try:
        async with turns:
            if runtime.stopping.is_set():
                raise DismissedError
            if not ticket.dismissed.is_set():
                await _move(runtime, job_id, JobState.RUNNING)
                result = await asyncio.to_thread(work, ticket)
                await _move(runtime, job_id, JobState.SUCCESSFUL, result=orjson.dumps(result).decode())
    except DismissedError:
        if runtime.stopping.is_set():
            await _move(runtime, job_id, JobState.FAILED, message="lost")
    except Exception:
        log.exception("a job failed")
        await _move(runtime, job_id, JobState.FAILED, message="internal-error")
    finally:
        watching.cancel()


async def _move(
    runtime: Runtime, job_id: UUID, state: JobState, *, message: str | None = None, result: str | None = None
) -> None:
    async with runtime.system_session() as session:
        job = await jobs.open_one(session, job_id)
        if job is not None:
            job.move(state, clock.now(), message=message, result=result)


async def _watch(runtime: Runtime, job_id: UUID, ticket: Ticket) -> None:
    """Write down how far the job is, and hear whether somebody, maybe elsewhere, dismissed it."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if runtime.stopping.is_set():
            ticket.dismissed.set()
        async with runtime.system_session() as session:
            job = await jobs.open_one(session, job_id)
            if job is None:
                ticket.dismissed.set()
                return
            job.progress, job.updated_at = min(99, round(ticket.progress * 100)), clock.now()
