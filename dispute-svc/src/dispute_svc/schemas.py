"""What crosses HTTP. Requests refuse unknown members; responses have no defaults."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from dispute_svc.models import Grade
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
from dispute_svc.triage import Routed
from grid_kernel.clock import Unit
from grid_kernel.identifiers import typed_query_code
from grid_kernel.schemas import AreaCode, GridCode, Input, Line, Note, PointIn, Schema, Sha256, ShortText, UnitCode

CategoryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2}$")]
CaseCodeText = Annotated[str, StringConstraints(pattern=r"^[0-9]{21}$", strip_whitespace=True)]
QueryCodeText = Annotated[str, StringConstraints(min_length=8, max_length=20), AfterValidator(typed_query_code)]
UnitTemplate = Annotated[str, StringConstraints(pattern=r"^[a-z](?:[a-z0-9_-]|\{community\}|\{street\}){1,63}$")]
Files = Annotated[tuple[Sha256, ...], Field(max_length=9)]
Amount = Annotated[int, Field(ge=1, le=365)]


class LimitIn(Input):
    """How long something may take."""

    amount: Amount
    unit: Unit


class ReporterIn(Input):
    """Who brings the matter, if they say so; kept with the case only."""

    name: ShortText | None = None
    contact: Annotated[str, StringConstraints(pattern=r"^[0-9+ ()-]{5,30}$")] | None = None
    person_id: UUID | None = None


class SelfResolutionIn(Input):
    """What the worker did on the spot."""

    note: Note
    point: PointIn | None = None
    attachments: Files = ()


class ReportIn(Input):
    """A hazard, a dispute or an opinion. A point, or a grid chosen by hand; neither is demanded."""

    category: CategoryCode
    title: Line
    description: Note | None = None
    point: PointIn | None = None
    grid_code: GridCode | None = None
    building_id: UUID | None = None
    channel: Channel = Channel.FIELD
    emergency: bool = False
    restricted: bool = False
    anonymous: bool = False
    reporter: ReporterIn | None = None
    attachments: Files = ()
    self_resolution: SelfResolutionIn | None = None

    @model_validator(mode="after")
    def _building_lies_somewhere(self) -> Self:
        if self.building_id and not (self.grid_code or self.point):
            raise ValueError("a building comes with its grid or a point")
        return self


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


class ReporterOut(Schema):
    """Who reported, for those who may know."""

    name: str | None
    contact: str | None
    person_id: UUID | None
    taken_at: datetime


class DisclosureIn(Input):
    """What the contact is needed for."""

    purpose: Line


class Disclosure(Schema):
    """The contact of a reporter in clear; that it was shown is on record."""

    contact: str | None


class RoutingOut(Schema):
    """What the table said, in words."""

    routed: Routed
    unit_code: str | None
    rule_id: UUID | None
    explanation: str


class CaseOut(CaseSummary):
    """A whole case. `reporter` is null for whoever may not know."""

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


class DispatchIn(Input):
    """A unit to give the case to, by hand."""

    unit_code: UnitCode
    role: DispatchRole = DispatchRole.LEAD
    limit: LimitIn | None = None
    note: Note | None = None


class NoteIn(Input):
    """Words to a step, if there are any."""

    note: Note | None = None


class HandlingIn(Input):
    """What the unit did."""

    note: Note
    attachments: Files = ()


class ObjectionIn(Input):
    """Why the dispatch is wrong."""

    reason: ObjectionReason
    note: Note | None = None


class DecisionIn(Input):
    """Let the dispatch stand, or name the unit that shall have it instead."""

    reroute_to: UnitCode | None = None
    limit: LimitIn | None = None
    note: Note


class VerificationIn(Input):
    """What was seen on the spot."""

    solved: bool
    note: Note | None = None
    point: PointIn | None = None
    attachments: Files = ()

    @model_validator(mode="after")
    def _say_what_is_missing(self) -> Self:
        if not self.solved and self.note is None:
            raise ValueError("say what is not solved")
        return self


class RatingIn(Input):
    """One (very satisfied) to five (very dissatisfied), as in the rating of government services."""

    grade: Grade
    note: Note | None = None


class ProgressIn(Input):
    """The two codes of the receipt."""

    case_code: CaseCodeText
    query_code: QueryCodeText


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


class CategoryOut(Schema):
    """A category, and what to dial before reporting when it is urgent."""

    code: str
    name_zh: str
    name_en: str
    kind: CaseKind
    restricted: bool
    emergency_number: str


class RuleIn(Input):
    """A row of the routing table."""

    category: CategoryCode
    area_prefix: AreaCode
    unit_code: UnitTemplate
    position: Annotated[int, Field(ge=0, le=999)] = 0
    limit: LimitIn
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("a rule ends after it begins")
        return self


class RuleChange(Input):
    """What shall hold from a day on; category and area of a row never change."""

    unit_code: UnitTemplate
    position: Annotated[int, Field(ge=0, le=999)] = 0
    limit: LimitIn
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("a rule ends after it begins")
        return self


class RuleOut(Schema):
    """A row of the routing table."""

    id: UUID
    version: int
    category: str
    area_prefix: str
    unit_code: str
    position: int
    limit_amount: int
    limit_unit: Unit
    valid_from: date
    valid_to: date | None


class DryRun(RoutingOut):
    """What the table would say today, and which number to dial first."""

    category: str
    area_code: str
    fitting: int
    limit_amount: int | None
    limit_unit: Unit | None
    emergency_number: str


class Figure(Schema):
    """A count, and the query of the rows behind it. Restricted cases beside it: at district level, from five on."""

    name: str
    count: int
    restricted_count: int | None
    query: str


class Figures(Schema):
    """What the overview shows of an area."""

    area_code: str
    as_of: datetime
    figures: list[Figure]
