"""Staffing: norms per area and day, the report against them, and trying another cut."""

from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from population_svc import commands, queries, rules, staffing
from population_svc.routes.asked import Area, AsOf, day_asked
from population_svc.rules import AlreadyRecorded
from population_svc.schemas import StaffingDraft, StaffingNormIn, StaffingNormOut, StaffingOut, StaffingTried

norms = GridRouter(prefix="/staffing-norms", tags=["staffing"])
staff = GridRouter(prefix="/staffing", tags=["staffing"])


@norms.get("", responses=refusals(NotFound))
async def list_staffing_norms(area: Area, actor: CurrentActor, reads: Reads) -> list[StaffingNormOut]:
    """The norms that hold, held or will hold in an area: its own and those of the areas above, the nearest first."""
    rules.check_asked_area(actor, area)
    return [StaffingNormOut.model_validate(row) for row in await reads.fetch(queries.norms_over(area))]


@norms.post("", status_code=201, responses=refusals(InvalidInput, Forbidden, AlreadyRecorded))
async def set_staffing_norm(
    entry: StaffingNormIn, actor: CurrentActor, session: WriteSession, now: Now
) -> StaffingNormOut:
    """Let a norm hold in an area and below from a day on; set by the leader of the area."""
    return StaffingNormOut.model_validate(await commands.set_staffing_norm(session, actor, entry, now=now))


@staff.get("", responses=refusals(InvalidInput, NotFound))
async def get_staffing(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, reads: Reads, now: Now, as_of: AsOf = None
) -> StaffingOut:
    """Households of an area and of its parts against the norms, the posts they ask for and the posts that are held."""
    return await staffing.read_staffing(runtime, reads, actor, area, day_asked(as_of, now))


@staff.post("/what-if", responses=refusals(InvalidInput, NotFound))
async def try_staffing(
    draft: StaffingDraft, actor: CurrentActor, runtime: CurrentRuntime, reads: Reads, now: Now
) -> StaffingTried:
    """How many grids and posts an area would need with another norm, or cut otherwise; nothing is kept."""
    return await staffing.try_staffing(runtime, reads, actor, draft, day_asked(draft.as_of, now))
