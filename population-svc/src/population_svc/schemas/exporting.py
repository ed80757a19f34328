"""Exports on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from grid_kernel.schemas import AreaCode, Input, Note, Schema
from population_svc.rules import ExportPurpose, ExportState
from population_svc.schemas.forms import Subject
from population_svc.schemas.importing import ElementCode


class ExportIn(Input):
    """Which elements of which rows are to be taken out, and for what. `whole`: numbers without mask, which a second
    person has to agree to."""

    area_code: AreaCode
    subject: Subject
    elements: Annotated[list[ElementCode], Field(min_length=1, max_length=40)]
    purpose: ExportPurpose
    reason: Note
    whole: bool = False
    format: Literal["csv", "xlsx"] = "xlsx"


class ExportOut(Schema):
    """An export. Its reason is shown to whoever asked and to whoever decides."""

    id: UUID
    area_code: str
    subject: str
    elements: list[str]
    purpose: ExportPurpose
    reason: str
    whole: bool
    format: str
    state: ExportState
    rows: int
    mark: str
    downloads: int
    asked_at: datetime
    decided_at: datetime | None
    ready_at: datetime | None
    expires_at: datetime | None
    version: int


class ExportDecisionIn(Input):
    """Whether the rows may be taken out."""

    approved: bool
