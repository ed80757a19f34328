"""The working calendar: days this installation declares different from the published ones."""

from datetime import date

from gateway import commands
from gateway.schemas import CalendarDayIn, CalendarDayOut
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now

router = GridRouter(prefix="/calendar-days", tags=["calendar-days"])


@router.put("/{day}")
async def declare_day(
    day: date, given: CalendarDayIn, actor: CurrentActor, session: WriteSession, now: Now
) -> CalendarDayOut:
    """Declare a day a working day or a day off; every service's deadlines follow."""
    return CalendarDayOut.model_validate(await commands.declare_day(session, actor, day, given, now=now))
