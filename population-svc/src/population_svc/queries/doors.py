"""Reads of codes at doors and of what is needed to call."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from grid_kernel.tables import access_record
from population_svc.models import DoorToken, Household
from population_svc.queries.scope import everyone, visible


async def current_door_token(session: AsyncSession, dwelling_id: UUID) -> DoorToken | None:
    """The code that hangs at a door now."""
    asked = everyone(DoorToken).where(col(DoorToken.dwelling_id) == dwelling_id, col(DoorToken.replaced_at).is_(None))
    return await find(session, asked)


def door(token: str) -> Select[Any]:
    """Which dwelling a code names; what lies behind it is read behind both walls."""
    asked = everyone(DoorToken).where(col(DoorToken.token_index) == token, col(DoorToken.replaced_at).is_(None))
    return asked.with_only_columns(col(DoorToken.dwelling_id))


def households_in(actor: Actor, dwelling_id: UUID) -> Select[Any]:
    """The households of a dwelling."""
    asked = visible(actor, Household).where(col(Household.dwelling_id) == dwelling_id)
    asked = asked.where(col(Household.dissolved_on).is_(None)).order_by(col(Household.id))
    return asked.with_only_columns(col(Household.id))


async def phone_of(session: AsyncSession, actor: Actor, household_id: UUID) -> tuple[str, str | None]:
    """The area of a household and its number, whole."""
    asked = visible(actor, Household).where(col(Household.id) == household_id)
    columns: list[Any] = [col(Household.area_code), Household.phone]
    found = (await session.execute(asked.with_only_columns(*columns))).first()
    if found is None:
        raise NotFound
    return found[0], found[1]


async def recorded_since(session: AsyncSession, actor: Actor, household_id: UUID, moment: datetime) -> bool:
    """Whether this actor's call of a household is recorded already."""
    asked = select(access_record.c.id).where(
        access_record.c.object_ids.contains([household_id]),
        access_record.c.actor_id == actor.id,
        access_record.c.object_kind == "household_call",
        access_record.c.at >= moment,
    )
    return (await session.execute(asked.limit(1))).first() is not None
