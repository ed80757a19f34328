"""Loading a case under its lock, and storing a step with its entries, events and acts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries
from dispute_svc.dossier import Dossier
from dispute_svc.models import Dispatch, Extension, Objection, Party
from grid_kernel.audit import record_act
from grid_kernel.events import publish


async def open_case(session: AsyncSession, rule: ColumnElement[bool], case_id: UUID) -> Dossier:
    """The dossier of a case under its lock; NotFound for whoever may not see it."""
    case = await queries.for_update(session, rule, case_id)
    return Dossier(
        case,
        dispatches=await queries.parts(session, Dispatch, case_id),
        objections=await queries.parts(session, Objection, case_id),
        parties=await queries.parts(session, Party, case_id),
        extensions=await queries.parts(session, Extension, case_id),
    )


async def save(session: AsyncSession, dossier: Dossier, now: datetime) -> None:
    """Store what the steps did: rows, one event and one act per entry."""
    # What changed goes first: a unit's new part may only stand once the old one is withdrawn.
    await session.flush()
    session.add_all([dossier.case, *dossier.dispatches, *dossier.objections, *dossier.parties])
    session.add_all(dossier.extensions)
    for entry, event, actor in dossier.fresh:
        session.add(entry)
        await publish(session, event)
        await record_act(session, actor, f"case.{entry.kind}", dossier.case, kind="case", now=now, reason=entry.reason)
    await session.flush()
    dossier.fresh.clear()
