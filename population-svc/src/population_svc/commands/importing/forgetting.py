"""Letting a table be gone: when somebody stops it, and when it was kept long enough."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.db import after_commit
from population_svc import queries, sealing
from population_svc.commands.importing.receiving import own_import
from population_svc.models import ImportJob
from population_svc.rules import ImportState

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime


async def cancel_import(
    session: AsyncSession, runtime: "Runtime", actor: Actor, import_id: UUID, *, version: int, now: datetime
) -> ImportJob:
    """Stop an import and forget its file; what was entered stays entered."""
    job = await own_import(session, actor, import_id, version)
    job.go(ImportState.CANCELLED, now)
    gone = await queries.forget_rows(session, job.id, everything=True)
    after_commit(session, lambda: sealing.forget(runtime, gone))
    await session.flush()
    await record_act(session, actor, "import.cancelled", job, kind="import", now=now)
    return job


async def expire_imports(runtime: "Runtime", now: datetime) -> int:
    """Forget the files and refused rows of imports that were kept long enough; the figures stay."""
    async with runtime.system_session() as session:
        jobs = await queries.imports_to_expire(session, now)
        gone: list[str] = []
        for job in jobs:
            job.go(ImportState.EXPIRED, now)
            gone += await queries.forget_rows(session, job.id, everything=True)
    await sealing.forget(runtime, gone)
    return len(jobs)
