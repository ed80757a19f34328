"""What an actor may see of applications is `visible`, and every list and page of applications starts there."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc import rules
from approval_svc.models import (
    Application,
    Party,
    ServiceItem,
)
from approval_svc.rules import State
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import month_of, start_of, today, week_named
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from grid_kernel.types import UtcDateTime


class Queue(StrEnum):
    """The work lists."""

    TODO = "todo"
    OPEN = "open"
    DESK = "desk"
    UNIT = "unit"
    CORRECTION = "correction"
    TO_REVIEW = "to-review"
    TO_FORWARD = "to-forward"
    TO_HAND_OVER = "to-hand-over"
    DUE_TODAY = "due-today"
    LATE = "late"
    ENDED_THIS_MONTH = "ended-this-month"


FIGURES = (
    *(Queue.OPEN, Queue.DESK, Queue.TO_REVIEW, Queue.TO_FORWARD, Queue.CORRECTION, Queue.TO_HAND_OVER),
    *(Queue.DUE_TODAY, Queue.LATE, Queue.ENDED_THIS_MONTH),
)
"""What the overview counts; each is a queue, so each count has its list."""


class Wanted(NamedTuple):
    """Which applications a list holds; None leaves one question open."""

    queue: Queue | None
    state: State | None
    area: str | None
    unit: str | None
    receipt: str | None
    submitted_week: str | None
    ended_week: str | None


NEVER = datetime(9999, 1, 1, tzinfo=UTC)


_UNIT_SEES = sorted(frozenset(State) - rules.AT_THE_DESK - {State.PRE_REVIEW_REFUSED})


def scope(actor: Actor) -> tuple[str, ...]:
    """Where an actor's applications can lie at all; the database holds to it. Guides and administrators see none."""
    return actor.areas(*rules.AREA_POSTS, Post.DEPARTMENT_HANDLER)


def _one_of(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    # `in` would change the text of the statement with the number of values.
    found: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(Text)))
    return found


def visible(actor: Actor) -> ColumnElement[bool]:
    """Applications of the own areas, and what was forwarded to the own unit."""
    rule = in_scope(col(Application.area_code), actor.areas(*rules.AREA_POSTS))
    if units := actor.units(Post.DEPARTMENT_HANDLER):
        forwarded = and_(col(Application.forwarded_at).is_not(None), _one_of(col(Application.state), _UNIT_SEES))
        rule = or_(rule, and_(_one_of(col(Application.unit_code), units), forwarded))
    return rule


async def for_update(session: AsyncSession, actor: Actor, application_id: UUID) -> Application:
    """One application the actor may see, locked for a change."""
    mine = select(Application).where(visible(actor), col(Application.id) == application_id)
    found = await find(session, mine.with_for_update())
    if found is None:
        raise NotFound
    return found


async def by_id(session: AsyncSession, application_id: UUID) -> Application | None:
    """One application, locked for a change by the service itself."""
    return await find(session, select(Application).where(col(Application.id) == application_id).with_for_update())


async def known_applications(session: AsyncSession, wanted: Sequence[UUID]) -> set[UUID]:
    """Which of these are stored already."""
    found = select(col(Application.id)).where(col(Application.id).in_(wanted))
    return set((await session.execute(found)).scalars())


LINE: tuple[Any, ...] = (
    Application.id,
    Application.receipt_number,
    Application.item_code,
    col(ServiceItem.name).label("item_name"),
    Application.area_code,
    Application.unit_code,
    Application.state,
    Application.channel,
    Application.submitted_at,
    Application.due_at,
    Application.due_kind,
    Application.grade,
    Application.version,
)


def matching(actor: Actor, wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    """What is wanted, of what the actor may see."""
    where = [visible(actor)]
    where += [waits_for(actor) if wanted.queue is Queue.TODO else in_queue(wanted.queue, now)] if wanted.queue else []
    where += [within(wanted.area)] if wanted.area else []
    where += [col(Application.state) == wanted.state] if wanted.state else []
    where += [col(Application.unit_code) == wanted.unit] if wanted.unit else []
    where += (
        [func.right(col(Application.receipt_number), len(wanted.receipt)) == wanted.receipt] if wanted.receipt else []
    )
    where += [within_week(col(Application.submitted_at), wanted.submitted_week)] if wanted.submitted_week else []
    where += [within_week(col(Application.ended_at), wanted.ended_week)] if wanted.ended_week else []
    return where


def within_week(moment: Any, week: str) -> ColumnElement[bool]:
    """A moment lies in a week."""
    span = week_named(week)
    return and_(moment >= start_of(span.start), moment < start_of(span.end))


def listed(
    where: Sequence[ColumnElement[bool]], *, order: str, after: tuple[Any, ...] | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """A page of applications: the newest first, or what is due first."""
    statement = select(*LINE).join(ServiceItem, col(ServiceItem.id) == Application.item_id).where(*where)
    key: tuple[Any, ...] = (col(Application.submitted_at), col(Application.id))
    if order == "due":
        key = (func.coalesce(col(Application.due_at), literal(NEVER, UtcDateTime)), col(Application.id))
    if after is not None:
        place = tuple_(*map(literal, after))
        statement = statement.where(tuple_(*key) > place if order == "due" else tuple_(*key) < place)
    ordered: Select[*tuple[Any, ...]] = statement.order_by(*(c.asc() if order == "due" else c.desc() for c in key))
    return ordered.limit(limit)


def place_of(row: Mapping[str, Any], order: str) -> tuple[datetime, UUID]:
    """Where a row stands in an order; what has no date stands behind everything that has one."""
    return (row["due_at"] or NEVER if order == "due" else row["submitted_at"], row["id"])


def whole(actor: Actor, application_id: UUID) -> Select[*tuple[Any, ...]]:
    """One application with its item and who applied."""
    extra: tuple[Any, ...] = (
        Application.item_id,
        Application.handling_type,
        Application.materials,
        col(ServiceItem.item_version),
        col(ServiceItem.materials).label("item_materials"),
        Party.name,
        Party.id_number,
        Party.phone,
        Party.person_id,
        Party.link,
    )
    statement: Select[*tuple[Any, ...]] = (
        select(*LINE, *extra)
        .join(ServiceItem, col(ServiceItem.id) == Application.item_id)
        .join(Party, col(Party.application_id) == Application.id)
        .where(visible(actor), col(Application.id) == application_id)
    )
    return statement


def waits_for(actor: Actor) -> ColumnElement[bool]:
    """What nobody else is expected to move: to look at, to hand on, to take, to decide, to hand over."""
    state, area = col(Application.state), col(Application.area_code)
    at_desk = in_scope(area, actor.areas(*rules.DESK_POSTS))
    of_unit = _one_of(col(Application.unit_code), actor.units(Post.DEPARTMENT_HANDLER))
    decided = _one_of(state, [State.APPROVED, State.DENIED])
    working = _one_of(state, [State.FORWARDED, State.ACCEPTED, State.DEEMED_ACCEPTED])
    return or_(
        and_(at_desk, or_(_one_of(state, [State.SUBMITTED, State.PRE_REVIEWED]), decided)), and_(of_unit, working)
    )


def in_queue(queue: Queue, now: datetime) -> ColumnElement[bool]:
    """What a work list holds, of what the actor sees."""
    day = today(now)
    state, due_at = col(Application.state), col(Application.due_at)
    waits_for_us = state != State.CORRECTION_REQUIRED
    rows: dict[Queue, ColumnElement[bool]] = {
        Queue.OPEN: _one_of(state, sorted(rules.OPEN)),
        Queue.DESK: _one_of(state, [State.SUBMITTED, State.PRE_REVIEWED]),
        Queue.UNIT: _one_of(state, sorted(rules.OPEN - rules.AT_THE_DESK)),
        Queue.TO_REVIEW: state == State.SUBMITTED,
        Queue.TO_FORWARD: state == State.PRE_REVIEWED,
        Queue.TO_HAND_OVER: _one_of(state, [State.APPROVED, State.DENIED]),
        Queue.CORRECTION: state == State.CORRECTION_REQUIRED,
        Queue.DUE_TODAY: and_(due_at >= now, due_at < start_of(day + timedelta(days=1)), waits_for_us),
        Queue.LATE: and_(due_at < now, waits_for_us),
        Queue.ENDED_THIS_MONTH: col(Application.ended_at) >= start_of(month_of(day).start),
    }
    return rows[queue]


def within(area: str) -> ColumnElement[bool]:
    """Applications of an area."""
    return and_(col(Application.area_code) >= area, col(Application.area_code) < f"{area}~")


def counted(actor: Actor, area: str, now: datetime) -> Select[*tuple[Any, ...]]:
    """The figures of an area in one pass."""
    parts = [func.count().filter(in_queue(queue, now)).label(queue) for queue in FIGURES]
    parts += [func.count().filter(col(Application.state) == state).label(state) for state in State]
    statement: Select[*tuple[Any, ...]] = select(*parts).select_from(Application).where(visible(actor), within(area))
    return statement


def weeks(actor: Actor, area: str, spans: Sequence[tuple[datetime, datetime]]) -> Select[*tuple[Any, ...]]:
    """How many applications came in and ended in each of these weeks, in one pass."""
    submitted, ended = col(Application.submitted_at), col(Application.ended_at)
    parts = []
    for place, (begin, end) in enumerate(spans):
        parts.append(func.count().filter(submitted >= begin, submitted < end).label(f"submitted_{place}"))
        parts.append(func.count().filter(ended >= begin, ended < end).label(f"ended_{place}"))
    since = spans[0][0]
    lately = or_(submitted >= since, ended >= since)
    statement: Select[*tuple[Any, ...]] = select(*parts).select_from(Application)
    return statement.where(visible(actor), within(area), lately)
