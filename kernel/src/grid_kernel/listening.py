"""What every service hears, whatever else it hears: changed days of the calendar, and the others' audit heads."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel import tables
from grid_kernel.calendar import on_calendar_day_changed
from grid_kernel.contracts.gateway import CalendarDayChanged
from grid_kernel.contracts.kernel import AUDIT_ANCHORED
from grid_kernel.events import Event
from grid_kernel.service import Handler, Service


async def on_audit_anchored(session: AsyncSession, event: Any, hearing: Any) -> None:
    """Keep the head of another service's audit chain: it can no longer rewrite it unseen."""
    values = {
        "service": event.publisher(),
        "chain": event.chain,
        "link": event.sequence,
        "head": bytes.fromhex(event.head),
        "anchored_at": hearing.now,
    }
    await session.execute(insert(tables.audit_anchor).values(values).on_conflict_do_nothing())


def with_kernel_handlers(service: Service) -> dict[type[Event], Handler]:
    """The handler table of a service and the kernel's own."""
    anchors: dict[type[Event], Handler] = {
        kind: on_audit_anchored for name, kind in AUDIT_ANCHORED.items() if name != service.name
    }
    return {CalendarDayChanged: on_calendar_day_changed, **anchors, **service.handlers}
