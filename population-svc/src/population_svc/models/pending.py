"""Which members are checked before they count, and the changes that wait for it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from grid_kernel.types import AREA_CODE, EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import PENDING_CHANGE, Base, area_column
from population_svc.rules import CheckedKind, PendingRefusal, PendingState


class CheckSetting(Base, table=True):
    """That a member of a kind of record is checked in an area and below, from a day on."""

    __tablename__ = "check_setting"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE)
    kind: CheckedKind = Field(sa_type=StringEnum(CheckedKind))
    member: str
    valid_from: date
    valid_to: date | None = None
    version: int = 1

    __table_args__ = (UniqueConstraint("area_code", "kind", "member", "valid_from"),)

    def end(self, on: date) -> None:
        """Hold no more from a day on."""
        if self.valid_to is not None:
            raise rules.SettingEnded
        self.valid_to = on
        self.version += 1


class PendingChange(Base, table=True):
    """What somebody says of a record and a second person has not looked at yet. The record stays as it was."""

    __tablename__ = "pending_change"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    kind: CheckedKind = Field(sa_type=StringEnum(CheckedKind))
    object_id: UUID = Field(index=True)
    area_code: str = area_column()
    members: list[str] = Field(sa_type=ARRAY(Text))
    changes: str = Field(sa_type=EncryptedText(PENDING_CHANGE))
    evidence: str | None = None
    effective_on: date
    asked_by: str
    asked_post: str | None = None
    asked_unit: str | None = None
    asked_at: datetime = Field(sa_type=UtcDateTime)
    state: PendingState = Field(default=PendingState.WAITING, sa_type=StringEnum(PendingState))
    refusal: PendingRefusal | None = Field(default=None, sa_type=StringEnum(PendingRefusal))
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    __table_args__ = (Index("ix_pending_change_area_code", "area_code", "state", "id"),)

    def decide(self, refusal: PendingRefusal | None, now: datetime) -> None:
        """Publish, or refuse for a reason; once."""
        if self.state is not PendingState.WAITING:
            raise rules.ChangeDecided
        self.state = PendingState.PUBLISHED if refusal is None else PendingState.REFUSED
        self.refusal, self.decided_at = refusal, now
        self.version += 1
