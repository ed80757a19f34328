"""Every select. What an actor may see of applications is `visible`, and every select of applications starts there."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, any_, delete, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc import rules
from approval_svc.models import (
    Application,
    Clock,
    Entry,
    HandlingUnit,
    Notice,
    Party,
    Pause,
    ProgressLock,
    ServiceItem,
)
from approval_svc.rules import ClockKind, Link, State
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import month_of, start_of, today
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from grid_kernel.types import UtcDateTime


class Queue(StrEnum):
    """The work lists."""

    OPEN = "open"
    DESK = "desk"
    UNIT = "unit"
    CORRECTION = "correction"
    DUE_TODAY = "due-today"
    LATE = "late"
    ENDED_THIS_MONTH = "ended-this-month"


FIGURES = (Queue.OPEN, Queue.DESK, Queue.DUE_TODAY, Queue.LATE, Queue.ENDED_THIS_MONTH)
"""What the overview counts; each is a queue, so each count has its list."""


class Wanted(NamedTuple):
    """Which applications a list holds; None leaves one question open."""

    queue: Queue | None
    state: State | None
    area: str | None
    unit: str | None


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
    where += [in_queue(wanted.queue, now)] if wanted.queue else []
    where += [within(wanted.area)] if wanted.area else []
    where += [col(Application.state) == wanted.state] if wanted.state else []
    where += [col(Application.unit_code) == wanted.unit] if wanted.unit else []
    return where


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


def in_queue(queue: Queue, now: datetime) -> ColumnElement[bool]:
    """What a work list holds, of what the actor sees."""
    day = today(now)
    state, due_at = col(Application.state), col(Application.due_at)
    waits_for_us = state != State.CORRECTION_REQUIRED
    rows: dict[Queue, ColumnElement[bool]] = {
        Queue.OPEN: _one_of(state, sorted(rules.OPEN)),
        Queue.DESK: _one_of(state, [State.SUBMITTED, State.PRE_REVIEWED]),
        Queue.UNIT: _one_of(state, sorted(rules.OPEN - rules.AT_THE_DESK)),
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


def entries(application_id: UUID) -> Select[Entry]:
    """The history of an application, oldest first."""
    return select(Entry).where(col(Entry.application_id) == application_id).order_by(col(Entry.at), col(Entry.id))


def clocks(application_id: UUID) -> Select[Clock]:
    """The clocks of an application."""
    of_it = col(Clock.application_id) == application_id
    return select(Clock).where(of_it).order_by(col(Clock.started_at), col(Clock.id))


def pauses(application_id: UUID) -> Select[Pause]:
    """The times its clocks stood."""
    return select(Pause).where(col(Pause.application_id) == application_id).order_by(col(Pause.from_at))


def notices(application_id: UUID) -> Select[Notice]:
    """What the applicant was told to correct."""
    return select(Notice).where(col(Notice.application_id) == application_id).order_by(col(Notice.round))


async def running_clocks(session: AsyncSession, application_id: UUID) -> list[Clock]:
    """The clocks that run or stand."""
    return list((await session.execute(clocks(application_id).where(col(Clock.stopped_at).is_(None)))).scalars())


async def all_pauses(session: AsyncSession, application_id: UUID) -> list[Pause]:
    """Every pause of an application."""
    return list((await session.execute(pauses(application_id))).scalars())


async def all_notices(session: AsyncSession, application_id: UUID) -> list[Notice]:
    """Every notice of an application."""
    return list((await session.execute(notices(application_id))).scalars())


def items_on(day: date) -> Select[ServiceItem]:
    """The versions in force on a day."""
    ended = col(ServiceItem.valid_to) <= day
    return select(ServiceItem).where(col(ServiceItem.valid_from) <= day, ended.is_not(True))


async def item_on(session: AsyncSession, code: str, day: date) -> ServiceItem | None:
    """The version of an item in force on a day."""
    return await find(session, items_on(day).where(col(ServiceItem.code) == code))


async def item_of(session: AsyncSession, application: Application) -> ServiceItem:
    """The version an application was submitted under."""
    found = await session.get(ServiceItem, application.item_id)
    assert found is not None  # noqa: S101 - a foreign key says so
    return found


async def open_item(session: AsyncSession, code: str) -> ServiceItem | None:
    """The version of an item that has no end yet, locked for a change."""
    endless = and_(col(ServiceItem.code) == code, col(ServiceItem.valid_to).is_(None))
    return await find(session, select(ServiceItem).where(endless).with_for_update())


async def known_items(session: AsyncSession) -> set[tuple[str, int]]:
    """Code and version of every item that is stored."""
    rows = await session.execute(select(col(ServiceItem.code), col(ServiceItem.item_version)))
    return {(row[0], row[1]) for row in rows}


async def by_receipt(session: AsyncSession, receipt_number: str) -> Application | None:
    """The application of a receipt number, for whoever knows its code."""
    return await find(session, select(Application).where(col(Application.receipt_number) == receipt_number))


def first_try(receipt_number: str, now: datetime) -> Insert:
    """Count from the first code that is tried for a number, whether there is such a number or not."""
    fresh = insert(ProgressLock).values(receipt_number=receipt_number, failures=0, tried_at=now)
    return fresh.on_conflict_do_nothing()


async def progress_lock(session: AsyncSession, receipt_number: str) -> ProgressLock:
    """The wrong codes given for a number, locked for the try that is made."""
    counted = select(ProgressLock).where(col(ProgressLock.receipt_number) == receipt_number)
    return (await session.execute(counted.with_for_update())).scalar_one()


async def forget_tries(session: AsyncSession, before: datetime) -> int:
    """Forget what was last tried before a moment."""
    old = delete(ProgressLock).where(col(ProgressLock.tried_at) < before).returning(col(ProgressLock.receipt_number))
    return len((await session.execute(old)).all())


async def waiting_party(session: AsyncSession, application_id: UUID) -> Party | None:
    """Who applied, locked for a change, while the register has not said whether it knows them."""
    waiting = and_(col(Party.application_id) == application_id, col(Party.link) == Link.WAITING)
    return await find(session, select(Party).where(waiting).with_for_update())


async def unit(session: AsyncSession, code: str) -> HandlingUnit | None:
    """A unit as the gateway said it is; None while it has not been heard of."""
    return await session.get(HandlingUnit, code)


async def receives(session: AsyncSession, code: str) -> bool:
    """Whether a unit takes applications; one that has not been heard of yet is believed to."""
    known = await unit(session, code)
    return known is None or known.active


async def silent_too_long(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Forwarded applications whose notice clock has run out and whose item's basis provides acceptance by silence."""
    overdue = (col(Clock.kind) == ClockKind.NOTICE, col(Clock.stopped_at).is_(None), col(Clock.due_at) < now)
    statement = (
        select(col(Application.id))
        .join(Clock, col(Clock.application_id) == Application.id)
        .join(ServiceItem, col(ServiceItem.id) == Application.item_id)
        .where(col(Application.state) == State.FORWARDED, col(ServiceItem.deemed_accepted).is_(True), *overdue)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def not_corrected_in_time(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Applications whose correction clock has run out."""
    overdue = (col(Application.due_kind) == ClockKind.CORRECTION, col(Application.due_at) < now)
    statement = select(col(Application.id)).where(col(Application.state) == State.CORRECTION_REQUIRED, *overdue)
    return list((await session.execute(statement.limit(limit))).scalars())


async def to_link(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Applications whose applicant has not yet been found in the register, or found not to be there."""
    due = and_(col(Party.link) == Link.WAITING, col(Party.link_after) <= now)
    statement = select(col(Party.application_id)).where(due).order_by(col(Party.link_after)).limit(limit)
    return list((await session.execute(statement)).scalars())


async def at_grids(session: AsyncSession, grids: Sequence[str]) -> list[Application]:
    """Applications a worker took in at these grids, locked for a change."""
    statement = select(Application).where(col(Application.area_code).in_(list(grids)))
    return list((await session.execute(statement.with_for_update())).scalars())


async def parties_of_person(session: AsyncSession, person_id: UUID) -> list[Party]:
    """The parties that are a person, locked for a change."""
    statement = select(Party).where(col(Party.person_id) == person_id)
    return list((await session.execute(statement.with_for_update())).scalars())
