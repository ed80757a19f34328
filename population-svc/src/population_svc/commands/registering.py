"""Entering households, persons and dwellings."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import as_system
from grid_kernel.errors import FieldError, InvalidInput, NotFound
from grid_kernel.events import publish
from grid_kernel.types import uuid7
from population_svc import queries, rules
from population_svc.commands.storing import stored
from population_svc.grams import grams, name_grams
from population_svc.models import Dwelling, Household, Occupancy, Person
from population_svc.schemas import (
    AcceptanceIn,
    ClaimIn,
    DwellingIn,
    HouseholdIn,
    HouseholdMove,
    HouseholdSplit,
    NewPerson,
    PersonIn,
)

Housed = HouseholdIn | HouseholdMove | HouseholdSplit | ClaimIn | AcceptanceIn
"""What names a dwelling, or enters one."""


async def register_household(session: AsyncSession, actor: Actor, entry: HouseholdIn, *, now: datetime) -> Household:
    """Enter a household with its persons, and its dwelling where nobody knew it."""
    rules.check_keeps_register(actor)
    _check_household(entry, today(now))
    dwelling = await dwelling_named(session, actor, entry, since=entry.formed_on, now=now)
    people = [
        await _resolve(session, person, dwelling.area_code, since=entry.formed_on, now=now) for person in entry.persons
    ]
    household = _new_household(entry, dwelling, people, now)
    async with stored(session):
        session.add(household)
    await publish(session, household.formed(dwelling.building_id))
    for person, entered in zip(people, entry.persons, strict=True):
        await settle(session, person, household, dwelling, entered.relation_to_head, since=entry.formed_on, now=now)
    await record_act(session, actor, "household.registered", household, kind="household", now=now)
    return household


async def register_person(session: AsyncSession, actor: Actor, entry: NewPerson, *, now: datetime) -> Person:
    """Enter a person into a household, or take back one who had left the district."""
    rules.check_keeps_register(actor)
    rules.check_not_future(entry.moved_in_on, today(now), "/movedInOn")
    if errors := rules.person_errors(entry, "", today(now)):
        raise InvalidInput(errors=errors)
    household = await queries.household_for_update(session, actor, entry.household_id)
    rules.check_may_keep(actor, household.area_code)
    if household.dissolved_on is not None:
        raise rules.HouseholdEnded
    rules.check_not_before(entry.moved_in_on, household.formed_on, "/movedInOn")
    dwelling = await queries.any_dwelling(session, household.dwelling_id)
    assert dwelling is not None  # noqa: S101 - a foreign key says so
    rules.check_registration(entry.registered_here, entry.registration_matches)
    person = await _resolve(session, entry, household.area_code, since=entry.moved_in_on, now=now)
    await settle(session, person, household, dwelling, entry.relation_to_head, since=entry.moved_in_on, now=now)
    await record_act(session, actor, "person.registered", person, kind="person", now=now)
    return person


async def dwelling_named(
    session: AsyncSession,
    actor: Actor,
    entry: Housed,
    *,
    since: date,
    now: datetime,
) -> Dwelling:
    """The dwelling an entry names in the actor's areas, entered if it comes with it."""
    if entry.dwelling is not None:
        return await _enter_dwelling(session, actor, entry.dwelling, since, now)
    assert entry.dwelling_id is not None  # noqa: S101 - the schema demands one of the two
    dwelling = await queries.any_dwelling(session, entry.dwelling_id)
    if dwelling is None:
        raise NotFound(errors=[FieldError("/dwellingId", "unknown-dwelling")])
    rules.check_may_keep(actor, dwelling.area_code)
    return dwelling


async def _enter_dwelling(
    session: AsyncSession, actor: Actor, entry: DwellingIn, since: date, now: datetime
) -> Dwelling:
    """Enter a dwelling; what is said of it holds since somebody lived there, as far as we know."""
    grid, building_no = await queries.grid_of(session, entry.building_id, now)
    grid = rules.check_in_scope(actor, grid, "/dwelling/buildingId", "unknown-building")
    rules.check_may_keep(actor, grid)
    if errors := rules.code_error("dwelling_uses", entry.use, "/dwelling/use"):
        raise InvalidInput(errors=errors)
    number = entry.dwelling_no or rules.dwelling_no(entry.room_no)
    if number is None:
        raise InvalidInput.at("/dwelling/dwellingNo", "missing")
    dwelling = Dwelling(
        **entry.model_dump(by_alias=False, exclude={"id", "dwelling_no"}),
        id=entry.id or uuid7(),
        area_code=grid,
        house_code=rules.house_code(grid[:12], building_no or "", entry.entrance, number),
        address_grams=grams(entry.address),
        effective_on=since,
        recorded_at=now,
    )
    async with stored(session):
        session.add(dwelling)
    return dwelling


def _check_household(entry: HouseholdIn, day: date) -> None:
    errors = rules.code_error("household_types", entry.household_type, "/householdType")
    for number, person in enumerate(entry.persons):
        errors += rules.person_errors(person, f"/persons/{number}", day)
        rules.check_registration(person.registered_here, person.registration_matches)
    if entry.formed_on > day:
        errors.append(FieldError("/formedOn", "in-the-future"))
    if errors:
        raise InvalidInput(errors=errors)
    rules.check_one_head([person.relation_to_head for person in entry.persons])


def _new_household(entry: HouseholdIn, dwelling: Dwelling, people: Sequence[Person], now: datetime) -> Household:
    heads = (p.id for p, entered in zip(people, entry.persons, strict=True) if entered.relation_to_head in rules.HEADS)
    return Household(
        id=entry.id or uuid7(),
        dwelling_id=dwelling.id,
        area_code=dwelling.area_code,
        roster_key=dwelling.roster_key,
        household_type=entry.household_type,
        head_person_id=next(heads),
        formed_on=entry.formed_on,
        phone=entry.phone,
        phone_index=entry.phone,
        effective_on=entry.formed_on,
        recorded_at=now,
    )


async def _resolve(session: AsyncSession, entry: PersonIn, area_code: str, *, since: date, now: datetime) -> Person:
    """The person with this identity number if it is one who had left, else a new one; not stored yet."""
    number = rules.normalised_id_number(entry)
    if number is not None:
        async with as_system(session):
            known = await queries.by_id_number(session, number)
        if known is not None and known.status is not rules.PersonStatus.LEFT:
            raise rules.IdNumberRegistered
        if known is not None:
            return known
    return Person(
        **entry.model_dump(
            by_alias=False, exclude={"id", "id_number", "relation_to_head", "household_id", "moved_in_on"}
        ),
        id=entry.id or uuid7(),
        area_code=area_code,
        name_grams=name_grams(entry.name),
        id_number=number,
        id_number_index=number,
        phone_index=entry.phone,
        effective_on=since,
        recorded_at=now,
    )


async def settle(
    session: AsyncSession,
    person: Person,
    household: Household,
    dwelling: Dwelling,
    relation: str,
    *,
    since: date,
    now: datetime,
) -> None:
    """Store the person, let it live in the household, and say so."""
    if person.status is rules.PersonStatus.LEFT:
        rules.check_not_before(since, person.left_on or since, "/movedInOn")
        async with as_system(session):
            event = person.move(household, building_id=dwelling.building_id, on=since, now=now)
        await publish(session, event)
    else:
        async with stored(session):
            session.add(person)
        await publish(session, person.registered(household_id=household.id, building_id=dwelling.building_id))
    session.add(occupancy(person, household, relation, since=since, now=now))
    await session.flush()


def occupancy(person: Person, household: Household, relation: str, *, since: date, now: datetime) -> Occupancy:
    """That a person lives in a household from a day on."""
    return Occupancy(
        person_id=person.id,
        household_id=household.id,
        dwelling_id=household.dwelling_id,
        area_code=household.area_code,
        relation_to_head=relation,
        valid_from=since,
        effective_on=since,
        recorded_at=now,
    )
