"""Buildings: registered by those who work in the area, listed by area and by box."""

from collections.abc import AsyncIterator
from uuid import UUID

from fastapi import Depends

from gis_svc import commands, rules
from gis_svc.location import CurrentPlaces
from gis_svc.queries import buildings as queries
from gis_svc.revisions import revisions_of
from gis_svc.routes.parameters import InBox, Within
from gis_svc.schemas import BuildingIn, BuildingOut
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, refusals
from grid_kernel.paging import Page, Paging
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads

router = GridRouter(prefix="/buildings", tags=["buildings"])


async def things_change(runtime: CurrentRuntime) -> AsyncIterator[None]:
    """Once the transaction is stored, tiles and features show what it changed."""
    # Entered before the session, so left after its commit and before the answer leaves.
    yield
    revisions_of(runtime).changed()


THINGS_CHANGE = [Depends(things_change, scope="function")]


@router.get("")
async def list_buildings(
    reads: Reads, actor: CurrentActor, paging: Paging, box: InBox, within: Within = None
) -> Page[BuildingOut]:
    """Buildings of the caller's areas by community and number, those inside one area or a box."""
    return await queries.list_buildings(reads, actor, paging, within=within, box=box)


@router.get("/{building_id}", responses=refusals(NotFound))
async def get_building(reads: Reads, actor: CurrentActor, building_id: UUID) -> BuildingOut:
    """One building in the caller's areas."""
    return await queries.get_building(reads, actor, building_id)


@router.post(
    "",
    status_code=201,
    responses=refusals(Forbidden, rules.BuildingNumberTaken, rules.BuildingNumbersExhausted),
    dependencies=THINGS_CHANGE,
)
async def register_building(
    session: WriteSession, actor: CurrentActor, places: CurrentPlaces, new: BuildingIn, now: Now
) -> BuildingOut:
    """Register a building; its point decides the grid, its community gives the number."""
    return await commands.register(session, actor, places, new, now=now)
