"""Visits."""

from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now
from population_svc import commands
from population_svc.rules import AlreadyRecorded, HouseholdEnded
from population_svc.schemas import VisitIn, VisitRecorded

visits = GridRouter(prefix="/visits", tags=["visits"])


@visits.post(
    "", status_code=201, responses=refusals(InvalidInput, Forbidden, NotFound, HouseholdEnded, AlreadyRecorded)
)
async def record_visit(entry: VisitIn, actor: CurrentActor, session: WriteSession, now: Now) -> VisitRecorded:
    """Record a visit or an attempt; nobody home and declined are honest results without consequence."""
    visit, household = await commands.record_visit(session, actor, entry, now=now)
    return VisitRecorded.model_validate(visit.model_dump() | {"household_version": household.version})
