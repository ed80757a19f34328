"""Recording visits, the care list, and the visits cases ask for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.codes import read_table
from grid_kernel.contracts.dispute import CaseFollowUpRequested
from grid_kernel.db import as_system, expect_version
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.events import publish
from grid_kernel.types import uuid7
from population_svc import queries, rules
from population_svc.commands.storing import stored
from population_svc.models import CareEntry, FollowUp, Household, Transfer, Visit
from population_svc.schemas import CareEntryEndIn, CareEntryIn, CareRenewalIn, VisitIn


async def record_visit(
    session: AsyncSession, actor: Actor, entry: VisitIn, *, now: datetime, from_phone: bool = False
) -> tuple[Visit, Household]:
    """Record a visit or an attempt; only the outcome `done` is a home visit. A phone may bring it at any later time."""
    rules.check_keeps_register(actor)
    errors = rules.code_error("visit_kinds", entry.kind, "/kind")
    for number, need in enumerate(entry.needs):
        errors += rules.code_error("visit_needs", need, f"/needs/{number}")
    if errors:
        raise InvalidInput(errors=errors)
    rules.check_visit_time(entry.visited_at, now, from_phone=from_phone)
    arriving = await queries.arriving_to(session, actor, entry.household_id)
    if arriving is not None and rules.may_keep(actor, arriving.to_area_code):
        async with as_system(session):
            return await _visit_arriving(session, actor, entry, arriving, now)
    household = await queries.household_for_update(session, actor, entry.household_id)
    rules.check_may_keep(actor, household.area_code)
    if household.dissolved_on is not None:
        raise rules.HouseholdEnded
    visit = new_visit(entry, household, worker_id=actor.id, now=now)
    if visit.visited_on < today(now):
        visit.dwelling_id, visit.area_code, visit.grid_code_then = await queries.place_then(session, visit)
    return await _kept(session, actor, visit, household, now)


async def _visit_arriving(
    session: AsyncSession, actor: Actor, entry: VisitIn, arriving: Transfer, now: datetime
) -> tuple[Visit, Household]:
    """A visit in the taking grid, before the other agreed: it counts where it was made."""
    household = await queries.any_household(session, entry.household_id)
    assert household is not None  # noqa: S101 - a foreign key says so
    if household.dissolved_on is not None:
        raise rules.HouseholdEnded
    visit = new_visit(entry, household, worker_id=actor.id, now=now)
    visit.dwelling_id = arriving.to_dwelling_id or visit.dwelling_id
    visit.area_code = visit.grid_code_then = arriving.to_area_code
    return await _kept(session, actor, visit, household, now)


async def _kept(
    session: AsyncSession, actor: Actor, visit: Visit, household: Household, now: datetime
) -> tuple[Visit, Household]:
    async with stored(session):
        session.add(visit)
    await publish(session, household.visited(visit))
    for wanted in await queries.open_follow_ups(session, household.id):
        if visit.outcome is rules.VisitOutcome.DONE and wanted.requested_at <= visit.visited_at:
            wanted.visit_id = visit.id
    await session.flush()
    await record_act(
        session, actor, "household.visited", household, kind="household", now=now, reason=visit.outcome.value
    )
    return visit, household


def new_visit(entry: VisitIn, household: Household, *, worker_id: str, now: datetime) -> Visit:
    """A visit of a household where it lives now."""
    return Visit(
        id=entry.id or uuid7(),
        household_id=household.id,
        dwelling_id=household.dwelling_id,
        area_code=household.area_code,
        grid_code_then=household.area_code,
        visited_at=entry.visited_at,
        visited_on=today(entry.visited_at),
        outcome=entry.outcome,
        kind=entry.kind,
        needs=sorted(set(entry.needs)),
        unchanged=entry.unchanged,
        revisit_on=rules.revisit_day(entry.needs, entry.revisit_on, today(entry.visited_at)),
        note=entry.note,
        worker_id=worker_id,
        recorded_at=now,
    )


async def list_for_care(session: AsyncSession, actor: Actor, entry: CareEntryIn, *, now: datetime) -> CareEntry:
    """Put a person on the care list for a service need of the code table, with its basis and its end."""
    rules.check_keeps_register(actor)
    if errors := rules.code_error("care_reasons", entry.reason, "/reason"):
        raise InvalidInput(errors=errors)
    rules.check_not_future(entry.starts_on, today(now), "/startsOn")
    person = await queries.person_for_update(session, actor, entry.person_id)
    rules.check_may_keep(actor, person.area_code)
    lived = await queries.current_occupancy(session, person.id)
    if lived is None:
        raise rules.PersonHasLeft
    rules.check_basis(entry.basis_kind, entry.guardian, person.birth_date, entry.starts_on)
    expires_on = entry.expires_on or expiry(entry.reason, entry.starts_on)
    if expires_on <= entry.starts_on:
        raise InvalidInput.at("/expiresOn", "before-the-start", start=entry.starts_on.isoformat())
    listed = CareEntry(
        **entry.model_dump(by_alias=False, exclude={"id", "expires_on"}),
        id=entry.id or uuid7(),
        household_id=lived.household_id,
        area_code=lived.area_code,
        expires_on=expires_on,
        recorded_at=now,
    )
    async with stored(session):
        session.add(listed)
    await publish(session, listed.listed())
    await record_act(session, actor, "care.listed", listed, kind="care_entry", now=now)
    return listed


def expiry(reason: str, starts_on: date) -> date:
    """When an entry must be confirmed or ended: after the months its reason has in the code table."""
    table = read_table(rules.PACKAGE, "care_reasons")
    months = next(int(row["default_months"]) for row in table.rows if row["code"] == reason)
    year, month = divmod(starts_on.year * 12 + starts_on.month - 1 + months, 12)
    return date(year, month + 1, min(starts_on.day, 28))


async def end_care(
    session: AsyncSession, actor: Actor, entry_id: UUID, ending: CareEntryEndIn, *, version: int, now: datetime
) -> CareEntry:
    """End a care entry on a day."""
    rules.check_not_future(ending.ended_on, today(now), "/endedOn")
    entry = await queries.care_entry_for_update(session, actor, entry_id)
    rules.check_may_keep(actor, entry.area_code)
    expect_version(entry, version)
    rules.check_not_before(ending.ended_on, entry.starts_on, "/endedOn")
    await publish(session, entry.end(on=ending.ended_on, now=now))
    await session.flush()
    await record_act(session, actor, "care.ended", entry, kind="care_entry", now=now)
    return entry


async def renew_care(
    session: AsyncSession, actor: Actor, entry_id: UUID, renewal: CareRenewalIn, *, version: int, now: datetime
) -> CareEntry:
    """Let a care entry run on, because somebody asked the person and decided so."""
    entry = await queries.care_entry_for_update(session, actor, entry_id)
    rules.check_may_keep(actor, entry.area_code)
    expect_version(entry, version)
    until = renewal.expires_on or expiry(entry.reason, today(now))
    if until <= today(now):
        raise InvalidInput.at("/expiresOn", "in-the-past")
    entry.renew(until=until, now=now)
    if renewal.basis is not None:
        entry.basis = renewal.basis
    await session.flush()
    await record_act(session, actor, "care.renewed", entry, kind="care_entry", now=now)
    return entry


async def withdraw_consent(
    session: AsyncSession, actor: Actor, entry_id: UUID, *, version: int, now: datetime
) -> CareEntry:
    """End a care entry today, because the person or the guardian no longer agrees; as easy as agreeing was."""
    entry = await queries.care_entry_for_update(session, actor, entry_id)
    rules.check_may_keep(actor, entry.area_code)
    expect_version(entry, version)
    await publish(session, entry.withdraw(on=today(now), now=now))
    await session.flush()
    await record_act(session, actor, "care.consent_withdrawn", entry, kind="care_entry", now=now)
    return entry


async def request_follow_up(session: AsyncSession, event: CaseFollowUpRequested, request_id: UUID) -> None:
    """Note that a case asks for a visit to a household."""
    household = await queries.any_household(session, event.household_id)
    if household is None:
        raise NotFound
    session.add(
        FollowUp(
            id=request_id,
            case_id=event.aggregate_id,
            case_code=event.case_code,
            household_id=household.id,
            area_code=household.area_code,
            requested_at=event.occurred_at,
            visit_id=await queries.first_done_since(session, household.id, event.occurred_at),
        )
    )
    await session.flush()
