"""What the gateway hears."""

from sqlalchemy.ext.asyncio import AsyncSession

from gateway import commands
from grid_kernel.contracts.gis import GridMerged, GridSplit
from grid_kernel.events import Event
from grid_kernel.inbox import Hearing
from grid_kernel.service import Handler


async def on_grid_changed(session: AsyncSession, event: GridSplit | GridMerged, hearing: Hearing) -> None:
    """Posts of a grid that no longer exists as it was wait to be assigned anew."""
    await commands.mark_for_reassignment(session, event.predecessors, now=hearing.now)


HANDLERS: dict[type[Event], Handler] = {GridSplit: on_grid_changed, GridMerged: on_grid_changed}
