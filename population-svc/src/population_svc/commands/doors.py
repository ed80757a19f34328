"""Codes at doors, and calling a household."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_access, record_act
from grid_kernel.auth import Actor
from grid_kernel.working_calendar import WorkingCalendar
from population_svc import queries, rules
from population_svc.models import DoorToken
from population_svc.schemas import Call, DoorTokenOut

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 16


async def put_up_token(session: AsyncSession, actor: Actor, dwelling_id: UUID, *, now: datetime) -> DoorTokenOut:
    """Make the code for a door; what hung there before opens nothing from now on."""
    dwelling = await queries.dwelling_for_update(session, actor, dwelling_id)
    rules.check_may_keep(actor, dwelling.area_code)
    if (old := await queries.current_door_token(session, dwelling.id)) is not None:
        old.replaced_at = now
        await session.flush()
    token = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    digest = rules.door_digest(token)
    session.add(DoorToken(dwelling_id=dwelling.id, token_index=token, phone_digest=digest, issued_at=now))
    await session.flush()
    await record_act(session, actor, "door_token.put_up", dwelling, kind="dwelling", now=now)
    return DoorTokenOut(dwelling_id=dwelling.id, token=token, path=f"/field/find#{token}")


async def call_household(
    session: AsyncSession, actor: Actor, household_id: UUID, *, calendar: WorkingCalendar, now: datetime
) -> Call:
    """The number of a household for whoever looks after it; recorded once a working day, however often dialled."""
    area_code, phone = await queries.phone_of(session, actor, household_id)
    rules.check_may_keep(actor, area_code)
    if not await queries.recorded_since(session, actor, household_id, rules.routine_since(now, calendar)):
        await record_access(session, actor, kind="household_call", ids=[household_id], fields=["phone"])
    return Call(household_id=household_id, phone=phone)
