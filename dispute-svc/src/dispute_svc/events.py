"""What dispute-svc hears."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import commands
from dispute_svc.models import HandlingUnit
from grid_kernel.contracts.gateway import UnitChanged, UnitRegistered
from grid_kernel.contracts.gis import GridMerged, GridSplit
from grid_kernel.contracts.population import PersonMerged
from grid_kernel.events import Event
from grid_kernel.inbox import Hearing, is_newer
from grid_kernel.service import Handler


async def on_unit(session: AsyncSession, event: UnitRegistered | UnitChanged, _: Hearing) -> None:
    """Know which units there are."""
    if await is_newer(session, event):
        unit = HandlingUnit(
            code=event.unit_code, name=event.name, kind=event.kind, area_code=event.area_code, active=event.active
        )
        await commands.keep_unit(session, unit)


async def on_grid_changed(session: AsyncSession, event: GridSplit | GridMerged, hearing: Hearing) -> None:
    """Place the cases of changed grids anew."""
    await commands.follow_grid_change(
        session,
        event.predecessors,
        event.successors,
        event.buildings,
        effective_on=event.effective_on,
        now=hearing.now,
    )


async def on_person_merged(session: AsyncSession, event: PersonMerged, _: Hearing) -> None:
    """Point to the record that stays."""
    await commands.follow_merge(session, event.merged_id, event.aggregate_id)


HANDLERS: Mapping[type[Event], Handler] = {
    UnitRegistered: on_unit,
    UnitChanged: on_unit,
    GridSplit: on_grid_changed,
    GridMerged: on_grid_changed,
    PersonMerged: on_person_merged,
}
