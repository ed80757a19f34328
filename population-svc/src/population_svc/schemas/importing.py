"""Tables that are brought in, on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from grid_kernel.schemas import AreaCode, CommunityCode, Input, Line, Schema, Sha256
from population_svc.rules import ImportState
from population_svc.schemas.persons import Code

ElementCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
MOST_COLUMNS = 200


class ImportIn(Input):
    """A table that will be sent in parts: its name, how many bytes it has, and their SHA-256."""

    area_code: AreaCode
    filename: Line
    size: Annotated[int, Field(ge=1, lt=2**31)]
    sha256: Sha256


class ImportRunIn(Input):
    """How the table is read. `columns` names the element of each heading, null to leave it out; what is not said for
    a row is given here. A dry run enters nothing and says what would be refused."""

    dry_run: bool
    columns: Annotated[list[ElementCode | None], Field(max_length=MOST_COLUMNS)] | None = None
    community_code: CommunityCode | None = None
    moved_in_on: date | None = None
    population_type: Code = "1"
    dwelling_use: Code = "01"


class ImportColumn(Schema):
    """A heading of the table, the element it probably names, and the one it was taken for."""

    heading: str
    suggested: str | None
    element: str | None


class ImportRow(Schema):
    """An import in a list."""

    id: UUID
    area_code: str
    state: ImportState
    problem: str | None
    dry_run: bool
    rows: int
    position: int
    entered: int
    known: int
    rejected: int
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime
    version: int


class ImportOut(ImportRow):
    """An import. Rows before `position` are handled: entered, known before, or refused; the others wait.

    `dropped` are headings of columns no register of ours may hold: they were left out before anything was kept.
    """

    filename: str | None
    size: int
    part_bytes: int
    parts_missing: list[int]
    format: str | None
    encoding: str | None
    columns: list[ImportColumn]
    dropped: list[str]
    same_file_as: UUID | None
    started_at: datetime | None
    version: int


class PartKept(Schema):
    """A part that arrived."""

    number: int
    size: int


class RowFault(Schema):
    """What is wrong with a cell, or with the row where no cell is named."""

    element: str
    heading: str | None
    code: str
    message: str


class RejectedRow(Schema):
    """A row that was not entered."""

    row_no: int
    faults: list[RowFault]
