"""Campaigns, the homes they are about, and what was answered there."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from grid_kernel.clock import today
from grid_kernel.types import AREA_CODE, EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import CAMPAIGN, Base, area_column
from population_svc.rules import CampaignState


class Campaign(Base, table=True):
    """A dated selection of households, dwellings or places with a form, an owner, a basis and an end."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE)
    kind: str
    name: str
    form_id: UUID = Field(foreign_key="form.id")
    subject: str
    owner: str
    basis: str
    selection: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    starts_on: date
    ends_on: date
    state: CampaignState = Field(default=CampaignState.PLANNED, sa_type=StringEnum(CampaignState))
    members: int = 0
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    __table_args__ = (Index("ix_campaign_area_code", "area_code", "id"),)

    def begin(self, members: int) -> None:
        """Its homes are chosen; from here on they stand in the lists of the day."""
        self.state, self.members = CampaignState.RUNNING, members
        self.version += 1

    def end(self, now: datetime) -> None:
        """Its form is gone from lists and phones; what was answered stays for its time."""
        if self.state is CampaignState.ENDED:
            raise rules.CampaignEnded
        self.state, self.ended_at = CampaignState.ENDED, now
        self.version += 1

    def require_open(self, day: date) -> None:
        """Refuse before its first day and after its last; an answer given in time may arrive at any later time."""
        if day < self.starts_on:
            raise rules.CampaignNotBegun
        ended_on = today(self.ended_at) if self.ended_at else None
        if day > self.ends_on or (ended_on is not None and day > ended_on):
            raise rules.CampaignEnded


class CampaignMember(Base, table=True):
    """A home of a campaign, chosen when it began."""

    __tablename__ = "campaign_member"

    campaign_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    target_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (Index("ix_campaign_member_target_id", "target_id"),)


class CampaignPlace(Base, table=True):
    """What a building or thing of a campaign is called, as gis said it; where it stands now."""

    __tablename__ = "campaign_place"

    campaign_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    area_code: str = area_column()
    kind: str
    name: str
    address: str


class CampaignAnswer(Base, table=True):
    """What was answered at a home, as it was sent; the last one given stands."""

    __tablename__ = "campaign_answer"

    id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id")
    target_id: UUID
    area_code: str = area_column()
    answers: str = Field(sa_type=EncryptedText(CAMPAIGN))
    worker_id: str
    answered_at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (Index("ix_campaign_answer_campaign_id", "campaign_id", "target_id", "answered_at"),)
