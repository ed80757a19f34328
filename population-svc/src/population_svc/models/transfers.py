"""Claims and transfers between grids."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from grid_kernel.types import StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import Base, area_column
from population_svc.rules import TransferKind, TransferRefusal, TransferState


class Transfer(Base, table=True):
    """That a household, or one person of it, is to belong to another grid once both grids agree."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    kind: TransferKind = Field(sa_type=StringEnum(TransferKind))
    state: TransferState = Field(default=TransferState.OPEN, sa_type=StringEnum(TransferState))
    household_id: UUID = Field(foreign_key="household.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    area_code: str = area_column()
    to_area_code: str = area_column()
    to_dwelling_id: UUID | None = Field(default=None, foreign_key="dwelling.id")
    to_household_id: UUID | None = Field(default=None, foreign_key="household.id")
    relation_to_head: str | None = None
    moved_on: date
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refusal: TransferRefusal | None = Field(default=None, sa_type=StringEnum(TransferRefusal))
    version: int = 1

    __table_args__ = (
        Index("ix_transfer_household_id", "household_id"),
        Index("ix_transfer_area_code", "area_code", "id"),
        Index("ix_transfer_to_area_code", "to_area_code", "id"),
        Index(
            "uq_transfer_undecided",
            text("coalesce(person_id, household_id)"),
            unique=True,
            postgresql_where=text("state in ('open', 'with_head')"),
        ),
    )

    def _become(self, state: TransferState) -> None:
        if state not in rules.TRANSFER_MOVES[self.state]:
            raise rules.TransferDecided
        self.state = state
        self.version += 1

    def accept(self, now: datetime) -> None:
        """Both grids agree."""
        self._become(TransferState.ACCEPTED)
        self.decided_at = now

    def refuse(self, refusal: TransferRefusal, now: datetime) -> None:
        """The other grid says no; everybody stays where they are."""
        self._become(TransferState.REFUSED)
        self.refusal, self.decided_at = refusal, now

    def withdraw(self, now: datetime) -> None:
        """The grid that began takes it back."""
        self._become(TransferState.WITHDRAWN)
        self.decided_at = now

    def go_to_head(self) -> None:
        """Nobody answered in time."""
        self._become(TransferState.WITH_HEAD)

    def lapse(self, now: datetime) -> None:
        """Whoever was to change the grid moved otherwise."""
        self._become(TransferState.LAPSED)
        self.decided_at = now
