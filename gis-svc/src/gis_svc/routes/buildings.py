"""Buildings: registered by those who work in the area, listed by area and by box."""

from uuid import UUID

from gis_svc import commands, rules
from gis_svc.location import CurrentPlaces
from gis_svc.queries import buildings as queries
from gis_svc.routes.parameters import InBox, Within
from gis_svc.schemas import BuildingIn, BuildingOut
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, refusals
from grid_kernel.paging import Page, Paging
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads

router = GridRouter(prefix="/buildings", tags=["buildings"])


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
)
async def register_building(
    session: WriteSession, actor: CurrentActor, places: CurrentPlaces, new: BuildingIn, now: Now
) -> BuildingOut:
    """Register a building; its point decides the grid, its community gives the number."""
    return await commands.register(session, actor, places, new, now=now)
