"""What people send about cases."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from dispute_svc.rules import (
    Channel,
    DispatchRole,
    ExtensionKind,
    Grade,
    ObjectionReason,
)
from dispute_svc.schemas.routing import CategoryCode, LimitIn
from grid_kernel.identifiers import typed_query_code
from grid_kernel.schemas import GridCode, Input, Line, Note, PointIn, Sha256, ShortText, UnitCode

CaseCodeText = Annotated[str, StringConstraints(pattern=r"^[0-9]{21}$", strip_whitespace=True)]
QueryCodeText = Annotated[str, StringConstraints(min_length=8, max_length=20), AfterValidator(typed_query_code)]
Files = Annotated[tuple[Sha256, ...], Field(max_length=9)]


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


class DisclosureIn(Input):
    """What the contact is needed for."""

    purpose: Line


class DispatchIn(Input):
    """A unit to give the case to, by hand."""

    unit_code: UnitCode
    role: DispatchRole = DispatchRole.LEAD
    limit: LimitIn | None = None
    note: Note | None = None


class TransferIn(Input):
    """The unit that shall have the part instead."""

    unit_code: UnitCode
    limit: LimitIn | None = None
    note: Note | None = None


class NoteIn(Input):
    """Words to a step, if there are any."""

    note: Note | None = None


class ReasonIn(Input):
    """Why, in words."""

    note: Note


class HandlingIn(Input):
    """What the unit did."""

    note: Note
    attachments: Files = ()


class ObjectionIn(Input):
    """Why the dispatch is wrong."""

    reason: ObjectionReason
    note: Note | None = None


class DecisionIn(Input):
    """Let the dispatch stand, with another limit where one is given, or name the unit that shall have it instead."""

    reroute_to: UnitCode | None = None
    limit: LimitIn | None = None
    note: Note


class MergeIn(Input):
    """The case that is the same matter and goes on."""

    into: UUID
    note: Note | None = None


class SplitIn(Input):
    """Another matter of the case."""

    category: CategoryCode
    title: Line
    description: Note | None = None


class ExtensionIn(Input):
    """Until when, and why; a deferral names the day to look again."""

    kind: ExtensionKind = ExtensionKind.EXTENSION
    until: date
    note: Note


class ExtensionDecisionIn(Input):
    """Whether the time is granted; a refusal says why."""

    approved: bool
    note: Note | None = None

    @model_validator(mode="after")
    def _say_why_not(self) -> Self:
        if not self.approved and self.note is None:
            raise ValueError("say why not")
        return self


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
