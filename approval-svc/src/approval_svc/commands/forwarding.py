"""Forward an application: the canonical feature. Whoever reads this file knows every command."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries, rules
from approval_svc.commands.keeping import keep
from approval_svc.models import Application
from approval_svc.rules import Verb
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.db import expect_version


async def forward(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Hand a pre-reviewed application to the unit that decides it."""
    application = await queries.for_update(session, actor, application_id)
    rules.check_may_forward(actor, application.standing)
    expect_version(application, version)
    rules.check_may_receive(await queries.receives(session, application.unit_code))
    event = application.forward(now)
    await keep(session, application, event, Verb.FORWARD, actor, calendar=calendar, now=now)
    return application
