"""Taking a file in: announced with its size and digest, then part by part in any order, each encrypted as it comes."""

from collections.abc import AsyncIterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.db import after_commit, expect_version
from grid_kernel.errors import InvalidInput
from grid_kernel.types import uuid7
from population_svc import queries, rules, sealing
from population_svc.models import ImportJob
from population_svc.rules import ImportState
from population_svc.schemas import ImportIn, ImportSheetIn

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime


async def announce_import(session: AsyncSession, actor: Actor, entry: ImportIn, *, now: datetime) -> ImportJob:
    """Say that a table will be brought in."""
    rules.check_imports(actor, entry.area_code)
    if entry.size > rules.MOST_BYTES:
        raise rules.TableTooLarge
    grant = actor.grant_for(entry.area_code)
    job = ImportJob(
        id=uuid7(),
        area_code=entry.area_code,
        actor_id=actor.id,
        post=str(grant.post) if grant else None,
        unit=grant.unit if grant else None,
        filename=entry.filename,
        sha256=entry.sha256,
        size=entry.size,
        created_at=now,
        changed_at=now,
        expires_at=now + rules.RECEIVED_WITHIN,
    )
    session.add(job)
    await session.flush()
    await record_act(session, actor, "import.announced", job, kind="import", now=now)
    return job


async def keep_part(
    runtime: "Runtime", actor: Actor, import_id: UUID, number: int, pieces: AsyncIterable[bytes]
) -> ImportJob:
    """Keep a part of a file, encrypted; the same part again takes its place.

    No transaction waits for the sender: a part may take minutes to arrive.
    """
    async with runtime.app_session(actor) as session:
        await _expected(session, actor, import_id)
    part = bytearray()
    async for piece in pieces:
        part += piece
        if len(part) > rules.PART_BYTES:
            break
    async with runtime.app_session(actor) as session:
        job = await _expected(session, actor, import_id)
        rules.check_part(number, len(part), job.size)
        sealed = await sealing.seal(runtime, bytes(part))
        if (replaced := await queries.keep_part(session, job.id, number, sealed)) is not None:
            after_commit(session, lambda: sealing.forget(runtime, [replaced]))
    return job


async def _expected(session: AsyncSession, actor: Actor, import_id: UUID) -> ImportJob:
    """The import that waits for parts, of whoever brings it."""
    job = await queries.import_job(session, actor, import_id)
    rules.check_imports(actor, job.area_code)
    rules.check_own_file(actor, job.actor_id)
    if job.state is not ImportState.RECEIVING:
        raise rules.ImportMoveNotAllowed
    return job


async def own_import(session: AsyncSession, actor: Actor, import_id: UUID, version: int) -> ImportJob:
    """The import of whoever brings it, as it was seen, held until the transaction ends."""
    job = await queries.import_job(session, actor, import_id, lock=True)
    rules.check_imports(actor, job.area_code)
    rules.check_own_file(actor, job.actor_id)
    expect_version(job, version)
    return job


async def complete_import(
    session: AsyncSession, actor: Actor, import_id: UUID, *, version: int, now: datetime
) -> ImportJob:
    """Say that every part was sent: from here on the file is read."""
    job = await own_import(session, actor, import_id, version)
    if len(await queries.parts(session, job.id)) != rules.parts_of(job.size):
        raise rules.PartMissing
    job.go(ImportState.READING, now)
    job.expires_at = now + rules.FILES_KEPT
    await session.flush()
    return job


async def choose_sheet(
    session: AsyncSession,
    runtime: "Runtime",
    actor: Actor,
    import_id: UUID,
    asked: ImportSheetIn,
    *,
    version: int,
    now: datetime,
) -> ImportJob:
    """Read another sheet of the workbook, as long as none of its rows was checked or entered."""
    job = await own_import(session, actor, import_id, version)
    if len(await queries.parts(session, job.id)) != rules.parts_of(job.size):
        raise rules.ImportMoveNotAllowed
    if asked.sheet not in job.sheets:
        raise InvalidInput.at("/sheet", "unknown-code")
    job.read_sheet(asked.sheet, now)
    gone = await queries.forget_blocks(session, job.id)
    after_commit(session, lambda: sealing.forget(runtime, gone))
    await session.flush()
    return job
