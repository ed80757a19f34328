"""Progress by the two codes of the receipt, for whoever holds it."""

from dispute_svc import commands, rules
from dispute_svc.schemas import Progress, ProgressIn
from grid_kernel.errors import refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now

router = GridRouter(prefix="/case-progress", tags=["case-progress"])


@router.post("", responses=refusals(rules.ProgressNotFound, rules.TooManyWrongCodes))
async def look_up_progress(given: ProgressIn, runtime: CurrentRuntime, now: Now) -> Progress:
    """Where a case stands, without an account. Five wrong codes lock the look-up of the case for a quarter hour."""
    return await commands.look_up_progress(runtime, given, now=now)
