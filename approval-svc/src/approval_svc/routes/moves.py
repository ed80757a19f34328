"""The verbs of an application, each a sub-resource that takes If-Match."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from approval_svc import commands, rules
from approval_svc.schemas import (
    AcceptanceIn,
    ApplicationMoved,
    CorrectionIn,
    DecisionIn,
    NoticeIn,
    PreReviewIn,
    ReasonIn,
    SuspensionIn,
)
from grid_kernel.auth import CurrentActor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now

router = GridRouter(prefix="/applications/{application_id}", tags=["applications"])
_MOVE = CHANGED | refusals(rules.MoveNotAllowed, Forbidden)


async def working_calendar(runtime: CurrentRuntime) -> WorkingCalendar:
    """The working calendar deadlines are computed with."""
    return await runtime.calendar()


Days = Annotated[WorkingCalendar, Depends(working_calendar)]


@router.post("/pre-review", responses=_MOVE)
async def pre_review_application(
    application_id: UUID,
    given: PreReviewIn,
    version: IfMatch,
    actor: CurrentActor,
    session: WriteSession,
    calendar: Days,
    now: Now,
) -> ApplicationMoved:
    """Find the papers in order, or refuse with a reason."""
    moved = await commands.pre_review(
        session, actor, application_id, given, version=version, calendar=calendar, now=now
    )
    return ApplicationMoved.model_validate(moved)


@router.post("/correction-notice", responses=_MOVE | refusals(rules.SecondNotice, rules.MoveNotAllowed))
async def require_correction(
    application_id: UUID,
    given: NoticeIn,
    version: IfMatch,
    actor: CurrentActor,
    session: WriteSession,
    calendar: Days,
    now: Now,
) -> ApplicationMoved:
    """Tell the applicant once, completely, what is missing. A different list later needs the head and a reason."""
    moved = await commands.require_correction(
        session, actor, application_id, given, version=version, calendar=calendar, now=now
    )
    return ApplicationMoved.model_validate(moved)


@router.post("/correction", responses=_MOVE)
async def correct_application(
    application_id: UUID,
    given: CorrectionIn,
    version: IfMatch,
    actor: CurrentActor,
    session: WriteSession,
    calendar: Days,
    now: Now,
) -> ApplicationMoved:
    """Take what was missing; the desk looks again."""
    moved = await commands.correct(session, actor, application_id, given, version=version, calendar=calendar, now=now)
    return ApplicationMoved.model_validate(moved)


@router.post("/forward", responses=_MOVE | refusals(rules.NotPreReviewed, rules.MoveNotAllowed))
async def forward_application(
    application_id: UUID, version: IfMatch, actor: CurrentActor, session: WriteSession, calendar: Days, now: Now
) -> ApplicationMoved:
    """Hand a pre-reviewed application to the unit that decides it."""
    moved = await commands.forward(session, actor, application_id, version=version, calendar=calendar, now=now)
    return ApplicationMoved.model_validate(moved)


@router.post("/acceptance", responses=_MOVE)
async def accept_application(
    application_id: UUID,
    given: AcceptanceIn,
    version: IfMatch,
    actor: CurrentActor,
    session: WriteSession,
    calendar: Days,
    now: Now,
) -> ApplicationMoved:
    """Accept as the unit it was forwarded to, or refuse with a reason. Accepting starts the limits."""
    moved = await commands.accept(session, actor, application_id, given, version=version, calendar=calendar, now=now)
    return ApplicationMoved.model_validate(moved)


@router.post("/suspension", responses=_MOVE)
async def suspend_application(
    application_id: UUID,
    given: SuspensionIn,
    version: IfMatch,
    actor: CurrentActor,
    session: WriteSession,
    calendar: Days,
    now: Now,
) -> ApplicationMoved:
    """Stop the clock for a special procedure."""
    moved = await commands.suspend(session, actor, application_id, given, version=version, calendar=calendar, now=now)
    return ApplicationMoved.model_validate(moved)


@router.post("/resumption", responses=_MOVE)
async def resume_application(
    application_id: UUID, version: IfMatch, actor: CurrentActor, session: WriteSession, calendar: Days, now: Now
) -> ApplicationMoved:
    """Let the clock run on."""
    moved = await commands.resume(session, actor, application_id, version=version, calendar=calendar, now=now)
    return ApplicationMoved.model_validate(moved)


@router.post("/decision", responses=_MOVE)
async def decide_application(
    application_id: UUID,
    given: DecisionIn,
    version: IfMatch,
    actor: CurrentActor,
    session: WriteSession,
    calendar: Days,
    now: Now,
) -> ApplicationMoved:
    """Approve, or deny with a reason."""
    moved = await commands.decide(session, actor, application_id, given, version=version, calendar=calendar, now=now)
    return ApplicationMoved.model_validate(moved)


@router.post("/completion", responses=_MOVE)
async def complete_application(
    application_id: UUID, version: IfMatch, actor: CurrentActor, session: WriteSession, calendar: Days, now: Now
) -> ApplicationMoved:
    """Hand the result over."""
    moved = await commands.complete(session, actor, application_id, version=version, calendar=calendar, now=now)
    return ApplicationMoved.model_validate(moved)


@router.post("/withdrawal", responses=_MOVE)
async def withdraw_application(
    application_id: UUID,
    given: ReasonIn,
    version: IfMatch,
    actor: CurrentActor,
    session: WriteSession,
    calendar: Days,
    now: Now,
) -> ApplicationMoved:
    """End it because the applicant does not go on."""
    moved = await commands.withdraw(
        session, actor, application_id, given.reason, version=version, calendar=calendar, now=now
    )
    return ApplicationMoved.model_validate(moved)
