"""Records that became one person, and pairs that were found to be two."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from grid_kernel.types import UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import Base, area_column


class PersonMerger(Base, table=True):
    """That one record stays for a person, and what the other had before: ids and codes only."""

    __tablename__ = "person_merger"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    kept_id: UUID = Field(foreign_key="person.id", index=True)
    merged_id: UUID = Field(foreign_key="person.id")
    area_code: str = area_column()
    before: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    merged_at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    def undo(self, now: datetime) -> None:
        """Become two records again, once."""
        if self.undone_at is not None:
            raise rules.AlreadyUndone
        self.undone_at = now
        self.version += 1


class DistinctPair(Base, table=True):
    """That two records are two persons; the smaller id stands first."""

    __tablename__ = "distinct_pair"

    first_id: UUID = Field(primary_key=True)
    second_id: UUID = Field(primary_key=True)
    decided_at: datetime = Field(sa_type=UtcDateTime)
