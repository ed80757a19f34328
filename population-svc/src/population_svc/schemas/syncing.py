"""What a phone kept while it was offline, on the wire: operations, and an answer to each of them."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from grid_kernel.schemas import Input, Schema

MOST_OPERATIONS = 100


class Operation(Input):
    """One act of a phone. `id` is made by the phone once; sent again, it is answered and not done again.

    `body` is what the route of the same name takes. A change carries `base`: each changed member as the phone had it.
    """

    id: UUID
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z._]{1,40}$")]
    at: AwareDatetime
    base_version: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    target_id: UUID | None = None
    body: dict[str, JsonValue]


class SyncIn(Input):
    """Operations in the order in which they were made; any order, repetition and delay ends the same."""

    operations: Annotated[list[Operation], Field(min_length=1, max_length=MOST_OPERATIONS)]


class SyncResult(StrEnum):
    """What became of an operation."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"


class FieldProblem(Schema):
    """What is wrong with one member."""

    pointer: str
    code: str
    message: str


class ClashOut(Schema):
    """A member that was changed on both sides."""

    member: str
    phone: JsonValue
    server: JsonValue


class OperationResult(Schema):
    """The answer to one operation; the members that do not apply are null or empty."""

    id: UUID
    result: SyncResult
    version: int | None
    code: str | None
    title: str | None
    detail: str | None
    errors: list[FieldProblem]
    conflicts: list[ClashOut]
    server: dict[str, Any] | None


class SyncOut(Schema):
    """The answers, in the order of the operations."""

    results: list[OperationResult]
