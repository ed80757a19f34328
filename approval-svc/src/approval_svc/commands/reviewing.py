"""Pre-review: the desk checks papers and conditions before a department sees them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries, rules
from approval_svc.commands.keeping import keep
from approval_svc.commands.submitting import check_materials
from approval_svc.models import Application, Notice
from approval_svc.rules import Verb
from approval_svc.schemas import CorrectionIn, NoticeIn, PreReviewIn
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import WorkingCalendar
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput


async def pre_review(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    given: PreReviewIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Find the papers in order, or refuse with a reason."""
    application = await queries.for_update(session, actor, application_id)
    rules.check_at_the_desk(actor, application.standing)
    expect_version(application, version)
    if not given.passed:
        require_reason(given.reason)
    event = application.pass_pre_review(now) if given.passed else application.refuse_pre_review(now)
    verb = Verb.PASS_PRE_REVIEW if given.passed else Verb.REFUSE_PRE_REVIEW
    await keep(session, application, event, verb, actor, calendar=calendar, now=now, reason=given.reason)
    return application


def require_reason(reason: str | None) -> None:
    """A no is said with its reason."""
    if reason is None:
        raise InvalidInput.at("/reason", "missing")


async def require_correction(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    given: NoticeIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Tell the applicant once, completely, what is missing."""
    application = await queries.for_update(session, actor, application_id)
    rules.check_may_require_correction(actor, application.standing)
    expect_version(application, version)
    told = [frozenset(notice.deficiencies) for notice in await queries.all_notices(session, application.id)]
    by_head = actor.holds(Post.STATION_HEAD, area=application.area_code)
    rules.check_notice(told, frozenset(given.deficiencies), by_head=by_head, reason=given.reason)
    event = application.require_correction(now)
    session.add(notice_of(application, given, now))
    verb = Verb.REQUIRE_CORRECTION
    await keep(session, application, event, verb, actor, calendar=calendar, now=now, reason=given.reason)
    return application


def notice_of(application: Application, given: NoticeIn, now: datetime) -> Notice:
    """The one-time notice of the present round."""
    return Notice(
        application_id=application.id,
        area_code=application.area_code,
        round=application.notices,
        deficiencies=list(given.deficiencies),
        reason=given.reason,
        given_at=now,
    )


async def correct(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    given: CorrectionIn,
    *,
    version: int,
    calendar: WorkingCalendar,
    now: datetime,
) -> Application:
    """Take what was missing; the desk looks again."""
    application = await queries.for_update(session, actor, application_id)
    rules.check_for_applicant(actor, application.standing)
    expect_version(application, version)
    check_materials(await queries.item_of(session, application), [material.seq for material in given.materials])
    event = application.correct([material.model_dump(mode="json") for material in given.materials], now)
    await keep(session, application, event, Verb.CORRECT, actor, calendar=calendar, now=now)
    return application
