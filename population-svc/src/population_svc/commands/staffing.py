"""Setting a staffing norm in an area from a day on."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.errors import InvalidInput
from population_svc import queries, rules
from population_svc.commands.storing import stored
from population_svc.models import StaffingNorm
from population_svc.schemas import StaffingNormIn


async def set_staffing_norm(
    session: AsyncSession, actor: Actor, entry: StaffingNormIn, *, now: datetime
) -> StaffingNorm:
    """Let a norm hold in an area and below from a day on; what held before ends on that day and stays as history."""
    rules.check_sets_rules(actor, entry.area_code)
    if entry.valid_from < today(now):
        raise InvalidInput.at("/validFrom", "in-the-past")
    before = await queries.norm_before(session, entry.area_code, entry.norm_of, entry.valid_from)
    norm = StaffingNorm(**entry.model_dump(by_alias=False))
    if before is not None:
        norm.valid_to, before.valid_to = before.valid_to, entry.valid_from
    async with stored(session):
        session.add(norm)
    return norm
