"""Tables brought in as files: the import, its parts as they arrive, its rows until it is done, what was refused."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from grid_kernel.types import EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import IMPORT, Base, area_column
from population_svc.rules import ImportMode, ImportState


class ImportJob(Base, table=True):
    """A table somebody brings in: what it is, how its columns are read, and how far it has come."""

    __tablename__ = "import_job"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = area_column()
    actor_id: str
    post: str | None = None
    unit: str | None = None
    filename: str = Field(sa_type=EncryptedText(IMPORT))
    sha256: str
    size: int
    state: ImportState = Field(default=ImportState.RECEIVING, sa_type=StringEnum(ImportState))
    problem: str | None = None
    format: str | None = None
    encoding: str | None = None
    headings: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    suggested: list[str | None] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    columns: list[str | None] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    dropped: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    given: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    sheets: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    sheet: str | None = None
    mode: ImportMode = Field(default=ImportMode.NEW_ONLY, sa_type=StringEnum(ImportMode))
    as_of: date | None = None
    dry_run: bool = False
    rows: int = 0
    noted: int = 0
    """Of how many rows it is noted whose they are, before any is entered."""
    loose: int = 0
    """How many rows stand apart from the others of their dwelling: they are entered last, together."""
    gathered: int = 0
    """Up to which row of the file the loose ones are gathered."""
    position: int = 0
    entered: int = 0
    known: int = 0
    differing: int = 0
    updated: int = 0
    rejected: int = 0
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_import_job_area_code", "area_code", "id"),
        Index("ix_import_job_state", "state"),
    )

    def go(self, state: ImportState, now: datetime) -> None:
        """Move on, where that is allowed."""
        if state not in rules.IMPORT_MOVES[self.state]:
            raise rules.ImportMoveNotAllowed
        self.state = state
        self._changed(now)
        if state in {ImportState.DONE, ImportState.CHECKED, ImportState.FAILED, ImportState.CANCELLED}:
            self.ended_at = now

    def fail(self, problem: str, now: datetime) -> None:
        """Stop, and say why; what was entered stays entered."""
        self.go(ImportState.FAILED, now)
        self.problem = problem

    def learn(
        self,
        kind: tuple[str, str | None],
        sheets: tuple[Sequence[str], str | None],
        headings: Sequence[str],
        suggested: Sequence[str | None],
        dropped: Sequence[str],
        rows: int,
        now: datetime,
    ) -> None:
        """What the file turned out to be."""
        self.format, self.encoding = kind
        self.sheets, self.sheet = list(sheets[0]), sheets[1]
        self.headings, self.suggested, self.columns = list(headings), list(suggested), list(suggested)
        self.dropped, self.rows = list(dropped), rows
        self.go(ImportState.READ, now)

    def read_sheet(self, sheet: str, now: datetime) -> None:
        """Read another sheet of the workbook."""
        self.go(ImportState.READING, now)
        self.sheet, self.problem, self.ended_at = sheet, None, None

    def run(
        self,
        columns: Sequence[str | None],
        given: dict[str, Any],
        mode: tuple[ImportMode, date | None],
        *,
        dry: bool,
        now: datetime,
    ) -> None:
        """Begin to enter rows, or only to check them; one that failed goes on where it stopped."""
        goes_on = self.state is ImportState.FAILED and not self.dry_run and not dry
        self.go(ImportState.RUNNING, now)
        self.problem, self.started_at, self.ended_at = None, now, None
        if goes_on:
            return
        self.columns, self.given, self.dry_run = list(columns), given, dry
        self.mode, self.as_of = mode
        self.noted = self.loose = self.gathered = self.position = 0
        self.entered = self.known = self.differing = self.updated = self.rejected = 0

    def advance(self, position: int, counted: Mapping[str, int], now: datetime) -> None:
        """Count rows that were handled."""
        self.position = position
        for name, number in counted.items():
            setattr(self, name, getattr(self, name) + number)
        if position >= self.rows:
            self.go(ImportState.CHECKED if self.dry_run else ImportState.DONE, now)
        else:
            self._changed(now)

    def _changed(self, now: datetime) -> None:
        self.version += 1
        self.changed_at = now


class ImportPart(Base, table=True):
    """A part of a file that is arriving, encrypted; gone once the file is read."""

    __tablename__ = "import_part"

    import_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    number: int = Field(primary_key=True)
    sealed: str


class ImportBlock(Base, table=True):
    """Some rows of a file without the columns that are never kept, encrypted."""

    __tablename__ = "import_block"

    import_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    first: int = Field(primary_key=True)
    rows: int
    sealed: str


class ImportKey(Base, table=True):
    """Whose a row is, until its import is done: keyed hashes of its dwelling and its person, never in clear."""

    __tablename__ = "import_key"

    import_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    place: int = Field(primary_key=True)
    dwelling: int | None = Field(default=None, sa_column=Column(BigInteger))
    person: int | None = Field(default=None, sa_column=Column(BigInteger))
    twice: bool = False
    loose: bool = False


class ImportLoose(Base, table=True):
    """A row that stands apart from the others of its dwelling, gathered beside them, encrypted."""

    __tablename__ = "import_loose"

    import_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    dwelling: int = Field(sa_column=Column(BigInteger, primary_key=True))
    place: int = Field(primary_key=True)
    row_no: int
    twice: bool
    cells: str = Field(sa_type=EncryptedText(IMPORT))


class ImportBatch(Base, table=True):
    """Which records came by which rows, or were brought up to date, in one transaction."""

    __tablename__ = "import_batch"

    import_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    first: int = Field(primary_key=True)
    rows: int
    person_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    household_ids: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False))
    dwelling_ids: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False))
    updated_ids: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False))
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_import_batch_person_ids", "person_ids", postgresql_using="gin"),
        Index("ix_import_batch_household_ids", "household_ids", postgresql_using="gin"),
        Index("ix_import_batch_dwelling_ids", "dwelling_ids", postgresql_using="gin"),
    )


class ImportRejection(Base, table=True):
    """A row that was not entered, and why: each fault beside its element."""

    __tablename__ = "import_rejection"

    import_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    row_no: int = Field(primary_key=True)
    area_code: str = area_column()
    cells: str = Field(sa_type=EncryptedText(IMPORT))
    errors: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))


class ColumnMemory(Base, table=True):
    """What a unit took a heading for the last time; null = a column it leaves out."""

    __tablename__ = "column_memory"

    owner: str = Field(primary_key=True)
    heading: str = Field(primary_key=True)
    element: str | None = None
    used_on: date
