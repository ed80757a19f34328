"""More time, or putting off until a day to look again: asked for by the unit, decided by the centre."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries, rules
from dispute_svc.commands.saving import open_case, save
from dispute_svc.models import Dispatch, Extension
from dispute_svc.schemas import ExtensionDecisionIn, ExtensionIn
from grid_kernel.auth import Actor
from grid_kernel.clock import end_of, today
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput


async def ask_for_extension(
    session: AsyncSession, actor: Actor, dispatch_id: UUID, given: ExtensionIn, *, version: int, now: datetime
) -> Extension:
    """The unit that works on its part asks for a later end, with the reason the reporter will be told."""
    dossier = await open_case(
        session, queries.visible(actor), await queries.case_of_part(session, Dispatch, dispatch_id)
    )
    dispatch = next(each for each in dossier.dispatches if each.id == dispatch_id)
    rules.check_may_act_for(actor, dispatch.unit_code)
    expect_version(dispatch, version)
    if given.until <= today(now) or end_of(given.until) <= dispatch.due_at:
        raise InvalidInput.at("/until", "not-later")
    asked = dossier.ask_for_extension(actor, dispatch, given.kind, given.until, now, given.note)
    await save(session, dossier, now)
    return asked


async def decide_extension(
    session: AsyncSession, actor: Actor, extension_id: UUID, given: ExtensionDecisionIn, *, version: int, now: datetime
) -> Extension:
    """Grant it or not. Nobody decides about the time of the own unit."""
    case_id = await queries.case_of_part(session, Extension, extension_id)
    dossier = await open_case(session, queries.visible(actor), case_id)
    asked = next(each for each in dossier.extensions if each.id == extension_id)
    rules.check_may_extend(actor, dossier.case.area_code, asked.unit_code)
    expect_version(asked, version)
    dossier.decide_extension(actor, asked, now, given.note, approved=given.approved)
    await save(session, dossier, now)
    return asked
