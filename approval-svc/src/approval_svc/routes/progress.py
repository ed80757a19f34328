"""Progress by receipt number and code, without an account."""

from datetime import datetime

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import commands, queries, rules, wording
from approval_svc.models import Application
from approval_svc.schemas import ProgressIn, ProgressOut, ProgressRatingIn
from approval_svc.wording import ReaderWords, Words
from grid_kernel.clock import WorkingCalendar
from grid_kernel.db import SystemSession
from grid_kernel.errors import Refusal, refusals, respond
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now

router = GridRouter(prefix="/progress", tags=["progress"])
_BY_CODE = refusals(rules.ProgressNotFound, rules.ProgressLocked)


@router.post("", response_model=ProgressOut, responses=_BY_CODE)
async def look_up_progress(
    given: ProgressIn, request: Request, session: SystemSession, runtime: CurrentRuntime, words: ReaderWords, now: Now
) -> ProgressOut | Response:
    """Where an application stands, for whoever holds the receipt. Five wrong codes lock the number for 15 minutes."""
    found = await commands.look_up(session, given.receipt_number, given.query_code, now=now)
    if isinstance(found, Refusal):
        return respond(request, found)
    return await progress_of(session, found, await runtime.calendar(), words, now)


@router.post("/rating", response_model=ProgressOut, responses=_BY_CODE | refusals(rules.AlreadyRated))
async def rate_by_receipt(
    given: ProgressRatingIn,
    request: Request,
    session: SystemSession,
    runtime: CurrentRuntime,
    words: ReaderWords,
    now: Now,
) -> ProgressOut | Response:
    """Rate a completed application, once, as whoever holds the receipt."""
    calendar = await runtime.calendar()
    found = await commands.rate_by_receipt(
        session, given.receipt_number, given.query_code, given.grade, calendar=calendar, now=now
    )
    if isinstance(found, Refusal):
        return respond(request, found)
    return await progress_of(session, found, calendar, words, now)


async def progress_of(
    session: AsyncSession, application: Application, calendar: WorkingCalendar, words: Words, now: datetime
) -> ProgressOut:
    """What whoever holds the receipt is told."""
    await session.flush()
    return wording.progress_out(
        application,
        await queries.item_of(session, application),
        unit=await queries.unit(session, application.unit_code),
        entries=list((await session.execute(queries.entries(application.id))).scalars()),
        notices=await queries.all_notices(session, application.id),
        clocks=await queries.running_clocks(session, application.id),
        pauses=await queries.all_pauses(session, application.id),
        calendar=calendar,
        words=words,
        now=now,
    )
