"""Households that split and become one, and deaths. Nobody lives in two places, and nobody is lost."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput
from grid_kernel.events import publish
from grid_kernel.types import uuid7
from population_svc import queries, rules
from population_svc.commands.moving import after_departure, leaving, take_care_along
from population_svc.commands.registering import dwelling_named, occupancy
from population_svc.commands.storing import stored
from population_svc.models import Dwelling, Household, Occupancy, Person
from population_svc.schemas import Death, HouseholdMerger, HouseholdSplit


async def record_death(
    session: AsyncSession, actor: Actor, person_id: UUID, death: Death, *, version: int, now: datetime
) -> Person:
    """Note that a person died: the home and the care end on that day, the record stays."""
    on = death.died_on
    person, lived = await leaving(session, actor, person_id, version=version, on=on, at="/diedOn", now=now)
    lived.end(on=on, now=now)
    await publish(session, person.die(on=on, now=now))
    for entry in await queries.running_care_of(session, [person.id]):
        ended = entry.end(on=max(on, entry.starts_on), now=now, reason=rules.CareEnd.DIED)
        await publish(session, ended)
    await session.flush()
    await after_departure(session, lived, on=on, now=now)
    await record_act(session, actor, "person.died", person, kind="person", now=now)
    return person


async def split_household(
    session: AsyncSession, actor: Actor, household_id: UUID, split: HouseholdSplit, *, version: int, now: datetime
) -> Household:
    """Let some persons of a household be one of their own, in the same dwelling or in another."""
    rules.check_not_future(split.split_on, today(now), "/splitOn")
    origin = await _present(session, actor, household_id, version)
    lived = {each.person_id: each for each in await queries.current_occupancies(session, origin.id)}
    leaving_now = _chosen(split.relations, lived, "/relations")
    if len(leaving_now) == len(lived):
        raise InvalidInput.at("/relations", "somebody-must-stay")
    rules.check_one_head(list(split.relations.values()))
    dwelling = await queries.any_dwelling(session, origin.dwelling_id)
    if split.dwelling is not None or split.dwelling_id is not None:
        dwelling = await dwelling_named(session, actor, split, since=split.split_on, now=now)
    assert dwelling is not None  # noqa: S101 - a foreign key says so
    fresh = _formed(origin, dwelling, split, now)
    async with stored(session):
        session.add(fresh)
    await publish(session, fresh.formed(dwelling.building_id))
    await _bring(session, leaving_now, split.relations, fresh, dwelling, on=split.split_on, now=now)
    await record_act(session, actor, "household.split", origin, kind="household", now=now)
    return fresh


async def merge_households(
    session: AsyncSession, actor: Actor, household_id: UUID, merger: HouseholdMerger, *, version: int, now: datetime
) -> Household:
    """Let everybody of another household belong to this one; the other ends."""
    rules.check_not_future(merger.merged_on, today(now), "/mergedOn")
    into = await _present(session, actor, household_id, version)
    if merger.household_id == into.id:
        raise InvalidInput.at("/householdId", "unknown-household")
    other = await queries.household_for_update(session, actor, merger.household_id)
    rules.check_may_keep(actor, other.area_code)
    if other.dissolved_on is not None:
        raise rules.HouseholdEnded
    lived = {each.person_id: each for each in await queries.current_occupancies(session, other.id)}
    if set(merger.relations) != set(lived) or rules.HEADS & set(merger.relations.values()):
        raise InvalidInput.at("/relations", "relations-of-all-needed")
    dwelling = await queries.any_dwelling(session, into.dwelling_id)
    assert dwelling is not None  # noqa: S101 - a foreign key says so
    moving = list(lived.values())
    await _bring(session, moving, merger.relations, into, dwelling, on=merger.merged_on, now=now)
    into.change({}, since=merger.merged_on, now=now)
    await record_act(session, actor, "household.merged", into, kind="household", now=now)
    return into


async def _present(session: AsyncSession, actor: Actor, household_id: UUID, version: int) -> Household:
    household = await queries.household_for_update(session, actor, household_id)
    rules.check_may_keep(actor, household.area_code)
    expect_version(household, version)
    if household.dissolved_on is not None:
        raise rules.HouseholdEnded
    return household


def _chosen(relations: Mapping[UUID, str], lived: Mapping[UUID, Occupancy], at: str) -> Sequence[Occupancy]:
    if not set(relations) <= set(lived):
        raise InvalidInput.at(at, "not-of-this-household")
    return [lived[person_id] for person_id in relations]


def _formed(origin: Household, dwelling: Dwelling, split: HouseholdSplit, now: datetime) -> Household:
    head = next(person_id for person_id, relation in split.relations.items() if relation in rules.HEADS)
    return Household(
        id=split.id or uuid7(),
        dwelling_id=dwelling.id,
        area_code=dwelling.area_code,
        roster_key=dwelling.roster_key,
        household_type=origin.household_type,
        head_person_id=head,
        formed_on=split.split_on,
        phone=split.phone,
        phone_index=split.phone,
        effective_on=split.split_on,
        recorded_at=now,
    )


async def _bring(
    session: AsyncSession,
    moving: Sequence[Occupancy],
    relations: Mapping[UUID, str],
    household: Household,
    dwelling: Dwelling,
    *,
    on: date,
    now: datetime,
) -> None:
    """Let persons live in a household from a day on, each under a relation of its own."""
    for relation in relations.values():
        if errors := rules.code_error("family_relations", relation, "/relations"):
            raise InvalidInput(errors=errors)
    persons = await queries.persons_of(session, [each.person_id for each in moving])
    for lived in moving:
        rules.check_not_before(on, lived.valid_from, "/relations")
        person = persons[lived.person_id]
        lived.end(on=on, now=now)
        event = person.move(household, building_id=dwelling.building_id, on=on, now=now)
        await session.flush()
        session.add(occupancy(person, household, relations[person.id], since=on, now=now))
        await publish(session, event)
        await session.flush()
        await after_departure(session, lived, on=on, now=now)
    await take_care_along(session, list(persons), household, now)
    await session.flush()
