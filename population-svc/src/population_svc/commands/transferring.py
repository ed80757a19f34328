"""Claim and transfer between grids: both agree, nobody is lost, nobody counts twice."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_access, record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import Unit, WorkingCalendar, deadline, today
from grid_kernel.db import as_system, expect_version
from grid_kernel.errors import Forbidden, InvalidInput, NotFound
from grid_kernel.types import uuid7
from population_svc import queries, rules
from population_svc.commands.moving import resettle_household, resettle_person
from population_svc.commands.registering import dwelling_named
from population_svc.commands.storing import stored
from population_svc.models import Household, Transfer
from population_svc.rules import TransferKind
from population_svc.schemas import AcceptanceIn, ClaimIn, TransferIn, TransferRefusalIn

_GRID = 15


async def ask_transfer(
    session: AsyncSession, actor: Actor, entry: TransferIn, *, calendar: WorkingCalendar, now: datetime
) -> Transfer:
    """Say that somebody of the own grid lives in another one now; that grid is asked."""
    rules.check_not_future(entry.moved_on, today(now), "/movedOn")
    household = await queries.household_for_update(session, actor, entry.household_id)
    rules.check_may_keep(actor, household.area_code)
    if household.dissolved_on is not None:
        raise rules.HouseholdEnded
    if len(entry.to_grid) != _GRID or entry.to_grid == household.area_code:
        raise InvalidInput.at("/toGrid", "another-grid-needed")
    if entry.person_id is not None:
        lived = await queries.current_occupancy(session, entry.person_id)
        if lived is None or lived.household_id != household.id:
            raise InvalidInput.at("/personId", "not-of-this-household")
    asked = Transfer(
        **entry.model_dump(by_alias=False, include={"household_id", "person_id", "moved_on"}),
        id=entry.id or uuid7(),
        kind=TransferKind.TRANSFER,
        area_code=household.area_code,
        to_area_code=entry.to_grid,
        asked_by=actor.id,
        asked_at=now,
        due_at=_due(now, calendar),
    )
    return await _asked(session, actor, asked, now)


async def claim(
    session: AsyncSession, actor: Actor, entry: ClaimIn, *, calendar: WorkingCalendar, now: datetime
) -> Transfer:
    """Say that the bearer of a whole identity number lives in the own grid; the grid of the record is asked."""
    rules.check_keeps_register(actor)
    rules.check_not_future(entry.moved_on, today(now), "/movedOn")
    household, person_id = await _claimed(session, actor, entry)
    asked = Transfer(
        id=entry.id or uuid7(),
        kind=TransferKind.CLAIM,
        household_id=household.id,
        person_id=None if entry.whole_household else person_id,
        area_code=household.area_code,
        to_area_code="",
        moved_on=entry.moved_on,
        asked_by=actor.id,
        asked_at=now,
        due_at=_due(now, calendar),
    )
    await _say_home(session, actor, asked, entry, now)
    if asked.to_area_code == household.area_code:
        raise InvalidInput.at("/idNumber", "lives-in-this-grid")
    return await _asked(session, actor, asked, now)


async def accept_transfer(
    session: AsyncSession, actor: Actor, transfer_id: UUID, entry: AcceptanceIn, *, version: int, now: datetime
) -> Transfer:
    """Agree to a change of grid: from now on everybody of it lives and counts in the taking grid."""
    transfer = await queries.transfer_for_update(session, actor, transfer_id)
    rules.check_may_answer(actor, transfer)
    expect_version(transfer, version)
    if entry.moved_on is not None:
        rules.check_not_future(entry.moved_on, today(now), "/movedOn")
        transfer.moved_on = entry.moved_on
    transfer.accept(now)
    visited_from = transfer.to_area_code
    if transfer.kind is TransferKind.TRANSFER:
        await _say_home(session, actor, transfer, entry, now)
    await record_act(session, actor, "transfer.accepted", transfer, kind="transfer", now=now)
    async with as_system(session):
        household = await queries.any_household(session, transfer.household_id)
        if household is None or household.dissolved_on is not None or household.area_code != transfer.area_code:
            raise rules.TransferOvertaken
        await _move(session, transfer, household, visited_from, now)
    return transfer


async def refuse_transfer(
    session: AsyncSession, actor: Actor, transfer_id: UUID, entry: TransferRefusalIn, *, version: int, now: datetime
) -> Transfer:
    """Refuse a change of grid: everybody stays where they are recorded."""
    transfer = await queries.transfer_for_update(session, actor, transfer_id)
    rules.check_may_answer(actor, transfer)
    expect_version(transfer, version)
    transfer.refuse(entry.reason, now)
    await session.flush()
    await record_act(session, actor, "transfer.refused", transfer, kind="transfer", now=now, reason=entry.reason.value)
    return transfer


async def withdraw_transfer(
    session: AsyncSession, actor: Actor, transfer_id: UUID, *, version: int, now: datetime
) -> Transfer:
    """Take back what the own grid asked."""
    transfer = await queries.transfer_for_update(session, actor, transfer_id)
    rules.check_may_withdraw(actor, transfer)
    expect_version(transfer, version)
    transfer.withdraw(now)
    await session.flush()
    await record_act(session, actor, "transfer.withdrawn", transfer, kind="transfer", now=now)
    return transfer


async def hand_silent_to_heads(session: AsyncSession, *, now: datetime) -> int:
    """Give what nobody answered within three working days to the station head, and end what was overtaken."""
    overtaken = await queries.overtaken_transfers(session)
    for transfer in overtaken:
        transfer.lapse(now)
    await session.flush()
    silent = await queries.silent_transfers(session, now)
    for transfer in silent:
        transfer.go_to_head()
    await session.flush()
    return len(overtaken) + len(silent)


def _due(now: datetime, calendar: WorkingCalendar) -> datetime:
    return deadline(now, rules.ANSWER_WITHIN, Unit.WORKING_DAY, calendar).due_at


async def _asked(session: AsyncSession, actor: Actor, transfer: Transfer, now: datetime) -> Transfer:
    async with stored(session):
        session.add(transfer)
    await record_act(session, actor, f"transfer.{transfer.kind.value}_asked", transfer, kind="transfer", now=now)
    return transfer


async def _claimed(session: AsyncSession, actor: Actor, entry: ClaimIn) -> tuple[Household, UUID]:
    """Where somebody with a whole identity number is recorded; the look beyond the own grid is recorded."""
    async with as_system(session):
        person = await queries.by_id_number(session, rules.as_stored(entry.id_number))
        lived = person and await queries.current_occupancy(session, person.id)
        household = lived and await queries.any_household(session, lived.household_id)
    if not person or not lived or not household:
        raise InvalidInput.at("/idNumber", "nobody-with-this-number")
    await record_access(session, actor, kind="person", ids=[person.id], fields=["id"], purpose="claiming")
    return household, person.id


async def _say_home(
    session: AsyncSession, actor: Actor, transfer: Transfer, home: ClaimIn | AcceptanceIn, now: datetime
) -> None:
    """Where they live in the taking grid: a dwelling for a household, a household for one person."""
    if transfer.person_id is None:
        if (home.dwelling_id is None) == (home.dwelling is None):
            raise InvalidInput.at("/dwellingId", "missing")
        dwelling = await dwelling_named(session, actor, home, since=transfer.moved_on, now=now)
        transfer.to_dwelling_id, transfer.to_area_code = dwelling.id, dwelling.area_code
        return
    if home.household_id is None or home.relation_to_head is None:
        raise InvalidInput.at("/householdId" if home.household_id is None else "/relationToHead", "missing")
    if errors := rules.code_error("family_relations", home.relation_to_head, "/relationToHead"):
        raise InvalidInput(errors=errors)
    try:
        household = await queries.household_for_update(session, actor, home.household_id)
        rules.check_may_keep(actor, household.area_code)
    except (NotFound, Forbidden):
        raise InvalidInput.at("/householdId", "unknown-household") from None
    transfer.to_household_id, transfer.to_area_code = household.id, household.area_code
    transfer.relation_to_head = home.relation_to_head


async def _move(
    session: AsyncSession, transfer: Transfer, household: Household, visited_from: str, now: datetime
) -> None:
    """Let those of an accepted transfer live in the taking grid, with the visits it already made."""
    on: date = transfer.moved_on
    if transfer.person_id is not None and transfer.to_household_id is not None and transfer.relation_to_head:
        persons = await queries.persons_of(session, [transfer.person_id])
        lived = await queries.current_occupancy(session, transfer.person_id)
        if lived is None or lived.household_id != household.id:
            raise rules.TransferOvertaken
        rules.check_not_before(on, lived.valid_from, "/movedOn")
        person = persons[transfer.person_id]
        await resettle_person(
            session, person, lived, transfer.to_household_id, transfer.relation_to_head, on=on, now=now
        )
        return
    await resettle_household(session, household, transfer.to_dwelling_id, on=on, now=now)
    for visit in await queries.visits_made_there(session, transfer, visited_from):
        visit.dwelling_id, visit.area_code = household.dwelling_id, household.area_code
