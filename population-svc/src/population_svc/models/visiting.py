"""Visits, what they demand, who is asked back, and the visits cases ask for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from grid_kernel.types import AREA_CODE, EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import VISIT_NOTE, Base, area_column
from population_svc.rules import CheckAbout, CheckAnswer, VisitOutcome


class Visit(Base, table=True):
    """A visit or an attempt, as it was; never changed but for the area it is looked up by."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    household_id: UUID = Field(foreign_key="household.id")
    dwelling_id: UUID = Field(index=True)
    area_code: str = area_column()
    grid_code_then: str = area_column()
    visited_at: datetime = Field(sa_type=UtcDateTime)
    visited_on: date
    outcome: VisitOutcome = Field(sa_type=StringEnum(VisitOutcome))
    kind: str
    needs: list[str] = Field(sa_type=ARRAY(Text))
    unchanged: bool = False
    revisit_on: date | None = None
    note: str | None = Field(default=None, sa_type=EncryptedText(VISIT_NOTE))
    worker_id: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_visit_household_id", "household_id", "visited_on", "id"),
        Index("ix_visit_area_code", "area_code", "visited_on", postgresql_include=["household_id", "outcome"]),
    )


class VisitRule(Base, table=True):
    """What visiting demands in an area and below from a day on; the longest area code wins."""

    __tablename__ = "visit_rule"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE)
    valid_from: date
    valid_to: date | None = None
    monthly_minimum: int
    coverage_percent: int
    care_visits: int
    care_gap_days: int
    visit_weekday: int | None = None
    spot_check_percent: int = rules.SPOT_CHECK_PERCENT

    __table_args__ = (UniqueConstraint("area_code", "valid_from"),)


class FollowUp(Base, table=True):
    """A visit a case asked for; open until a visit of that household after it."""

    __tablename__ = "follow_up"

    id: UUID = Field(primary_key=True)
    case_id: UUID
    case_code: str
    household_id: UUID = Field(foreign_key="household.id", index=True)
    area_code: str = area_column()
    requested_at: datetime = Field(sa_type=UtcDateTime)
    visit_id: UUID | None = None


class SpotCheck(Base, table=True):
    """A household, or an empty dwelling, drawn by chance to be asked back."""

    __tablename__ = "spot_check"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    household_id: UUID | None = Field(default=None, foreign_key="household.id")
    dwelling_id: UUID | None = Field(default=None, foreign_key="dwelling.id")
    visit_id: UUID | None = None
    area_code: str = area_column()
    about: CheckAbout = Field(sa_type=StringEnum(CheckAbout))
    drawn_on: date
    answer: CheckAnswer | None = Field(default=None, sa_type=StringEnum(CheckAnswer))
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    __table_args__ = (
        Index("ix_spot_check_area_code", "area_code", "drawn_on"),
        UniqueConstraint("household_id", "drawn_on"),
        UniqueConstraint("dwelling_id", "drawn_on"),
    )

    def reply(self, answer: CheckAnswer, now: datetime) -> None:
        """Note what was said, once."""
        if self.answer is not None:
            raise rules.AlreadyAnswered
        self.answer, self.answered_at = answer, now
        self.version += 1
