"""Figures: the progress of a quarter, and how many there were on a day."""

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.errors import InvalidInput, NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from population_svc import progress, queries, rules
from population_svc.routes.asked import Area, Quarter, When
from population_svc.schemas import CountsOut, ProgressOut

figures = GridRouter(tags=["figures"])


@figures.get("/progress", responses=refusals(InvalidInput, NotFound))
async def get_progress(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, now: Now, quarter: Quarter = None
) -> ProgressOut:
    """How an area and each of its grids stand in the quarterly round; every number names the query of its rows."""
    return await progress.read_progress(runtime.system_reads(actor), actor, area, quarter, today(now))


@figures.get("/counts", responses=refusals(InvalidInput, NotFound))
async def get_counts(area: Area, actor: CurrentActor, reads: Reads, when: When, now: Now) -> CountsOut:
    """How many households, persons and dwellings there were on a day, as known at a moment; for budgets."""
    rules.check_asked_area(actor, area)
    known = when.known or now
    row = await reads.fetch_one(queries.counts(actor, area, when.day, known))
    return CountsOut.model_validate({**(row or {}), "as_of": when.day, "known_at": known})
