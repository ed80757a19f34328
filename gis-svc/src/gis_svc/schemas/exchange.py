"""Areas out of files, and what violates the topology."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from gis_svc.rules import Fault
from gis_svc.schemas.shapes import Day, Position
from grid_kernel.schemas import Input, Schema

SourceCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,31}$")]


class Adoption(Input):
    """The source whose outline shall be the one in force."""

    source: SourceCode
    effective_on: Day | None = None


class ImportedArea(Schema):
    """What an import does with one feature of the file."""

    feature: int
    code: str | None
    name: str | None
    action: Literal["version", "redrawn", "new"]


class FindingOut(Schema):
    """One violation of the topology: who violates what, how much ground, where, in words."""

    fault: Fault
    codes: list[str]
    building_id: UUID | None
    area_m2: float | None
    place: Position
    text: str


class ImportProblem(Schema):
    """Why a feature cannot be taken; null is the file as a whole."""

    feature: int | None
    code: str
    text: str


class AreasImported(Schema):
    """What an import did, or would do: nothing is stored when there are problems."""

    stored: bool
    source: str
    features: int
    areas: list[ImportedArea]
    problems: list[ImportProblem]
    findings: list[FindingOut]


class TopologyReport(Schema):
    """Everything that violates the topology of an area on a day, the largest ground first."""

    as_of: date
    within: str | None
    areas: int
    buildings: int
    counts: dict[Fault, int]
    findings: list[FindingOut]
    more: int
