"""The case: one aggregate with its dispatches; every move bumps its version and returns its event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from dispute_svc import rules
from dispute_svc.models.base import Base, enum_column, moment_column, secret_column
from dispute_svc.models.parts import Dispatch
from dispute_svc.rules import (
    CaseKind,
    CaseState,
    Channel,
    DispatchRole,
    DispatchState,
    Grade,
    Outcome,
)
from grid_kernel.contracts import dispute as said
from grid_kernel.types import BlindIndex, area_code_column, uuid7


class Case(Base, table=True):
    """A hazard, a dispute or an opinion, from the report to the end."""

    __tablename__ = "gov_case"
    __table_args__ = (
        Index("ix_gov_case_reported_at_id", "reported_at", "id"),
        Index("ix_gov_case_reporter_id_reported_at", "reporter_id", "reported_at"),
        Index("ix_gov_case_locate_after", "locate_after", postgresql_where=text("locate_after is not null")),
        Index("ix_gov_case_lon_lat", "lon", "lat", postgresql_where=text("lon is not null")),
        Index("ix_gov_case_building_id", "building_id", postgresql_where=text("building_id is not null")),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    case_code: str = Field(unique=True)
    query_code: str = Field(sa_column=Column(BlindIndex("dispute.case.query_code"), nullable=False))
    area_code: str = Field(sa_column=area_code_column())
    grid_code_then: str | None = None
    kind: CaseKind = Field(sa_column=enum_column(CaseKind))
    category: str
    title: str = Field(sa_column=secret_column("case.title", nullable=False))
    description: str | None = Field(default=None, sa_column=secret_column("case.description"))
    state: CaseState = Field(default=CaseState.REPORTED, sa_column=enum_column(CaseState))
    restricted: bool = False
    emergency: bool = False
    channel: Channel = Field(sa_column=enum_column(Channel))
    reported_at: datetime = Field(sa_column=moment_column(nullable=False))
    reporter_kind: str
    reporter_id: str
    anonymous: bool = False
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    captured_at: datetime | None = Field(default=None, sa_column=moment_column())
    point_source: str | None = None
    point_crs: str | None = None
    building_id: UUID | None = None
    chosen_area: str | None = None
    locate_after: datetime | None = Field(default=None, sa_column=moment_column())
    located_at: datetime | None = Field(default=None, sa_column=moment_column())
    routing: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    lead_unit: str | None = None
    due_at: datetime | None = Field(default=None, sa_column=moment_column())
    closed_at: datetime | None = Field(default=None, sa_column=moment_column())
    outcome: Outcome | None = Field(default=None, sa_column=enum_column(Outcome, nullable=True))
    grade: int | None = None
    merged_into: UUID | None = Field(default=None, foreign_key="gov_case.id")
    split_from: UUID | None = Field(default=None, foreign_key="gov_case.id")

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
            "lead_unit": self.lead_unit if shown else None,
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
        """The dispatch stands; its clock went on all the time, unless the limit itself was changed."""
        dispatch.move(DispatchState.OBJECTED, DispatchState.SENT)
        if dispatch.role is DispatchRole.LEAD:
            self._move(CaseState.OBJECTED, CaseState.DISPATCHED)
            self.due_at = dispatch.due_at
        self.version += 1
        return said.CaseDispatched(**self._part(dispatch, now))

    def reroute(self, dispatch: "Dispatch", instead: "Dispatch", now: datetime) -> said.CaseDispatched:
        """The objection was right: another unit gets the part, with a clock of its own."""
        dispatch.move(DispatchState.OBJECTED, DispatchState.WITHDRAWN)
        if instead.role is DispatchRole.LEAD:
            self._lead_by(instead, CaseState.OBJECTED)
        self.version += 1
        return said.CaseDispatched(**self._part(instead, now))

    def transfer(self, dispatch: "Dispatch", instead: "Dispatch", now: datetime) -> said.CaseDispatched:
        """The centre gives a part to another unit, with a clock of its own."""
        if dispatch.state not in rules.MAY_BE_TRANSFERRED:
            raise rules.MoveNotAllowed(state=dispatch.state.value, to=DispatchState.WITHDRAWN.value)
        dispatch.move(dispatch.state, DispatchState.WITHDRAWN)
        if instead.role is DispatchRole.LEAD:
            if self.state is CaseState.HANDLING:
                self._move(CaseState.HANDLING, CaseState.DISPATCHED)
            self.lead_unit, self.due_at = instead.unit_code, instead.due_at
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
        if outcome is Outcome.SELF_RESOLVED and self.state not in rules.MAY_RESOLVE:
            raise rules.MoveNotAllowed(state=self.state.value, to=CaseState.CLOSED.value)
        self._move(self.state, CaseState.CLOSED)
        self.closed_at, self.outcome = now, outcome
        self.version += 1
        return said.CaseClosed(**self.facts(now), outcome=outcome.value)

    def merge(self, into: "Case", now: datetime) -> said.CaseClosed:
        """End as the same matter as another open case."""
        alike = self.id != into.id and into.state in rules.OPEN_STATES and self.restricted == into.restricted
        if not alike:
            raise rules.CannotMerge
        event = self.drop(Outcome.MERGED, now)
        self.merged_into = into.id
        return event

    def drop(self, outcome: Outcome, now: datetime) -> said.CaseClosed:
        """End before any unit has said what it did: merged, taken back by its reporter, or void."""
        if self.state not in rules.MAY_BE_DROPPED:
            raise rules.MoveNotAllowed(state=self.state.value, to=CaseState.CLOSED.value)
        self._move(self.state, CaseState.CLOSED)
        self.closed_at, self.outcome = now, outcome
        self.version += 1
        return said.CaseClosed(**self.facts(now), outcome=outcome.value)

    def reopen(self, lead: "Dispatch | None", due_at: datetime | None, now: datetime) -> said.CaseReopened:
        """Go on after the end: with the unit that led and a limit of its own, or on the list a person works."""
        to = CaseState.HANDLING if self.outcome is Outcome.SOLVED else CaseState.REPORTED
        if self.state not in rules.MAY_REOPEN or self.outcome is Outcome.MERGED:
            raise rules.MoveNotAllowed(state=self.state.value, to=to.value)
        self._move(self.state, to)
        self.closed_at = self.outcome = self.grade = None
        self.lead_unit, self.due_at = (lead.unit_code, due_at) if lead else (None, None)
        self.version += 1
        return said.CaseReopened(**self.facts(now))

    def remind(self, dispatch: "Dispatch", now: datetime) -> said.CaseReminded:
        """Somebody asks the unit how far it is."""
        if dispatch.state not in rules.MAY_BE_REMINDED:
            raise rules.MoveNotAllowed(state=dispatch.state.value, to=dispatch.state.value)
        self.version += 1
        return said.CaseReminded(**self._part(dispatch, now))

    def ask_for_extension(self, dispatch: "Dispatch", now: datetime) -> said.CaseExtensionAsked:
        """The unit that works on its part asks for time."""
        if dispatch.state is not DispatchState.ACCEPTED:
            raise rules.MoveNotAllowed(state=dispatch.state.value, to=dispatch.state.value)
        self.version += 1
        return said.CaseExtensionAsked(**self._part(dispatch, now))

    def extend(self, dispatch: "Dispatch", to: datetime | None, now: datetime) -> said.CaseExtensionDecided:
        """Let the part end later; None lets it end as it would."""
        if to is not None:
            if dispatch.state is not DispatchState.ACCEPTED:
                raise rules.MoveNotAllowed(state=dispatch.state.value, to=dispatch.state.value)
            dispatch.due_at = dispatch.extended_to = to
            dispatch.provisional = False
            dispatch.version += 1
            if dispatch.role is DispatchRole.LEAD:
                self.due_at = to
        self.version += 1
        return said.CaseExtensionDecided(**self._part(dispatch, now), approved=to is not None)

    def supplement(self, seen_at: datetime, now: datetime) -> said.CaseSupplemented:
        """Take what somebody saw while the case was open, even if it arrives when it has ended."""
        if self.closed_at is not None and self.closed_at < seen_at:
            raise rules.CaseEnded
        self.version += 1
        return said.CaseSupplemented(**self.facts(now))

    def rate(self, grade: Grade, now: datetime) -> said.CaseRated:
        """Take the reporter's rating, once."""
        self._move(CaseState.CLOSED, CaseState.RATED)
        self.grade = grade
        self.version += 1
        return said.CaseRated(**self.facts(now), grade=grade)
