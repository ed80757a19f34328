"""Reads of exports: for whoever asked and decides, and for the job that makes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from population_svc.models import ExportJob
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import EXPORTERS, ExportState


def exports(actor: Actor, area: str | None, *, after: tuple[UUID] | None, limit: int) -> Select[Any]:
    """The exports of an area, the latest first."""
    asked = visible(actor, ExportJob).where(in_scope(col(ExportJob.area_code), actor.areas(*EXPORTERS)))
    asked = asked.where(within(col(ExportJob.area_code), area))
    if after is not None:
        asked = asked.where(col(ExportJob.id) < after[0])
    return asked.order_by(col(ExportJob.id).desc()).limit(limit + 1)


async def export_job(session: AsyncSession, actor: Actor, export_id: UUID, *, lock: bool = False) -> ExportJob:
    """An export of the actor's areas; NotFound outside."""
    asked = visible(actor, ExportJob).where(col(ExportJob.id) == export_id)
    found: ExportJob | None = await find(session, asked.with_for_update() if lock else asked)
    if found is None:
        raise NotFound
    return found


async def rows_taken_alone(session: AsyncSession, actor: Actor, since: datetime) -> int:
    """How many rows somebody has asked for since a moment that nobody else decided on."""
    asked = everyone(ExportJob).where(col(ExportJob.actor_id) == actor.id, col(ExportJob.asked_at) > since)
    asked = asked.where(col(ExportJob.decided_by).is_(None), col(ExportJob.state) != ExportState.REQUESTED)
    return int(await session.scalar(asked.with_only_columns(func.coalesce(func.sum(col(ExportJob.rows)), 0))) or 0)


async def any_export(session: AsyncSession, export_id: UUID) -> ExportJob:
    """An export for the job that makes it, locked."""
    found = await find(session, everyone(ExportJob).where(col(ExportJob.id) == export_id).with_for_update())
    assert found is not None  # noqa: S101 - whoever asks read its id before
    return found  # type: ignore[no-any-return]


async def waiting_exports(session: AsyncSession) -> list[ExportJob]:
    """What may be made, the oldest first."""
    asked = everyone(ExportJob).where(col(ExportJob.state) == ExportState.APPROVED).order_by(col(ExportJob.id))
    return list((await session.execute(asked)).scalars())


async def exports_to_expire(session: AsyncSession, now: datetime) -> list[ExportJob]:
    """Exports whose file was kept long enough, locked."""
    asked = everyone(ExportJob).where(col(ExportJob.expires_at) <= now, col(ExportJob.state) == ExportState.READY)
    return list((await session.execute(asked.with_for_update(skip_locked=True))).scalars())
