"""Tables of dispute-svc. A case with its dispatches is one aggregate; every move returns its event."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

from sqlalchemy import Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from dispute_svc import rules
from dispute_svc.rules import (
    CaseKind,
    CaseState,
    Channel,
    DispatchRole,
    DispatchState,
    EntryKind,
    ObjectionReason,
    ObjectionState,
    Outcome,
)
from grid_kernel.contracts import dispute as said
from grid_kernel.db import new_registry
from grid_kernel.types import BlindIndex, EncryptedText, StringEnum, UtcDateTime, area_code_column, uuid7

E = TypeVar("E", bound=StrEnum)
Grade = Literal[1, 2, 3, 4, 5]


class Base(SQLModel, registry=new_registry()):
    """The models of this service; its metadata is its own."""


def _enum(enum: type[E], *, nullable: bool = False) -> Any:
    return Column(StringEnum(enum), nullable=nullable)


def _moment(*, nullable: bool = True) -> Any:
    return Column(UtcDateTime, nullable=nullable)


def _secret(label: str, *, nullable: bool = True) -> Any:
    return Column(EncryptedText(f"dispute.{label}"), nullable=nullable)


class Case(Base, table=True):
    """A hazard, a dispute or an opinion, from the report to the end."""

    __tablename__ = "gov_case"
    __table_args__ = (
        Index("ix_gov_case_reported_at_id", "reported_at", "id"),
        Index("ix_gov_case_reporter_id_reported_at", "reporter_id", "reported_at"),
        Index("ix_gov_case_locate_after", "locate_after", postgresql_where=text("locate_after is not null")),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    case_code: str = Field(unique=True)
    query_code: str = Field(sa_column=Column(BlindIndex("dispute.case.query_code"), nullable=False))
    area_code: str = Field(sa_column=area_code_column())
    grid_code_then: str | None = None
    kind: CaseKind = Field(sa_column=_enum(CaseKind))
    category: str
    title: str = Field(sa_column=_secret("case.title", nullable=False))
    description: str | None = Field(default=None, sa_column=_secret("case.description"))
    state: CaseState = Field(default=CaseState.REPORTED, sa_column=_enum(CaseState))
    restricted: bool = False
    emergency: bool = False
    channel: Channel = Field(sa_column=_enum(Channel))
    reported_at: datetime = Field(sa_column=_moment(nullable=False))
    reporter_kind: str
    reporter_id: str
    anonymous: bool = False
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    captured_at: datetime | None = Field(default=None, sa_column=_moment())
    point_source: str | None = None
    point_crs: str | None = None
    building_id: UUID | None = None
    chosen_area: str | None = None
    locate_after: datetime | None = Field(default=None, sa_column=_moment())
    located_at: datetime | None = Field(default=None, sa_column=_moment())
    routing: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    lead_unit: str | None = None
    due_at: datetime | None = Field(default=None, sa_column=_moment())
    closed_at: datetime | None = Field(default=None, sa_column=_moment())
    outcome: Outcome | None = Field(default=None, sa_column=_enum(Outcome, nullable=True))
    grade: int | None = None

    def _move(self, start: CaseState, to: CaseState) -> None:
        # Several verbs lead to one state: each names the state it starts from.
        if self.state is not start or to not in rules.TRANSITIONS[start]:
            raise rules.MoveNotAllowed(state=self.state.value, to=to.value)
        self.state = to

    def facts(self, now: datetime) -> dict[str, Any]:
        """What every event of this case says; of a restricted one neither matter, unit nor grid."""
        shown = not self.restricted
        return {
            "aggregate_id": self.id,
            "sequence": self.version,
            "occurred_at": now,
            "area_code": self.area_code if shown else self.area_code[: rules.DISTRICT_CODE_LENGTH],
            "case_code": self.case_code,
            "restricted": self.restricted,
            "category": self.category if shown else None,
            "state": self.state.value,
        }

    def _part(self, dispatch: "Dispatch", now: datetime) -> dict[str, Any]:
        unit = None if self.restricted else dispatch.unit_code
        return self.facts(now) | {"dispatch_id": dispatch.id, "unit_code": unit}

    def reported(self, now: datetime) -> said.CaseReported:
        """Say that it exists."""
        return said.CaseReported(**self.facts(now))

    def locate(self, area_code: str, now: datetime) -> said.CaseLocated:
        """Take the place it lies in; the grid of the act is kept for ever, the first time one is known."""
        self.version += 1
        self.area_code = area_code
        self.located_at, self.locate_after = now, None
        in_grid = len(area_code) == rules.GRID_CODE_LENGTH
        if in_grid and self.grid_code_then is None:
            self.grid_code_then = area_code
        return said.CaseLocated(**self.facts(now), located=in_grid)

    def dispatch(self, dispatch: "Dispatch", now: datetime) -> said.CaseDispatched:
        """Give the case, or a part in it, to a unit."""
        if dispatch.role is DispatchRole.LEAD:
            self._lead_by(dispatch, CaseState.REPORTED)
        elif self.state not in rules.CO_UNITS_MAY_JOIN:
            raise rules.MoveNotAllowed(state=self.state.value, to=CaseState.DISPATCHED.value)
        self.version += 1
        return said.CaseDispatched(**self._part(dispatch, now))

    def _lead_by(self, dispatch: "Dispatch", start: CaseState) -> None:
        self._move(start, CaseState.DISPATCHED)
        self.lead_unit, self.due_at = dispatch.unit_code, dispatch.due_at

    def accept(self, dispatch: "Dispatch", now: datetime) -> said.CaseAccepted:
        """The unit takes its part."""
        dispatch.move(DispatchState.SENT, DispatchState.ACCEPTED)
        dispatch.accepted_at = now
        if dispatch.role is DispatchRole.LEAD:
            self._move(CaseState.DISPATCHED, CaseState.HANDLING)
        self.version += 1
        return said.CaseAccepted(**self._part(dispatch, now))

    def object(self, dispatch: "Dispatch", now: datetime) -> said.CaseObjected:
        """The unit says its part is none of its business."""
        dispatch.move(DispatchState.SENT, DispatchState.OBJECTED)
        if dispatch.role is DispatchRole.LEAD:
            self._move(CaseState.DISPATCHED, CaseState.OBJECTED)
        self.version += 1
        return said.CaseObjected(**self._part(dispatch, now))

    def uphold(self, dispatch: "Dispatch", now: datetime) -> said.CaseDispatched:
        """The dispatch stands; its clock went on all the time."""
        dispatch.move(DispatchState.OBJECTED, DispatchState.SENT)
        if dispatch.role is DispatchRole.LEAD:
            self._move(CaseState.OBJECTED, CaseState.DISPATCHED)
        self.version += 1
        return said.CaseDispatched(**self._part(dispatch, now))

    def reroute(self, dispatch: "Dispatch", instead: "Dispatch", now: datetime) -> said.CaseDispatched:
        """The objection was right: another unit gets the part, with a clock of its own."""
        dispatch.move(DispatchState.OBJECTED, DispatchState.WITHDRAWN)
        if instead.role is DispatchRole.LEAD:
            self._lead_by(instead, CaseState.OBJECTED)
        self.version += 1
        return said.CaseDispatched(**self._part(instead, now))

    def handle(self, dispatch: "Dispatch", others: Sequence["Dispatch"], by: str, now: datetime) -> said.CaseHandled:
        """The unit says what it did. The leading unit speaks last (Beijing 接诉即办 art 14)."""
        if dispatch.role is DispatchRole.LEAD and any(o.state in rules.PENDING_DISPATCH for o in others):
            raise rules.CoUnitsPending
        dispatch.move(DispatchState.ACCEPTED, DispatchState.HANDLED)
        dispatch.handled_at, dispatch.handled_by = now, by
        if dispatch.role is DispatchRole.LEAD:
            self._move(CaseState.HANDLING, CaseState.HANDLED)
        self.version += 1
        return said.CaseHandled(**self._part(dispatch, now))

    def verify(self, lead: "Dispatch", now: datetime, *, solved: bool) -> said.CaseVerified:
        """A worker looked: solved, or back to the leading unit whose clock goes on."""
        self._move(CaseState.HANDLED, CaseState.VERIFIED if solved else CaseState.HANDLING)
        if not solved:
            lead.move(DispatchState.HANDLED, DispatchState.ACCEPTED)
            lead.handled_at = None
        self.version += 1
        return said.CaseVerified(**self.facts(now), solved=solved)

    def close(self, outcome: Outcome, now: datetime) -> said.CaseClosed:
        """End the case. Only what was solved on the spot ends without having been verified."""
        if (outcome is Outcome.SOLVED) != (self.state is CaseState.VERIFIED):
            raise rules.MoveNotAllowed(state=self.state.value, to=CaseState.CLOSED.value)
        self._move(self.state, CaseState.CLOSED)
        self.closed_at, self.outcome = now, outcome
        self.version += 1
        return said.CaseClosed(**self.facts(now), outcome=outcome.value)

    def rate(self, grade: Grade, now: datetime) -> said.CaseRated:
        """Take the reporter's rating, once."""
        self._move(CaseState.CLOSED, CaseState.RATED)
        self.grade = grade
        self.version += 1
        return said.CaseRated(**self.facts(now), grade=grade)


class Dispatch(Base, table=True):
    """The part of one unit in a case: lead or co, with its own clock."""

    __table_args__ = (
        Index(
            "uq_dispatch_live_lead",
            "case_id",
            unique=True,
            postgresql_where=text("role = 'lead' and state <> 'withdrawn'"),
        ),
        Index(
            "uq_dispatch_live_unit", "case_id", "unit_code", unique=True, postgresql_where=text("state <> 'withdrawn'")
        ),
        Index("ix_dispatch_unit_code_state", "unit_code", "state"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    case_id: UUID = Field(foreign_key="gov_case.id")
    area_code: str = Field(sa_column=area_code_column())
    unit_code: str
    role: DispatchRole = Field(sa_column=_enum(DispatchRole))
    state: DispatchState = Field(default=DispatchState.SENT, sa_column=_enum(DispatchState))
    rule_id: UUID | None = None
    sent_at: datetime = Field(sa_column=_moment(nullable=False))
    limit_amount: int
    limit_unit: str
    due_at: datetime = Field(sa_column=_moment(nullable=False))
    provisional: bool = False
    accepted_at: datetime | None = Field(default=None, sa_column=_moment())
    handled_at: datetime | None = Field(default=None, sa_column=_moment())
    handled_by: str | None = None

    def move(self, start: DispatchState, to: DispatchState) -> None:
        """Go from one state to another the table allows."""
        if self.state is not start or to not in rules.DISPATCH_TRANSITIONS[start]:
            raise rules.MoveNotAllowed(state=self.state.value, to=to.value)
        self.state = to
        self.version += 1


class Objection(Base, table=True):
    """A unit says a dispatch is wrong; it counts in the figures of both units."""

    __table_args__ = (
        Index("uq_objection_open", "dispatch_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_objection_unit_code_raised_at", "unit_code", "raised_at"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    case_id: UUID = Field(foreign_key="gov_case.id", index=True)
    dispatch_id: UUID = Field(foreign_key="dispatch.id", index=True)
    area_code: str = Field(sa_column=area_code_column())
    unit_code: str
    state: ObjectionState = Field(default=ObjectionState.OPEN, sa_column=_enum(ObjectionState))
    reason: ObjectionReason = Field(sa_column=_enum(ObjectionReason))
    raised_at: datetime = Field(sa_column=_moment(nullable=False))
    due_at: datetime = Field(sa_column=_moment(nullable=False))
    decided_at: datetime | None = Field(default=None, sa_column=_moment())
    rerouted_to: str | None = None

    def decide(self, now: datetime, rerouted_to: str | None) -> None:
        """Let the dispatch stand, or name the unit the case goes to instead."""
        if self.state is not ObjectionState.OPEN:
            raise rules.AlreadyDecided
        self.state = ObjectionState.REROUTED if rerouted_to else ObjectionState.UPHELD
        self.decided_at, self.rerouted_to = now, rerouted_to
        self.version += 1


class Entry(Base, table=True):
    """One line of a case's timeline. Never changed, never deleted; its number is the version it made."""

    __tablename__ = "case_entry"
    __table_args__ = (Index("uq_case_entry_case_id_number", "case_id", "number", unique=True),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    case_id: UUID = Field(foreign_key="gov_case.id")
    number: int
    area_code: str = Field(sa_column=area_code_column())
    kind: EntryKind = Field(sa_column=_enum(EntryKind))
    state: CaseState = Field(sa_column=_enum(CaseState))
    dispatch_id: UUID | None = None
    actor_kind: str
    actor_id: str
    post: str | None = None
    unit: str | None = None
    at: datetime = Field(sa_column=_moment(nullable=False))
    reason: str | None = None
    note: str | None = Field(default=None, sa_column=_secret("case_entry.note"))
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    attachments: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    explanation: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))


class PartyRole(StrEnum):
    """What a person is in a case."""

    REPORTER = "reporter"


class Party(Base, table=True):
    """A person named in a case, as taken at the time: evidence of the act, never refreshed, never searched."""

    __tablename__ = "case_party"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    case_id: UUID = Field(foreign_key="gov_case.id", index=True)
    area_code: str = Field(sa_column=area_code_column())
    role: PartyRole = Field(sa_column=_enum(PartyRole))
    person_id: UUID | None = Field(default=None, index=True)
    name: str | None = Field(default=None, sa_column=_secret("case_party.name"))
    contact: str | None = Field(default=None, sa_column=_secret("case_party.contact"))
    taken_at: datetime = Field(sa_column=_moment(nullable=False))


class RoutingRule(Base, table=True):
    """One row of the routing table; a row that has begun is ended and followed by another, never rewritten."""

    __tablename__ = "routing_rule"
    __table_args__ = (Index("ix_routing_rule_category_area_prefix", "category", "area_prefix"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    category: str
    area_prefix: str
    unit_code: str
    position: int = 0
    limit_amount: int
    limit_unit: str
    valid_from: date
    valid_to: date | None = None


class HandlingUnit(Base, table=True):
    """A unit work can be given to, as the gateway told."""

    __tablename__ = "unit"

    code: str = Field(primary_key=True)
    name: str
    kind: str
    area_code: str
    active: bool


class Succession(Base, table=True):
    """What became of a grid that was split or merged; codes are never re-used, so there is one row a grid."""

    predecessor: str = Field(primary_key=True)
    successors: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    effective_on: date
    buildings: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))


class PersonMerge(Base, table=True):
    """Which record of a person stands for another one now."""

    __tablename__ = "person_merge"

    merged_id: UUID = Field(primary_key=True)
    survivor_id: UUID


class CaseNumber(Base, table=True):
    """The last number given to a case on a day."""

    __tablename__ = "case_number"

    day: date = Field(primary_key=True)
    last: int


class ProgressLock(Base, table=True):
    """Wrong query codes entered for a case."""

    __tablename__ = "progress_lock"

    case_id: UUID = Field(primary_key=True)
    wrong: int
    locked_until: datetime | None = Field(default=None, sa_column=_moment())


def column(attribute: object) -> Any:
    """A model's attribute as the column it is; the type checker sees the value's type."""
    return cast("Any", attribute)
