"""Looking whether it is solved, ending a case, rating it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries, rules
from dispute_svc.commands.saving import open_case, save
from dispute_svc.dossier import Why
from dispute_svc.models import Case
from dispute_svc.schemas import NoteIn, RatingIn, ReasonIn, SelfResolutionIn, VerificationIn
from dispute_svc.spots import spot_of
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.db import expect_version


async def verify(
    session: AsyncSession, actor: Actor, case_id: UUID, given: VerificationIn, *, version: int, now: datetime
) -> Case:
    """A worker of the grid looks on the spot: solved, or back to the unit. Never who handled it."""
    dossier = await open_case(session, queries.visible(actor), case_id)
    case = dossier.case
    rules.check_may_verify(actor, case.area_code, restricted=case.restricted)
    expect_version(case, version)
    why = Why(note=given.note, attachments=given.attachments, spot=spot_of(given.point))
    dossier.verify(actor, now, why, solved=given.solved)
    await save(session, dossier, now)
    return case


async def verify_late(
    session: AsyncSession, actor: Actor, case_id: UUID, given: VerificationIn, *, happened_at: datetime, now: datetime
) -> Case:
    """A worker looked on the spot without a signal; what was handled since has to be looked at again."""
    dossier = await open_case(session, queries.visible(actor), case_id)
    case = dossier.case
    rules.check_may_verify(actor, case.area_code, restricted=case.restricted)
    spot = spot_of(given.point)
    why = Why(note=given.note, attachments=given.attachments, spot=spot, happened_at=happened_at)
    dossier.verify_late(actor, now, why, solved=given.solved)
    await save(session, dossier, now)
    return case


async def close(
    session: AsyncSession, actor: Actor, case_id: UUID, given: NoteIn, *, version: int, now: datetime
) -> Case:
    """End a verified case."""
    dossier = await open_case(session, queries.visible(actor), case_id)
    rules.check_may_close(actor, dossier.case.area_code)
    expect_version(dossier.case, version)
    dossier.close(actor, now, Why(note=given.note))
    await save(session, dossier, now)
    return dossier.case


async def resolve(
    session: AsyncSession, actor: Actor, case_id: UUID, given: SelfResolutionIn, *, version: int, now: datetime
) -> Case:
    """Solved on the spot by a worker of the area, before any unit began."""
    dossier = await open_case(session, queries.visible(actor), case_id)
    rules.check_may_resolve(actor, dossier.case.area_code)
    expect_version(dossier.case, version)
    why = Why(note=given.note, attachments=given.attachments, spot=spot_of(given.point))
    dossier.resolve(actor, now, why)
    await save(session, dossier, now)
    return dossier.case


async def resolve_late(
    session: AsyncSession,
    actor: Actor,
    case_id: UUID,
    given: SelfResolutionIn,
    *,
    happened_at: datetime,
    now: datetime,
) -> Case:
    """Solved on the spot without a signal, if no unit has begun meanwhile."""
    dossier = await open_case(session, queries.visible(actor), case_id)
    rules.check_may_resolve(actor, dossier.case.area_code)
    spot = spot_of(given.point)
    why = Why(note=given.note, attachments=given.attachments, spot=spot, happened_at=happened_at)
    dossier.resolve(actor, now, why)
    await save(session, dossier, now)
    return dossier.case


async def rate(
    session: AsyncSession, actor: Actor, case_id: UUID, given: RatingIn, *, version: int, now: datetime
) -> Case:
    """The reporter rates the handling; run as system, because a report may lie outside the reporter's area."""
    dossier = await open_case(session, queries.reported_by(actor), case_id)
    expect_version(dossier.case, version)
    dossier.rate(actor, given.grade, now, given.note)
    await save(session, dossier, now)
    return dossier.case


async def withdraw(
    session: AsyncSession, actor: Actor, case_id: UUID, given: NoteIn, *, version: int, now: datetime
) -> Case:
    """The reporter takes it back; run as system, because a report may lie outside the reporter's area."""
    dossier = await open_case(session, queries.reported_by(actor), case_id)
    expect_version(dossier.case, version)
    dossier.withdraw(actor, now, given.note)
    await save(session, dossier, now)
    return dossier.case


async def void(
    session: AsyncSession, actor: Actor, case_id: UUID, given: ReasonIn, *, version: int, now: datetime
) -> Case:
    """The centre strikes out what is no case, with its reason."""
    dossier = await open_case(session, queries.visible(actor), case_id)
    rules.check_may_dispatch(actor, dossier.case.area_code)
    expect_version(dossier.case, version)
    dossier.void(actor, now, given.note)
    await save(session, dossier, now)
    return dossier.case


async def reopen(
    session: AsyncSession,
    actor: Actor,
    case_id: UUID,
    given: ReasonIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Case:
    """Go on with what had ended; run as system, because a report may lie outside the reporter's area."""
    dossier = await open_case(session, queries.visible_or_own(actor), case_id)
    case = dossier.case
    rules.check_may_reopen(actor, case.area_code, own=(case.reporter_kind, case.reporter_id) == (actor.kind, actor.id))
    expect_version(case, version)
    dossier.reopen(actor, calendar, now, given.note)
    await save(session, dossier, now)
    return case
