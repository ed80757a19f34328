"""What every move leaves behind: the event, the line in the history, the clocks, the audit entry."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries, rules
from approval_svc.models import Application, Clock, Entry, Pause
from approval_svc.rules import ClockKind, Limit, State, Verb
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.events import Event, publish


async def keep(
    session: AsyncSession,
    application: Application,
    event: Event,
    verb: Verb,
    actor: Actor,
    *,
    calendar: WorkingCalendar,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Keep what a move means, in the transaction of the move."""
    await publish(session, event)
    session.add(entry_of(application, verb, actor, now, reason))
    await turn_clocks(session, application, verb, calendar, now)
    await record_act(session, actor, f"application.{verb}", application, kind="application", now=now)


def entry_of(application: Application, verb: Verb, actor: Actor, now: datetime, reason: str | None) -> Entry:
    """The line of the history a move writes."""
    grant = actor.grant_for(application.area_code)
    return Entry(
        application_id=application.id,
        area_code=application.area_code,
        at=now,
        verb=verb,
        state=application.state,
        actor_id=actor.id,
        post=grant.post if grant else None,
        unit=grant.unit if grant else None,
        reason=reason,
    )


async def turn_clocks(
    session: AsyncSession, application: Application, verb: Verb, calendar: WorkingCalendar, now: datetime
) -> None:
    """Stop the clocks a verb ends, start those it begins, let them stand or run on, and note what is due first."""
    running = await queries.running_clocks(session, application.id)
    for clock in running:
        if clock.kind in rules.STOPS[verb]:
            clock.stopped_at = now
    running = [clock for clock in running if clock.stopped_at is None]
    limits = (await queries.item_of(session, application)).limits()
    start = rules.starts_at(verb, application.forwarded_at, now)
    for kind, limit in rules.started_by(verb, limits).items():
        running.append(start_clock(application, kind, limit, calendar, start))
        session.add(running[-1])
    if verb in {Verb.SUSPEND, Verb.RESUME, Verb.WITHDRAW}:
        await _stand_or_run_on(session, application, running, calendar, now)
    note_due(application, running)


def start_clock(
    application: Application, kind: ClockKind, limit: Limit, calendar: WorkingCalendar, start: datetime
) -> Clock:
    """A limit that begins at a moment."""
    ends = rules.due(start, limit, calendar)
    return Clock(
        application_id=application.id,
        area_code=application.area_code,
        kind=kind,
        amount=limit.amount,
        unit=limit.unit,
        basis=limit.basis,
        started_at=start,
        due_at=ends.due_at,
        provisional=ends.provisional,
    )


async def _stand_or_run_on(
    session: AsyncSession, application: Application, running: list[Clock], calendar: WorkingCalendar, now: datetime
) -> None:
    known = await queries.all_pauses(session, application.id)
    for pause in known:
        if pause.to_at is None and application.state is not State.SUSPENDED:
            pause.to_at = now
    spans = [(pause.from_at, pause.to_at) for pause in known]
    for clock in running:
        ends = rules.due(clock.started_at, clock.limit, calendar, spans)
        clock.due_at, clock.provisional = ends.due_at, ends.provisional


def note_due(application: Application, running: list[Clock]) -> None:
    """What is due first; nothing while the clocks stand."""
    first = min(running, key=lambda clock: clock.due_at, default=None)
    standing = application.state is State.SUSPENDED
    application.due_at = first.due_at if first and not standing else None
    application.due_kind = first.kind if first and not standing else None


def new_pause(application: Application, procedure: str, now: datetime) -> Pause:
    """A time the clocks stand, from now on."""
    return Pause(application_id=application.id, area_code=application.area_code, procedure=procedure, from_at=now)
