"""Where a point lies: any of the four coordinate systems in, grid and names out."""

from gis_svc import locating
from gis_svc.location import CurrentPlaces
from gis_svc.schemas import PointsLocatedOut, PointsToLocate
from grid_kernel import clock
from grid_kernel.auth import CurrentActor
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now

router = GridRouter(tags=["locations"])


@router.post("/locate")
async def locate_points(_: CurrentActor, places: CurrentPlaces, asked: PointsToLocate, now: Now) -> PointsLocatedOut:
    """The grid and the names of each point, what its accuracy leaves open, and whether its system looks wrong."""
    return locating.locate(places, asked, asked.as_of or clock.today(now))
