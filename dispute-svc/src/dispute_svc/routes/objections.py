"""Objections: decided by the arbiter."""

from uuid import UUID

from dispute_svc import commands, rules
from dispute_svc.schemas import DecisionIn, ObjectionOut
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import NotFound, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now

router = GridRouter(prefix="/objections", tags=["objections"])


@router.post(
    "/{objection_id}/decision",
    responses=CHANGED | refusals(NotFound, rules.NotTheArbiter, rules.AlreadyDecided, rules.AlreadyWithUnit),
)
async def decide_objection(
    objection_id: UUID,
    given: DecisionIn,
    actor: CurrentActor,
    version: IfMatch,
    session: WriteSession,
    runtime: CurrentRuntime,
    now: Now,
) -> ObjectionOut:
    """Let the dispatch stand, or send the part to another unit. Nobody decides the objection of the own unit."""
    objection = await commands.decide_objection(
        session, actor, objection_id, given, version=version, calendar=await runtime.calendar(), now=now
    )
    return ObjectionOut.model_validate(objection)
