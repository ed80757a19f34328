"""What is known of other services: units, grids that are gone, persons that were merged."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc.models import (
    HandlingUnit,
    PersonMerge,
    Succession,
)


async def unit(session: AsyncSession, code: str) -> HandlingUnit | None:
    """A unit as the gateway said it is; None while it has not been heard of."""
    return await session.get(HandlingUnit, code)


def unit_named(code: str) -> Select[Any]:
    """The name of a unit, and whether it still takes applications."""
    columns: tuple[Any, ...] = (HandlingUnit.name, HandlingUnit.active)
    statement: Select[Any] = select(*columns).where(col(HandlingUnit.code) == code)
    return statement


async def receives(session: AsyncSession, code: str) -> bool:
    """Whether a unit takes applications; one that has not been heard of yet is believed to."""
    known = await unit(session, code)
    return known is None or known.active


async def last_successor(session: AsyncSession, gone: str) -> str:
    """Where what was taken in at a grid belongs today, however often its successors changed."""
    code = gone
    while (found := await session.get(Succession, code)) is not None:
        code = found.successor
    return code


async def is_gone(session: AsyncSession, area_code: str) -> bool:
    """Whether a grid was split or merged away."""
    return await session.get(Succession, area_code) is not None


async def last_kept(session: AsyncSession, person_id: UUID) -> UUID:
    """The record that stayed in the end."""
    while (found := await session.get(PersonMerge, person_id)) is not None:
        person_id = found.kept_id
    return person_id
