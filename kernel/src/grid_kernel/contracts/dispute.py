"""What dispute-svc says. Events of restricted cases carry the district code, no category and no grid (DESIGN §5)."""

from typing import ClassVar, Literal
from uuid import UUID

from grid_kernel.events import Event


class _CaseEvent(Event):
    case_code: str
    restricted: bool
    category: str | None


class CaseReported(_CaseEvent):
    """Somebody reported a hazard, a dispute or an opinion."""

    subject: ClassVar[str] = "grid.dispute.case.reported.v1"


class CaseLocated(_CaseEvent):
    """The grid of a case is known, or it is known that it lies in none."""

    subject: ClassVar[str] = "grid.dispute.case.located.v1"
    located: bool


class CaseDispatched(_CaseEvent):
    """A case went to a unit, by a rule or by a person."""

    subject: ClassVar[str] = "grid.dispute.case.dispatched.v1"
    dispatch_id: UUID
    unit_code: str


class CaseAccepted(_CaseEvent):
    """The unit took the case."""

    subject: ClassVar[str] = "grid.dispute.case.accepted.v1"
    dispatch_id: UUID
    unit_code: str


class CaseObjected(_CaseEvent):
    """The unit says the dispatch is wrong; an arbiter decides."""

    subject: ClassVar[str] = "grid.dispute.case.objected.v1"
    dispatch_id: UUID
    unit_code: str


class CaseHandled(_CaseEvent):
    """The unit says what it did."""

    subject: ClassVar[str] = "grid.dispute.case.handled.v1"
    dispatch_id: UUID
    unit_code: str


class CaseVerified(_CaseEvent):
    """A worker looked on the spot whether it is solved."""

    subject: ClassVar[str] = "grid.dispute.case.verified.v1"
    solved: bool


class CaseClosed(_CaseEvent):
    """A case ended."""

    subject: ClassVar[str] = "grid.dispute.case.closed.v1"
    outcome: Literal["solved", "self_resolved", "withdrawn", "merged", "transferred", "void"]


class CaseReopened(_CaseEvent):
    """A closed case goes on."""

    subject: ClassVar[str] = "grid.dispute.case.reopened.v1"


class CaseRated(_CaseEvent):
    """The reporter rated the handling."""

    subject: ClassVar[str] = "grid.dispute.case.rated.v1"
    grade: Literal[1, 2, 3, 4, 5]


class CaseFollowUpRequested(_CaseEvent):
    """A case asks for a visit to a household."""

    subject: ClassVar[str] = "grid.dispute.case.follow_up_requested.v1"
    household_id: UUID


class MediationAgreed(Event):
    """The parties of a mediation agreed."""

    subject: ClassVar[str] = "grid.dispute.mediation.agreed.v1"
    case_id: UUID
    form: Literal["oral", "written"]
