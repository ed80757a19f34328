"""Organisations, volunteer teams, seats, and public documents of communities."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from grid_kernel.contracts import population as says
from grid_kernel.types import EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.grams import grams
from population_svc.history import version_table
from population_svc.models.base import CONTACT, Base, area_column, take_over
from population_svc.rules import DocumentKind, SeatBody, SeatRole


class Organization(Base, table=True):
    """A firm, shop or institution of the area; who answers there is kept apart from what is public of it."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = area_column()
    building_id: UUID | None = Field(default=None, index=True)
    kind: str
    name: str
    name_grams: list[str] = Field(sa_type=ARRAY(Text))
    uscc: str | None = None
    address: str
    contact_name: str | None = Field(default=None, sa_type=EncryptedText(CONTACT))
    contact_phone: str | None = Field(default=None, sa_type=EncryptedText(CONTACT))
    opened_on: date
    closed_on: date | None = None
    version: int = 1
    effective_on: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_organization_area_code", "area_code", "id"),
        Index("uq_organization_uscc_open", "uscc", unique=True, postgresql_where=text("closed_on is null")),
        Index("ix_organization_name_grams", "name_grams", postgresql_using="gin"),
    )

    def registered(self) -> says.OrganizationRegistered:
        """Say that it entered the register."""
        return says.OrganizationRegistered(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            kind=self.kind,
            building_id=self.building_id,
        )

    def change(self, changes: dict[str, Any], *, since: date, now: datetime) -> None:
        """Take over what is different."""
        if self.closed_on is not None:
            raise rules.OrganizationClosed
        more = {"name_grams": grams(changes["name"])} if "name" in changes else {}
        take_over(self, changes | more, since=since, now=now)

    def close(self, *, on: date, now: datetime) -> says.OrganizationClosed:
        """Exist no more, from a day on."""
        self.change({}, since=on, now=now)
        self.closed_on, self.effective_on = on, min(self.effective_on, on)
        return says.OrganizationClosed(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            closed_on=on,
        )


class VolunteerTeam(Base, table=True):
    """A volunteer team: what it does, where, when it can be called, and who leads it."""

    __tablename__ = "volunteer_team"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = area_column()
    kind: str
    name: str
    hours: str
    members: int
    unit_code: str | None = None
    leader_name: str | None = Field(default=None, sa_type=EncryptedText(CONTACT))
    leader_phone: str | None = Field(default=None, sa_type=EncryptedText(CONTACT))
    formed_on: date
    ended_on: date | None = None
    version: int = 1
    effective_on: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (Index("ix_volunteer_team_area_code", "area_code", "id"),)

    def change(self, changes: dict[str, Any], *, since: date, now: datetime) -> None:
        """Take over what is different."""
        if self.ended_on is not None:
            raise rules.TeamEnded
        take_over(self, changes, since=since, now=now)

    def end(self, *, on: date, now: datetime) -> None:
        """Be called no more, from a day on."""
        self.change({}, since=on, now=now)
        self.ended_on, self.effective_on = on, min(self.effective_on, on)

    def changed(self) -> says.TeamChanged:
        """Say that there is something new of it."""
        return says.TeamChanged(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            kind=self.kind,
            unit_code=self.unit_code,
            active=self.ended_on is None,
        )


class Seat(Base, table=True):
    """That a person of the register sits in a body of a community for a term."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = area_column()
    body: SeatBody = Field(sa_type=StringEnum(SeatBody))
    role: SeatRole = Field(sa_type=StringEnum(SeatRole))
    person_id: UUID = Field(foreign_key="person.id", index=True)
    since: date
    until: date
    ended_on: date | None = None
    version: int = 1
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_seat_area_code", "area_code", "body", "id"),
        Index("uq_seat_held", "body", "area_code", "person_id", unique=True, postgresql_where=text("ended_on is null")),
        Index(
            "uq_seat_chair",
            "body",
            "area_code",
            unique=True,
            postgresql_where=text("ended_on is null and role = 'chair'"),
        ),
    )

    def end(self, *, on: date) -> None:
        """Give the seat up before or at the end of its term."""
        if self.ended_on is not None:
            raise rules.SeatEnded
        self.ended_on = on
        self.version += 1


class PublicDocument(Base, table=True):
    """Something a community publishes; a newer one of its title takes its place, the older one stays readable."""

    __tablename__ = "public_document"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = area_column()
    kind: DocumentKind = Field(sa_type=StringEnum(DocumentKind))
    title: str
    body: str
    published_on: date
    replaced_on: date | None = None
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (Index("ix_public_document_area_code", "area_code", "kind", "published_on"),)


organization_version = version_table(
    Organization, without=("name_grams", "contact_name", "contact_phone", "opened_on", "closed_on")
)
volunteer_team_version = version_table(VolunteerTeam, without=("leader_name", "leader_phone", "formed_on", "ended_on"))
