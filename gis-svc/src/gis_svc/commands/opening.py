"""When service points are open: weeks are entered one over the other, none is ever changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules
from gis_svc.models import OpeningWeek, ServicePoint
from gis_svc.queries import placed
from gis_svc.schemas import OpeningWeekIn, stored_spans
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.db import expect_version


async def enter_opening_week(
    session: AsyncSession, actor: Actor, point_id: UUID, told: OpeningWeekIn, *, version: int, now: datetime
) -> OpeningWeek:
    """Say when a service point is open from a day on, or on some days."""
    point: ServicePoint = await placed.for_update(session, actor, ServicePoint, point_id)
    rules.check_may_furnish(actor, point.area_code)
    expect_version(point, version)
    week = OpeningWeek(
        service_point_id=point.id,
        valid_from=told.valid_from,
        valid_to=told.valid_to,
        hours=stored_spans(told.spans()),
        on_holidays=told.on_holidays,
        note=told.note,
        recorded_at=now,
    )
    session.add(week)
    point.replace({})
    await record_act(session, actor, "service_point.hours-entered", point, kind="service_point", now=now)
    await session.flush()
    return week
