"""What is noted beside the register: words on buildings, changes for packs, statements, operations of phones."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Identity, Index, func, text
from sqlmodel import Field

from grid_kernel.types import AREA_CODE, UtcDateTime, uuid7
from population_svc.models.base import Base, area_column


class BuildingGrid(Base, table=True):
    """In which grid a building stands from a moment on: every word of gis, kept, so that their order is no matter.

    `sequence` is the building's own count at gis; what a file says of it comes before all words and has 0.
    """

    __tablename__ = "building_grid"

    building_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    takes_effect_at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    area_code: str = Field(sa_column=Column(AREA_CODE, primary_key=True))
    effective_on: date = Field(sa_column=Column(Date, nullable=False))
    building_no: str | None = None


class RosterChange(Base, table=True):
    """That a household of a grid changed in a transaction; appended by triggers, see `changes`."""

    __tablename__ = "roster_change"

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    area_code: str = area_column()
    household_id: UUID
    person_id: UUID | None = None
    changed_in: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("pg_current_xact_id()::text::bigint"))
    )
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, server_default=func.now()))

    __table_args__ = (Index("ix_roster_change_area_code", "area_code", "changed_in"),)


class UnitName(Base, table=True):
    """What a unit of the gateway is called, for whoever reads who looked."""

    __tablename__ = "unit_name"

    code: str = Field(primary_key=True)
    name: str


class Statement(Base, table=True):
    """That somebody said something of one member of a row: who, when, by what evidence. Appended, never changed."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    object_kind: str
    object_id: UUID
    member: str
    stated_at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    actor_id: str
    post: str | None = None
    unit: str | None = None
    evidence: str
    operation_id: UUID | None = None

    __table_args__ = (Index("ix_statement_object_id", "object_id", "member", "stated_at"),)


class SyncOperation(Base, table=True):
    """An operation of a phone that was taken over; the same id again is answered from here."""

    __tablename__ = "sync_operation"

    id: UUID = Field(primary_key=True)
    actor_id: str
    kind: str
    version: int | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
