"""Applications: take in, list, read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path, Query

from approval_svc import commands, queries, rules, wording
from approval_svc.queries import Queue, Wanted
from approval_svc.rules import State
from approval_svc.schemas import (
    ApplicationIn,
    ApplicationLine,
    ApplicationOut,
    ApplicationReceived,
    FactsIn,
    FactsOut,
    NoticeDraft,
    ReceiptOut,
)
from approval_svc.wording import ReaderWords
from grid_kernel.attachments import AttachmentResponse, attachment_response
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, Unavailable, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads, Runtime
from grid_kernel.schemas import AreaCode, Sha256, UnitCode, WeekName

router = GridRouter(prefix="/applications", tags=["applications"])


_WEEK = "A week such as 2026W48, from Monday on."


async def which_applications(
    queue: Annotated[Queue | None, Query(description="A work list.")] = None,
    state: Annotated[State | None, Query()] = None,
    area: Annotated[AreaCode | None, Query()] = None,
    unit: Annotated[UnitCode | None, Query()] = None,
    receipt: Annotated[
        str | None, Query(description="A receipt number, or its last digits.", pattern=r"^[0-9]{4,21}$")
    ] = None,
    submitted_week: Annotated[WeekName | None, Query(alias="submittedWeek", description=_WEEK)] = None,
    ended_week: Annotated[WeekName | None, Query(alias="endedWeek", description=_WEEK)] = None,
) -> Wanted:
    """Which applications a list holds."""
    return Wanted(queue, state, area, unit, receipt, submitted_week, ended_week)


WhichApplications = Annotated[Wanted, Depends(which_applications)]


@router.post("", status_code=201, responses=refusals(Forbidden))
async def submit_application(
    given: ApplicationIn, actor: CurrentActor, session: WriteSession, runtime: CurrentRuntime, now: Now
) -> ApplicationReceived:
    """Take an application in. The answer carries the query code once; it is for the receipt."""
    taken = await commands.submit(session, runtime, actor, given, calendar=await runtime.calendar(), now=now)
    missing = wording.missing(taken.item.materials, taken.application.materials)
    return ApplicationReceived.model_validate(
        {**taken.application.model_dump(), "query_code": taken.query_code, "missing": missing}
    )


@router.get("")
async def list_applications(
    wanted: WhichApplications,
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    now: Now,
    order: Annotated[Literal["newest", "due"], Query(description="newest first, or what is due first")] = "newest",
) -> Page[ApplicationLine]:
    """Applications the reader may see."""
    where, after = queries.matching(actor, wanted, now), paging.after(datetime, UUID)
    statement = queries.listed(where, order=order, after=after, limit=paging.limit + 1)
    rows = await reads.fetch(statement, access="application")
    return page_of(rows, paging, key=lambda row: queries.place_of(row, order), item=ApplicationLine.model_validate)


@router.get("/{application_id}")
async def get_application(
    application_id: UUID,
    actor: CurrentActor,
    reads: Reads,
    runtime: CurrentRuntime,
    words: ReaderWords,
    now: Now,
) -> ApplicationOut:
    """One application with papers, history and clocks; who applied is masked, and the reading is recorded."""
    return await read_whole(application_id, actor, reads, runtime, words, now)


async def read_whole(
    application_id: UUID, actor: Actor, reads: Reads, runtime: Runtime, words: ReaderWords, now: datetime
) -> ApplicationOut:
    """An application as its page shows it."""
    row = await _seen(application_id, actor, reads)
    calendar = await runtime.calendar()
    pauses = await reads.fetch(queries.pauses(application_id))
    clocks = await reads.fetch(queries.clocks(application_id))
    shown = [wording.clock_out(clock, pauses, calendar, words, now) for clock in clocks]
    entries = await reads.fetch(queries.entries(application_id))
    notices = await reads.fetch(queries.notices(application_id))
    unit = await reads.fetch_one(queries.unit_named(row["unit_code"]))
    standing = rules.Standing(area_code=row["area_code"], unit_code=row["unit_code"], state=State(row["state"]))
    receives = unit is None or unit["active"]
    offered = rules.offers(actor, standing, handling_type=row["handling_type"], receives=receives)
    return wording.whole_out(row, entries=entries, clocks=shown, notices=notices, offered=offered)


@router.post("/{application_id}/facts", responses=refusals(NotFound, Unavailable))
async def ask_for_facts(
    application_id: UUID, given: FactsIn, actor: CurrentActor, reads: Reads, runtime: CurrentRuntime
) -> FactsOut:
    """What the register knows of the applicant, for a stated purpose; asked of population, recorded there and here."""
    row = await _seen(application_id, actor, reads, purpose=given.purpose)
    return await commands.facts_of(runtime, row["person_id"], given.purpose)


@router.get("/{application_id}/attachments/{sha256}", responses=refusals(NotFound), response_class=AttachmentResponse)
async def get_application_attachment(
    application_id: UUID, sha256: Annotated[Sha256, Path()], actor: CurrentActor, reads: Reads, runtime: CurrentRuntime
) -> AttachmentResponse:
    """A scan or photo of a paper of the application."""
    row = await _seen(application_id, actor, reads)
    if not any(sha256 in material.get("attachments", ()) for material in row["materials"]):
        raise NotFound
    return await attachment_response(runtime.blobs, sha256)


@router.get("/{application_id}/receipt", responses=refusals(NotFound))
async def get_receipt(application_id: UUID, actor: CurrentActor, reads: Reads, words: ReaderWords) -> ReceiptOut:
    """What is printed for the applicant. The query code is on the first print only: it is kept nowhere in clear."""
    row = await _seen(application_id, actor, reads)
    unit = await reads.fetch_one(queries.unit_named(row["unit_code"]))
    notices = await reads.fetch(queries.notices(application_id))
    return wording.receipt_out(row, notices, unit["name"] if unit else None, words)


@router.get("/{application_id}/notice-draft", responses=refusals(NotFound))
async def get_notice_draft(application_id: UUID, actor: CurrentActor, reads: Reads, words: ReaderWords) -> NoticeDraft:
    """Sentences for the one complete notice: what was not brought, and what is often wrong with what was."""
    return wording.notice_draft(await _seen(application_id, actor, reads), words)


async def _seen(application_id: UUID, actor: Actor, reads: Reads, *, purpose: str | None = None) -> Mapping[str, Any]:
    row = await reads.fetch_one(queries.whole(actor, application_id), access="application", purpose=purpose)
    if row is None:
        raise NotFound
    return row
