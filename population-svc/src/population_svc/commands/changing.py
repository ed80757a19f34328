"""Bringing what is known up to date, and showing a masked field for a purpose."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_access, record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput
from population_svc import queries, rules
from population_svc.commands.holding import hold_back
from population_svc.commands.stating import HERE, Told, state
from population_svc.commands.storing import stated, stored
from population_svc.grams import grams
from population_svc.models import Dwelling, Household, Person
from population_svc.schemas import DwellingChange, HouseholdChange, PersonChange, PersonCorrection, Reveal, Revealed


async def change_person(
    session: AsyncSession,
    actor: Actor,
    person_id: UUID,
    change: PersonChange,
    *,
    version: int,
    now: datetime,
    told: Told = HERE,
) -> Person:
    """Take over what is different about a person."""
    changes = stated(change, may_be_empty=frozenset({"phone", "registered_address", "registration_matches"}))
    since = change.effective_on or today(now)
    rules.check_not_future(since, today(now), "/effectiveOn")
    if errors := rules.code_error("population_types", changes.get("population_type", "1"), "/populationType"):
        raise InvalidInput(errors=errors)
    person = await queries.person_for_update(session, actor, person_id)
    rules.check_may_keep(actor, person.area_code)
    expect_version(person, version)
    rules.check_registration(
        changes.get("registered_here", person.registered_here),
        changes.get("registration_matches", person.registration_matches),
    )
    changes = await hold_back(session, actor, person, changes, evidence=change.evidence, since=since, now=now)
    if changes:
        person.change(changes, since=since, now=now)
        state(session, actor, person, changes, evidence=change.evidence, now=now, told=told)
    await session.flush()
    await record_act(session, actor, "person.changed", person, kind="person", now=now)
    return person


async def correct_person(
    session: AsyncSession, actor: Actor, person_id: UUID, entry: PersonCorrection, *, version: int, now: datetime
) -> Person:
    """Correct what has always been otherwise: it holds for every day of the record, what was believed stays known."""
    changes = stated(entry, may_be_empty=frozenset())
    if not changes:
        raise InvalidInput.at("/birthDate", "missing")
    person = await queries.person_for_update(session, actor, person_id)
    rules.check_may_keep(actor, person.area_code)
    expect_version(person, version)
    corrected = rules.Identity.of(person, changes)
    if errors := rules.person_errors(corrected, "", today(now)):
        raise InvalidInput(errors=errors)
    if "id_number" in changes:
        changes["id_number"] = rules.normalised_id_number(corrected)
    async with stored(session):
        person.correct(changes, since=await queries.recorded_from(session, person), now=now)
    state(session, actor, person, changes, evidence=entry.evidence, now=now)
    await session.flush()
    await record_act(session, actor, "person.corrected", person, kind="person", now=now)
    return person


async def change_household(
    session: AsyncSession,
    actor: Actor,
    household_id: UUID,
    change: HouseholdChange,
    *,
    version: int,
    now: datetime,
    told: Told = HERE,
) -> Household:
    """Take over what is different about a household; whether it lives there was seen now unless said."""
    changes = stated(change, may_be_empty=frozenset({"phone"}))
    since = change.effective_on or today(now)
    rules.check_not_future(since, today(now), "/effectiveOn")
    if errors := rules.code_error("household_types", changes.get("household_type", "10"), "/householdType"):
        raise InvalidInput(errors=errors)
    household = await queries.household_for_update(session, actor, household_id)
    rules.check_may_keep(actor, household.area_code)
    expect_version(household, version)
    if household.dissolved_on is not None:
        raise rules.HouseholdEnded
    if "presence" in changes:
        changes |= household.seen(changes.pop("presence"), told.at or now)
    changes = await hold_back(session, actor, household, changes, evidence=change.evidence, since=since, now=now)
    await _name_head(session, household, changes.get("head_person_id"), now)
    if changes:
        household.change(changes, since=since, now=now)
        state(session, actor, household, changes, evidence=change.evidence, now=now, told=told)
    await session.flush()
    await record_act(session, actor, "household.changed", household, kind="household", now=now)
    return household


async def _name_head(session: AsyncSession, household: Household, head: UUID | None, now: datetime) -> None:
    """Give the new head the relation of one (02 户主); everybody else keeps theirs until somebody states it anew."""
    if head is None or head == household.head_person_id:
        return
    lived = {each.person_id: each for each in await queries.current_occupancies(session, household.id)}
    if head not in lived:
        raise InvalidInput.at("/headPersonId", "not-of-this-household")
    lived[head].relation_to_head = "02"
    lived[head].effective_on = max(lived[head].effective_on, today(now))
    lived[head].recorded_at = max(lived[head].recorded_at, now)


async def change_dwelling(
    session: AsyncSession,
    actor: Actor,
    dwelling_id: UUID,
    change: DwellingChange,
    *,
    version: int,
    now: datetime,
    told: Told = HERE,
) -> Dwelling:
    """Take over what is different about a dwelling."""
    changes = stated(change, may_be_empty=frozenset({"area_m2"}))
    since = change.effective_on or today(now)
    rules.check_not_future(since, today(now), "/effectiveOn")
    if errors := rules.code_error("dwelling_uses", changes.get("use", "01"), "/use"):
        raise InvalidInput(errors=errors)
    dwelling = await queries.dwelling_for_update(session, actor, dwelling_id)
    rules.check_may_keep(actor, dwelling.area_code)
    expect_version(dwelling, version)
    changes = await hold_back(session, actor, dwelling, changes, evidence=change.evidence, since=since, now=now)
    if "address" in changes:
        changes["address_grams"] = grams(changes["address"])
    if changes:
        dwelling.change(changes, since=since, now=now)
        state(session, actor, dwelling, changes, evidence=change.evidence, now=now, told=told)
    await session.flush()
    await record_act(session, actor, "dwelling.changed", dwelling, kind="dwelling", now=now)
    return dwelling


async def reveal(session: AsyncSession, actor: Actor, person_id: UUID, asked: Reveal) -> Revealed:
    """Show one masked field of one person; answered only when the read is stored."""
    area_code, value = await queries.field_of(session, actor, person_id, asked.field)
    rules.check_may_keep(actor, area_code)
    await record_access(
        session, actor, kind="person", ids=[person_id], fields=[asked.field.value], purpose=asked.purpose.value
    )
    return Revealed(id=person_id, field=asked.field, value=value)
