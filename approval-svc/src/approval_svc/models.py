"""Catalogue and applications; a method per move, returning the event."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from approval_svc import rules
from approval_svc.rules import ClockKind, ItemLimits, Limit, Link, Standing, State, Verb
from grid_kernel.clock import Unit
from grid_kernel.contracts.approval import (
    ApplicationAccepted,
    ApplicationCompleted,
    ApplicationCorrectionRequired,
    ApplicationDecided,
    ApplicationDeemedAccepted,
    ApplicationForwarded,
    ApplicationPreReviewed,
    ApplicationRated,
    ApplicationSubmitted,
    ApplicationSuspended,
    ApplicationWithdrawn,
    ItemPublished,
)
from grid_kernel.db import new_registry
from grid_kernel.types import AREA_CODE, EncryptedText, StringEnum, UtcDateTime, uuid7


class Base(SQLModel, registry=new_registry()):
    """Everything approval-svc stores."""


class ServiceItem(Base, table=True):
    """One version of a service item; a version in force is never edited."""

    __tablename__ = "service_item"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    code: str = Field(index=True)
    item_version: int
    valid_from: date
    valid_to: date | None = None
    name: str
    theme: str
    unit_code: str
    level: str
    item_type: str
    handling_type: str
    statutory_amount: int | None = None
    statutory_unit: str | None = None
    promised_amount: int | None = None
    promised_unit: str | None = None
    notice_amount: int | None = None
    notice_unit: str | None = None
    notice_basis: str | None = None
    deemed_accepted: bool = False
    conditions: str | None = None
    stages: str | None = None
    materials: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    materials_complete: bool = True
    source_org: str | None = None
    source_page: str | None = None
    source_year: int | None = None
    source_quality: str | None = None
    note: str | None = None
    version: int = 1

    def limits(self) -> ItemLimits:
        """Its limits as the rules see them."""
        return ItemLimits(
            notice=_limit(self.notice_amount, self.notice_unit, self.notice_basis),
            promised=_limit(self.promised_amount, self.promised_unit, "promised"),
            statutory=_limit(self.statutory_amount, self.statutory_unit, "statutory"),
        )

    def in_force_on(self, day: date) -> bool:
        """Whether what is submitted on a day is submitted under this version."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def end(self, day: date) -> None:
        """A later version is in force from this day."""
        self.valid_to = day
        self.version += 1

    def published(self, now: datetime, area_code: str) -> ItemPublished:
        """What is said when this version takes effect."""
        return ItemPublished(
            aggregate_id=self.id,
            sequence=self.version,
            occurred_at=now,
            area_code=area_code,
            item_code=self.code,
            valid_from=self.valid_from,
        )


def _limit(amount: int | None, unit: str | None, basis: str | None) -> Limit | None:
    return Limit(amount, Unit(unit), basis or "") if amount is not None and unit else None


class Application(Base, table=True):
    """An application of one resident for one item. Who applied is in `Party`, what happened in `Entry`."""

    __tablename__ = "application"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    receipt_number: str = Field(unique=True)
    query_code_hash: bytes
    item_id: UUID = Field(foreign_key="service_item.id")
    item_code: str
    handling_type: str
    unit_code: str = Field(index=True)
    state: State = Field(sa_type=StringEnum(State))
    channel: str
    materials: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    submitted_at: datetime = Field(sa_type=UtcDateTime)
    forwarded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_kind: ClockKind | None = Field(default=None, sa_type=StringEnum(ClockKind))
    notices: int = 0
    grade: int | None = None
    synthetic: bool = False
    version: int = 1

    @property
    def standing(self) -> Standing:
        """Where it is, for the question who may act on it."""
        return Standing(self.area_code, self.unit_code, self.state)

    def _move(self, verb: Verb, now: datetime) -> dict[str, Any]:
        self.state = rules.next_state(self.state, verb, handling_type=self.handling_type)
        self.version += 1
        if self.state in rules.ENDED and self.ended_at is None:
            self.ended_at = now
        return self._said(now)

    def _said(self, now: datetime) -> dict[str, Any]:
        return {
            "aggregate_id": self.id,
            "sequence": self.version,
            "occurred_at": now,
            "area_code": self.area_code,
            "item_code": self.item_code,
            "receipt_number": self.receipt_number,
        }

    def submitted(self) -> ApplicationSubmitted:
        """What is said of a new application."""
        return ApplicationSubmitted(**self._said(self.submitted_at))

    def pass_pre_review(self, now: datetime) -> ApplicationPreReviewed:
        """The papers are in order."""
        return ApplicationPreReviewed(**self._move(Verb.PASS_PRE_REVIEW, now), passed=True)

    def refuse_pre_review(self, now: datetime) -> ApplicationPreReviewed:
        """It is not for this desk, or cannot be granted at all; the reason is in the entry."""
        return ApplicationPreReviewed(**self._move(Verb.REFUSE_PRE_REVIEW, now), passed=False)

    def require_correction(self, now: datetime) -> ApplicationCorrectionRequired:
        """The applicant is told what is missing."""
        said = self._move(Verb.REQUIRE_CORRECTION, now)
        self.notices += 1
        return ApplicationCorrectionRequired(**said, round=self.notices)

    def correct(self, materials: list[dict[str, Any]], now: datetime) -> ApplicationSubmitted:
        """What was missing was brought."""
        self.materials = materials
        return ApplicationSubmitted(**self._move(Verb.CORRECT, now))

    def forward(self, now: datetime) -> ApplicationForwarded:
        """Hand it to the unit that decides; NotPreReviewed while the desk is not done."""
        said = self._move(Verb.FORWARD, now)
        self.forwarded_at = now
        return ApplicationForwarded(**said, unit_code=self.unit_code)

    def accept(self, now: datetime) -> ApplicationAccepted:
        """The unit takes it; its clock runs."""
        return ApplicationAccepted(**self._move(Verb.ACCEPT, now), unit_code=self.unit_code)

    def deem_accepted(self, now: datetime) -> ApplicationDeemedAccepted:
        """Nobody spoke in time (行政许可法 art 32)."""
        return ApplicationDeemedAccepted(**self._move(Verb.DEEM_ACCEPTED, now), unit_code=self.unit_code)

    def refuse_acceptance(self, now: datetime) -> ApplicationDecided:
        """The unit does not take it; the reason is in the entry."""
        said = self._move(Verb.REFUSE_ACCEPTANCE, now)
        return ApplicationDecided(**said, decision="not_accepted", unit_code=self.unit_code)

    def suspend(self, procedure: str, now: datetime) -> ApplicationSuspended:
        """A special procedure begins: the clock stands."""
        return ApplicationSuspended(**self._move(Verb.SUSPEND, now), suspended=True, procedure=procedure)

    def resume(self, procedure: str, now: datetime) -> ApplicationSuspended:
        """The special procedure is over: the clock runs on."""
        return ApplicationSuspended(**self._move(Verb.RESUME, now), suspended=False, procedure=procedure)

    def decide(self, now: datetime, *, approved: bool) -> ApplicationDecided:
        """The unit decides."""
        said = self._move(Verb.APPROVE if approved else Verb.DENY, now)
        self.decided_at = now
        return ApplicationDecided(**said, decision="approved" if approved else "denied", unit_code=self.unit_code)

    def complete(self, now: datetime) -> ApplicationCompleted:
        """The result was handed over."""
        return ApplicationCompleted(**self._move(Verb.COMPLETE, now))

    def withdraw(self, now: datetime) -> ApplicationWithdrawn:
        """The applicant does not go on."""
        return ApplicationWithdrawn(**self._move(Verb.WITHDRAW, now), lapsed=False)

    def lapse(self, now: datetime) -> ApplicationWithdrawn:
        """What was missing was not brought in time."""
        return ApplicationWithdrawn(**self._move(Verb.LAPSE, now), lapsed=True)

    def rate(self, grade: int, now: datetime) -> ApplicationRated:
        """The applicant says how it went, once."""
        if self.state is State.COMPLETED and self.grade is not None:
            raise rules.AlreadyRated
        said = self._move(Verb.RATE, now)
        self.grade = grade
        return ApplicationRated.model_validate({**said, "grade": grade})


class Party(Base, table=True):
    """Who applied, as it was at the time: evidence of the act, never refreshed, never searched."""

    __tablename__ = "party"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    application_id: UUID = Field(foreign_key="application.id", unique=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    name: str = Field(sa_type=EncryptedText("approval.party.name"))
    phone: str | None = Field(default=None, sa_type=EncryptedText("approval.party.phone"))
    id_number: str = Field(sa_type=EncryptedText("approval.party.id_number"))
    person_id: UUID | None = Field(default=None, index=True)
    link: Link = Field(sa_type=StringEnum(Link))
    link_after: datetime | None = Field(default=None, sa_type=UtcDateTime)
    taken_at: datetime = Field(sa_type=UtcDateTime)


class Entry(Base, table=True):
    """One line of an application's history: appended, never edited."""

    __tablename__ = "entry"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    application_id: UUID = Field(foreign_key="application.id", index=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    verb: Verb = Field(sa_type=StringEnum(Verb))
    state: State = Field(sa_type=StringEnum(State))
    actor_id: str
    post: str | None = None
    unit: str | None = None
    reason: str | None = None


class Clock(Base, table=True):
    """One running or ended limit of an application."""

    __tablename__ = "clock"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    application_id: UUID = Field(foreign_key="application.id", index=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    kind: ClockKind = Field(sa_type=StringEnum(ClockKind))
    amount: int
    unit: str
    basis: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    provisional: bool = False

    @property
    def limit(self) -> Limit:
        """Its limit as the rules see it."""
        return Limit(self.amount, Unit(self.unit), self.basis)


class Pause(Base, table=True):
    """A time the clocks stood: a special procedure."""

    __tablename__ = "pause"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    application_id: UUID = Field(foreign_key="application.id", index=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    procedure: str
    from_at: datetime = Field(sa_type=UtcDateTime)
    to_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Notice(Base, table=True):
    """A one-time notice: everything that is missing, in one list."""

    __tablename__ = "notice"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    application_id: UUID = Field(foreign_key="application.id", index=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    round: int
    deficiencies: list[str] = Field(sa_type=JSONB)
    reason: str | None = None
    given_at: datetime = Field(sa_type=UtcDateTime)


class HandlingUnit(Base, table=True):
    """A unit as the gateway says it is: who can decide an application."""

    __tablename__ = "handling_unit"

    code: str = Field(primary_key=True)
    name: str
    kind: str
    active: bool


class PersonMerge(Base, table=True):
    """A record of a person that is gone, and the one it became part of."""

    __tablename__ = "person_merge"

    merged_id: UUID = Field(primary_key=True)
    kept_id: UUID


class Succession(Base, table=True):
    """A grid that is gone, and where what was taken in there belongs now."""

    __tablename__ = "succession"

    predecessor: str = Field(sa_type=AREA_CODE, primary_key=True)
    successor: str = Field(sa_type=AREA_CODE)


class ProgressLock(Base, table=True):
    """Wrong codes given for a receipt number, whether there is such a number or not."""

    __tablename__ = "progress_lock"

    receipt_number: str = Field(primary_key=True)
    failures: int = 0
    tried_at: datetime = Field(sa_type=UtcDateTime)
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReceiptCounter(Base, table=True):
    """The last receipt number of a day."""

    __tablename__ = "receipt_counter"

    day: date = Field(primary_key=True)
    last: int
