"""Moves within the district and out of it. Nobody lives in two places, and nobody is lost."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import as_system, expect_version
from grid_kernel.errors import InvalidInput
from grid_kernel.events import publish
from population_svc import queries, rules
from population_svc.commands.registering import dwelling_named, occupancy
from population_svc.models import Household, Occupancy, Person
from population_svc.schemas import Departure, HouseholdMove, PersonMove


async def move_person(
    session: AsyncSession, actor: Actor, person_id: UUID, to: PersonMove, *, version: int, now: datetime
) -> Person:
    """Let a person live in another household of the district."""
    person, lived = await leaving(session, actor, person_id, version=version, on=to.moved_on, at="/movedOn", now=now)
    if errors := rules.code_error("family_relations", to.relation_to_head, "/relationToHead"):
        raise InvalidInput(errors=errors)
    await record_act(session, actor, "person.moved", person, kind="person", now=now)
    # From here on rows may lie outside the actor's areas: the rule has allowed it above.
    async with as_system(session):
        target = await queries.any_household(session, to.household_id)
        if target is not None:
            rules.check_need_not_ask(actor, target.area_code)
        await resettle_person(session, person, lived, to.household_id, to.relation_to_head, on=to.moved_on, now=now)
    return person


async def resettle_person(
    session: AsyncSession,
    person: Person,
    lived: Occupancy,
    household_id: UUID,
    relation: str,
    *,
    on: date,
    now: datetime,
) -> None:
    """Let a person live in another household from a day on; run as system, the target may lie anywhere."""
    household = await queries.any_household(session, household_id)
    if household is None or household.id == lived.household_id or household.dissolved_on is not None:
        raise InvalidInput.at("/householdId", "unknown-household")
    dwelling = await queries.any_dwelling(session, household.dwelling_id)
    assert dwelling is not None  # noqa: S101 - a foreign key says so
    lived.end(on=on, now=now)
    event = person.move(household, building_id=dwelling.building_id, on=on, now=now)
    await session.flush()
    session.add(occupancy(person, household, relation, since=on, now=now))
    await take_care_along(session, [person.id], household, now)
    await publish(session, event)
    await after_departure(session, lived, on=on, now=now)


async def leave_person(
    session: AsyncSession, actor: Actor, person_id: UUID, departure: Departure, *, version: int, now: datetime
) -> Person:
    """Let a person leave the district; the register keeps that he or she lived here."""
    on = departure.left_on
    person, lived = await leaving(session, actor, person_id, version=version, on=on, at="/leftOn", now=now)
    lived.end(on=on, now=now)
    await publish(session, person.leave(on=on, now=now))
    gone = rules.CareEnd.LEFT_THE_DISTRICT
    for entry in await queries.running_care_of(session, [person.id]):
        await publish(session, entry.end(on=max(on, entry.starts_on), now=now, reason=gone))
    await session.flush()
    await after_departure(session, lived, on=on, now=now)
    await record_act(session, actor, "person.left", person, kind="person", now=now)
    return person


async def move_household(
    session: AsyncSession, actor: Actor, household_id: UUID, to: HouseholdMove, *, version: int, now: datetime
) -> Household:
    """Let a household with all its persons live in another dwelling of the district."""
    rules.check_not_future(to.moved_on, today(now), "/movedOn")
    household = await queries.household_for_update(session, actor, household_id)
    rules.check_may_keep(actor, household.area_code)
    expect_version(household, version)
    if household.dissolved_on is not None:
        raise rules.HouseholdEnded
    await record_act(session, actor, "household.moved", household, kind="household", now=now)
    target = to.dwelling_id
    if to.dwelling is not None:
        target = (await dwelling_named(session, actor, to, since=to.moved_on, now=now)).id
    async with as_system(session):
        named = await queries.any_dwelling(session, target) if target is not None else None
        if named is not None:
            rules.check_need_not_ask(actor, named.area_code)
        await resettle_household(session, household, target, on=to.moved_on, now=now)
    return household


async def resettle_household(
    session: AsyncSession, household: Household, target: UUID | None, *, on: date, now: datetime
) -> None:
    """Let a household with everybody in it live in another dwelling; run as system, it may lie anywhere."""
    dwelling = await queries.any_dwelling(session, target) if target is not None else None
    if dwelling is None or dwelling.id == household.dwelling_id:
        raise InvalidInput.at("/dwellingId", "unknown-dwelling")
    lived = await queries.current_occupancies(session, household.id)
    for each in lived:
        rules.check_not_before(on, each.valid_from, "/movedOn")
        each.end(on=on, now=now)
    household.move(dwelling, on=on, now=now)
    await session.flush()
    persons = await queries.persons_of(session, [each.person_id for each in lived])
    for each in lived:
        person = persons[each.person_id]
        session.add(occupancy(person, household, each.relation_to_head, since=on, now=now))
        await publish(session, person.move(household, building_id=dwelling.building_id, on=on, now=now))
    await take_care_along(session, list(persons), household, now)


async def leaving(
    session: AsyncSession, actor: Actor, person_id: UUID, *, version: int, on: date, at: str, now: datetime
) -> tuple[Person, Occupancy]:
    """The person and where it lives, after every check that needs no target."""
    rules.check_not_future(on, today(now), at)
    person = await queries.person_for_update(session, actor, person_id)
    rules.check_may_keep(actor, person.area_code)
    expect_version(person, version)
    lived = await queries.current_occupancy(session, person.id)
    if person.status is rules.PersonStatus.LEFT or lived is None:
        raise rules.PersonHasLeft
    rules.check_not_before(on, lived.valid_from, at)
    return person, lived


async def after_departure(session: AsyncSession, lived: Occupancy, *, on: date, now: datetime) -> None:
    """End a household nobody lives in; one that lost its head has none until somebody names the next."""
    household = await queries.any_household(session, lived.household_id)
    assert household is not None  # noqa: S101 - a foreign key says so
    await session.flush()
    if not await queries.current_occupancies(session, household.id):
        await publish(session, household.dissolve(on=on, now=now))
    elif household.head_person_id == lived.person_id:
        household.change({"head_person_id": None}, since=on, now=now)


async def take_care_along(session: AsyncSession, person_ids: list[UUID], household: Household, now: datetime) -> None:
    for entry in await queries.running_care_of(session, person_ids):
        entry.household_id, entry.area_code = household.id, household.area_code
        entry.version += 1
        entry.recorded_at = max(entry.recorded_at, now)
