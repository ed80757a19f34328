"""The working calendar as this installation has it: the packaged days and the days an administrator changed."""

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel import tables
from grid_kernel.clock import WorkingCalendar
from grid_kernel.contracts.gateway import CalendarDayChanged
from grid_kernel.working_calendar import SpecialDay

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

_KEEP_SECONDS = 30.0


class Calendar:
    """Keeps the merged calendar for half a minute."""

    def __init__(self) -> None:
        self._known: WorkingCalendar | None = None
        self._until = 0.0

    async def current(self, runtime: "Runtime") -> WorkingCalendar:
        """The calendar to compute deadlines with."""
        if self._known is None or time.monotonic() > self._until:
            rows = await runtime.system_reads().fetch(select(tables.calendar_day))
            overrides = {row["day"]: SpecialDay(row["working"], row["name"]) for row in rows}
            self._known = WorkingCalendar.packaged(overrides)
            self._until = time.monotonic() + _KEEP_SECONDS
        return self._known

    def forget(self) -> None:
        """Read the changed days again at the next look."""
        self._until = 0.0


async def on_calendar_day_changed(session: AsyncSession, event: CalendarDayChanged, _: Any) -> None:
    """Take over a day an administrator declared."""
    values = {"day": event.day, "working": event.working, "name": event.name}
    statement = insert(tables.calendar_day).values(values)
    await session.execute(statement.on_conflict_do_update(index_elements=["day"], set_=values))
