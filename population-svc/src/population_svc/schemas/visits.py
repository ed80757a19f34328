"""Visits on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from grid_kernel.schemas import Input, Note, Schema
from population_svc.rules import VisitOutcome

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]


class VisitIn(Input):
    """A visit or an attempt. `id` may be made by the caller; position and photo are not asked for.

    `needs` are codes of the table visit_needs; `unchanged` says that persons and dwelling were found as recorded. A
    `note` is shown to whoever keeps the register and to the household, found by no search, and gone after 12 months.
    """

    id: UUID | None = None
    household_id: UUID
    visited_at: AwareDatetime
    outcome: VisitOutcome
    kind: Kind = "home_visit"
    needs: Annotated[list[Kind], Field(max_length=10)] = Field(default_factory=list)
    unchanged: bool = False
    revisit_on: date | None = None
    note: Note | None = None


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
    needs: list[str]
    unchanged: bool
    revisit_on: date | None
    note: str | None
    worker_id: str
    recorded_at: datetime


class VisitRecorded(VisitOut):
    """A visit that was recorded, and the version its household has since: what the next change of it names."""

    household_version: int
