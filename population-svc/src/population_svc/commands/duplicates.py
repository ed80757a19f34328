"""Two records of one person become one, and may become two again as if nothing had been."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput
from grid_kernel.events import publish
from population_svc import queries, rules
from population_svc.commands.moving import after_departure
from population_svc.commands.registering import occupancy
from population_svc.models import CareEntry, DistinctPair, Household, Occupancy, Person, PersonMerger
from population_svc.schemas import DistinctIn, PersonMergerIn


async def keep_apart(session: AsyncSession, actor: Actor, pair: DistinctIn, *, now: datetime) -> None:
    """Note that two records are two persons."""
    for person_id in sorted({pair.first_id, pair.second_id}):
        person = await queries.person_for_update(session, actor, person_id)
        rules.check_may_keep(actor, person.area_code)
    first, second = sorted((pair.first_id, pair.second_id))
    note = insert(DistinctPair).values(first_id=first, second_id=second, decided_at=now)
    await session.execute(note.on_conflict_do_nothing())


async def merge_persons(
    session: AsyncSession, actor: Actor, person_id: UUID, entry: PersonMergerIn, *, version: int, now: datetime
) -> PersonMerger:
    """Let one of two records stay for a person; the other lives nowhere and is kept for the day it is undone."""
    if person_id == entry.merged_id:
        raise InvalidInput.at("/mergedId", "the-same-record")
    kept, merged = await _both(session, actor, person_id, entry.merged_id)
    expect_version(kept, version)
    lived, home = [await queries.current_occupancy(session, each.id) for each in (merged, kept)]
    if lived is None or home is None:
        raise rules.PersonHasLeft
    own = {each.reason for each in await queries.running_care_of(session, [kept.id])}
    brought = [each for each in await queries.running_care_of(session, [merged.id]) if each.reason not in own]
    household = await queries.any_household(session, lived.household_id)
    assert household is not None  # noqa: S101 - a foreign key says so
    merger = PersonMerger(
        kept_id=kept.id,
        merged_id=merged.id,
        area_code=kept.area_code,
        before=_before(kept, merged, lived, household, brought),
        merged_at=now,
    )
    session.add(merger)
    on = today(now)
    for each in brought:
        _give(each, kept.id, home.household_id, home.area_code, now)
    lived.end(on=max(on, lived.valid_from), now=now)
    merged.change({"status": rules.PersonStatus.MERGED, "left_on": on}, since=on, now=now)
    if merger.before["number"]:
        await _hand_number(session, merged, kept, now)
    await publish(session, kept.absorbed(merged.id, now=now))
    await session.flush()
    await after_departure(session, lived, on=max(on, lived.valid_from), now=now)
    await record_act(session, actor, "person.merged", kept, kind="person", now=now)
    return merger


async def undo_merger(
    session: AsyncSession, actor: Actor, merger_id: UUID, *, version: int, now: datetime
) -> PersonMerger:
    """Make two records of one again: the other lives where it did, with the care it brought."""
    merger = await queries.merger_for_update(session, actor, merger_id)
    rules.check_may_keep(actor, merger.area_code)
    expect_version(merger, version)
    merger.undo(now)
    merged = await queries.person_for_update(session, actor, merger.merged_id)
    household = await queries.any_household(session, UUID(merger.before["household_id"]))
    assert household is not None  # noqa: S101 - households are never removed
    on = today(now)
    merged.change({"status": rules.PersonStatus.PRESENT, "left_on": None}, since=on, now=now)
    if merger.before.get("number"):
        kept = (await queries.persons_of(session, [merger.kept_id]))[merger.kept_id]
        await _hand_number(session, kept, merged, now, own=merger.before["document_type"])
    await _move_back(session, merged, household, merger.before, on, now)
    for entry in await queries.running_care_of(session, [merger.kept_id]):
        if str(entry.id) in merger.before["care"]:
            _give(entry, merged.id, household.id, household.area_code, now)
    await session.flush()
    await record_act(session, actor, "person.merger_undone", merged, kind="person", now=now)
    return merger


async def _both(session: AsyncSession, actor: Actor, kept_id: UUID, merged_id: UUID) -> tuple[Person, Person]:
    """Both records, locked in the order of their ids, so that two who merge them crosswise do not wait for ever."""
    found = {each: await queries.person_for_update(session, actor, each) for each in sorted((kept_id, merged_id))}
    for person in found.values():
        rules.check_may_keep(actor, person.area_code)
        if person.status is not rules.PersonStatus.PRESENT:
            raise rules.PersonHasLeft
    return found[kept_id], found[merged_id]


def _before(
    kept: Person, merged: Person, lived: Occupancy, household: Household, brought: list[CareEntry]
) -> dict[str, Any]:
    return {
        "household_id": str(household.id),
        "relation_to_head": lived.relation_to_head,
        "was_head": household.head_person_id == merged.id,
        "care": [str(each.id) for each in brought],
        "number": kept.id_number is None and merged.id_number is not None,
        "document_type": kept.id_document_type,
    }


async def _hand_number(
    session: AsyncSession, giver: Person, taker: Person, now: datetime, *, own: str | None = None
) -> None:
    """Let the record that stands for a person bear its number; two never bear it at once."""
    number, kind = giver.id_number, giver.id_document_type
    giver.correct({"id_number": None, "id_document_type": own or kind}, since=today(now), now=now)
    await session.flush()
    taker.correct({"id_number": number, "id_document_type": kind}, since=today(now), now=now)
    await session.flush()


async def _move_back(
    session: AsyncSession, merged: Person, household: Household, before: dict[str, Any], on: date, now: datetime
) -> None:
    """Let a record live where it did, in a household that may have ended when it became empty."""
    again: dict[str, Any] = {"dissolved_on": None} if household.dissolved_on is not None else {}
    if before["was_head"] and household.head_person_id is None:
        again["head_person_id"] = merged.id
    if again:
        household.change(again, since=household.dissolved_on or on, now=now)
    lived = await queries.last_occupancy(session, merged.id)
    if lived is not None and lived.household_id == household.id and lived.valid_to == on:
        lived.resume(on=on, now=now)
    else:
        session.add(occupancy(merged, household, before["relation_to_head"], since=on, now=now))


def _give(entry: CareEntry, person_id: UUID, household_id: UUID, area_code: str, now: datetime) -> None:
    entry.person_id, entry.household_id, entry.area_code = person_id, household_id, area_code
    entry.version += 1
    entry.recorded_at = max(entry.recorded_at, now)
