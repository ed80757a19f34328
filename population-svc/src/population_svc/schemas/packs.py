"""What a phone carries of a grid, on the wire. Names and telephones in clear, never an identity number."""

from datetime import date, datetime
from uuid import UUID

from grid_kernel.schemas import Schema
from population_svc.plan import Reason
from population_svc.rules import Presence, TransferKind, VisitOutcome
from population_svc.schemas.campaigns import PackCampaign
from population_svc.schemas.figures import AreaProgress, RuleOut


class PackMember(Schema):
    """Somebody who lives in a household of the grid."""

    id: UUID
    version: int
    name: str
    sex: str
    birth_date: date | None
    phone: str | None
    relation_to_head: str
    population_type: str
    registered_here: bool


class PackPerson(PackMember):
    """The same by itself, as a conflict shows it."""

    household_id: UUID


class PackHousehold(Schema):
    """A household with its dwelling, its persons, and how it stands in the quarter.

    `doorDigest` is the start of the SHA-256 of the code at its door, in URL-safe Base64: a phone finds the door by it.
    """

    id: UUID
    version: int
    dwelling_id: UUID
    dwelling_version: int
    building_id: UUID
    house_code: str
    address: str
    entrance: int
    floor: int
    room_no: str
    use: str
    area_m2: float | None
    household_type: str
    presence: Presence
    head_person_id: UUID | None
    phone: str | None
    care_reasons: list[str]
    care_visits: int
    visited_in_quarter: bool
    visited_in_month: bool
    last_visited_on: date | None
    last_outcome: VisitOutcome | None
    revisit_on: date | None
    door_digest: str | None = None
    persons: list[PackMember]


class PackDwelling(Schema):
    """A dwelling as a conflict shows it."""

    id: UUID
    version: int
    use: str
    area_m2: float | None
    address: str


class Gone(Schema):
    """Who is not of this grid any more."""

    households: list[UUID]
    persons: list[UUID]


class PlanLine(Schema):
    """A household of today's list, in the order of a walk, and why it is there."""

    household_id: UUID
    reasons: list[Reason]
    due_on: date


class PackFollowUp(Schema):
    """A visit a case asked for."""

    id: UUID
    case_id: UUID
    case_code: str
    household_id: UUID
    requested_at: datetime


class PackArrival(Schema):
    """A household that is to come to this grid and may be visited here before the other grid agrees."""

    transfer_id: UUID
    household_id: UUID
    kind: TransferKind
    to_dwelling_id: UUID | None
    moved_on: date


class PackOut(Schema):
    """A grid for the phone: everything when `complete`, else what changed since the cursor that was named."""

    area_code: str
    generated_at: datetime
    as_of: date
    cursor: str
    complete: bool
    quarter: str
    rule: RuleOut
    progress: AreaProgress
    households: list[PackHousehold]
    gone: Gone
    plan: list[PlanLine]
    follow_ups: list[PackFollowUp]
    arriving: list[PackArrival]
    campaigns: list[PackCampaign]
