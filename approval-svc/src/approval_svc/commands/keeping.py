"""What every move leaves behind: the event, the line in the history, the clocks, the audit entry."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries, rules
from approval_svc.clockwork import Clockwork
from approval_svc.models import Application, Entry
from approval_svc.rules import Verb
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
    clockwork = await _clockwork(session, application, verb, calendar)
    session.add_all(clockwork.turn(verb, now))
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


async def _clockwork(
    session: AsyncSession, application: Application, verb: Verb, calendar: WorkingCalendar
) -> Clockwork:
    item = await queries.item_of(session, application)
    running = await queries.running_clocks(session, application.id)
    pauses = await queries.all_pauses(session, application.id) if verb in rules.PAUSING else []
    return Clockwork(application, item.limits(), calendar, running, pauses)
