"""Answers put together from several selects: by the reader's connection, or in the transaction that wrote them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.identifiers import BadIdNumber, check_id_number, mask_phone
from grid_kernel.reads import ReadRunner
from population_svc import alike
from population_svc.queries import doors, duplicates, households, persons, statements
from population_svc.rules import IMPORTED, SEARCH_CAP
from population_svc.schemas import (
    AlikePair,
    AlikePerson,
    DoorOpened,
    DwellingOut,
    HouseholdOut,
    PersonFoundRow,
    PersonOut,
    PersonSearch,
    PersonsFound,
    ProvenanceOut,
)

Row = Mapping[str, Any]


async def read_household(reads: ReadRunner, actor: Actor, household_id: UUID, day: date) -> HouseholdOut:
    """A household with its dwelling and persons; the persons shown are recorded as read."""
    row = await reads.fetch_one(households.household(actor, household_id, day))
    if row is None:
        raise NotFound
    people = await reads.fetch(persons.members(actor, household_id), access="person", fields=persons.FIELDS)
    return _household(actor, row, people)


async def written_household(session: AsyncSession, actor: Actor, household_id: UUID, day: date) -> HouseholdOut:
    """The same, as this transaction leaves it."""
    row = (await session.execute(households.household(actor, household_id, day))).mappings().one()
    people = (await session.execute(persons.members(actor, household_id))).mappings().all()
    return _household(actor, row, people)


async def read_person(reads: ReadRunner, actor: Actor, person_id: UUID) -> PersonOut:
    """A person, recorded as read."""
    rows = await reads.fetch(persons.person(actor, person_id), access="person", fields=persons.FIELDS)
    if not rows:
        raise NotFound
    return PersonOut.model_validate(persons.masked(actor, rows[0]))


async def written_person(session: AsyncSession, actor: Actor, person_id: UUID) -> PersonOut:
    """The same, as this transaction leaves it."""
    row = (await session.execute(persons.person(actor, person_id))).mappings().one()
    return PersonOut.model_validate(persons.masked(actor, row))


async def find_persons(own: ReadRunner, reads: ReadRunner, actor: Actor, asked: PersonSearch) -> PersonsFound:
    """The persons who fit: looked up by the service, read behind both walls, recorded as read."""
    found = await own.fetch(persons.candidates(actor, **await _criteria(own, actor, asked)))
    ids = [row["id"] for row in found[:SEARCH_CAP]]
    rows = await reads.fetch(persons.among(actor, ids), access="person", fields=persons.FIELDS)
    shown = [PersonFoundRow.model_validate(persons.masked(actor, row)) for row in rows]
    return PersonsFound(items=shown, more=len(found) > SEARCH_CAP)


async def _criteria(own: ReadRunner, actor: Actor, asked: PersonSearch) -> dict[str, Any]:
    """What is looked for: the planner does not know how many dwellings a street has, so a rare name goes first."""
    criteria = asked.model_dump(by_alias=False)
    if asked.name is None or asked.address is None or len(asked.name) == 1:
        return criteria
    few = await own.fetch(persons.named(actor, asked.name))
    return criteria if len(few) > persons.FEW else criteria | {"name": None, "ids": [row["id"] for row in few]}


async def where_registered(own: ReadRunner, id_number: str, purpose: str, day: date) -> Row | None:
    """The one look beyond areas: where the bearer of a whole identity number is registered; recorded."""
    try:
        number = check_id_number(id_number, day)
    except BadIdNumber as error:
        raise InvalidInput.at("/idNumber", error.problem) from None
    found = await own.fetch(persons.where_is(number), access="person", fields=("id",), purpose=purpose)
    return found[0] if found else None


async def require_household(reads: ReadRunner, actor: Actor, household_id: UUID, day: date) -> None:
    """Refuse a household outside the actor's areas before its lists are read."""
    if await reads.fetch_one(households.household(actor, household_id, day)) is None:
        raise NotFound


def _household(actor: Actor, row: Row, people: Sequence[Row]) -> HouseholdOut:
    dwelling = {**row, "id": row["dwelling_id"], "version": row["dwelling_version"]}
    shown = {
        **row,
        "phone": mask_phone(row["phone"]) if row["phone"] else None,
        "dwelling": DwellingOut.model_validate(dwelling),
        "persons": [PersonOut.model_validate(persons.masked(actor, person)) for person in people],
    }
    return HouseholdOut.model_validate(shown)


async def provenance_of(
    reads: ReadRunner, row: Row, members: Sequence[str], confirmed: Any, brought: Any, now: datetime
) -> list[ProvenanceOut]:
    """Of each member of a row: the last word on it and how fresh that is; the row's own entry where none was said."""
    said = {each["member"]: each for each in await reads.fetch(statements.statements_on(row["id"]))}
    seen = (await reads.fetch(confirmed))[0]["at"]
    imported = (await reads.fetch(brought))[0]["number"] > 0
    entry = {"stated_at": row["recorded_at"], "post": None, "unit": None, "evidence": IMPORTED if imported else None}
    told = []
    for member in members:
        word = said.get(member) or entry
        confirmed_at = seen if seen is not None and seen > word["stated_at"] else None
        age = (today(now) - today(confirmed_at or word["stated_at"])).days
        given = {name: word[name] for name in ("stated_at", "post", "unit", "evidence")}
        told.append(ProvenanceOut(member=to_camel(member), confirmed_at=confirmed_at, age_days=max(0, age), **given))
    return told


async def read_door(reads: ReadRunner, actor: Actor, token: str, day: date) -> DoorOpened:
    """What lies behind the door a code hangs at; a code of a door elsewhere opens nothing."""
    named = await reads.fetch_one(doors.door(token))
    row = named and await reads.fetch_one(households.dwelling(actor, named["dwelling_id"]))
    if row is None:
        raise NotFound
    lived = await reads.fetch(doors.households_in(actor, row["id"]))
    return DoorOpened(
        dwelling=DwellingOut.model_validate(row),
        households=[await read_household(reads, actor, each["id"], day) for each in lived],
    )


async def read_alike(reads: ReadRunner, actor: Actor, area: str) -> list[AlikePair]:
    """Pairs that may be one person, masked by the reader's right, with what they have in common."""
    rows = await reads.fetch(duplicates.alike(actor, area), access="person", fields=persons.FIELDS)
    return [
        AlikePair(first=_side(actor, row, "a_"), second=_side(actor, row, "b_"), reasons=alike.reasons(row))
        for row in rows
    ]


def _side(actor: Actor, row: Row, mark: str) -> AlikePerson:
    own = {name.removeprefix(mark): value for name, value in row.items() if name.startswith(mark)}
    return AlikePerson.model_validate(persons.masked(actor, own))
