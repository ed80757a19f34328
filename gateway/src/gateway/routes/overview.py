"""Composed reads."""

from typing import Annotated

from fastapi import Query, Request

from gateway.holding import CurrentHolding, bearer
from gateway.schemas import OverviewOut
from grid_kernel.auth import CurrentActor
from grid_kernel.errors import Forbidden
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now
from grid_kernel.schemas import AreaCode

router = GridRouter(prefix="/overview", tags=["overview"])


@router.get("")
async def get_overview(
    area: Annotated[AreaCode, Query(description="District, street, community or grid.")],
    request: Request,
    actor: CurrentActor,
    held: CurrentHolding,
    now: Now,
) -> OverviewOut:
    """One area in the figures of all four services, each part with its status, age and source."""
    if not any(area.startswith(own) for own in actor.areas()):
        raise Forbidden
    parts = await held.composer.overview(area, bearer(request), actor.id)
    return OverviewOut(area_code=area, made_at=now, parts=parts)
