"""Visits on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from grid_kernel.schemas import Input, Schema
from population_svc.rules import VisitOutcome

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]


class VisitIn(Input):
    """A visit or an attempt. `id` may be made by the caller; position and photo are not asked for."""

    id: UUID | None = None
    household_id: UUID
    visited_at: AwareDatetime
    outcome: VisitOutcome
    kind: Kind = "home_visit"


class VisitOut(Schema):
    """A visit as it was."""

    id: UUID
    household_id: UUID
    area_code: str
    grid_code_then: str
    visited_at: datetime
    visited_on: date
    outcome: VisitOutcome
    kind: str
    worker_id: str
    recorded_at: datetime


class VisitRecorded(VisitOut):
    """A visit that was recorded, and the version its household has since: what the next change of it names."""

    household_version: int
