"""What crosses HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr, StringConstraints

from approval_svc.checklists import Answer, Need
from approval_svc.rules import ClockKind, Link, State, Verb
from grid_kernel.schemas import AreaCode, Input, Line, Note, Schema, Sha256, ShortText

ItemCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{3}$")]
SituationCode = Annotated[str, StringConstraints(pattern=r"^s[0-9]{1,3}$")]
ReceiptNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{21}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9]{7,12}$")]


class WhenOut(Schema):
    """The answer a paper depends on."""

    situation: str
    option: Answer


class OptionOut(Schema):
    """One answer."""

    code: Answer
    label: str


class SituationOut(Schema):
    """A condition the source prints, as a question."""

    code: str
    question: str
    options: list[OptionOut]


class MaterialOut(Schema):
    """One paper an item asks for."""

    seq: int
    name: str
    original: bool
    copies: int | None
    required: bool
    condition: str | None
    when: WhenOut | None


class LimitOut(Schema):
    """So many units."""

    amount: int
    unit: str


class ItemOut(Schema):
    """One version of a service item."""

    id: UUID
    code: str
    item_version: int
    valid_from: date
    valid_to: date | None
    name: str
    theme: str
    unit_code: str
    level: str
    item_type: str
    handling_type: str
    statutory_limit: LimitOut | None
    promised_limit: LimitOut | None
    notice_limit: LimitOut | None
    notice_basis: str | None
    deemed_accepted: bool
    conditions: str | None
    stages: str | None
    materials: list[MaterialOut]
    situations: list[SituationOut]
    materials_complete: bool
    source_org: str | None
    source_page: str | None
    source_year: int | None
    source_quality: str | None
    version: int


class ChecklistIn(Input):
    """What the applicant says to the item's situations; an unanswered one stays a question."""

    answers: Annotated[dict[SituationCode, Answer], Field(max_length=100)] = Field(default_factory=dict)


class ChecklistLine(Schema):
    """A paper, whether it has to be brought, and why."""

    seq: int
    name: str
    original: bool
    copies: int | None
    need: Need
    reason: str


class ChecklistOut(Schema):
    """The papers of an item after these answers. `complete` is false where the source's own list is not."""

    item_code: str
    item_name: str
    item_version: int
    lines: list[ChecklistLine]
    unanswered: list[SituationOut]
    complete: bool


class PartyIn(Input):
    """Who applies. The identity number is checked by GB 11643 and never shown again in full."""

    name: ShortText
    id_number: Annotated[SecretStr, Field(min_length=15, max_length=18)]
    phone: Phone | None = None


class MaterialIn(Input):
    """A paper that was brought, by its number in the item's list."""

    seq: Annotated[int, Field(ge=1, le=200)]
    attachments: Annotated[list[Sha256], Field(max_length=20)] = Field(default_factory=list)


class ApplicationIn(Input):
    """An application for an item, taken in at an area: the community's window or a worker's grid."""

    item_code: ItemCode
    area_code: AreaCode
    applicant: PartyIn
    channel: Literal["window", "online", "proxy"] = "window"
    materials: Annotated[list[MaterialIn], Field(max_length=100)] = Field(default_factory=list)


class ReasonIn(Input):
    """Why; the applicant reads it."""

    reason: Note


class PreReviewIn(Input):
    """Whether the papers are in order; a refusal says why."""

    passed: bool
    reason: Note | None = None


class NoticeIn(Input):
    """Everything that is missing, in one list. A further, different list needs the head and a reason."""

    deficiencies: Annotated[list[Line], Field(min_length=1, max_length=50)]
    reason: Note | None = None


class CorrectionIn(Input):
    """The papers as they are now."""

    materials: Annotated[list[MaterialIn], Field(max_length=100)]


class AcceptanceIn(Input):
    """Whether the unit takes the application; a refusal says why."""

    accepted: bool
    reason: Note | None = None


class SuspensionIn(Input):
    """The special procedure that stops the clock (行政许可法 art 45)."""

    procedure: Literal[
        "hearing", "tender", "inspection", "quarantine", "appraisal", "expert_review", "household_economic_check"
    ]


class DecisionIn(Input):
    """The decision; a denial says why."""

    approved: bool
    reason: Note | None = None


class ProgressIn(Input):
    """Receipt number and the eight characters beside it. Both travel in the body, never in an address."""

    receipt_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    query_code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]


class ProgressRatingIn(ProgressIn):
    """One of the five fixed grades, 1 very satisfied … 5 very dissatisfied (GB/T 39046 A.8)."""

    grade: Annotated[int, Field(ge=1, le=5)]


class StepOut(Schema):
    """One line of the history in plain words."""

    at: datetime
    text: str
    reason: str | None


class ProgressOut(Schema):
    """Where an application stands: never a name."""

    receipt_number: str
    item_name: str
    state: State
    state_text: str
    next_step: str
    due_at: datetime | None
    due_text: str | None
    overdue: bool
    deficiencies: list[str]
    steps: list[StepOut]
    may_rate: bool


class PartyOut(Schema):
    """Who applied, masked; `link` says whether the register of persons knows them."""

    name: str
    id_number: str
    phone: str | None
    person_id: UUID | None
    link: Link


class EntryOut(Schema):
    """One line of the history."""

    at: datetime
    verb: Verb
    state: State
    post: str | None
    unit: str | None
    reason: str | None


class ClockOut(Schema):
    """A limit with its end and the sentence that explains it."""

    kind: ClockKind
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime
    provisional: bool
    light: Literal["green", "yellow", "red"] | None
    explanation: str


class ApplicationLine(Schema):
    """An application in a list."""

    id: UUID
    receipt_number: str
    item_code: str
    item_name: str
    area_code: str
    unit_code: str
    state: State
    channel: str
    submitted_at: datetime
    due_at: datetime | None
    due_kind: ClockKind | None
    grade: int | None
    version: int


class ActionOut(Schema):
    """Something whoever asks may do now: the row it is done to, and that row's version for If-Match."""

    action: Verb
    target: UUID
    version: int


class ApplicationOut(ApplicationLine):
    """An application with everything that belongs to it, and what whoever asks may do now."""

    item_version: int
    applicant: PartyOut
    materials: list[MaterialIn]
    missing: list[MaterialOut]
    deficiencies: list[str]
    entries: list[EntryOut]
    clocks: list[ClockOut]
    actions: list[ActionOut]


class FactsIn(Input):
    """What the facts are needed for; it is recorded where they are kept."""

    purpose: Line


class FactsOut(Schema):
    """What the register knows of the applicant, so that nobody asks again; null where it knows nothing."""

    known: bool
    lives_here: bool | None
    registered_here: bool | None
    household_size: int | None
    age: int | None
    months_lived_here: int | None


class Sentence(Schema):
    """One sentence a notice may carry; `seq` is the paper it speaks of."""

    code: str
    seq: int | None
    text: str


class NoticeDraft(Schema):
    """What a one-time notice would say: what was not brought, and standard sentences to choose from."""

    missing: list[Sentence]
    standard: list[Sentence]


class ReceivedPaper(Schema):
    """A paper that was taken in, with so many files."""

    seq: int
    name: str
    files: int


class ReceiptOut(Schema):
    """What is printed and taken home. Its picture code carries the receipt number and nothing else."""

    receipt_number: str
    item_code: str
    item_name: str
    applicant_name: str
    area_code: str
    unit_name: str | None
    channel: str
    submitted_at: datetime
    received: list[ReceivedPaper]
    missing: list[MaterialOut]
    deficiencies: list[str]
    state: State
    state_text: str
    next_step: str
    due_at: datetime | None
    qr_text: str


class ApplicationReceived(Schema):
    """A new application, and its query code this once."""

    id: UUID
    receipt_number: str
    query_code: str
    state: State
    due_at: datetime | None
    missing: list[MaterialOut]
    version: int


class Figure(Schema):
    """A number and the query that lists its rows."""

    count: int
    rows: str


class WeekFigure(Schema):
    """What came in and what ended in the week that begins on a Monday."""

    week: date
    submitted: Figure
    ended: Figure


class WeekFigures(Schema):
    """The last weeks of an area, the oldest first; the running one is the last."""

    area_code: str
    made_at: datetime
    weeks: list[WeekFigure]


class FiguresOut(Schema):
    """Applications of an area in numbers."""

    area_code: str
    made_at: datetime
    figures: dict[str, Figure]
    by_state: dict[State, Figure]


class ApplicationMoved(Schema):
    """An application after a move."""

    id: UUID
    receipt_number: str
    state: State
    unit_code: str
    due_at: datetime | None
    due_kind: ClockKind | None
    version: int
