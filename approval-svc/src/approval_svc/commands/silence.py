"""What happens when nobody does anything: acceptance by silence, and an application nobody completes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries
from approval_svc.commands.keeping import keep
from approval_svc.rules import State, Verb
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar


async def deem_accepted(
    session: AsyncSession, actor: Actor, application_id: UUID, *, calendar: WorkingCalendar, now: datetime
) -> bool:
    """Count one application as accepted; False when somebody spoke in the meantime (行政许可法 art 32)."""
    application = await queries.by_id(session, application_id)
    if application is None or application.state is not State.FORWARDED:
        return False
    event = application.deem_accepted(now)
    await keep(session, application, event, Verb.DEEM_ACCEPTED, actor, calendar=calendar, now=now)
    return True


async def lapse(
    session: AsyncSession, actor: Actor, application_id: UUID, *, calendar: WorkingCalendar, now: datetime
) -> bool:
    """End one application whose correction was not brought in time; False when it was, in the meantime."""
    application = await queries.by_id(session, application_id)
    if application is None or application.state is not State.CORRECTION_REQUIRED:
        return False
    event = application.lapse(now)
    await keep(session, application, event, Verb.LAPSE, actor, calendar=calendar, now=now)
    return True
