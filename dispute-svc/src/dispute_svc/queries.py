"""Every select. What an actor may see of cases is `visible`, and every select of cases starts there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, and_, any_, exists, func, literal, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import rules
from dispute_svc.models import (
    Case,
    Dispatch,
    Entry,
    HandlingUnit,
    Objection,
    Party,
    PersonMerge,
    ProgressLock,
    RoutingRule,
    Succession,
    column,
)
from dispute_svc.rules import CaseState, DispatchState, ObjectionState
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import month_of, start_of, today
from grid_kernel.db import in_scope
from grid_kernel.errors import InvalidInput, NotFound

_SCOPE_POSTS = (*rules.AREA_POSTS, Post.ARBITER, Post.DEPARTMENT_HANDLER, Post.MEDIATOR)
QUEUES = ("mine", "unit", "open", "undispatched", "objected", "to-verify", "to-close", "late", "closed-this-month")
FIGURES = ("open", "undispatched", "late", "to-verify", "objected", "closed-this-month")
"""What the overview counts; each is a queue, so each count has its list."""


def scope(actor: Actor) -> tuple[str, ...]:
    """Where an actor's cases can lie at all; the database holds to it. Guides and administrators see none."""
    return actor.areas(*_SCOPE_POSTS)


def _one_of(attribute: object, values: Sequence[str]) -> ColumnElement[bool]:
    # `in` would change the text of the statement with the number of values.
    found: ColumnElement[bool] = column(attribute) == any_(literal(list(values), ARRAY(Text)))
    return found


def visible(actor: Actor) -> ColumnElement[bool]:
    """Cases of the own areas that are not restricted, all of an arbiter's, and what the own unit was given."""
    rule = [and_(in_scope(column(Case.area_code), actor.areas(*rules.AREA_POSTS)), ~column(Case.restricted))]
    if arbitrated := actor.areas(Post.ARBITER):
        rule.append(in_scope(column(Case.area_code), arbitrated))
    if units := actor.units(*rules.UNIT_POSTS):
        rule.append(_given_to(units))
    return or_(*rule)


def _given_to(units: Sequence[str]) -> ColumnElement[bool]:
    live = column(Dispatch.state) != DispatchState.WITHDRAWN
    given = select(1).where(column(Dispatch.case_id) == Case.id, live, _one_of(Dispatch.unit_code, units))
    return exists(given.correlate(Case))


def _own(actor: Actor) -> ColumnElement[bool]:
    return and_(column(Case.reporter_id) == actor.id, column(Case.reporter_kind) == actor.kind)


def _late(now: datetime) -> ColumnElement[bool]:
    return and_(column(Case.due_at) < now, _one_of(Case.state, sorted(rules.CLOCK_RUNS)))


def _open() -> ColumnElement[bool]:
    return _one_of(Case.state, sorted(rules.OPEN_STATES))


def in_queue(queue: str, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """What a work list holds, of what the actor sees."""
    if queue == "mine":
        return and_(_open(), in_scope(column(Case.area_code), actor.areas(*rules.AREA_POSTS, Post.ARBITER)))
    if queue == "unit":
        return and_(_open(), _given_to(actor.units(*rules.UNIT_POSTS)))
    if (everybodys := _queues(now).get(queue)) is None:
        raise InvalidInput.at("#/query/queue", "unknown-queue")
    return everybodys


def _queues(now: datetime) -> dict[str, ColumnElement[bool]]:
    objected = column(Objection.state) == ObjectionState.OPEN
    return {
        "open": _open(),
        "undispatched": column(Case.state) == CaseState.REPORTED,
        "objected": exists(select(1).where(column(Objection.case_id) == Case.id, objected)),
        "to-verify": column(Case.state) == CaseState.HANDLED,
        "to-close": column(Case.state) == CaseState.VERIFIED,
        "late": _late(now),
        "closed-this-month": column(Case.closed_at) >= start_of(month_of(today(now)).start),
    }


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


def listed(where: Sequence[ColumnElement[bool]], after: tuple[Any, ...] | None, limit: int) -> Select[Any]:
    """A page of cases, the newest report first."""
    statement = select(*map(column, SUMMARY)).where(*where)
    if after is not None:
        statement = statement.where(tuple_(column(Case.reported_at), column(Case.id)) < tuple_(*map(literal, after)))
    newest_first = (column(Case.reported_at).desc(), column(Case.id).desc())
    return statement.order_by(*newest_first).limit(limit + 1)


def cases_of(
    actor: Actor,
    now: datetime,
    *,
    queue: str | None,
    area: str | None,
    category: str | None,
    state: CaseState | None,
    restricted: bool | None,
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
    return where


def reports_of(actor: Actor) -> list[ColumnElement[bool]]:
    """What the actor reported, wherever it lies."""
    return [_own(actor)]


def whole(case_id: UUID, rule: ColumnElement[bool]) -> Select[Any]:
    """One case with everything it says."""
    return select(*Case.__table__.columns).where(column(Case.id) == case_id, rule)  # type: ignore[attr-defined]


def seen(case_id: UUID, actor: Actor) -> Select[Any]:
    """One case, if the actor sees it."""
    return whole(case_id, visible(actor))


def own_report(case_id: UUID, actor: Actor) -> Select[Any]:
    """One case, if the actor reported it."""
    return whole(case_id, _own(actor))


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


def reporter_of(case_id: UUID) -> Select[Any]:
    """Who reported it."""
    return _parts(Party, case_id)


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


async def case_of_part(session: AsyncSession, model: type[Dispatch] | type[Objection], part_id: UUID) -> UUID:
    """The case a dispatch or an objection belongs to."""
    found: UUID | None = await session.scalar(select(column(model.case_id)).where(column(model.id) == part_id))
    if found is None:
        raise NotFound
    return found


async def parts(session: AsyncSession, model: Any, case_id: UUID) -> list[Any]:
    """The rows of one kind that belong to a case."""
    return list((await session.execute(select(model).where(model.case_id == case_id).order_by(model.id))).scalars())


def everything() -> ColumnElement[bool]:
    """The rule of the service itself, continuing what somebody began."""
    return true()


def reported_by(actor: Actor) -> ColumnElement[bool]:
    """The rule of a reporter."""
    return _own(actor)


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


def successions() -> Select[Any]:
    """Every grid that was split or merged."""
    return select(*Succession.__table__.columns)  # type: ignore[attr-defined]


async def survivor(session: AsyncSession, person_id: UUID) -> UUID:
    """The record that stands for a person now, through any number of merges."""
    while found := await session.scalar(
        select(column(PersonMerge.survivor_id)).where(column(PersonMerge.merged_id) == person_id)
    ):
        person_id = found
    return person_id


async def routing_table(session: AsyncSession, category: str) -> list[RoutingRule]:
    """All rows of a category, past and future ones too."""
    return list((await session.execute(select(RoutingRule).where(column(RoutingRule.category) == category))).scalars())


async def whole_routing_table(session: AsyncSession) -> list[RoutingRule]:
    """All rows of all categories."""
    return list((await session.execute(select(RoutingRule))).scalars())


async def known(session: AsyncSession, case_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these cases there are."""
    wanted = column(Case.id) == any_(literal(list(case_ids), ARRAY(Uuid)))
    return set((await session.execute(select(column(Case.id)).where(wanted))).scalars())


async def progress_lock(session: AsyncSession, case_id: UUID) -> ProgressLock:
    """What is known of wrong codes for a case, under its lock."""
    statement = select(ProgressLock).where(column(ProgressLock.case_id) == case_id).with_for_update()
    return (await session.execute(statement)).scalar_one()


def rules_listed(category: str | None) -> Select[Any]:
    """The routing table, or one category of it."""
    columns = RoutingRule.__table__.columns  # type: ignore[attr-defined]
    order = map(column, (RoutingRule.category, RoutingRule.area_prefix, RoutingRule.valid_from, RoutingRule.id))
    statement: Select[Any] = select(*columns).order_by(*order)
    return statement.where(column(RoutingRule.category) == category) if category else statement


async def rule_for_update(session: AsyncSession, rule_id: UUID) -> RoutingRule:
    """A row of the routing table under its lock."""
    found = await session.get(RoutingRule, rule_id, with_for_update=True)
    if found is None:
        raise NotFound
    return found


async def units_known(session: AsyncSession) -> dict[str, bool] | None:
    """Known units and whether they are active; None before the gateway told of any."""
    rows = await session.execute(select(column(HandlingUnit.code), column(HandlingUnit.active)))
    return {row.code: row.active for row in rows} or None


def figures(rule: ColumnElement[bool], area: str, now: datetime) -> Select[Any]:
    """The counts of an area over the cases a rule admits, in one pass."""
    queues = _queues(now)
    counts: list[Any] = [func.count().filter(queues[name]).label(name) for name in FIGURES]
    statement: Select[Any] = select(*counts).select_from(Case).where(rule, in_scope(column(Case.area_code), [area]))
    return statement


def restricted_ones() -> ColumnElement[bool]:
    """All restricted cases, for counting only."""
    found: ColumnElement[bool] = column(Case.restricted)
    return found


def unrestricted(actor: Actor) -> ColumnElement[bool]:
    """What the actor sees and may be counted by area."""
    return and_(visible(actor), ~column(Case.restricted))
