"""When service points are open."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from gis_svc import commands
from gis_svc.queries import opening as queries
from gis_svc.routes.buildings import THINGS_CHANGE
from gis_svc.schemas import Moment, OpeningHoursOut, OpeningWeekIn, OpeningWeekOut
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads

router = GridRouter(prefix="/service-points/{service_point_id}/opening-hours", tags=["service-points"])


@router.get("", responses=refusals(NotFound))
async def get_opening_hours(
    reads: Reads,
    actor: CurrentActor,
    runtime: CurrentRuntime,
    service_point_id: UUID,
    now: Now,
    at: Annotated[Moment | None, Query(description="The moment asked about; now unless said.")] = None,
) -> OpeningHoursOut:
    """Whether a service point is open, when it opens next, and every week entered, the last first."""
    return await queries.of_point(reads, actor, service_point_id, at or now, await runtime.calendar())


@router.post("", status_code=201, responses=refusals(Forbidden, NotFound) | CHANGED, dependencies=THINGS_CHANGE)
async def enter_opening_week(
    session: WriteSession, actor: CurrentActor, service_point_id: UUID, told: OpeningWeekIn, version: IfMatch, now: Now
) -> OpeningWeekOut:
    """Enter the hours of a week from a day on, or for some days; no hours is closed (If-Match: the service point)."""
    week = await commands.enter_opening_week(session, actor, service_point_id, told, version=version, now=now)
    return OpeningWeekOut.model_validate(week.model_dump())
