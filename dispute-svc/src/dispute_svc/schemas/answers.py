"""What people are told about cases."""

from datetime import date, datetime
from uuid import UUID

from dispute_svc.rules import (
    Action,
    CaseKind,
    CaseState,
    Channel,
    DispatchRole,
    DispatchState,
    EntryKind,
    ExtensionKind,
    ExtensionState,
    ObjectionReason,
    ObjectionState,
    Outcome,
)
from dispute_svc.schemas.routing import RoutingOut
from grid_kernel.schemas import Schema


class CaseReceipt(Schema):
    """What the reporter takes home. The query code is shown this once."""

    id: UUID
    version: int
    case_code: str
    query_code: str
    state: CaseState
    restricted: bool
    emergency_number: str | None
    reported_at: datetime


class CaseSummary(Schema):
    """A row of a list."""

    id: UUID
    version: int
    case_code: str
    kind: CaseKind
    category: str
    title: str
    state: CaseState
    restricted: bool
    emergency: bool
    area_code: str
    reported_at: datetime
    located_at: datetime | None
    lead_unit: str | None
    due_at: datetime | None
    late: bool


class PointOut(Schema):
    """A position in CGCS2000, and how it was taken."""

    lon: float
    lat: float
    accuracy_m: float | None
    captured_at: datetime | None
    source: str | None
    given_crs: str | None


class EntryOut(Schema):
    """One line of the timeline. Post and unit of an anonymous reporter stay unsaid."""

    number: int
    kind: EntryKind
    state: CaseState
    at: datetime
    recorded_at: datetime | None
    actor_kind: str
    post: str | None
    unit: str | None
    dispatch_id: UUID | None
    reason: str | None
    note: str | None
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    attachments: list[str]
    explanation: str | None


class DispatchOut(Schema):
    """The part of one unit, with its clock and the reason of its end."""

    id: UUID
    version: int
    case_id: UUID
    unit_code: str
    role: DispatchRole
    state: DispatchState
    rule_id: UUID | None
    sent_at: datetime
    due_at: datetime
    extended_to: datetime | None
    provisional: bool
    late: bool
    clock: str
    accepted_at: datetime | None
    handled_at: datetime | None


class ObjectionOut(Schema):
    """What a unit said against a dispatch, and what became of it."""

    id: UUID
    version: int
    case_id: UUID
    dispatch_id: UUID
    unit_code: str
    state: ObjectionState
    reason: ObjectionReason
    raised_at: datetime
    due_at: datetime
    decided_at: datetime | None
    rerouted_to: str | None


class ExtensionOut(Schema):
    """What time a unit asked for, and what became of it."""

    id: UUID
    version: int
    case_id: UUID
    dispatch_id: UUID
    unit_code: str
    kind: ExtensionKind
    state: ExtensionState
    until: date
    asked_at: datetime
    decided_at: datetime | None


class ReporterOut(Schema):
    """Who reported, for those who may know."""

    name: str | None
    contact: str | None
    person_id: UUID | None
    taken_at: datetime


class Disclosure(Schema):
    """The contact of a reporter in clear; that it was shown is on record."""

    contact: str | None


class ActionOut(Schema):
    """Something whoever asks may do now: the row it is done to, and that row's version for If-Match."""

    action: Action
    target: UUID
    version: int


class CaseOut(CaseSummary):
    """A whole case, with what whoever asks may do now. `reporter` is null for whoever may not know."""

    description: str | None
    channel: Channel
    anonymous: bool
    grid_code_then: str | None
    building_id: UUID | None
    point: PointOut | None
    closed_at: datetime | None
    outcome: Outcome | None
    grade: int | None
    routing: RoutingOut | None
    reporter: ReporterOut | None
    entries: list[EntryOut]
    dispatches: list[DispatchOut]
    objections: list[ObjectionOut]
    extensions: list[ExtensionOut]
    merged_into: UUID | None
    split_from: UUID | None
    actions: list[ActionOut]


class CaseStatus(Schema):
    """Where a case stands after a step."""

    id: UUID
    version: int
    case_code: str
    state: CaseState
    area_code: str
    closed_at: datetime | None
    outcome: Outcome | None
    grade: int | None


class ProgressStep(Schema):
    """One step, without names and words."""

    kind: EntryKind
    at: datetime


class Progress(Schema):
    """Where a case stands, for whoever holds its codes. The matter of a restricted case is not named."""

    case_code: str
    category: str | None
    state: CaseState
    reported_at: datetime
    lead_unit: str | None
    due_at: datetime | None
    late: bool
    closed_at: datetime | None
    outcome: Outcome | None
    steps: list[ProgressStep]


class MyReport(Schema):
    """A case one reported oneself, wherever it lies."""

    id: UUID
    version: int
    case_code: str
    kind: CaseKind
    category: str
    title: str
    state: CaseState
    restricted: bool
    reported_at: datetime
    due_at: datetime | None
    late: bool
    closed_at: datetime | None
    outcome: Outcome | None
    grade: int | None
