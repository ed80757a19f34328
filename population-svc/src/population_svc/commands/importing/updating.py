"""Where a table and the register differ on somebody who is known: told, or taken over where its word is the newer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import SHANGHAI
from population_svc import queries, rules
from population_svc.commands.holding import hold_back
from population_svc.commands.importing.placing import Plan, Refused
from population_svc.commands.stating import Told, state
from population_svc.grams import grams
from population_svc.rules import CheckedKind, Draft, import_matches
from population_svc.rules.import_matches import Difference


@dataclass(frozen=True, slots=True)
class Updating:
    """How far a table goes: until which day its word holds, by whom it came; None leaves everybody alone."""

    as_of: date
    importer: Actor
    service: Actor


@dataclass(slots=True)
class Compared:
    """Known rows and in what they differ; what is refused by the number of the row."""

    same: int = 0
    differing: list[tuple[Draft, list[Difference]]] = field(default_factory=list)
    refused: dict[int, Refused] = field(default_factory=dict)


def compared(plan: Plan) -> Compared:
    """What the rows of known persons say otherwise; of a household or a dwelling the first row that says so."""
    found, spoken = Compared(), set[UUID]()
    for row, known, dwelling in plan.found:
        household = plan.register.household(dwelling.id, known.household_id)
        about = [(CheckedKind.PERSON, known if known.restricted_on is None else None)]
        about += [(CheckedKind.HOUSEHOLD, household), (CheckedKind.DWELLING, dwelling)]
        differences = []
        for kind, record in about:
            differs = import_matches.difference(kind, row, record) if record is not None else None
            if differs is not None and differs.object_id not in spoken:
                spoken.add(differs.object_id)
                differences.append(differs)
        if differences:
            found.differing.append((row, differences))
        else:
            found.same += 1
    return found


async def judge(session: AsyncSession, found: Compared, as_of: date) -> None:
    """Refuse rows that would overwrite what somebody said on the day the table was made, or later."""
    said = dict[Any, Any]()
    for kind in CheckedKind:
        members = {each.object_id: set(each.values) for each in _of(found, kind)}
        if members:
            said |= await queries.words_of_people(session, kind, members)
    kept = []
    for row, differences in found.differing:
        errors = [error for each in differences for error in import_matches.newer_words(each, said, as_of)]
        if errors:
            found.refused[row.row_no] = errors
        else:
            kept.append((row, differences))
    found.differing = kept


def _of(found: Compared, kind: CheckedKind) -> list[Difference]:
    return [each for _, differences in found.differing for each in differences if each.kind is kind]


async def take_over(session: AsyncSession, found: Compared, how: Updating, now: datetime) -> list[UUID]:
    """Bring the records up to date, each word with the table as its evidence; the persons that were."""
    for kind in CheckedKind:
        differences = _of(found, kind)
        records = await queries.records_for_update(session, kind, [each.object_id for each in differences])
        for each in differences:
            await _change(session, records[each.object_id], each.values, how, now)
        await session.flush()
    return [each.object_id for each in _of(found, CheckedKind.PERSON)]


async def _change(session: AsyncSession, record: Any, said: Mapping[str, Any], how: Updating, now: datetime) -> None:
    """What a check is asked for waits, as when it is entered by hand."""
    evidence, who = rules.IMPORTED, how.importer
    changes = await hold_back(session, who, record, dict(said), evidence=evidence, since=how.as_of, now=now)
    if not changes:
        return
    if "address" in changes:
        changes["address_grams"] = grams(changes["address"])
    record.change(changes, since=how.as_of, now=now)
    told = Told(at=datetime.combine(how.as_of, time(), SHANGHAI))
    state(session, who, record, set(changes), evidence=evidence, now=now, told=told)
    kind = type(record).__name__.lower()
    await record_act(session, how.service, f"{kind}.changed", record, kind=kind, now=now, on_behalf_of=who.id)
