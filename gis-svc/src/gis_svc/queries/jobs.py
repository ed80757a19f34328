"""Reads of jobs: those of the one who asked for them, and what running them needs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text
from sqlmodel import select

from gis_svc.models import ProcessJob
from gis_svc.queries.access import column, visible_designs, visible_jobs
from gis_svc.rules import JobState
from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from grid_kernel.reads import ReadRunner, Row

MOST_LISTED = 100


async def listed(reads: ReadRunner, actor: Actor) -> list[Row]:
    """The jobs an actor asked for, the latest first; without their results."""
    rows = visible_jobs(actor).with_only_columns(*_columns())
    return await reads.fetch(rows.order_by(column(ProcessJob.id).desc()).limit(MOST_LISTED))


def _columns() -> list[Any]:
    return [getattr(ProcessJob, name) for name in ProcessJob.model_fields if name not in ("result", "inputs")]


async def one(reads: ReadRunner, actor: Actor, job_id: UUID, *, result: bool = False) -> Row:
    """A job the actor asked for."""
    more: list[Any] = [ProcessJob.result] if result else []
    row = await reads.fetch_one(
        visible_jobs(actor).with_only_columns(*_columns(), *more).where(column(ProcessJob.id) == job_id)
    )
    if row is None:
        raise NotFound
    return row


async def for_update(session: AsyncSession, actor: Actor, job_id: UUID) -> ProcessJob:
    """A job the actor asked for, locked."""
    statement = visible_jobs(actor).where(column(ProcessJob.id) == job_id).with_for_update()
    job: ProcessJob | None = await find(session, statement)
    if job is None:
        raise NotFound
    return job


async def design(reads: ReadRunner, actor: Actor, job_id: UUID) -> Row:
    """A design with its result."""
    columns = (*_columns(), ProcessJob.result)
    row = await reads.fetch_one(
        visible_designs(actor).with_only_columns(*columns).where(column(ProcessJob.id) == job_id)
    )
    if row is None:
        raise NotFound
    return row


async def design_for_update(session: AsyncSession, actor: Actor, job_id: UUID) -> ProcessJob:
    """A design, locked."""
    statement = visible_designs(actor).where(column(ProcessJob.id) == job_id).with_for_update()
    job: ProcessJob | None = await find(session, statement)
    if job is None:
        raise NotFound
    return job


def _open() -> Any:
    ended = literal([state.value for state in JobState.ended()], ARRAY(Text))
    return select(ProcessJob).where(column(ProcessJob.state).cast(Text) != func.all(ended))


async def open_one(session: AsyncSession, job_id: UUID) -> ProcessJob | None:
    """A job that has not ended, locked; asked by the service that runs it."""
    found: ProcessJob | None = await find(session, _open().where(column(ProcessJob.id) == job_id).with_for_update())
    return found


async def silent_since(session: AsyncSession, moment: datetime) -> list[ProcessJob]:
    """Jobs that have not ended and of which nothing was heard since a moment."""
    silent = _open().where(column(ProcessJob.updated_at) < moment).with_for_update(skip_locked=True)
    return list((await session.execute(silent)).scalars())
