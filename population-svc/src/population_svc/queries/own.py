"""Reads for a person's own view, for requests and for secrecy. What a person may see is not a matter of areas."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel import tables
from grid_kernel.auth import Actor
from grid_kernel.clock import start_of
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from population_svc.models import (
    CareEntry,
    DataRequest,
    Dwelling,
    Occupancy,
    OwnAccess,
    Person,
    Secrecy,
    UnitName,
    Visit,
)
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import LOOK_BACK, RequestState

MOST_READS = 5_000
MOST_VISITS = 50


async def own_code(session: AsyncSession, code: str) -> OwnAccess | None:
    """What a code of the window stands for, locked."""
    return await find(session, everyone(OwnAccess).where(col(OwnAccess.code_index) == code).with_for_update())


async def own_pass(session: AsyncSession, secret: str, now: datetime) -> OwnAccess | None:
    """What a pass opens, while it does."""
    asked = everyone(OwnAccess).where(col(OwnAccess.pass_index) == secret, col(OwnAccess.closes_at) > now)
    return await find(session, asked)


async def any_person(session: AsyncSession, person_id: UUID) -> Person | None:
    """A person anywhere in the district, locked: for the person, and for decisions on the person's own requests."""
    return await find(session, everyone(Person).where(col(Person.id) == person_id).with_for_update())


def own_home(person_id: UUID) -> Select[Any]:
    """Where a person lives, and in which relation to the head; nobody else of the household."""
    asked = everyone(Occupancy).join(Dwelling, col(Dwelling.id) == col(Occupancy.dwelling_id))
    asked = asked.where(col(Occupancy.person_id) == person_id, col(Occupancy.valid_to).is_(None))
    columns: list[Any] = [col(Occupancy.household_id), col(Occupancy.relation_to_head), col(Occupancy.valid_from)]
    return asked.with_only_columns(*columns, col(Dwelling.address), col(Dwelling.area_code))


def own_care(person_id: UUID) -> Select[Any]:
    """The care entries of a person alone."""
    asked = everyone(CareEntry).where(col(CareEntry.person_id) == person_id)
    return asked.order_by(col(CareEntry.ended_on).desc().nulls_first(), col(CareEntry.id))


def own_visits(household_id: UUID, since: date) -> Select[Any]:
    """The visits of a household since somebody lives in it, the latest first."""
    asked = everyone(Visit).where(col(Visit.household_id) == household_id, col(Visit.visited_on) >= since)
    return asked.order_by(col(Visit.visited_on).desc(), col(Visit.id).desc()).limit(MOST_VISITS)


def requests_of(person_id: UUID) -> Select[Any]:
    """What a person asked for, the latest first."""
    asked = everyone(DataRequest).where(col(DataRequest.person_id) == person_id)
    return asked.order_by(col(DataRequest.id).desc())


def reads_of(person_id: UUID, household_id: UUID | None, now: datetime) -> Select[Any]:
    """The records of a year that name a person, list the own household or dial its number; the latest first."""
    r = tables.access_record.c
    person = and_(r.object_kind == "person", r.object_ids.contains(cast([person_id], ARRAY(Uuid))))
    named: Any = person
    if household_id is not None:
        calls = and_(
            r.object_kind.in_(("household_call", "household")), r.object_ids.contains(cast([household_id], ARRAY(Uuid)))
        )
        named = or_(person, calls)
    columns = [r.at, r.actor_id, r.post, r.unit, col(UnitName.name).label("unit_name"), r.purpose, r.fields]
    asked = (
        select(*columns)
        .outerjoin(UnitName, col(UnitName.code) == r.unit)
        .where(named, r.at >= now - LOOK_BACK, r.actor_id != f"person:{person_id}")
    )
    return asked.order_by(r.at.desc()).limit(MOST_READS)


def secrecies_of(person_id: UUID) -> Select[Any]:
    """The secrecies of a person that are in force: confirmed by a second one and not ended."""
    asked = everyone(Secrecy).where(col(Secrecy.person_id) == person_id, col(Secrecy.confirmed_at).is_not(None))
    return asked.where(col(Secrecy.ended_at).is_(None))


def is_secret(read: Any, secrecies: Any) -> bool:
    """Whether a read is hidden by a secrecy in force."""
    return any(
        start_of(each.since) <= read.at < start_of(each.until)
        and each.post in {None, read.post}
        and each.unit in {None, read.unit}
        for each in secrecies
    )


def data_requests(
    actor: Actor, area: str, state: RequestState | None, late_at: datetime | None, *, after: Any, limit: int
) -> Select[Any]:
    """The requests of an area's persons, those due first."""
    asked = visible(actor, DataRequest).where(within(col(DataRequest.area_code), area))
    if state is not None:
        asked = asked.where(col(DataRequest.state) == state)
    if late_at is not None:
        asked = asked.where(col(DataRequest.state) == RequestState.OPEN, col(DataRequest.due_at) < late_at)
    if after is not None:
        asked = asked.where(col(DataRequest.id) > after[0])
    return asked.order_by(col(DataRequest.id)).limit(limit + 1)


async def data_request_for_update(session: AsyncSession, actor: Actor, request_id: UUID) -> DataRequest:
    """The request, locked; NotFound outside the actor's areas."""
    found: DataRequest | None = await find(
        session, visible(actor, DataRequest).where(col(DataRequest.id) == request_id).with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def secrecy_for_update(session: AsyncSession, actor: Actor, secrecy_id: UUID) -> Secrecy:
    """A secrecy within any of the actor's areas, locked: who audits holds no post that sees the register."""
    asked = everyone(Secrecy).where(col(Secrecy.id) == secrecy_id, in_scope(col(Secrecy.area_code), actor.areas()))
    found: Secrecy | None = await find(session, asked.with_for_update())
    if found is None:
        raise NotFound
    return found


def secrecies(areas: tuple[str, ...], *, after: Any, limit: int) -> Select[Any]:
    """The secrecies of some areas (run as system)."""
    asked = everyone(Secrecy).where(in_scope(col(Secrecy.area_code), areas))
    if after is not None:
        asked = asked.where(col(Secrecy.id) > after[0])
    return asked.order_by(col(Secrecy.id)).limit(limit + 1)


async def person_area(session: AsyncSession, person_id: UUID) -> tuple[str, UUID | None]:
    """Where a person's record lies, and in which household (run as system)."""
    asked = everyone(Person).outerjoin(
        Occupancy, and_(col(Occupancy.person_id) == col(Person.id), col(Occupancy.valid_to).is_(None))
    )
    columns: list[Any] = [col(Person.area_code), col(Occupancy.household_id)]
    found = (await session.execute(asked.where(col(Person.id) == person_id).with_only_columns(*columns))).first()
    if found is None:
        raise NotFound
    return found[0], found[1]
