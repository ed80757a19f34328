"""What is checked before it counts, on the wire."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from grid_kernel.schemas import AreaCode, Input, Schema
from population_svc.rules import CheckedKind, PendingRefusal, PendingState

Member = Annotated[str, StringConstraints(pattern=r"^[a-z_0-9]{2,40}$")]


class CheckSettingIn(Input):
    """Which member of which records is checked in an area and below, from a day on."""

    area_code: AreaCode
    kind: CheckedKind
    member: Member
    valid_from: date


class CheckSettingOut(Schema):
    """A setting; it holds until `validTo`."""

    id: UUID
    area_code: str
    kind: CheckedKind
    member: str
    valid_from: date
    valid_to: date | None
    version: int


class PendingChangeOut(Schema):
    """A change that waits: what the record says now stays until somebody decides."""

    id: UUID
    kind: CheckedKind
    object_id: UUID
    area_code: str
    members: list[str]
    changes: dict[str, Any]
    evidence: str | None
    effective_on: date
    asked_post: str | None
    asked_unit: str | None
    asked_at: datetime
    state: PendingState
    refusal: PendingRefusal | None
    decided_at: datetime | None
    version: int


class PendingDecision(Input):
    """Published when no reason against it is named."""

    refusal: PendingRefusal | None = None
