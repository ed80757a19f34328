"""Taking rows out: asked for with a purpose, agreed to where the rule says so, made by a job, gone after a week."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.db import expect_version
from grid_kernel.reads import ReadRunner
from grid_kernel.types import uuid7
from grid_kernel.working_calendar import SHANGHAI
from population_svc import queries, register_text, rules, sealing
from population_svc.models import ExportJob
from population_svc.register_reads import read_rows
from population_svc.rules import ExportState
from population_svc.schemas import ExportIn
from population_svc.spreadsheets import csv_chunks, xlsx_chunks

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

_PAGE = 1_000
_PIECE = 1024 * 1024


async def ask_for_export(
    session: AsyncSession, reads: ReadRunner, actor: Actor, entry: ExportIn, *, now: datetime
) -> ExportJob:
    """Ask for rows; a few masked ones are made at once, more or whole numbers wait for a second person."""
    rules.check_exports(actor, entry.area_code)
    rules.check_elements(entry.subject, entry.elements)
    rows = (await reads.fetch(queries.count_rows(actor, entry.subject, entry.area_code)))[0]["number"]
    rules.check_rows(rows)
    grant = next(g for g in actor.grants if g.post in rules.EXPORTERS and entry.area_code.startswith(g.area))
    alone = await queries.rows_taken_alone(session, actor, now - rules.ALONE_WITHIN)
    waits = rules.needs_second_person(rows, whole=entry.whole, taken_alone=alone)
    job = ExportJob(
        **entry.model_dump(by_alias=False),
        id=uuid7(),
        actor_id=actor.id,
        post=str(grant.post),
        post_area=grant.area,
        unit=grant.unit,
        state=ExportState.REQUESTED if waits else ExportState.APPROVED,
        rows=rows,
        asked_at=now,
    )
    session.add(job)
    await session.flush()
    await record_act(session, actor, "export.requested", job, kind="export", now=now, reason=job.purpose.value)
    return job


async def decide_export(
    session: AsyncSession, actor: Actor, export_id: UUID, *, approved: bool, version: int, now: datetime
) -> ExportJob:
    """Agree to an export, or not."""
    job = await queries.export_job(session, actor, export_id, lock=True)
    rules.check_decides_export(actor, job.area_code, job.actor_id)
    expect_version(job, version)
    job.decide(approved, actor.id, now)
    await session.flush()
    await record_act(session, actor, "export.approved" if approved else "export.refused", job, kind="export", now=now)
    return job


async def fetch_export(session: AsyncSession, actor: Actor, export_id: UUID, *, now: datetime) -> ExportJob:
    """Note that the file is fetched, by whoever asked for it."""
    job = await queries.export_job(session, actor, export_id, lock=True)
    rules.check_exports(actor, job.area_code)
    rules.check_own_file(actor, job.actor_id)
    job.fetched()
    await session.flush()
    await record_act(session, actor, "export.downloaded", job, kind="export", now=now)
    return job


async def make_exports(runtime: "Runtime", now: datetime) -> int:
    """Make what was agreed to; how many there were."""
    async with runtime.system_session() as session:
        waiting = await queries.waiting_exports(session)
    for job in waiting:
        sealed, rows = await _made(runtime, job, now)
        async with runtime.system_session() as session:
            current = await queries.any_export(session, job.id)
            if rows > rules.EXPORT_CAP:
                current.fail()
            else:
                current.keep(rows, sealed, now)
            service = Actor.system(runtime.service.name)
            act = "export.made" if current.state is ExportState.READY else "export.failed"
            await record_act(session, service, act, current, kind="export", now=now, on_behalf_of=job.actor_id)
        if rows > rules.EXPORT_CAP:
            await sealing.forget(runtime, sealed)
    return len(waiting)


async def _made(runtime: "Runtime", job: ExportJob, now: datetime) -> tuple[list[str], int]:
    """The sealed pieces of the file, and how many rows it has. Every person in it is recorded as read."""
    bridge, actor, taken = sealing.Bridge(), job.asker, 0
    elements = [rules.elements_for("export")[code] for code in job.elements]

    async def page(after: tuple[str, UUID] | None) -> Sequence[Mapping[str, Any]]:
        reads = ReadRunner(runtime.app_reads, actor, runtime.scope(actor), f"export {job.id}")
        why, where = job.purpose.value, job.area_code
        return await read_rows(
            reads, actor, job.subject, job.elements, purpose=why, area=where, after=after, limit=_PAGE
        )

    def lines() -> Iterator[Sequence[str]]:
        nonlocal taken
        yield [watermark(job, now)]
        yield [*(element.name_zh for element in elements), "水印"]
        rows = bridge.wait(page(None))
        while rows:
            taken += len(rows)
            for row in rows:
                yield [*(register_text.cell(actor, each, row, whole=job.whole) for each in elements), job.mark]
            more = len(rows) == _PAGE and taken <= rules.EXPORT_CAP
            rows = bridge.wait(page((rows[-1]["place"], rows[-1]["id"]))) if more else ()

    def write() -> list[str]:
        made = xlsx_chunks(lines(), title="导出", headings_at=2) if job.format == "xlsx" else csv_chunks(lines())
        return [bridge.wait(sealing.seal(runtime, piece)) for piece in _pieces(made)]

    return await asyncio.to_thread(write), taken


def watermark(job: ExportJob, now: datetime) -> str:
    """The first line of the file: whose it is, when and for what it was made, until when it may be kept."""
    words = register_text.purpose_words(job.purpose)
    until = (now + rules.EXPORT_KEPT).astimezone(SHANGHAI)
    return (
        f"{job.mark}　导出账号 {job.actor_id}　岗位 {job.post}　{now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}　"
        f"用途：{words}　含个人信息，仅限本用途，{until:%Y-%m-%d} 前删除"
    )


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


async def expire_exports(runtime: "Runtime", now: datetime) -> int:
    """Forget files that were kept long enough; who took out what, and for what, stays known."""
    async with runtime.system_session() as session:
        jobs = await queries.exports_to_expire(session, now)
        gone = [name for job in jobs for name in job.expire()]
    await sealing.forget(runtime, gone)
    return len(jobs)
