"""Figures: the progress of a quarter, and how many there were on a day."""

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.errors import InvalidInput, NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from population_svc import progress, queries, rules
from population_svc.routes.asked import Area, AsOf, KnownAt, Quarter, moment_asked
from population_svc.schemas import CountsOut, ProgressOut

figures = GridRouter(tags=["figures"])


@figures.get("/progress", responses=refusals(InvalidInput, NotFound))
async def get_progress(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, now: Now, quarter: Quarter = None
) -> ProgressOut:
    """How an area and each of its grids stand in the quarterly round; every number names the query of its rows."""
    return await progress.read_progress(runtime.system_reads(actor), actor, area, quarter, today(now))


@figures.get("/counts", responses=refusals(InvalidInput, NotFound))
async def get_counts(
    area: Area,
    actor: CurrentActor,
    reads: Reads,
    now: Now,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> CountsOut:
    """How many households, persons and dwellings there were on a day, as known at a moment; for budgets."""
    rules.check_asked_area(actor, area)
    day, known = as_of or today(now), moment_asked(known_at, now) or now
    row = await reads.fetch_one(queries.counts(actor, area, day, known))
    return CountsOut.model_validate({**(row or {}), "as_of": day, "known_at": known})
