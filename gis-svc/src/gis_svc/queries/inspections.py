"""Reads of things with their inspections, and of safety checks in homes."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from gis_svc.models import HomeCheck, Inspection, Thing
from gis_svc.queries.access import column, inside, visible_home_checks, visible_things
from gis_svc.schemas import HomeCheckOut, InspectionOut, ThingOut
from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from grid_kernel.paging import Page, PageRequest, page_of
from grid_kernel.reads import ReadRunner


async def due(reads: ReadRunner, actor: Actor, paging: PageRequest, *, by: date, within: str | None) -> Page[ThingOut]:
    """The things to be looked at by a day, the most overdue first."""
    statement = visible_things(actor).where(column(Thing.next_inspection_on) <= by)
    if within is not None:
        statement = statement.where(inside(Thing.area_code, within))
    day, key = column(Thing.next_inspection_on), column(Thing.id)
    if (after := paging.after(date, UUID)) is not None:
        statement = statement.where((day > after[0]) | ((day == after[0]) & (key > after[1])))
    rows = await reads.fetch(statement.order_by(day, key).limit(paging.limit + 1))
    return page_of(
        rows, paging, key=lambda row: (str(row["next_inspection_on"]), str(row["id"])), item=ThingOut.model_validate
    )


async def thing(reads: ReadRunner, actor: Actor, thing_id: UUID) -> ThingOut:
    """One thing the actor may see."""
    row = await reads.fetch_one(visible_things(actor).where(column(Thing.id) == thing_id))
    if row is None:
        raise NotFound
    return ThingOut.model_validate(row)


async def of_thing(reads: ReadRunner, actor: Actor, thing_id: UUID) -> list[InspectionOut]:
    """What was found at a thing, the latest first."""
    if await reads.fetch_one(visible_things(actor).where(column(Thing.id) == thing_id)) is None:
        raise NotFound
    columns: list[Any] = [getattr(Inspection, name) for name in Inspection.model_fields]
    statement = visible_things(actor).with_only_columns(*columns, maintain_column_froms=True)
    statement = statement.join(Inspection, column(Inspection.thing_id) == column(Thing.id))
    latest = (column(Inspection.inspected_on).desc(), column(Inspection.id).desc())
    rows = await reads.fetch(statement.where(column(Thing.id) == thing_id).order_by(*latest).limit(MOST_SHOWN))
    return [InspectionOut.model_validate(row) for row in rows]


MOST_SHOWN = 200


async def check_named(reads: ReadRunner, actor: Actor, thing_id: UUID, sha256: str) -> None:
    """Whether a thing the actor sees, or an inspection of it, names a file; NotFound otherwise."""
    statement = visible_things(actor).with_only_columns(column(Thing.id), maintain_column_froms=True)
    statement = statement.outerjoin(Inspection, column(Inspection.thing_id) == column(Thing.id))
    named = or_(column(Thing.photos).contains([sha256]), column(Inspection.attachments).contains([sha256]))
    if await reads.fetch_one(statement.where(column(Thing.id) == thing_id, named).limit(1)) is None:
        raise NotFound


async def home_checks(
    reads: ReadRunner, actor: Actor, paging: PageRequest, *, on: date, within: str | None
) -> Page[HomeCheckOut]:
    """The checks whose consent still holds, those that end first first; whose home was looked at is recorded."""
    statement = visible_home_checks(actor).where(column(HomeCheck.expires_on) > on)
    if within is not None:
        statement = statement.where(inside(HomeCheck.area_code, within))
    day, key = column(HomeCheck.expires_on), column(HomeCheck.id)
    if (after := paging.after(date, UUID)) is not None:
        statement = statement.where((day > after[0]) | ((day == after[0]) & (key > after[1])))
    rows = await reads.fetch(statement.order_by(day, key).limit(paging.limit + 1), access="home_check")
    return page_of(rows, paging, key=lambda row: (str(row["expires_on"]), str(row["id"])), item=HomeCheckOut.of)


async def home_check(reads: ReadRunner, actor: Actor, check_id: UUID, on: date) -> HomeCheckOut:
    """One check whose consent still holds."""
    held = (column(HomeCheck.id) == check_id, column(HomeCheck.expires_on) > on)
    row = await reads.fetch_one(visible_home_checks(actor).where(*held), access="home_check")
    if row is None:
        raise NotFound
    return HomeCheckOut.of(row)


async def for_update(session: AsyncSession, actor: Actor, check_id: UUID) -> HomeCheck:
    """A check the actor may see, locked."""
    found: HomeCheck | None = await find(
        session, visible_home_checks(actor).where(column(HomeCheck.id) == check_id).with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def delete_expired(session: AsyncSession, on: date) -> int:
    """Delete the checks whose consent has ended; asked by the job."""
    gone = await session.execute(delete(HomeCheck).where(column(HomeCheck.expires_on) <= on))
    return int(getattr(gone, "rowcount", 0))


async def of_buildings(session: AsyncSession, building_ids: list[UUID]) -> list[HomeCheck]:
    """The checks in some buildings, to move with them."""
    statement = select(HomeCheck).where(column(HomeCheck.building_id).in_(building_ids))
    return list((await session.execute(statement)).scalars())
