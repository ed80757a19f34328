"""What belongs to a case: dispatches, objections, timeline, parties."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from dispute_svc import rules
from dispute_svc.models.base import Base, enum_column, moment_column, secret_column
from dispute_svc.rules import (
    CaseState,
    DispatchRole,
    DispatchState,
    EntryKind,
    ExtensionKind,
    ExtensionState,
    Limit,
    ObjectionReason,
    ObjectionState,
)
from grid_kernel.clock import Deadline
from grid_kernel.types import area_code_column, uuid7


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
    role: DispatchRole = Field(sa_column=enum_column(DispatchRole))
    state: DispatchState = Field(default=DispatchState.SENT, sa_column=enum_column(DispatchState))
    rule_id: UUID | None = None
    sent_at: datetime = Field(sa_column=moment_column(nullable=False))
    limit_amount: int
    limit_unit: str
    due_at: datetime = Field(sa_column=moment_column(nullable=False))
    extended_to: datetime | None = Field(default=None, sa_column=moment_column())
    """The end the centre granted, which the working calendar no longer moves."""
    provisional: bool = False
    accepted_at: datetime | None = Field(default=None, sa_column=moment_column())
    handled_at: datetime | None = Field(default=None, sa_column=moment_column())
    handled_by: str | None = None

    def move(self, start: DispatchState, to: DispatchState) -> None:
        """Go from one state to another the table allows."""
        if self.state is not start or to not in rules.DISPATCH_TRANSITIONS[start]:
            raise rules.MoveNotAllowed(state=self.state.value, to=to.value)
        self.state = to
        self.version += 1

    def give(self, limit: Limit, end: Deadline) -> None:
        """Let the part end by another limit."""
        self.limit_amount, self.limit_unit = limit.amount, limit.unit.value
        self.due_at, self.provisional = end.due_at, end.provisional

    def begin_again(self, end: Deadline, now: datetime) -> None:
        """Work on it again after the end, with the limit counted from now."""
        self.move(DispatchState.HANDLED, DispatchState.ACCEPTED)
        self.sent_at = self.accepted_at = now
        self.handled_at = self.extended_to = None
        self.due_at, self.provisional = end.due_at, end.provisional


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
    state: ObjectionState = Field(default=ObjectionState.OPEN, sa_column=enum_column(ObjectionState))
    reason: ObjectionReason = Field(sa_column=enum_column(ObjectionReason))
    raised_at: datetime = Field(sa_column=moment_column(nullable=False))
    due_at: datetime = Field(sa_column=moment_column(nullable=False))
    decided_at: datetime | None = Field(default=None, sa_column=moment_column())
    rerouted_to: str | None = None

    def decide(self, now: datetime, rerouted_to: str | None) -> None:
        """Let the dispatch stand, or name the unit the case goes to instead."""
        if self.state is not ObjectionState.OPEN:
            raise rules.AlreadyDecided
        self.state = ObjectionState.REROUTED if rerouted_to else ObjectionState.UPHELD
        self.decided_at, self.rerouted_to = now, rerouted_to
        self.version += 1


class Extension(Base, table=True):
    """A unit asks for a later end, or for putting off until a day to look again."""

    __table_args__ = (Index("uq_extension_open", "dispatch_id", unique=True, postgresql_where=text("state = 'open'")),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    case_id: UUID = Field(foreign_key="gov_case.id", index=True)
    dispatch_id: UUID = Field(foreign_key="dispatch.id")
    area_code: str = Field(sa_column=area_code_column())
    unit_code: str
    kind: ExtensionKind = Field(sa_column=enum_column(ExtensionKind))
    state: ExtensionState = Field(default=ExtensionState.OPEN, sa_column=enum_column(ExtensionState))
    until: date
    asked_at: datetime = Field(sa_column=moment_column(nullable=False))
    decided_at: datetime | None = Field(default=None, sa_column=moment_column())

    def decide(self, now: datetime, *, approved: bool) -> None:
        """Grant it or not, once."""
        if self.state is not ExtensionState.OPEN:
            raise rules.AlreadyDecided
        self.state = ExtensionState.APPROVED if approved else ExtensionState.REFUSED
        self.decided_at = now
        self.version += 1


class Entry(Base, table=True):
    """One line of a case's timeline. Never changed, never deleted; its number is the version it made."""

    __tablename__ = "case_entry"
    __table_args__ = (Index("uq_case_entry_case_id_number", "case_id", "number", unique=True),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    case_id: UUID = Field(foreign_key="gov_case.id")
    number: int
    area_code: str = Field(sa_column=area_code_column())
    kind: EntryKind = Field(sa_column=enum_column(EntryKind))
    state: CaseState = Field(sa_column=enum_column(CaseState))
    dispatch_id: UUID | None = None
    actor_kind: str
    actor_id: str
    post: str | None = None
    unit: str | None = None
    at: datetime = Field(sa_column=moment_column(nullable=False))
    recorded_at: datetime | None = Field(default=None, sa_column=moment_column())
    """When it arrived, where that was later than it happened: a phone without a signal."""
    reason: str | None = None
    note: str | None = Field(default=None, sa_column=secret_column("case_entry.note"))
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
    role: PartyRole = Field(sa_column=enum_column(PartyRole))
    person_id: UUID | None = Field(default=None, index=True)
    name: str | None = Field(default=None, sa_column=secret_column("case_party.name"))
    contact: str | None = Field(default=None, sa_column=secret_column("case_party.contact"))
    taken_at: datetime = Field(sa_column=moment_column(nullable=False))
