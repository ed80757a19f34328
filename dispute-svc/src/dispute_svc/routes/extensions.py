"""Extensions: decided by the centre."""

from uuid import UUID

from dispute_svc import commands, rules
from dispute_svc.schemas import ExtensionDecisionIn, ExtensionOut
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import NotFound, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now

router = GridRouter(prefix="/extensions", tags=["extensions"])


@router.post(
    "/{extension_id}/decision",
    responses=CHANGED | refusals(NotFound, rules.MayNotExtend, rules.AlreadyDecided, rules.MoveNotAllowed),
)
async def decide_extension(
    extension_id: UUID,
    given: ExtensionDecisionIn,
    actor: CurrentActor,
    version: IfMatch,
    session: WriteSession,
    now: Now,
) -> ExtensionOut:
    """Grant more time, or not; the part then ends at the end of the day that was asked for."""
    asked = await commands.decide_extension(session, actor, extension_id, given, version=version, now=now)
    return ExtensionOut.model_validate(asked)
