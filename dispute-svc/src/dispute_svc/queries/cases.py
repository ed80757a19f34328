"""Cases with all that belongs to them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, any_, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import rules
from dispute_svc.models import (
    Case,
    Dispatch,
    Entry,
    Extension,
    Objection,
    Party,
    ProgressLock,
    column,
)
from dispute_svc.queries.visibility import in_queue, one_of, own, visible, visible_or_own
from dispute_svc.rules import CaseState
from grid_kernel.auth import Actor
from grid_kernel.clock import start_of, week_named
from grid_kernel.db import in_scope
from grid_kernel.errors import NotFound
from grid_kernel.geo import Box
from grid_kernel.types import UtcDateTime

SUMMARY = (
    Case.id,
    Case.version,
    Case.case_code,
    Case.kind,
    Case.category,
    Case.title,
    Case.state,
    Case.restricted,
    Case.emergency,
    Case.area_code,
    Case.reported_at,
    Case.located_at,
    Case.lead_unit,
    Case.due_at,
    Case.closed_at,
    Case.outcome,
    Case.grade,
)


NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def listed(
    where: Sequence[ColumnElement[bool]], after: tuple[Any, ...] | None, limit: int, *, order: str = "newest"
) -> Select[Any]:
    """A page of cases: the newest report first, or what is due first."""
    statement = select(*map(column, SUMMARY)).where(*where)
    due = order == "due"
    begins = func.coalesce(column(Case.due_at), literal(NEVER, UtcDateTime)) if due else column(Case.reported_at)
    key = (begins, column(Case.id))
    if after is not None:
        place = tuple_(*map(literal, after))
        statement = statement.where(tuple_(*key) > place if due else tuple_(*key) < place)
    return statement.order_by(*(part.asc() if due else part.desc() for part in key)).limit(limit + 1)


def place_of(row: Mapping[str, Any], order: str) -> tuple[datetime, UUID]:
    """Where a row stands in an order; what has no limit stands behind everything that has one."""
    return (row["due_at"] or NEVER if order == "due" else row["reported_at"], row["id"])


def cases_of(
    actor: Actor,
    now: datetime,
    *,
    queue: str | None,
    area: str | None,
    category: str | None,
    state: CaseState | None,
    restricted: bool | None,
    reported_week: str | None,
    closed_week: str | None,
) -> list[ColumnElement[bool]]:
    """What a list of cases is narrowed to."""
    where = [visible(actor)]
    if queue:
        where.append(in_queue(queue, actor, now))
    if area:
        where.append(in_scope(column(Case.area_code), [area]))
    if category:
        where.append(column(Case.category) == category)
    if state:
        where.append(column(Case.state) == state)
    if restricted is not None:
        where.append(column(Case.restricted).is_(restricted))
    if reported_week:
        where.append(within_week(column(Case.reported_at), reported_week))
    if closed_week:
        where.append(within_week(column(Case.closed_at), closed_week))
    return where


def within_week(moment: Any, week: str) -> ColumnElement[bool]:
    """A moment lies in a week."""
    span = week_named(week)
    found: ColumnElement[bool] = and_(moment >= start_of(span.start), moment < start_of(span.end))
    return found


def reports_of(actor: Actor) -> list[ColumnElement[bool]]:
    """What the actor reported, wherever it lies."""
    return [own(actor)]


def whole(case_id: UUID, rule: ColumnElement[bool]) -> Select[Any]:
    """One case with everything it says."""
    return select(*Case.__table__.columns).where(column(Case.id) == case_id, rule)  # type: ignore[attr-defined]


def seen(case_id: UUID, actor: Actor) -> Select[Any]:
    """One case, if the actor sees it."""
    return whole(case_id, visible(actor))


def own_report(case_id: UUID, actor: Actor) -> Select[Any]:
    """One case, if the actor reported it."""
    return whole(case_id, own(actor))


def nearby(actor: Actor, box: Box | None, building_id: UUID | None, category: str | None, limit: int) -> Select[Any]:
    """Open cases the actor sees in a box or of a building, the newest first."""
    places = []
    if box is not None:
        lon, lat = column(Case.lon), column(Case.lat)
        places.append(and_(lon.between(box.west, box.east), lat.between(box.south, box.north)))
    if building_id is not None:
        places.append(column(Case.building_id) == building_id)
    where = [visible(actor), one_of(Case.state, sorted(rules.OPEN_STATES)), or_(*places)]
    if category:
        where.append(column(Case.category) == category)
    columns = (*SUMMARY, Case.lon, Case.lat, Case.building_id)
    statement: Select[Any] = select(*map(column, columns)).where(*where)
    return statement.order_by(column(Case.reported_at).desc()).limit(limit)


def standing(actor: Actor, case_ids: Sequence[UUID]) -> Select[Any]:
    """How cases stand that the actor sees or reported."""
    columns = map(column, (Case.id, Case.version, Case.case_code, Case.state, Case.lead_unit))
    wanted = column(Case.id) == any_(literal(list(case_ids), ARRAY(Uuid)))
    return select(*columns).where(wanted, visible_or_own(actor))


def _parts(model: Any, case_id: UUID) -> Select[Any]:
    return select(*model.__table__.columns).where(model.case_id == case_id)


def entries_of(case_id: UUID) -> Select[Any]:
    """The timeline."""
    return _parts(Entry, case_id).order_by(column(Entry.number))


def dispatches_of(case_id: UUID) -> Select[Any]:
    """What the units were given, oldest first."""
    return _parts(Dispatch, case_id).order_by(column(Dispatch.sent_at), column(Dispatch.id))


def objections_of(case_id: UUID) -> Select[Any]:
    """What units said against it, oldest first."""
    return _parts(Objection, case_id).order_by(column(Objection.raised_at), column(Objection.id))


def extensions_of(case_id: UUID) -> Select[Any]:
    """What time units asked for, oldest first."""
    return _parts(Extension, case_id).order_by(column(Extension.asked_at), column(Extension.id))


def reporter_of(case_id: UUID) -> Select[Any]:
    """Who reported it."""
    return _parts(Party, case_id)


def running_clocks() -> Select[Any]:
    """The parts units are still at, with what their limits were computed from."""
    parts = (
        Dispatch.id,
        Dispatch.case_id,
        Dispatch.sent_at,
        Dispatch.limit_amount,
        Dispatch.limit_unit,
        Dispatch.due_at,
        Dispatch.provisional,
    )
    pending = one_of(Dispatch.state, sorted(rules.PENDING_DISPATCH))
    return select(*map(column, parts)).where(pending, column(Dispatch.extended_to).is_(None))


def dispatch_seen(dispatch_id: UUID, actor: Actor) -> Select[Any]:
    """One dispatch of a case the actor sees."""
    columns = Dispatch.__table__.columns  # type: ignore[attr-defined]
    given = select(*columns).join(Case, column(Case.id) == column(Dispatch.case_id))
    statement: Select[Any] = given.where(column(Dispatch.id) == dispatch_id, visible(actor))
    return statement


async def for_update(session: AsyncSession, rule: ColumnElement[bool], case_id: UUID) -> Case:
    """A case under its lock; NotFound for whoever may not see it."""
    statement = select(Case).where(column(Case.id) == case_id, rule).with_for_update(of=Case)
    found: Case | None = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def case_of_part(
    session: AsyncSession, model: type[Dispatch] | type[Objection] | type[Extension], part_id: UUID
) -> UUID:
    """The case a dispatch or an objection belongs to."""
    found: UUID | None = await session.scalar(select(column(model.case_id)).where(column(model.id) == part_id))
    if found is None:
        raise NotFound
    return found


async def parts(session: AsyncSession, model: Any, case_id: UUID) -> list[Any]:
    """The rows of one kind that belong to a case."""
    return list((await session.execute(select(model).where(model.case_id == case_id).order_by(model.id))).scalars())


def by_code(case_code: str) -> Select[Any]:
    """One case by the code on its receipt; whoever asks must prove the query code."""
    return select(Case).where(column(Case.case_code) == case_code)


def steps_of(case_id: UUID) -> Select[Any]:
    """What happened when, without words and names."""
    return (
        select(column(Entry.kind), column(Entry.at))
        .where(column(Entry.case_id) == case_id)
        .order_by(column(Entry.number))
    )


def due_for_location(now: datetime, limit: int, only: Sequence[UUID] | None) -> Select[Any]:
    """Cases (or those of them) whose place is still to be found, oldest first."""
    columns = map(
        column, (Case.id, Case.lon, Case.lat, Case.chosen_area, Case.area_code, Case.located_at, Case.building_id)
    )
    waiting = column(Case.locate_after) <= now
    statement = select(*columns).where(waiting).order_by(column(Case.locate_after)).limit(limit)
    if only is None:
        return statement
    return statement.where(column(Case.id) == any_(literal(list(only), ARRAY(Uuid))))


async def known(session: AsyncSession, case_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these cases there are."""
    wanted = column(Case.id) == any_(literal(list(case_ids), ARRAY(Uuid)))
    return set((await session.execute(select(column(Case.id)).where(wanted))).scalars())


async def progress_lock(session: AsyncSession, case_id: UUID) -> ProgressLock:
    """What is known of wrong codes for a case, under its lock."""
    statement = select(ProgressLock).where(column(ProgressLock.case_id) == case_id).with_for_update()
    return (await session.execute(statement)).scalar_one()


def attachment_named(case_id: UUID, sha256: str) -> Select[Any]:
    """Whether an entry of a case names a file."""
    named = column(Entry.attachments).contains([sha256])
    return select(column(Entry.id)).where(column(Entry.case_id) == case_id, named).limit(1)
