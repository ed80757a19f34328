"""Records that may be one person, and those that became one."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from population_svc import rules
from population_svc.models import DistinctPair, Occupancy, Person, PersonMerger
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import PersonStatus

MOST_PAIRS = 100
_SHOWN = ("id", "name", "sex", "birth_date", "phone", "area_code", "version")


def alike(actor: Actor, area: str) -> Select[Any]:
    """Pairs that live here, bear the same name, and share birth date or telephone; never two with different numbers."""
    a: Any = aliased(Person)
    b: Any = aliased(Person)
    home_a: Any = aliased(Occupancy)
    home_b: Any = aliased(Occupancy)
    same_phone = and_(a.phone_index.is_not(None), a.phone_index == b.phone_index)
    pair = and_(a.name == b.name, a.id < b.id, or_(a.birth_date == b.birth_date, same_phone))
    decided = everyone(DistinctPair).where(col(DistinctPair.first_id) == a.id, col(DistinctPair.second_id) == b.id)
    asked = everyone(a).join(b, pair).where(in_scope(a.area_code, rules.scope(actor)), within(a.area_code, area))
    asked = asked.where(in_scope(b.area_code, rules.scope(actor)))
    asked = asked.where(a.status == PersonStatus.PRESENT, b.status == PersonStatus.PRESENT, ~exists(decided))
    asked = asked.where(or_(a.id_number_index.is_(None), b.id_number_index.is_(None)))
    asked = asked.where(a.restricted_on.is_(None), b.restricted_on.is_(None))
    asked = asked.outerjoin(home_a, and_(home_a.person_id == a.id, home_a.valid_to.is_(None)))
    asked = asked.outerjoin(home_b, and_(home_b.person_id == b.id, home_b.valid_to.is_(None)))
    columns: list[Any] = [getattr(a, name).label(f"a_{name}") for name in _SHOWN]
    columns += [getattr(b, name).label(f"b_{name}") for name in _SHOWN]
    columns += [home_a.household_id.label("a_household_id"), home_b.household_id.label("b_household_id")]
    columns += [a.id_number_index.is_not(None).label("a_has_number")]
    columns += [b.id_number_index.is_not(None).label("b_has_number"), a.id.label("id")]
    return asked.with_only_columns(*columns).order_by(a.id, b.id).limit(MOST_PAIRS)


async def twin(session: AsyncSession, household_id: UUID, name: str, birth_date: date) -> UUID | None:
    """Somebody of a household who bears this name and was born on this day."""
    asked = everyone(Person).join(Occupancy, col(Occupancy.person_id) == col(Person.id))
    asked = asked.where(col(Occupancy.household_id) == household_id, col(Occupancy.valid_to).is_(None))
    asked = asked.where(func.lower(col(Person.name)) == name.lower(), col(Person.birth_date) == birth_date)
    found: UUID | None = await session.scalar(asked.with_only_columns(col(Person.id)).limit(1))
    return found


async def merger_for_update(session: AsyncSession, actor: Actor, merger_id: UUID) -> PersonMerger:
    """The merger, locked; NotFound outside the actor's areas."""
    found: PersonMerger | None = await find(
        session, visible(actor, PersonMerger).where(col(PersonMerger.id) == merger_id).with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def last_occupancy(session: AsyncSession, person_id: UUID) -> Occupancy | None:
    """Where a person lived last, locked."""
    asked = everyone(Occupancy).where(col(Occupancy.person_id) == person_id)
    return await find(session, asked.order_by(col(Occupancy.valid_from).desc()).limit(1).with_for_update())
