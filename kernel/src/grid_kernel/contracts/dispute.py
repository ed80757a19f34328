"""What dispute-svc says. Events of restricted cases carry the district code, no category and no grid."""

from typing import ClassVar, Literal
from uuid import UUID

from grid_kernel.events import Event


class CaseEvent(Event):
    """What every event of a case says; `state` is the one the case is in afterwards."""

    case_code: str
    restricted: bool
    category: str | None
    state: str | None = None
    lead_unit: str | None = None
    """Who has it, so that the unit's pages follow; of a restricted case nobody is told."""


class CasePartEvent(CaseEvent):
    """An event of the part one unit has in a case; the unit of a restricted case is not said, it would tell why."""

    dispatch_id: UUID
    unit_code: str | None


class CaseReported(CaseEvent):
    """Somebody reported a hazard, a dispute or an opinion."""

    subject: ClassVar[str] = "grid.dispute.case.reported.v1"


class CaseLocated(CaseEvent):
    """The grid of a case is known, or it is known that it lies in none."""

    subject: ClassVar[str] = "grid.dispute.case.located.v1"
    located: bool


class CaseDispatched(CasePartEvent):
    """A case went to a unit, by a rule or by a person."""

    subject: ClassVar[str] = "grid.dispute.case.dispatched.v1"


class CaseAccepted(CasePartEvent):
    """The unit took the case."""

    subject: ClassVar[str] = "grid.dispute.case.accepted.v1"


class CaseObjected(CasePartEvent):
    """The unit says the dispatch is wrong; an arbiter decides."""

    subject: ClassVar[str] = "grid.dispute.case.objected.v1"


class CaseHandled(CasePartEvent):
    """The unit says what it did."""

    subject: ClassVar[str] = "grid.dispute.case.handled.v1"


class CaseVerified(CaseEvent):
    """A worker looked on the spot whether it is solved."""

    subject: ClassVar[str] = "grid.dispute.case.verified.v1"
    solved: bool


class CaseExtensionAsked(CasePartEvent):
    """A unit asked for a later end of its part, or for putting it off."""

    subject: ClassVar[str] = "grid.dispute.case.extension_asked.v1"


class CaseExtensionDecided(CasePartEvent):
    """The centre granted a later end, or did not."""

    subject: ClassVar[str] = "grid.dispute.case.extension_decided.v1"
    approved: bool


class CaseReminded(CasePartEvent):
    """Whoever answers for the area asked a unit how far it is."""

    subject: ClassVar[str] = "grid.dispute.case.reminded.v1"


class CaseSupplemented(CaseEvent):
    """Somebody added to an open case what they saw."""

    subject: ClassVar[str] = "grid.dispute.case.supplemented.v1"


class CaseClosed(CaseEvent):
    """A case ended."""

    subject: ClassVar[str] = "grid.dispute.case.closed.v1"
    outcome: Literal["solved", "self_resolved", "withdrawn", "merged", "transferred", "void"]


class CaseReopened(CaseEvent):
    """A closed case goes on."""

    subject: ClassVar[str] = "grid.dispute.case.reopened.v1"


class CaseRated(CaseEvent):
    """The reporter rated the handling."""

    subject: ClassVar[str] = "grid.dispute.case.rated.v1"
    grade: Literal[1, 2, 3, 4, 5]


class CaseFollowUpRequested(CaseEvent):
    """A case asks for a visit to a household."""

    subject: ClassVar[str] = "grid.dispute.case.follow_up_requested.v1"
    household_id: UUID


class MediationAgreed(Event):
    """The parties of a mediation agreed."""

    subject: ClassVar[str] = "grid.dispute.mediation.agreed.v1"
    case_id: UUID
    form: Literal["oral", "written"]
