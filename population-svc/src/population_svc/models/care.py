"""The care list."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from grid_kernel.contracts import population as says
from grid_kernel.types import EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import CARE_BASIS, CARE_GUARDIAN, Base, area_column
from population_svc.rules import BasisKind, CareEnd


class CareEntry(Base, table=True):
    """That a person needs care for a reason with a basis, until a day. Only the reasons of the code table exist."""

    __tablename__ = "care_entry"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    household_id: UUID = Field(foreign_key="household.id", index=True)
    area_code: str = area_column()
    reason: str = Field(foreign_key="care_reason.code")
    basis: str = Field(sa_type=EncryptedText(CARE_BASIS))
    basis_kind: BasisKind = Field(default=BasisKind.CONSENT, sa_type=StringEnum(BasisKind))
    guardian: str | None = Field(default=None, sa_type=EncryptedText(CARE_GUARDIAN))
    starts_on: date
    expires_on: date
    ended_on: date | None = None
    end_reason: CareEnd | None = Field(default=None, sa_type=StringEnum(CareEnd))
    version: int = 1
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_care_entry_area_code", "area_code", "household_id"),
        Index("uq_care_entry_running", "person_id", "reason", unique=True, postgresql_where=text("ended_on is null")),
    )

    def listed(self) -> says.CareListed:
        """Say that somebody is on the care list; never for what."""
        return says.CareListed(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            household_id=self.household_id,
            expires_on=self.expires_on,
        )

    def renew(self, *, until: date, now: datetime) -> None:
        """Run on until another day, because somebody looked and decided so."""
        if self.ended_on is not None:
            raise rules.CareEntryEnded
        self.expires_on = until
        self.version += 1
        self.recorded_at = max(self.recorded_at, now)

    def withdraw(self, *, on: date, now: datetime) -> says.CareEnded:
        """End because a consent was withdrawn; what rests on a statute does not rest on consent."""
        if self.basis_kind is BasisKind.STATUTORY:
            raise rules.NoConsentToWithdraw
        return self.end(on=on, now=now, reason=CareEnd.CONSENT_WITHDRAWN)

    def end(self, *, on: date, now: datetime, reason: CareEnd = CareEnd.NO_LONGER_NEEDED) -> says.CareEnded:
        """End on a day."""
        if self.ended_on is not None:
            raise rules.CareEntryEnded
        self.ended_on, self.end_reason = on, reason
        self.version += 1
        self.recorded_at = max(self.recorded_at, now)
        return says.CareEnded(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            household_id=self.household_id,
            ended_on=on,
        )


class CareReason(Base, table=True):
    """The service needs that can be on the care list; no other kind can be stored."""

    __tablename__ = "care_reason"

    code: str = Field(primary_key=True)
