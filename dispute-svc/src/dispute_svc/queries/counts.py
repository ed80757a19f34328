"""Figures of areas and units."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from dispute_svc import rules
from dispute_svc.models import (
    Case,
    Dispatch,
    Objection,
    column,
)
from dispute_svc.queries.visibility import one_of, queues_at
from dispute_svc.rules import DispatchState
from grid_kernel.db import in_scope

Span = tuple[datetime, datetime]
FIGURES = ("open", "undispatched", "late", "to-verify", "objected", "closed-this-month")
"""What the overview counts; each is a queue, so each count has its list."""


def figures(rule: ColumnElement[bool], area: str, now: datetime) -> Select[Any]:
    """The counts of an area over the cases a rule admits, in one pass."""
    queues = queues_at(now)
    counts: list[Any] = [func.count().filter(queues[name]).label(name) for name in FIGURES]
    statement: Select[Any] = select(*counts).select_from(Case).where(rule, in_scope(column(Case.area_code), [area]))
    return statement


def weeks(rule: ColumnElement[bool], area: str, spans: Sequence[Span]) -> Select[Any]:
    """How many cases came in and ended in each of these weeks, in one pass."""
    reported, closed = column(Case.reported_at), column(Case.closed_at)
    counts: list[Any] = []
    for place, (begin, end) in enumerate(spans):
        counts.append(func.count().filter(reported >= begin, reported < end).label(f"reported_{place}"))
        counts.append(func.count().filter(closed >= begin, closed < end).label(f"closed_{place}"))
    since = spans[0][0]
    statement: Select[Any] = select(*counts).select_from(Case)
    return statement.where(rule, in_scope(column(Case.area_code), [area]), or_(reported >= since, closed >= since))


def _count(condition: ColumnElement[bool] | None = None) -> Any:
    return func.count() if condition is None else func.count().filter(condition)


def unit_work(area: str, since: datetime, now: datetime) -> Select[Any]:
    """What each unit was given in an area since a moment. Restricted cases are left out."""
    state = column(Dispatch.state)
    pending = one_of(Dispatch.state, sorted(rules.PENDING_DISPATCH))
    counts: list[Any] = [
        column(Dispatch.unit_code),
        _count().label("dispatched"),
        _count(column(Dispatch.accepted_at).is_not(None)).label("accepted"),
        _count(state == DispatchState.HANDLED).label("handled"),
        _count(and_(pending, column(Dispatch.due_at) < now)).label("late"),
    ]
    given = select(*counts).join(Case, column(Case.id) == column(Dispatch.case_id))
    statement: Select[Any] = given.where(*_countable(area), column(Dispatch.sent_at) >= since)
    return statement.group_by(column(Dispatch.unit_code))


def unit_objections(area: str, since: datetime) -> Select[Any]:
    """What units said against dispatches in an area since a moment, and where the cases went."""
    columns = map(column, (Objection.unit_code, Objection.state, Objection.rerouted_to))
    said = select(*columns).join(Case, column(Case.id) == column(Objection.case_id))
    statement: Select[Any] = said.where(*_countable(area), column(Objection.raised_at) >= since)
    return statement


def _countable(area: str) -> tuple[ColumnElement[bool], ...]:
    return ~column(Case.restricted), in_scope(column(Case.area_code), [area])
