"""Loads units, accounts, posts and roster of a demo through the tables the commands write."""

import asyncio
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.models import Account, PostAssignment, RosterEntry, Unit
from gateway.passwords import Passwords
from gateway.rules import Duty, Half
from grid_kernel.auth import Post
from grid_kernel.bulk import copy_rows
from grid_kernel.events import publish_many
from grid_kernel.runtime import Runtime


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        yield from (orjson.loads(line) for line in lines)


async def load(runtime: Runtime, folder: Path, now: datetime) -> int:
    """Load a demo folder once; a second time it finds its units and leaves."""
    async with runtime.system_session() as session:
        if await session.scalar(select(func.count()).select_from(Unit)):
            return 0
        count = await _load_units(session, folder, now)
        count += await _load_accounts(session, folder, now, runtime.settings.district)
        count += await _load_posts(session, folder, now)
        return count + await _load_roster(session, folder)


async def _load_units(session: AsyncSession, folder: Path, now: datetime) -> int:
    units = [
        Unit(
            code=row["code"],
            kind=row["kind"],
            name=row["name"],
            area_code=row["area_code"],
            phone=row.get("phone"),
            synthetic=True,
        )
        for row in _lines(folder / "units.ndjson")
    ]
    await copy_rows(session, Unit, units)
    await publish_many(session, (unit.registered(now) for unit in units))
    return len(units)


async def _load_accounts(session: AsyncSession, folder: Path, now: datetime, district: str) -> int:
    rows = list(_lines(folder / "accounts.ndjson"))
    hasher = Passwords(workers=2)
    named = [row for row in rows if row.get("password_plain")]
    hashes = await asyncio.gather(*(hasher.hash(row["password_plain"]) for row in named))
    hasher.close()
    known = {row["id"]: made for row, made in zip(named, hashes, strict=True)}
    accounts = [
        Account(
            id=UUID(row["id"]),
            login=row["login"],
            display_name=row["display_name"],
            area_code=row.get("area_code") or district,
            password_hash=known.get(row["id"]),
            disabled=row["id"] not in known,
            created_at=now,
        )
        for row in rows
    ]
    return await copy_rows(session, Account, accounts)


async def _load_posts(session: AsyncSession, folder: Path, now: datetime) -> int:
    posts = [
        PostAssignment(
            id=UUID(row["id"]),
            post=Post(row["post"]),
            area_code=row["area_code"],
            unit_code=row["unit_code"],
            account_id=UUID(row["account_id"]),
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
            substitute_account_id=_uuid(row["substitute_account_id"]),
            synthetic=True,
        )
        for row in _lines(folder / "posts.ndjson")
    ]
    await copy_rows(session, PostAssignment, posts)
    await publish_many(session, (post.assigned(now) for post in posts))
    return len(posts)


async def _load_roster(session: AsyncSession, folder: Path) -> int:
    entries = [
        RosterEntry(
            account_id=UUID(row["account_id"]),
            day=date.fromisoformat(row["day"]),
            half=Half(row["half"]),
            duty=Duty(row["duty"]),
            area_code=row["area_code"],
        )
        for row in _lines(folder / "roster.ndjson")
    ]
    return await copy_rows(session, RosterEntry, entries)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None
