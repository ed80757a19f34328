"""Deaths, and households that split and become one."""

from uuid import UUID

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now
from population_svc import commands, queries
from population_svc.rules import AlreadyRecorded, DwellingKnown, HouseholdEnded, PersonHasLeft
from population_svc.schemas import Death, HouseholdMerger, HouseholdOut, HouseholdSplit, PersonOut

reshaping = GridRouter(tags=["households"])


@reshaping.post(
    "/persons/{person_id}/death", responses=refusals(InvalidInput, Forbidden, NotFound, PersonHasLeft) | CHANGED
)
async def record_death(
    person_id: UUID, death: Death, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> PersonOut:
    """Note that a person died: home and care end on that day, the record stays."""
    await commands.record_death(session, actor, person_id, death, version=version, now=now)
    return await queries.written_person(session, actor, person_id)


@reshaping.post(
    "/households/{household_id}/splits",
    status_code=201,
    responses=refusals(InvalidInput, Forbidden, NotFound, HouseholdEnded, DwellingKnown, AlreadyRecorded) | CHANGED,
)
async def split_household(
    household_id: UUID, split: HouseholdSplit, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> HouseholdOut:
    """Let some persons be a household of their own, in the same dwelling or in another; the answer is the new one."""
    fresh = await commands.split_household(session, actor, household_id, split, version=version, now=now)
    return await queries.written_household(session, actor, fresh.id, today(now))


@reshaping.post(
    "/households/{household_id}/mergers",
    responses=refusals(InvalidInput, Forbidden, NotFound, HouseholdEnded) | CHANGED,
)
async def merge_households(
    household_id: UUID, merger: HouseholdMerger, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> HouseholdOut:
    """Let everybody of another household belong to this one; the other ends."""
    await commands.merge_households(session, actor, household_id, merger, version=version, now=now)
    return await queries.written_household(session, actor, household_id, today(now))
