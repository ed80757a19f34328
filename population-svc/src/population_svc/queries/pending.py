"""Reads of what is checked before it counts."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic.alias_generators import to_camel
from sqlalchemy import Select, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from population_svc.models import CheckSetting, PendingChange
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import CheckedKind, PendingState


def check_settings(area: str) -> Select[Any]:
    """Every setting of an area, of those above and of those below it."""
    asked = everyone(CheckSetting).where(or_(within(col(CheckSetting.area_code), area), _above(area)))
    return asked.order_by(col(CheckSetting.area_code), col(CheckSetting.kind), col(CheckSetting.valid_from))


def _above(area: str) -> Any:
    return or_(*(col(CheckSetting.area_code) == area[:length] for length in (6, 9, 12, 15)))


async def checked_members(session: AsyncSession, kind: CheckedKind, area: str, day: date) -> set[str]:
    """The members of a kind of record that are checked in an area on a day."""
    asked = everyone(CheckSetting).where(col(CheckSetting.kind) == kind, _above(area))
    asked = asked.where(col(CheckSetting.valid_from) <= day)
    asked = asked.where(or_(col(CheckSetting.valid_to).is_(None), col(CheckSetting.valid_to) > day))
    return set((await session.execute(asked.with_only_columns(col(CheckSetting.member)))).scalars())


async def check_setting_for_update(session: AsyncSession, setting_id: UUID) -> CheckSetting:
    """A setting, locked."""
    asked = everyone(CheckSetting).where(col(CheckSetting.id) == setting_id)
    found: CheckSetting | None = await find(session, asked.with_for_update())
    if found is None:
        raise NotFound
    return found


def pending_changes(actor: Actor, area: str, state: PendingState, *, after: Any, limit: int) -> Select[Any]:
    """The changes of an area that wait, or were decided."""
    asked = visible(actor, PendingChange).where(within(col(PendingChange.area_code), area))
    asked = asked.where(col(PendingChange.state) == state)
    if after is not None:
        asked = asked.where(col(PendingChange.id) > after[0])
    return asked.order_by(col(PendingChange.id)).limit(limit + 1)


async def pending_for_update(session: AsyncSession, actor: Actor, change_id: UUID) -> PendingChange:
    """A change that waits, locked; NotFound outside the actor's areas."""
    asked = visible(actor, PendingChange).where(col(PendingChange.id) == change_id)
    found: PendingChange | None = await find(session, asked.with_for_update())
    if found is None:
        raise NotFound
    return found


async def waiting_members(session: AsyncSession, object_id: UUID, now: datetime) -> list[str]:
    """The members of a change made at this moment that wait for a second person, as they are called on the wire."""
    asked = everyone(PendingChange).where(col(PendingChange.object_id) == object_id, col(PendingChange.asked_at) == now)
    rows = (await session.execute(asked.with_only_columns(col(PendingChange.members)))).scalars()
    return sorted(to_camel(member) for members in rows for member in members)


def pending_shown(row: Any) -> dict[str, Any]:
    """A change with what it says."""
    shown = dict(row) if isinstance(row, Mapping) else row.model_dump()
    return shown | {"changes": orjson.loads(shown["changes"])}
