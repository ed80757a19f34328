"""Reads of visits, of the care list, and of the visits cases ask for."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from population_svc.history import as_of
from population_svc.models import CareEntry, Dwelling, FollowUp, Visit, household_version
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import RENEW_BEFORE, Sight, VisitOutcome, care_state, sight


def visits_of(actor: Actor, household_id: UUID, *, after: tuple[date, UUID] | None, limit: int) -> Select[Any]:
    """The visits of a household, the latest first."""
    asked = visible(actor, Visit).where(col(Visit.household_id) == household_id)
    if after is not None:
        asked = asked.where(tuple_(col(Visit.visited_on), col(Visit.id)) < tuple_(*after))
    return asked.order_by(col(Visit.visited_on).desc(), col(Visit.id).desc()).limit(limit + 1)


def visit_shown(actor: Actor, row: Mapping[str, Any]) -> dict[str, Any]:
    """A visit as the actor may see it: what somebody said at the door is for those who keep the register."""
    return dict(row) if sight(actor, row["area_code"]) is Sight.NAMES else {**row, "note": None}


def care_entries_of(actor: Actor, household_id: UUID) -> Select[Any]:
    """The care entries of a household's persons, running ones first."""
    asked = visible(actor, CareEntry).where(col(CareEntry.household_id) == household_id)
    return asked.order_by(col(CareEntry.ended_on).desc().nulls_first(), col(CareEntry.id))


def care_renewals(actor: Actor, area: str, day: date, *, after: tuple[date, UUID] | None, limit: int) -> Select[Any]:
    """The care entries that expire within the month before their renewal, or have, and wait for somebody to decide."""
    asked = visible(actor, CareEntry).where(within(col(CareEntry.area_code), area), col(CareEntry.ended_on).is_(None))
    asked = asked.where(col(CareEntry.expires_on) <= day + RENEW_BEFORE)
    if after is not None:
        asked = asked.where(tuple_(col(CareEntry.expires_on), col(CareEntry.id)) > tuple_(*after))
    return asked.order_by(col(CareEntry.expires_on), col(CareEntry.id)).limit(limit + 1)


def care_shown(entry: Any, day: date) -> dict[str, Any]:
    """A care entry with how it stands on a day."""
    row = dict(entry) if isinstance(entry, Mapping) else entry.model_dump()
    return row | {"state": care_state(row["expires_on"], row["ended_on"], day)}


def follow_ups(actor: Actor, area: str | None, *, after: tuple[UUID] | None, limit: int) -> Select[Any]:
    """The visits cases asked for and nobody made yet."""
    asked = visible(actor, FollowUp).where(col(FollowUp.visit_id).is_(None), within(col(FollowUp.area_code), area))
    if after is not None:
        asked = asked.where(col(FollowUp.id) > after[0])
    return asked.order_by(col(FollowUp.id)).limit(limit + 1)


async def care_entry_for_update(session: AsyncSession, actor: Actor, entry_id: UUID) -> CareEntry:
    """The care entry, locked; NotFound outside the actor's areas."""
    found: CareEntry | None = await find(
        session, visible(actor, CareEntry).where(col(CareEntry.id) == entry_id).with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def running_care_of(session: AsyncSession, person_ids: Sequence[UUID]) -> Sequence[CareEntry]:
    """The running care entries of persons who move, locked."""
    asked = everyone(CareEntry).where(col(CareEntry.person_id).in_(person_ids), col(CareEntry.ended_on).is_(None))
    return list((await session.execute(asked.order_by(col(CareEntry.id)).with_for_update())).scalars())


async def open_follow_ups(session: AsyncSession, household_id: UUID) -> Sequence[FollowUp]:
    """The visits cases asked of a household that nobody made yet, locked."""
    asked = everyone(FollowUp).where(col(FollowUp.household_id) == household_id, col(FollowUp.visit_id).is_(None))
    return list((await session.execute(asked.order_by(col(FollowUp.id)).with_for_update())).scalars())


async def first_done_since(session: AsyncSession, household_id: UUID, moment: datetime) -> UUID | None:
    """The visit that already answers a request of a moment: the words of a case may come late."""
    asked = everyone(Visit).where(col(Visit.household_id) == household_id, col(Visit.outcome) == VisitOutcome.DONE)
    asked = asked.where(col(Visit.visited_at) >= moment).order_by(col(Visit.visited_at)).limit(1)
    found: UUID | None = await session.scalar(asked.with_only_columns(col(Visit.id)))
    return found


async def place_then(session: AsyncSession, visit: Visit) -> tuple[UUID, str, str]:
    """Where the household lived on the day of a visit: the dwelling, its grid now, and the grid it was in."""
    versions = household_version
    asked = everyone(Dwelling).join(versions, versions.c.dwelling_id == col(Dwelling.id))
    asked = asked.where(versions.c.id == visit.household_id, as_of(versions, visit.visited_on))
    columns: list[Any] = [col(Dwelling.id), col(Dwelling.area_code), versions.c.grid_code_then]
    found = (await session.execute(asked.with_only_columns(*columns))).first()
    return tuple(found) if found else (visit.dwelling_id, visit.area_code, visit.grid_code_then)
