"""What the service knows besides cases: the routing table, units, grids that changed, numbers given."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from dispute_svc.models.base import Base, moment_column, secret_column
from grid_kernel.types import uuid7


class RoutingRule(Base, table=True):
    """One row of the routing table; a row that has begun is ended and followed by another, never rewritten."""

    __tablename__ = "routing_rule"
    __table_args__ = (Index("ix_routing_rule_category_area_prefix", "category", "area_prefix"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    version: int = 1
    category: str
    area_prefix: str
    unit_code: str
    position: int = 0
    limit_amount: int
    limit_unit: str
    valid_from: date
    valid_to: date | None = None


class HandlingUnit(Base, table=True):
    """A unit work can be given to, as the gateway told."""

    __tablename__ = "unit"

    code: str = Field(primary_key=True)
    name: str
    kind: str
    area_code: str
    active: bool


class Succession(Base, table=True):
    """What became of a grid that was split or merged; codes are never re-used, so there is one row a grid."""

    predecessor: str = Field(primary_key=True)
    successors: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    effective_on: date
    buildings: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))


class PersonMerge(Base, table=True):
    """Which record of a person stands for another one now."""

    __tablename__ = "person_merge"

    merged_id: UUID = Field(primary_key=True)
    survivor_id: UUID


class SyncOperation(Base, table=True):
    """What a phone did, once: the same operation sent again is answered with what it made."""

    __tablename__ = "sync_operation"

    id: UUID = Field(primary_key=True)
    actor_id: str
    kind: str
    case_id: UUID
    version: int = 0
    query_code: str | None = Field(default=None, sa_column=secret_column("sync_operation.query_code"))
    at: datetime = Field(sa_column=moment_column(nullable=False))
    recorded_at: datetime = Field(sa_column=moment_column(nullable=False))


class CaseNumber(Base, table=True):
    """The last number given to a case on a day."""

    __tablename__ = "case_number"

    day: date = Field(primary_key=True)
    last: int


class ProgressLock(Base, table=True):
    """Wrong query codes entered for a case."""

    __tablename__ = "progress_lock"

    case_id: UUID = Field(primary_key=True)
    wrong: int
    locked_until: datetime | None = Field(default=None, sa_column=moment_column())
