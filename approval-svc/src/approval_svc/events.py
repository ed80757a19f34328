"""What approval-svc hears."""

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import commands
from grid_kernel.contracts.gateway import UnitChanged, UnitRegistered
from grid_kernel.contracts.gis import GridMerged, GridSplit
from grid_kernel.contracts.population import PersonMerged
from grid_kernel.events import Event
from grid_kernel.inbox import Hearing, is_newer
from grid_kernel.service import Handler


async def on_unit(session: AsyncSession, event: UnitRegistered | UnitChanged, _: Hearing) -> None:
    """Know which units there are, and what they are called."""
    if await is_newer(session, event):
        await commands.keep_unit(session, event.unit_code, name=event.name, kind=event.kind, active=event.active)


async def on_person_merged(session: AsyncSession, event: PersonMerged, _: Hearing) -> None:
    """Applications of the record that is gone belong to the one that stays."""
    await commands.relink(session, event.aggregate_id, event.merged_id)


async def on_grid_changed(session: AsyncSession, event: GridSplit | GridMerged, _: Hearing) -> None:
    """What a worker took in at a grid follows the grid."""
    await commands.change_grids(session, event.predecessors, event.successors)


HANDLERS: dict[type[Event], Handler] = {
    UnitRegistered: on_unit,
    UnitChanged: on_unit,
    PersonMerged: on_person_merged,
    GridSplit: on_grid_changed,
    GridMerged: on_grid_changed,
}
