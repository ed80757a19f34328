"""The care list and the visits cases ask for, on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from grid_kernel.schemas import Input, Line, Schema, ShortText
from population_svc.rules import BasisKind, CareEnd, CareState

Reason = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class CareEntryIn(Input):
    """Who needs care, for which reason of the code table, on what basis, until when (its months there unless said)."""

    id: UUID | None = None
    person_id: UUID
    reason: Reason
    basis: Line
    basis_kind: BasisKind = BasisKind.CONSENT
    guardian: ShortText | None = None
    starts_on: date
    expires_on: date | None = None


class CareRenewalIn(Input):
    """Until when it runs on (the months of its reason from today unless said), and on what basis now."""

    expires_on: date | None = None
    basis: Line | None = None


class CareEntryEndIn(Input):
    """When it ended."""

    ended_on: date


class CareEntryOut(Schema):
    """An entry of the care list; past `expires_on` it stays until somebody decides."""

    id: UUID
    person_id: UUID
    household_id: UUID
    area_code: str
    reason: str
    basis: str
    basis_kind: BasisKind
    guardian: str | None
    starts_on: date
    expires_on: date
    ended_on: date | None
    end_reason: CareEnd | None
    state: CareState
    version: int


class FollowUpOut(Schema):
    """A visit a case asked for."""

    id: UUID
    case_code: str
    household_id: UUID
    area_code: str
    requested_at: datetime
    visit_id: UUID | None
