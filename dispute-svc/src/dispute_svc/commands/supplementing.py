"""Adding to an open case what somebody saw: the same matter is not reported twice."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries
from dispute_svc.commands.saving import open_case, save
from dispute_svc.dossier import Why
from dispute_svc.models import Case
from dispute_svc.schemas import AdditionIn
from grid_kernel.auth import Actor


async def supplement(
    session: AsyncSession,
    actor: Actor,
    case_id: UUID,
    given: AdditionIn,
    *,
    now: datetime,
    happened_at: datetime | None = None,
) -> Case:
    """Add to a case the actor sees or reported; run as system, because a report may lie outside the actor's area."""
    dossier = await open_case(session, queries.visible_or_own(actor), case_id)
    why = Why(note=given.note, attachments=given.attachments, happened_at=happened_at)
    dossier.supplement(actor, now, why)
    await save(session, dossier, now)
    return dossier.case
