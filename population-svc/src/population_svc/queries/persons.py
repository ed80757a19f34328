"""Reads of persons."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, Uuid, and_, any_, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find
from grid_kernel.errors import NotFound
from grid_kernel.identifiers import mask_id_number, mask_name, mask_phone, to_18
from population_svc.grams import query_grams, query_name_grams
from population_svc.models import CareEntry, Dwelling, Occupancy, Person, person_version
from population_svc.queries.scope import everyone, running, visible, within
from population_svc.rules import SEARCH_CAP, BasisKind, PersonStatus, RevealField, Sight, sight

_SHOWN = (
    *("id", "area_code", "name", "sex", "birth_date", "birth_precision", "id_document_type", "id_number", "phone"),
    *(
        "population_type",
        "registered_here",
        "registered_address",
        "registration_matches",
        "status",
        "left_on",
        "restricted_on",
        "version",
    ),
)
FEW = 1_000
FIELDS = ("name", "sex", "birth_date", "id_number_masked", "phone_masked")
"""What a masked read of a person shows, as the access record names it."""


def _current() -> Any:
    return and_(col(Occupancy.person_id) == col(Person.id), col(Occupancy.valid_to).is_(None))


def _persons(actor: Actor) -> Select[Any]:
    columns: list[Any] = [getattr(Person, name) for name in _SHOWN]
    columns += [col(Occupancy.household_id), col(Occupancy.relation_to_head)]
    return visible(actor, Person).with_only_columns(*columns).outerjoin(Occupancy, _current())


def person(actor: Actor, person_id: UUID) -> Select[Any]:
    """One person."""
    return _persons(actor).where(col(Person.id) == person_id)


def members(actor: Actor, household_id: UUID) -> Select[Any]:
    """The persons who live in a household now, the head first."""
    return (
        _persons(actor)
        .where(col(Occupancy.household_id) == household_id)
        .order_by(col(Occupancy.relation_to_head), col(Person.id))
    )


def named(actor: Actor, name: str) -> Select[Any]:
    """The ids of persons with a name, one more than are few. Run as system, like `candidates`."""
    asked = visible(actor, Person).where(col(Person.name_grams).contains(query_name_grams(name)))
    return asked.with_only_columns(col(Person.id)).limit(FEW + 1).execution_options(replan=True)


def candidates(
    actor: Actor,
    *,
    ids: Sequence[UUID] | None = None,
    name: str | None = None,
    id_number: str | None = None,
    phone: str | None = None,
    building_id: UUID | None = None,
    grid: str | None = None,
    address: str | None = None,
    birth_date: date | None = None,
) -> Select[Any]:
    """The ids of persons who live here and fit; one more than may be shown, in no order: an order would read them all.

    Run as system: the array and pattern operators are not leakproof, so behind row-level security PostgreSQL would
    test every row before it used their indexes. What is shown is read again behind both walls, see `among`.
    With `ids` only these persons are tried, and an address is compared and not looked for.
    """
    asked = visible(actor, Person).with_only_columns(col(Person.id)).join(Occupancy, _current())
    if ids is not None:
        asked = asked.where(col(Person.id) == any_(literal(list(ids), ARRAY(Uuid))))
    if id_number is not None:
        asked = asked.where(col(Person.id_number_index) == to_18(id_number))
    if phone is not None:
        asked = asked.where(col(Person.phone_index) == phone)
    if name is not None:
        asked = asked.where(col(Person.name_grams).contains(query_name_grams(name)))
    if birth_date is not None:
        asked = asked.where(col(Person.birth_date) == birth_date)
    if address is not None or building_id is not None:
        asked = asked.join(Dwelling, col(Dwelling.id) == col(Occupancy.dwelling_id))
    if building_id is not None:
        asked = asked.where(col(Dwelling.building_id) == building_id)
    if address is not None and ids is None:
        asked = asked.where(col(Dwelling.address_grams).contains(query_grams(address)))
    if address is not None:
        asked = asked.where(col(Dwelling.address).contains(address, autoescape=True))
    return asked.where(within(col(Person.area_code), grid)).limit(SEARCH_CAP + 1).execution_options(replan=True)


def among(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    """Of these persons, those the actor may see, as a search shows them."""
    hidden = {"registered_address", "registration_matches", "status", "left_on", "restricted_on", "version"}
    columns: list[Any] = [getattr(Person, each) for each in _SHOWN if each not in hidden]
    asked = visible(actor, Person).with_only_columns(*columns, col(Occupancy.household_id), col(Dwelling.address))
    asked = asked.join(Occupancy, _current()).join(Dwelling, col(Dwelling.id) == col(Occupancy.dwelling_id))
    return asked.where(col(Person.id) == any_(literal(list(ids), ARRAY(Uuid))))


def masked(actor: Actor, row: Mapping[str, Any]) -> dict[str, Any]:
    """A person's row as the actor may see it: numbers masked for everybody, names for those who only lead."""
    shown = dict(row)
    shown["id_number"] = mask_id_number(row["id_number"]) if row.get("id_number") else None
    shown["phone"] = mask_phone(row["phone"]) if row.get("phone") else None
    if sight(actor, row["area_code"]) is Sight.MASKED:
        shown |= {"name": mask_name(row["name"]), "birth_date": None, "registered_address": None}
    return shown


def listed(actor: Actor, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row behind a number: whoever only leads sees neither number nor telephone, not even masked."""
    shown = masked(actor, row)
    return shown if sight(actor, row["area_code"]) is Sight.NAMES else shown | {"id_number": None, "phone": None}


def masked_line(actor: Actor, row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the roster as the actor may see it."""
    shown = dict(row)
    shown["phone"] = mask_phone(row["phone"]) if row["phone"] else None
    if row["head_name"] and sight(actor, row["area_code"]) is Sight.MASKED:
        shown["head_name"] = mask_name(row["head_name"])
    return shown


async def field_of(session: AsyncSession, actor: Actor, person_id: UUID, field: RevealField) -> tuple[str, str | None]:
    """The area of a person and one field, whole."""
    asked = visible(actor, Person).where(col(Person.id) == person_id)
    found = (
        await session.execute(asked.with_only_columns(col(Person.area_code), getattr(Person, field.value)))
    ).first()
    if found is None:
        raise NotFound
    return found[0], found[1]


async def any_person_for_update(session: AsyncSession, person_id: UUID) -> Person:
    """A person who is known, locked, for an act that may look beyond areas."""
    found: Person | None = await find(session, everyone(Person).where(col(Person.id) == person_id).with_for_update())
    assert found is not None  # noqa: S101 - whoever asks has read the id before
    return found


async def person_for_update(session: AsyncSession, actor: Actor, person_id: UUID) -> Person:
    """The person, locked; NotFound outside the actor's areas."""
    found: Person | None = await find(
        session, visible(actor, Person).where(col(Person.id) == person_id).with_for_update()
    )
    if found is None:
        raise NotFound
    return found


async def by_id_number(session: AsyncSession, id_number: str) -> Person | None:
    """Whoever bears an identity number, anywhere; locked."""
    asked = everyone(Person).where(col(Person.id_number_index) == to_18(id_number))
    return await find(session, asked.with_for_update())


async def current_occupancy(session: AsyncSession, person_id: UUID) -> Occupancy | None:
    """Where a person lives now, locked."""
    asked = everyone(Occupancy).where(col(Occupancy.person_id) == person_id, col(Occupancy.valid_to).is_(None))
    return await find(session, asked.with_for_update())


async def current_occupancies(session: AsyncSession, household_id: UUID) -> Sequence[Occupancy]:
    """Who lives in a household now, locked."""
    asked = everyone(Occupancy).where(col(Occupancy.household_id) == household_id, col(Occupancy.valid_to).is_(None))
    return list((await session.execute(asked.order_by(col(Occupancy.id)).with_for_update())).scalars())


async def persons_of(session: AsyncSession, person_ids: Sequence[UUID]) -> Mapping[UUID, Person]:
    """Persons by id, locked, as members of a household the actor may change."""
    asked = everyone(Person).where(col(Person.id).in_(person_ids)).order_by(col(Person.id)).with_for_update()
    return {each.id: each for each in (await session.execute(asked)).scalars()}


def where_is(id_number: str) -> Select[Any]:
    """The minimum answer to a full identity number: who, and in which community (run as system)."""
    asked = everyone(Person).where(col(Person.id_number_index) == to_18(id_number))
    columns: list[Any] = [col(Person.id), col(Person.area_code)]
    return asked.where(col(Person.status) == PersonStatus.PRESENT).with_only_columns(*columns)


def facts_of(person_id: UUID) -> Select[Any]:
    """What yes-or-no questions about a person are answered from (run as system)."""
    own, others = aliased(Occupancy), aliased(Occupancy)
    size = everyone(others).where(col(others.household_id) == col(own.household_id), col(others.valid_to).is_(None))
    columns: list[Any] = [col(Person.id), col(Person.status), col(Person.registered_here), col(Person.birth_date)]
    columns.append(size.with_only_columns(func.count()).scalar_subquery().label("household_size"))
    current = and_(col(own.person_id) == col(Person.id), col(own.valid_to).is_(None))
    asked = everyone(Person).with_only_columns(*columns).outerjoin(own, current)
    return asked.where(col(Person.id) == person_id, col(Person.restricted_on).is_(None))


def stays_of(person_id: UUID) -> Select[Any]:
    """The homes of a person (run as system)."""
    asked = everyone(Occupancy).where(col(Occupancy.person_id) == person_id)
    columns: list[Any] = [col(Occupancy.valid_from), col(Occupancy.valid_to)]
    return asked.with_only_columns(*columns)


def consented_care_of(person_id: UUID, day: date) -> Select[Any]:
    """The service needs a person, or the guardian, agreed to be listed for and that run on a day (run as system)."""
    asked = everyone(CareEntry).where(col(CareEntry.person_id) == person_id)
    asked = asked.where(running(col(CareEntry.starts_on), col(CareEntry.ended_on), day))
    agreed = any_(literal([BasisKind.CONSENT.value, BasisKind.GUARDIAN.value], ARRAY(Text)))
    return asked.where(cast(col(CareEntry.basis_kind), Text) == agreed).with_only_columns(col(CareEntry.reason))


async def recorded_from(session: AsyncSession, person: Person) -> date:
    """The first day a record says anything of."""
    first = select(func.min(person_version.c.valid_from)).where(person_version.c.id == person.id)
    found: date | None = await session.scalar(first)
    return found or person.effective_on
