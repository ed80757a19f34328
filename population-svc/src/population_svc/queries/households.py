"""Reads of households and dwellings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, false, func, null, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.clock import Period
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from population_svc.history import as_of
from population_svc.models import (
    CareEntry,
    Dwelling,
    Household,
    Occupancy,
    Person,
    Visit,
    dwelling_version,
    household_version,
)
from population_svc.queries.scope import everyone, running, visible, within
from population_svc.queries.standing import standing
from population_svc.queries.statistics import entered_there, freshness, last_entered
from population_svc.rules import Freshness, Presence, VisitOutcome, VisitState

RosterKey = tuple[str, str, UUID]


@dataclass(frozen=True, slots=True)
class RosterFilter:
    """Which households are wanted; a quarter asks how they stand in its round as of a day."""

    area: str | None = None
    quarter: Period | None = None
    day: date | None = None
    reached: bool | None = None
    state: VisitState | None = None
    presence: Presence | None = None
    care: bool | None = None
    visited_from: date | None = None
    visits_at_least: int | None = None
    freshness: Freshness | None = None
    known_at: datetime | None = None


def roster(actor: Actor, wanted: RosterFilter, *, today: date, after: RosterKey | None, limit: int) -> Select[Any]:
    """The households of an area by grid, building, entrance, floor and room."""
    if wanted.known_at is not None:
        return _page(_as_known(actor, wanted), household_version.c, after, limit)
    if wanted.quarter is None or wanted.day is None:
        return _page(_now(actor, wanted, today), Household, after, limit)
    rows = standing(actor, wanted.area, wanted.quarter, wanted.day)
    asked = select(rows).where(*_conditions(wanted, rows))
    if wanted.freshness is not None:
        last = last_entered(actor, wanted.area, wanted.day)
        asked = asked.outerjoin(last, entered_there(rows, last))
        asked = asked.where(freshness(last, wanted.day) == wanted.freshness.value)
    asked = asked.execution_options(replan=True)
    return _page(_shown(asked, rows, rows.c.on_care_list, rows.c.done_days, rows.c.visit_state), rows.c, after, limit)


def key_of(line: Mapping[str, Any]) -> RosterKey:
    """The place of a line in the roster."""
    return line["area_code"], line["roster_key"], line["id"]


def _as_known(actor: Actor, wanted: RosterFilter) -> Select[Any]:
    """The households of a day as they were known at a moment."""
    h, day = household_version, wanted.day or date.max
    care = visible(actor, CareEntry).where(col(CareEntry.household_id) == h.c.id, _runs(day))
    care = care.where(col(CareEntry.recorded_at) <= wanted.known_at)
    asked = visible(actor, h).where(as_of(h, day, wanted.known_at), within(h.c.area_code, wanted.area))
    if wanted.presence is not None:
        asked = asked.where(h.c.presence == wanted.presence)
    return _shown(asked, h, exists(care), null(), null())


def _now(actor: Actor, wanted: RosterFilter, today: date) -> Select[Any]:
    care = exists(visible(actor, CareEntry).where(col(CareEntry.household_id) == col(Household.id), _runs(today)))
    asked = visible(actor, Household).where(within(col(Household.area_code), wanted.area))
    asked = asked.where(col(Household.dissolved_on).is_(None))
    if wanted.presence is not None:
        asked = asked.where(col(Household.presence) == wanted.presence)
    if wanted.care is not None:
        asked = asked.where(care if wanted.care else ~care)
    return _shown(asked, Household, care, null(), null())


def _shown(asked: Select[Any], h: Any, care: Any, visit_count: Any, visit_state: Any) -> Select[Any]:
    """What a line shows, whether it comes from the present table or from a version."""
    h = getattr(h, "c", h)
    head = aliased(Person)
    people = everyone(Occupancy).where(col(Occupancy.household_id) == h.id, col(Occupancy.valid_to).is_(None))
    done = everyone(Visit).where(col(Visit.household_id) == h.id, col(Visit.area_code) == h.area_code)
    done = done.where(col(Visit.outcome) == VisitOutcome.DONE)
    # A version of the past may be older than the row's own: a visit that says nothing new counts it up too.
    current = aliased(Household)
    now = everyone(current).where(col(current.id) == h.id).with_only_columns(col(current.version))
    columns: list[Any] = [h.id, h.area_code, h.roster_key, h.dwelling_id, h.presence, h.phone]
    # And who moved out of the reader's areas since has no present row here.
    columns.append(func.coalesce(now.scalar_subquery(), h.version).label("version"))
    columns += [
        col(Dwelling.house_code),
        col(Dwelling.entrance),
        col(Dwelling.floor),
        col(Dwelling.room_no),
        col(Dwelling.address),
    ]
    columns += [
        col(head.name).label("head_name"),
        people.with_only_columns(func.count()).scalar_subquery().label("person_count"),
        care.label("on_care_list"),
        done.with_only_columns(func.max(col(Visit.visited_on))).scalar_subquery().label("last_visited_on"),
        visit_count.label("visit_count"),
        visit_state.label("visit_state"),
    ]
    return (
        asked.with_only_columns(*columns)
        .join(Dwelling, col(Dwelling.id) == h.dwelling_id)
        .outerjoin(head, and_(head.id == h.head_person_id, col(head.restricted_on).is_(None)))
    )


def _page(asked: Select[Any], h: Any, after: RosterKey | None, limit: int) -> Select[Any]:
    if after is not None:
        asked = asked.where(tuple_(h.area_code, h.roster_key, h.id) > tuple_(*after))
    return asked.order_by(h.area_code, h.roster_key, h.id).limit(limit + 1)


def _conditions(wanted: RosterFilter, rows: Any) -> list[Any]:
    living = rows.c.presence == Presence.LIVING
    entered = rows.c.visit_state == VisitState.VISITED.value
    conditions = [] if wanted.reached is None else [and_(living, entered if wanted.reached else ~entered)]
    if wanted.state is not None:
        conditions.append(rows.c.visit_state == wanted.state.value)
    if wanted.presence is not None:
        conditions.append(rows.c.presence == wanted.presence)
    if wanted.care is not None:
        conditions.append(rows.c.on_care_list.is_(true() if wanted.care else false()))
    if wanted.visited_from is not None:
        conditions.append(and_(living, rows.c.last_done_on >= wanted.visited_from))
    if wanted.visits_at_least is not None:
        conditions.append(and_(living, rows.c.done_days >= wanted.visits_at_least))
    return conditions


def _runs(day: date) -> Any:
    return running(col(CareEntry.starts_on), col(CareEntry.ended_on), day)


_NOT_SHOWN = frozenset({"phone_index", "presence_seen_at"})
_DWELLING = [getattr(Dwelling, name) for name in ("building_id", "house_code", "entrance", "floor", "room_no", "use")]
_DWELLING += [Dwelling.area_m2, col(Dwelling.address), col(Dwelling.version).label("dwelling_version")]


def household(actor: Actor, household_id: UUID, today: date) -> Select[Any]:
    """A household and its dwelling; its persons are read apart."""
    care = exists(visible(actor, CareEntry).where(col(CareEntry.household_id) == col(Household.id), _runs(today)))
    columns: list[Any] = [getattr(Household, name) for name in Household.model_fields if name not in _NOT_SHOWN]
    return (
        visible(actor, Household)
        .join(Dwelling, col(Dwelling.id) == col(Household.dwelling_id))
        .where(col(Household.id) == household_id)
        .with_only_columns(*columns, *_DWELLING, care.label("on_care_list"))
    )


def dwellings(
    actor: Actor,
    *,
    area: str | None,
    use: str | None,
    day: date,
    after: Any,
    limit: int,
    known_at: datetime | None = None,
) -> Select[Any]:
    """The dwellings of an area as of a day, by house code."""
    d = dwelling_version
    asked = visible(actor, d).where(as_of(d, day, known_at), within(d.c.area_code, area))
    if use is not None:
        asked = asked.where(d.c.use == use)
    if after is not None:
        asked = asked.where(tuple_(d.c.house_code, d.c.id) > tuple_(*after))
    return asked.order_by(d.c.house_code, d.c.id).limit(limit + 1)


def dwelling(actor: Actor, dwelling_id: UUID) -> Select[Any]:
    """One dwelling."""
    return visible(actor, Dwelling).where(col(Dwelling.id) == dwelling_id)


async def dwelling_for_update(session: AsyncSession, actor: Actor, dwelling_id: UUID) -> Dwelling:
    """The dwelling, locked; NotFound outside the actor's areas."""
    asked = visible(actor, Dwelling).where(col(Dwelling.id) == dwelling_id)
    found: Dwelling | None = await find(session, asked.with_for_update())
    if found is None:
        raise NotFound
    return found


async def household_for_update(session: AsyncSession, actor: Actor, household_id: UUID) -> Household:
    """The household, locked; NotFound outside the actor's areas."""
    asked = visible(actor, Household).where(col(Household.id) == household_id)
    found: Household | None = await find(session, asked.with_for_update())
    if found is None:
        raise NotFound
    return found


async def any_dwelling(session: AsyncSession, dwelling_id: UUID) -> Dwelling | None:
    """A dwelling anywhere in the district, as the target of a move."""
    return await find(session, everyone(Dwelling).where(col(Dwelling.id) == dwelling_id))


async def any_household(session: AsyncSession, household_id: UUID) -> Household | None:
    """A household anywhere in the district, locked as the target of a move."""
    return await find(session, everyone(Household).where(col(Household.id) == household_id).with_for_update())
