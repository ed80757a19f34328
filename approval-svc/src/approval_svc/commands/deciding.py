"""What the deciding unit does, and how an application ends."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries, rules
from approval_svc.clockwork import new_pause
from approval_svc.commands.keeping import keep
from approval_svc.commands.reviewing import require_reason
from approval_svc.models import Application
from approval_svc.rules import Verb
from approval_svc.schemas import AcceptanceIn, DecisionIn, SuspensionIn
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.db import expect_version


async def _of_the_unit(session: AsyncSession, actor: Actor, application_id: UUID, version: int) -> Application:
    application = await queries.for_update(session, actor, application_id)
    rules.check_of_the_unit(actor, application.standing)
    expect_version(application, version)
    return application


async def accept(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    given: AcceptanceIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Accept as the unit that decides, or refuse to with a reason; accepting starts the limits of law and promise."""
    application = await _of_the_unit(session, actor, application_id, version)
    if not given.accepted:
        require_reason(given.reason)
    event = application.accept(now) if given.accepted else application.refuse_acceptance(now)
    verb = Verb.ACCEPT if given.accepted else Verb.REFUSE_ACCEPTANCE
    await keep(session, application, event, verb, actor, calendar=calendar, now=now, reason=given.reason)
    return application


async def suspend(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    given: SuspensionIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Stop the clock for a special procedure (行政许可法 art 45)."""
    application = await _of_the_unit(session, actor, application_id, version)
    event = application.suspend(given.procedure, now)
    session.add(new_pause(application, given.procedure, now))
    verb = Verb.SUSPEND
    await keep(session, application, event, verb, actor, calendar=calendar, now=now, reason=given.procedure)
    return application


async def resume(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Let the clock run on after a special procedure."""
    application = await _of_the_unit(session, actor, application_id, version)
    procedure = next((p.procedure for p in await queries.all_pauses(session, application.id) if p.to_at is None), "")
    event = application.resume(procedure, now)
    await keep(session, application, event, Verb.RESUME, actor, calendar=calendar, now=now, reason=procedure)
    return application


async def decide(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    given: DecisionIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Approve, or deny with a reason."""
    application = await _of_the_unit(session, actor, application_id, version)
    if not given.approved:
        require_reason(given.reason)
    event = application.decide(now, approved=given.approved)
    verb = Verb.APPROVE if given.approved else Verb.DENY
    await keep(session, application, event, verb, actor, calendar=calendar, now=now, reason=given.reason)
    return application


async def complete(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Hand the result over, as the unit or at the desk."""
    application = await queries.for_update(session, actor, application_id)
    rules.check_may_complete(actor, application.standing)
    expect_version(application, version)
    event = application.complete(now)
    await keep(session, application, event, Verb.COMPLETE, actor, calendar=calendar, now=now)
    return application


async def withdraw(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    reason: str,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """End it because the applicant does not go on."""
    application = await queries.for_update(session, actor, application_id)
    rules.check_for_applicant(actor, application.standing)
    expect_version(application, version)
    event = application.withdraw(now)
    await keep(session, application, event, Verb.WITHDRAW, actor, calendar=calendar, now=now, reason=reason)
    return application


async def rate(
    session: AsyncSession,
    actor: Actor,
    application: Application,
    grade: int,
    *,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Keep the applicant's grade, once."""
    event = application.rate(grade, now)
    await keep(session, application, event, Verb.RATE, actor, calendar=calendar, now=now)
    return application
