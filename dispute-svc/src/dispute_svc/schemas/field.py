"""What the phone asks and sends: where a report would go, what lies near, what was done without a signal."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from dispute_svc.rules import CaseState
from dispute_svc.schemas.requests import Files
from dispute_svc.schemas.routing import CategoryCode, RoutingOut
from grid_kernel.schemas import GridCode, Input, Note, PointIn, Schema


class PreviewIn(Input):
    """A matter, and where it is: a grid, a point, or neither."""

    category: CategoryCode
    grid_code: GridCode | None = None
    point: PointIn | None = None


class PreviewOut(RoutingOut):
    """Which unit a report would go to today. None means a person of the centre decides; `explanation` says why."""

    category: str
    area_code: str
    unit_name: str | None
    limit_text: str | None
    restricted: bool
    emergency_number: str


class RouteOut(Schema):
    """Which unit a category goes to in a grid, for the phone's pack."""

    category: str
    unit_code: str | None
    unit_name: str | None
    limit_text: str | None


class NearbyIn(Input):
    """Where somebody is about to report, and what."""

    category: CategoryCode | None = None
    point: PointIn | None = None
    building_id: UUID | None = None

    @model_validator(mode="after")
    def _lies_somewhere(self) -> Self:
        if not (self.point or self.building_id):
            raise ValueError("a point or a building is needed")
        return self


class NearbyOut(Schema):
    """An open case that may be the same matter. The distance is null where only the building is known."""

    id: UUID
    case_code: str
    category: str
    title: str
    state: CaseState
    reported_at: datetime
    distance_m: int | None


class AdditionIn(Input):
    """What somebody saw more of a case."""

    note: Note
    attachments: Files = ()


class OperationIn(Input):
    """One act of a phone, told when there was a signal. Its id is made by the phone and never used again."""

    id: UUID
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z]+$", max_length=32)]
    at: AwareDatetime
    base_version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    target_id: UUID | None = None
    body: dict[str, Any]


class SyncIn(Input):
    """Up to a hundred acts, in any order."""

    operations: Annotated[tuple[OperationIn, ...], Field(min_length=1, max_length=100)]


class OperationError(Schema):
    """What is wrong with one member of an act's body."""

    pointer: str
    code: str
    message: str


class ServerCase(Schema):
    """The case as it stands now, for whoever may see it. The query code comes to the phone that reported it."""

    id: UUID
    version: int
    case_code: str
    state: CaseState
    unit_code: str | None
    unit_name: str | None
    query_code: str | None


class OperationOut(Schema):
    """What became of one act: done now, done before, overtaken, or refused; `code`, `title` and `detail` say why."""

    id: UUID
    result: Literal["created", "duplicate", "conflict", "rejected"]
    version: int | None
    code: str | None
    title: str | None
    detail: str | None
    errors: list[OperationError]
    server: ServerCase | None


class SyncOut(Schema):
    """One answer per act, in the order asked."""

    results: list[OperationOut]
