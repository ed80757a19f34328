"""The workbench: what waits for whoever asks."""

from typing import Annotated

from fastapi import Query, Request

from gateway.holding import CurrentHolding, bearer
from gateway.schemas import WorkbenchOut
from gateway.workbench import lists_at, workbench_of
from grid_kernel.auth import CurrentActor
from grid_kernel.errors import Forbidden, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now
from grid_kernel.schemas import AreaCode

router = GridRouter(prefix="/workbench", tags=["workbench"])


@router.get("", responses=refusals(Forbidden))
async def get_workbench(
    request: Request,
    actor: CurrentActor,
    held: CurrentHolding,
    now: Now,
    area: Annotated[AreaCode | None, Query(description="Only what lies here.")] = None,
) -> WorkbenchOut:
    """Applications, cases and follow-ups that wait for whoever asks, the earliest end first; one source down leaves
    the others, and each names the list behind it."""
    if area and not any(area.startswith(own) or own.startswith(area) for own in actor.areas()):
        raise Forbidden
    return workbench_of(await held.composer.rows(lists_at(area), bearer(request)), now)
