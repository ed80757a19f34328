"""Service items: the versions in force, and those already published."""

from datetime import date

from sqlalchemy import (
    Select,
    and_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc.models import (
    Application,
    ServiceItem,
)
from grid_kernel.db import find


def items_on(day: date) -> Select[ServiceItem]:
    """The versions in force on a day."""
    ended = col(ServiceItem.valid_to) <= day
    return select(ServiceItem).where(col(ServiceItem.valid_from) <= day, ended.is_not(True))


async def item_on(session: AsyncSession, code: str, day: date) -> ServiceItem | None:
    """The version of an item in force on a day."""
    return await find(session, items_on(day).where(col(ServiceItem.code) == code))


async def item_of(session: AsyncSession, application: Application) -> ServiceItem:
    """The version an application was submitted under."""
    found = await session.get(ServiceItem, application.item_id)
    assert found is not None  # noqa: S101 - a foreign key says so
    return found


async def open_item(session: AsyncSession, code: str) -> ServiceItem | None:
    """The version of an item that has no end yet, locked for a change."""
    endless = and_(col(ServiceItem.code) == code, col(ServiceItem.valid_to).is_(None))
    return await find(session, select(ServiceItem).where(endless).with_for_update())


async def known_items(session: AsyncSession) -> set[tuple[str, int]]:
    """Code and version of every item that is stored."""
    rows = await session.execute(select(col(ServiceItem.code), col(ServiceItem.item_version)))
    return {(row[0], row[1]) for row in rows}


async def every_version(session: AsyncSession) -> list[ServiceItem]:
    """Every version of every item."""
    return list((await session.execute(select(ServiceItem))).scalars())
