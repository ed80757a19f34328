"""What violates the topology of areas and buildings."""

from fastapi import Request

from gis_svc import findings
from gis_svc.queries import areas, buildings
from gis_svc.routes.parameters import AsOf, Within
from gis_svc.schemas import TopologyReport
from grid_kernel.auth import CurrentActor
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Reads

router = GridRouter(tags=["areas"])


@router.get("/topology-report")
async def get_topology_report(
    request: Request, reads: Reads, actor: CurrentActor, runtime: CurrentRuntime, day: AsOf, within: Within = None
) -> TopologyReport:
    """Areas outside their parent, overlaps, gaps; residential buildings the caller sees in no grid or several."""
    rows = await areas.outlines(reads, day=day, within=within)
    homes = await buildings.homes(reads, actor, within)
    return await findings.topology(request, runtime.labels, rows, homes, day, within)
