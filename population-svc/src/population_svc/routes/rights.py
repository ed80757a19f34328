"""What persons asked for of their records, who looked at them, and lawful secrecy."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from grid_kernel.audit import record_access
from grid_kernel.auth import CurrentActor
from grid_kernel.db import SystemSession, WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from population_svc import commands, queries, rules
from population_svc import own as told
from population_svc.models import DataRequest
from population_svc.routes.asked import Area
from population_svc.rules import AnotherPersonNeeded, RequestDecided, RequestState, SecrecyDecided
from population_svc.schemas import DataRequestDecision, DataRequestOut, ReadsOf, SecrecyIn, SecrecyOut

rights = GridRouter(tags=["rights"])


def _request_shown(row: Any, now: datetime) -> DataRequestOut:
    shown = row.model_dump() if isinstance(row, DataRequest) else dict(row)
    return DataRequestOut.model_validate(
        shown | {"late": shown["state"] == RequestState.OPEN and shown["due_at"] < now}
    )


@rights.get("/data-requests", responses=refusals(Forbidden, NotFound))
async def list_data_requests(
    area: Area,
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    now: Now,
    state: RequestState | None = None,
    late: Annotated[bool, Query(description="Only those past their day.")] = False,
) -> Page[DataRequestOut]:
    """What persons of an area asked for of their records; decided by the station head."""
    rules.check_asked_area(actor, area)
    rules.check_decides_requests(actor, area)
    late_at = now if late else None
    asked = queries.data_requests(actor, area, state, late_at, after=paging.after(UUID), limit=paging.limit)
    rows = await reads.fetch(asked)
    return page_of(rows, paging, key=lambda row: (row["id"],), item=lambda row: _request_shown(row, now))


@rights.post(
    "/data-requests/{request_id}/decision",
    responses=refusals(InvalidInput, Forbidden, NotFound, RequestDecided) | CHANGED,
)
async def decide_data_request(
    request_id: UUID,
    decision: DataRequestDecision,
    actor: CurrentActor,
    version: IfMatch,
    session: WriteSession,
    now: Now,
) -> DataRequestOut:
    """Grant or refuse; what is granted is done with it: a correction written, a record archived."""
    decided = await commands.decide_request(session, actor, request_id, decision, version=version, now=now)
    return _request_shown(decided, now)


@rights.get("/persons/{person_id}/reads", responses=refusals(Forbidden, NotFound))
async def list_reads(person_id: UUID, actor: CurrentActor, session: SystemSession, now: Now) -> ReadsOf:
    """谁看过: who looked at a person's record, as the person sees it, for whoever audits; itself recorded."""
    rules.check_may_see_reads(actor)
    area_code, household_id = await queries.person_area(session, person_id)
    if not actor.holds(rules.AUDITOR, area=area_code):
        raise NotFound
    await record_access(session, actor, kind="person", ids=[person_id], fields=["reads"], purpose="audit")
    return await told.reads_shown(session, person_id, household_id, now)


@rights.get("/secrecies", responses=refusals(Forbidden))
async def list_secrecies(actor: CurrentActor, runtime: CurrentRuntime, paging: Paging) -> Page[SecrecyOut]:
    """The secrecies of one's areas, in force, proposed and ended."""
    rules.check_sees_secrecies(actor)
    areas = actor.areas(*rules.SECRECY_POSTS)
    own = runtime.system_reads(actor, "GET /secrecies")
    rows = await own.fetch(queries.secrecies(areas, after=paging.after(UUID), limit=paging.limit))
    return page_of(rows, paging, key=lambda row: (row["id"],), item=SecrecyOut.model_validate)


@rights.post("/secrecies", status_code=201, responses=refusals(InvalidInput, Forbidden, NotFound))
async def propose_secrecy(entry: SecrecyIn, actor: CurrentActor, session: WriteSession, now: Now) -> SecrecyOut:
    """Propose that reads by one post or unit stay unshown to a person for a time; a second person confirms."""
    return SecrecyOut.model_validate((await commands.propose_secrecy(session, actor, entry, now=now)).model_dump())


@rights.post(
    "/secrecies/{secrecy_id}/confirmation",
    responses=refusals(AnotherPersonNeeded, NotFound, SecrecyDecided) | CHANGED,
)
async def confirm_secrecy(
    secrecy_id: UUID, actor: CurrentActor, version: IfMatch, session: SystemSession, now: Now
) -> SecrecyOut:
    """Let it come into force, as the second person."""
    confirmed = await commands.confirm_secrecy(session, actor, secrecy_id, version=version, now=now)
    return SecrecyOut.model_validate(confirmed.model_dump())


@rights.post("/secrecies/{secrecy_id}/end", responses=refusals(Forbidden, NotFound, SecrecyDecided) | CHANGED)
async def end_secrecy(
    secrecy_id: UUID, actor: CurrentActor, version: IfMatch, session: SystemSession, now: Now
) -> SecrecyOut:
    """Let it hold no more; what it hid is shown from now on."""
    ended = await commands.end_secrecy(session, actor, secrecy_id, version=version, now=now)
    return SecrecyOut.model_validate(ended.model_dump())
