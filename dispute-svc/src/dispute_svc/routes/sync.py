"""What phones did without a signal."""

from dispute_svc import commands, field_work
from dispute_svc.schemas import SyncIn, SyncOut
from dispute_svc.wording import ReaderWords
from grid_kernel.auth import CurrentActor
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now

router = GridRouter(prefix="/sync", tags=["sync"])


@router.post("")
async def sync_cases(
    given: SyncIn, actor: CurrentActor, runtime: CurrentRuntime, words: ReaderWords, now: Now
) -> SyncOut:
    """Do up to a hundred acts of a phone, each in its own transaction; sent again, an act is answered, not repeated.

    Kinds: `case.report` (body as for reporting, the id becomes the case's), `case.add`, `case.verify`, `case.resolve`
    (the body of the route of that name, `targetId` the case).
    """
    done = await commands.sync(runtime, actor, given.operations, now=now)
    reads = runtime.system_reads(actor, via="POST /v1/sync")
    return SyncOut(results=await field_work.answers(reads, actor, done, words))
