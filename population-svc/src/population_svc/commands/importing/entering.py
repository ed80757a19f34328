"""Entering checked rows: what the register knows is left alone, what is new goes in at the speed of COPY."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.events import publish_many
from grid_kernel.types import uuid7
from population_svc import queries
from population_svc.commands.importing.placing import Home, Plan, Refused
from population_svc.commands.importing.updating import Compared, Updating, compared, judge, take_over
from population_svc.commands.loading import entered, store_rows
from population_svc.commands.registering import settle
from population_svc.grams import grams, name_grams
from population_svc.models import Dwelling, Household, Occupancy, Person
from population_svc.rules import Draft

__all__ = ["Refused", "Result", "Updating", "enter_rows"]


@dataclass(slots=True)
class Result:
    """What became of some rows; `refused` by the number of the row."""

    counted: dict[str, int]
    refused: dict[int, Refused]
    ids: dict[str, list[UUID]] = field(default_factory=dict)
    """Which records were entered or brought up to date, by kind."""


async def enter_rows(
    session: AsyncSession,
    area: str,
    drafts: Sequence[Draft],
    updating: Updating | None = None,
    *,
    dry: bool,
    now: datetime,
) -> Result:
    """Enter the rows that can be, each household together; a dry run only says what would become of them."""
    sound = [draft for draft in drafts if not draft.errors]
    plan = Plan(
        await queries.known_of(session, area, sound, now),
        now,
        refused={draft.row_no: draft.errors for draft in drafts if draft.errors},
        headless={draft.home for draft in drafts if draft.errors and draft.is_head},
    )
    homes: dict[tuple[str, str], list[Draft]] = defaultdict(list)
    for draft in sound:
        homes[draft.home].append(draft)
    for rows in homes.values():
        plan.add(rows)
    found = compared(plan)
    if updating is not None:
        await judge(session, found, updating.as_of)
    result = Result(_counted(plan, found, updates=updating is not None), plan.refused | found.refused)
    if not dry:
        result.ids = await _store(session, plan, now)
        result.ids["updated_ids"] = await take_over(session, found, updating, now) if updating else []
    return result


def _counted(plan: Plan, found: Compared, *, updates: bool) -> dict[str, int]:
    """What became of the rows; a known one that differs is brought up to date, or stays as it was."""
    differing = len(found.differing)
    return {
        "entered": len(plan.persons) + len(plan.returning),
        "known": found.same if updates else found.same + differing,
        "updated": differing if updates else 0,
        "differing": 0 if updates else differing,
        "rejected": len(plan.refused | found.refused),
    }


async def _store(session: AsyncSession, plan: Plan, now: datetime) -> dict[str, list[UUID]]:
    """Write what is new, and say it; whoever comes back to the district goes the way of one by one."""
    for dwelling in plan.dwellings.values():
        dwelling.address_grams = grams(dwelling.address)
    await store_rows(session, Dwelling, list(plan.dwellings.values()))
    ids = {row.row_no: uuid7() for row, _ in plan.persons} | {row.row_no: who for row, _, who in plan.returning}
    for household in plan.households:
        household.head_person_id = ids[household.head_person_id]
    await store_rows(session, Household, plan.households)
    persons = [_person(ids[row.row_no], row, home, now) for row, home in plan.persons]
    await store_rows(session, Person, persons)
    homes = list(zip(persons, plan.persons, strict=True))
    await store_rows(session, Occupancy, [_occupancy(person, row, home) for person, (row, home) in homes])
    await publish_many(
        session,
        [
            *(Household.formed(each, plan.formed_in[each.id]) for each in plan.households),
            *(
                Person.registered(person, household_id=home.household_id, building_id=home.building_id)
                for person, (_, home) in homes
            ),
        ],
    )
    for row, home, person_id in plan.returning:
        await _take_back(session, row, home, person_id, now)
    return {
        "person_ids": list(ids.values()),
        "household_ids": [each.id for each in plan.households],
        "dwelling_ids": [each.id for each in plan.dwellings.values()],
    }


async def _take_back(session: AsyncSession, row: Draft, home: Home, person_id: UUID, now: datetime) -> None:
    person = await queries.any_person_for_update(session, person_id)
    household = await queries.any_household(session, home.household_id)
    dwelling = await queries.any_dwelling(session, home.dwelling_id)
    assert household is not None and dwelling is not None  # noqa: S101, PT018 - stored or found before
    since = max(row.moved_in_on, person.left_on or row.moved_in_on)
    await settle(session, person, household, dwelling, row.relation_to_head, since=since, now=now)


def _person(identifier: UUID, row: Draft, home: Home, now: datetime) -> Any:
    return entered(
        Person,
        id=identifier,
        area_code=home.area_code,
        name=row.name,
        name_grams=name_grams(row.name),
        sex=row.sex,
        birth_date=row.birth_date,
        birth_precision=row.birth_precision,
        id_document_type=row.id_document_type,
        id_number=row.id_number,
        id_number_index=row.id_number,
        phone=row.phone,
        phone_index=row.phone,
        population_type=row.population_type,
        registered_here=row.registered_here,
        effective_on=row.since,
        recorded_at=now,
    )


def _occupancy(person: Any, row: Draft, home: Home) -> Any:
    return entered(
        Occupancy,
        id=uuid7(),
        person_id=person.id,
        household_id=home.household_id,
        dwelling_id=home.dwelling_id,
        area_code=home.area_code,
        relation_to_head=row.relation_to_head,
        valid_from=row.since,
        effective_on=row.since,
        recorded_at=person.recorded_at,
    )
