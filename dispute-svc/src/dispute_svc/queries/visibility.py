"""Who sees which cases: one rule, and the work lists built on it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, any_, exists, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from dispute_svc import rules
from dispute_svc.models import (
    Case,
    Dispatch,
    Extension,
    Objection,
    column,
)
from dispute_svc.rules import CaseState, DispatchState, ExtensionState, ObjectionState
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import month_of, start_of, today
from grid_kernel.db import in_scope
from grid_kernel.errors import InvalidInput

_SCOPE_POSTS = (*rules.AREA_POSTS, Post.ARBITER, Post.DEPARTMENT_HANDLER, Post.MEDIATOR)
QUEUES = (
    "todo",
    "mine",
    "unit",
    "open",
    "undispatched",
    "objected",
    "extensions",
    "to-verify",
    "to-close",
    "late",
    "closed-this-month",
)


_OBJECTION_OPEN = column(Objection.state) == ObjectionState.OPEN


def scope(actor: Actor) -> tuple[str, ...]:
    """Where an actor's cases can lie at all; the database holds to it. Guides and administrators see none."""
    return actor.areas(*_SCOPE_POSTS)


def one_of(attribute: object, values: Sequence[str]) -> ColumnElement[bool]:
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
    given = select(1).where(column(Dispatch.case_id) == Case.id, live, one_of(Dispatch.unit_code, units))
    return exists(given.correlate(Case))


def own(actor: Actor) -> ColumnElement[bool]:
    return and_(column(Case.reporter_id) == actor.id, column(Case.reporter_kind) == actor.kind)


def visible_or_own(actor: Actor) -> ColumnElement[bool]:
    """What the actor sees, and what the actor reported, wherever it lies."""
    return or_(visible(actor), own(actor))


def _late(now: datetime) -> ColumnElement[bool]:
    return and_(column(Case.due_at) < now, one_of(Case.state, sorted(rules.CLOCK_RUNS)))


def _open() -> ColumnElement[bool]:
    return one_of(Case.state, sorted(rules.OPEN_STATES))


def in_queue(queue: str, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """What a work list holds, of what the actor sees."""
    if queue == "mine":
        return and_(_open(), in_scope(column(Case.area_code), actor.areas(*rules.AREA_POSTS, Post.ARBITER)))
    if queue == "todo":
        return waits_for(actor)
    if queue == "unit":
        return and_(_open(), _given_to(actor.units(*rules.UNIT_POSTS)))
    if (everybodys := queues_at(now).get(queue)) is None:
        raise InvalidInput.at("#/query/queue", "unknown-queue")
    return everybodys


def _asked_for_time() -> ColumnElement[bool]:
    asked = column(Extension.state) == ExtensionState.OPEN
    turn = select(1).where(column(Extension.case_id) == Case.id, asked)
    return and_(_open(), exists(turn.correlate(Case)))


def waits_for(actor: Actor) -> ColumnElement[bool]:
    """What nobody else is expected to move: a unit's part, what to look at, to end, to send, to decide."""
    area, state = column(Case.area_code), column(Case.state)
    units = actor.units(*rules.UNIT_POSTS)
    turn = one_of(Dispatch.state, [DispatchState.SENT, DispatchState.ACCEPTED])
    mine = select(1).where(column(Dispatch.case_id) == Case.id, turn, one_of(Dispatch.unit_code, units))
    arbitrated = in_scope(area, actor.areas(Post.ARBITER))
    nobody_nearer = or_(column(Case.restricted), func.length(area) < rules.GRID_CODE_LENGTH)
    objected = exists(select(1).where(column(Objection.case_id) == Case.id, _OBJECTION_OPEN))
    community = and_(in_scope(area, actor.areas(*rules.COMMUNITY_POSTS)), ~column(Case.restricted))
    undispatched = and_(state == CaseState.REPORTED, column(Case.located_at).is_not(None))
    return or_(
        and_(_open(), exists(mine.correlate(Case))),
        and_(state == CaseState.HANDLED, or_(community, and_(arbitrated, nobody_nearer))),
        and_(state == CaseState.VERIFIED, in_scope(area, actor.areas(*rules.CLOSING_POSTS))),
        and_(undispatched, in_scope(area, actor.areas(*rules.TRIAGE_POSTS))),
        and_(objected, arbitrated),
        and_(_asked_for_time(), in_scope(area, actor.areas(*rules.TRIAGE_POSTS))),
    )


def queues_at(now: datetime) -> dict[str, ColumnElement[bool]]:
    return {
        "open": _open(),
        "undispatched": column(Case.state) == CaseState.REPORTED,
        "objected": exists(select(1).where(column(Objection.case_id) == Case.id, _OBJECTION_OPEN)),
        "extensions": _asked_for_time(),
        "to-verify": column(Case.state) == CaseState.HANDLED,
        "to-close": column(Case.state) == CaseState.VERIFIED,
        "late": _late(now),
        "closed-this-month": column(Case.closed_at) >= start_of(month_of(today(now)).start),
    }


def everything() -> ColumnElement[bool]:
    """The rule of the service itself, continuing what somebody began."""
    return true()


def reported_by(actor: Actor) -> ColumnElement[bool]:
    """The rule of a reporter."""
    return own(actor)


def restricted_ones() -> ColumnElement[bool]:
    """All restricted cases, for counting only."""
    found: ColumnElement[bool] = column(Case.restricted)
    return found


def unrestricted(actor: Actor) -> ColumnElement[bool]:
    """What the actor sees and may be counted by area."""
    return and_(visible(actor), ~column(Case.restricted))
