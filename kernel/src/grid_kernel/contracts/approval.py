"""What approval-svc says. The aggregate is the application, or the service item."""

from datetime import date
from typing import ClassVar, Literal

from grid_kernel.events import Event


class _ApplicationEvent(Event):
    item_code: str
    receipt_number: str


class ApplicationSubmitted(_ApplicationEvent):
    """Somebody applied for a service item."""

    subject: ClassVar[str] = "grid.approval.application.submitted.v1"


class ApplicationPreReviewed(_ApplicationEvent):
    """The community desk checked the papers and found them in order, or refused with a reason."""

    subject: ClassVar[str] = "grid.approval.application.pre_reviewed.v1"
    passed: bool


class ApplicationCorrectionRequired(_ApplicationEvent):
    """The applicant was told once, completely, what to correct."""

    subject: ClassVar[str] = "grid.approval.application.correction_required.v1"
    round: int


class ApplicationAccepted(_ApplicationEvent):
    """The department accepted the application; its clock runs."""

    subject: ClassVar[str] = "grid.approval.application.accepted.v1"
    unit_code: str


class ApplicationDeemedAccepted(_ApplicationEvent):
    """Nobody spoke within the limit of the notice, so the application counts as accepted (行政许可法 art 32)."""

    subject: ClassVar[str] = "grid.approval.application.deemed_accepted.v1"
    unit_code: str


class ApplicationForwarded(_ApplicationEvent):
    """A pre-reviewed application went to the department that decides it."""

    subject: ClassVar[str] = "grid.approval.application.forwarded.v1"
    unit_code: str


class ApplicationSuspended(_ApplicationEvent):
    """The clock stopped for a special procedure, or runs again."""

    subject: ClassVar[str] = "grid.approval.application.suspended.v1"
    suspended: bool
    procedure: str


class ApplicationDecided(_ApplicationEvent):
    """The department decided."""

    subject: ClassVar[str] = "grid.approval.application.decided.v1"
    decision: Literal["approved", "denied", "not_accepted"]
    unit_code: str


class ApplicationCompleted(_ApplicationEvent):
    """The result was handed over."""

    subject: ClassVar[str] = "grid.approval.application.completed.v1"


class ApplicationWithdrawn(_ApplicationEvent):
    """The applicant did not go on, or did not bring what was missing in time."""

    subject: ClassVar[str] = "grid.approval.application.withdrawn.v1"
    lapsed: bool


class ApplicationRated(_ApplicationEvent):
    """The applicant rated the service once (GB/T 39735: five fixed grades)."""

    subject: ClassVar[str] = "grid.approval.application.rated.v1"
    grade: Literal[1, 2, 3, 4, 5]


class ItemPublished(Event):
    """A version of a service item took effect."""

    subject: ClassVar[str] = "grid.approval.item.published.v1"
    item_code: str
    valid_from: date
