"""Applications: take in, list, read."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from approval_svc import commands, queries, wording
from approval_svc.models import Application
from approval_svc.rules import State
from approval_svc.schemas import ApplicationIn, ApplicationLine, ApplicationOut, ApplicationReceived
from approval_svc.wording import ReaderWords
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import NotFound
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads, Runtime
from grid_kernel.schemas import AreaCode, UnitCode

router = GridRouter(prefix="/applications", tags=["applications"])


@router.post("", status_code=201)
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
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    now: Now,
    queue: Annotated[str | None, Query(max_length=40, description="open, desk, unit, correction, late …")] = None,
    state: Annotated[State | None, Query()] = None,
    area: Annotated[AreaCode | None, Query()] = None,
    unit: Annotated[UnitCode | None, Query()] = None,
) -> Page[ApplicationLine]:
    """Applications the reader may see, the newest first."""
    where = [queries.visible(actor)]
    where += [queries.in_queue(queue, now)] if queue else []
    where += [queries.within(area)] if area else []
    where += [col(Application.state) == state] if state else []
    where += [col(Application.unit_code) == unit] if unit else []
    rows = await reads.fetch(
        queries.listed(where, paging.after(datetime, UUID), paging.limit + 1), access="application"
    )
    return page_of(rows, paging, key=lambda r: (r["submitted_at"], r["id"]), item=ApplicationLine.model_validate)


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
    row = await reads.fetch_one(queries.whole(actor, application_id), access="application")
    if row is None:
        raise NotFound
    calendar = await runtime.calendar()
    pauses = await reads.fetch(queries.pauses(application_id))
    clocks = await reads.fetch(queries.clocks(application_id))
    shown = [wording.clock_out(clock, pauses, calendar, words, now) for clock in clocks]
    entries = await reads.fetch(queries.entries(application_id))
    notices = await reads.fetch(queries.notices(application_id))
    return wording.whole_out(row, entries=entries, clocks=shown, notices=notices)
