"""What the map counts: changes of its layers, figures of areas, runs of processes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from gis_svc.models.base import Base
from gis_svc.rules import JobState, Level
from grid_kernel.types import AREA_CODE, StringEnum, UtcDateTime, uuid7


class LayerRevision(Base, table=True):
    """One row per layer of things on the map; the database counts it up with every statement that changes the layer."""

    __tablename__ = "layer_revision"

    layer: str = Field(primary_key=True)
    revision: int = 0


class LayerCell(Base, table=True):
    """The revision of a layer that last touched a tile of zoom 14: row * 16384 + column, -1 for all of them."""

    __tablename__ = "layer_cell"

    layer: str = Field(primary_key=True)
    cell: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int


class AreaFigure(Base, table=True):
    """Figures of a grid or a community in a quarter, out of what others say; null is not known. Never a person."""

    __tablename__ = "area_figure"
    __table_args__ = (UniqueConstraint("area_code", "valid_from"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE)
    level: Level = Field(sa_type=StringEnum(Level))
    valid_from: date
    valid_to: date
    households: int | None = None
    persons: int | None = None
    visited: int | None = None
    fresh: int | None = None
    cases: int | None = None
    open_cases: int | None = None
    version: int = 1


class CaseMark(Base, table=True):
    """Where and when a case was reported, and whether it is open; restricted cases leave no mark."""

    __tablename__ = "case_mark"

    id: UUID = Field(primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    reported_on: date | None = None
    closed: bool = False
    counted: bool = True
    sequence: int = 0

    def follow(self, area_code: str, sequence: int, *, closed: bool) -> None:
        """Be where and as the latest word says."""
        self.area_code, self.sequence, self.closed = area_code, sequence, closed


class ProcessJob(Base, table=True):
    """One run of a process: who asked for what, how far it is, and what came out."""

    __tablename__ = "process_job"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    process: str
    area_code: str = Field(sa_type=AREA_CODE)
    actor_id: str = Field(index=True)
    state: JobState = Field(default=JobState.ACCEPTED, sa_type=StringEnum(JobState))
    progress: int = 0
    message: str | None = None
    inputs: dict[str, Any] = Field(sa_type=JSONB)
    result: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, state: JobState, now: datetime, *, message: str | None = None, result: str | None = None) -> None:
        """Go on to another state."""
        self.state, self.updated_at, self.message = state, now, message
        if state in JobState.ended():
            self.finished_at, self.result = now, result
            self.progress = 100 if state is JobState.SUCCESSFUL else self.progress
