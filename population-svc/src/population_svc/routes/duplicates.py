"""Records that may be one person: proposals with their reasons, and a merger that can be undone."""

from uuid import UUID

from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads
from population_svc import commands, queries, rules
from population_svc.routes.asked import Area
from population_svc.rules import AlreadyUndone, PersonHasLeft
from population_svc.schemas import AlikePair, DistinctIn, PersonMergerIn, PersonMergerOut

duplicates = GridRouter(tags=["duplicates"])


@duplicates.get("/duplicates", responses=refusals(Forbidden, NotFound))
async def list_duplicates(area: Area, actor: CurrentActor, reads: Reads) -> list[AlikePair]:
    """Pairs of records that may be one person, with the reasons; at most a hundred, what is decided is left out."""
    rules.check_asked_area(actor, area)
    rules.check_keeps_register(actor)
    return await queries.read_alike(reads, actor, area)


@duplicates.post("/duplicates/distinct", status_code=204, responses=refusals(Forbidden, NotFound))
async def keep_apart(pair: DistinctIn, actor: CurrentActor, session: WriteSession, now: Now) -> None:
    """Note that two records are two persons, so that nobody is asked again."""
    await commands.keep_apart(session, actor, pair, now=now)


@duplicates.post(
    "/persons/{person_id}/mergers",
    status_code=201,
    responses=refusals(InvalidInput, Forbidden, NotFound, PersonHasLeft) | CHANGED,
)
async def merge_persons(
    person_id: UUID, entry: PersonMergerIn, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> PersonMergerOut:
    """Let this record stay for a person and the other live nowhere; it can be undone as if nothing had been."""
    merged = await commands.merge_persons(session, actor, person_id, entry, version=version, now=now)
    return PersonMergerOut.model_validate(merged)


@duplicates.post("/person-mergers/{merger_id}/undo", responses=refusals(Forbidden, NotFound, AlreadyUndone) | CHANGED)
async def undo_merger(
    merger_id: UUID, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> PersonMergerOut:
    """Make two records of one again, each with what it had."""
    return PersonMergerOut.model_validate(
        await commands.undo_merger(session, actor, merger_id, version=version, now=now)
    )
