"""Tables that are brought in, on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from grid_kernel.schemas import AreaCode, CommunityCode, Input, Line, Schema, Sha256
from population_svc.rules import ImportMode, ImportState, PersonStatus
from population_svc.schemas.persons import Code

ElementCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
MOST_COLUMNS = 200


class ImportIn(Input):
    """A table that will be sent in parts: its name, how many bytes it has, and their SHA-256."""

    area_code: AreaCode
    filename: Line
    size: Annotated[int, Field(ge=1, lt=2**31)]
    sha256: Sha256


class ImportSheetIn(Input):
    """Which sheet of a workbook is read, by its name in `sheets`."""

    sheet: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ImportRunIn(Input):
    """How the table is read. `columns` names the element of each heading, null to leave it out; what is not said for
    a row is given here. A dry run enters nothing and says what would be refused. With mode `update` what a row says
    otherwise of somebody who is known here is taken over, unless people spoke of it on `asOf` (the day the table was
    made, needed then) or later."""

    dry_run: bool
    mode: ImportMode = ImportMode.NEW_ONLY
    as_of: date | None = None
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
    mode: ImportMode
    as_of: date | None
    rows: int
    noted: int
    position: int
    entered: int
    known: int
    differing: int
    updated: int
    rejected: int
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime
    version: int


class ImportOut(ImportRow):
    """An import. First all rows are looked through (`noted`), so that those of a dwelling are entered together. Rows
    before `position` are handled: entered, known, brought up to date, or refused; the others wait. `differing` of the
    known ones say something the register says otherwise: mode `update` takes it over.

    `dropped` are headings of columns no register of ours may hold: they were left out before anything was kept.
    """

    filename: str | None
    size: int
    part_bytes: int
    parts_missing: list[int]
    format: str | None
    encoding: str | None
    sheets: list[str]
    sheet: str | None
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


class BroughtPerson(Schema):
    """A person a table brought, or brought up to date."""

    id: UUID
    name: str
    area_code: str
    status: PersonStatus
    updated: bool


class BroughtHousehold(Schema):
    """A household a table formed."""

    id: UUID
    address: str
    area_code: str
    dissolved_on: date | None
