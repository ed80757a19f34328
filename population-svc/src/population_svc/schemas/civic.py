"""Organisations, teams, seats and public documents on the wire."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from grid_kernel.schemas import AreaCode, CommunityCode, Input, Line, Schema, ShortText, UnitCode, clean
from population_svc.rules import DocumentKind, SeatBody, SeatRole
from population_svc.schemas.persons import Phone

KindCode = Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,40}$")]
Uscc = Annotated[str, StringConstraints(strip_whitespace=True, min_length=15, max_length=24)]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), AfterValidator(clean)]


class OrganizationIn(Input):
    """A firm, shop or institution. Its place is a building, or a grid where the building is not known."""

    id: UUID | None = None
    kind: KindCode
    name: Line
    uscc: Uscc | None = None
    building_id: UUID | None = None
    grid: AreaCode | None = None
    address: Line
    contact_name: ShortText | None = None
    contact_phone: Phone | None = None
    opened_on: date

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.building_id is None) == (self.grid is None):
            raise ValueError("either buildingId or grid")
        return self


class OrganizationChange(Input):
    """What is different about an organisation, and since when (today unless said)."""

    kind: KindCode | None = None
    name: Line | None = None
    uscc: Uscc | None = None
    address: Line | None = None
    contact_name: ShortText | None = None
    contact_phone: Phone | None = None
    effective_on: date | None = None


class Ending(Input):
    """On which day something ends."""

    ended_on: date


class OrganizationSearch(Input):
    """A whole code, or a part of the name; a sole trader's name may be a person's, so it travels in a body."""

    uscc: Uscc | None = None
    name: Line | None = None
    area: AreaCode | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.uscc is None and self.name is None:
            raise ValueError("uscc or name")
        return self


class OrganizationOut(Schema):
    """An organisation; who answers there only for those who keep the register."""

    id: UUID
    area_code: str
    building_id: UUID | None
    kind: str
    name: str
    uscc: str | None
    address: str
    contact_name: str | None
    contact_phone: str | None
    opened_on: date
    closed_on: date | None
    version: int


class OrganizationVersion(Schema):
    """How an organisation was from one day up to another."""

    kind: str
    name: str
    uscc: str | None
    address: str
    area_code: str
    valid_from: date
    valid_to: date | None


class TeamIn(Input):
    """A volunteer team of a community or a larger area; `unitCode` where it can be given work."""

    id: UUID | None = None
    area_code: AreaCode
    kind: KindCode
    name: Line
    hours: Line
    members: Annotated[int, Field(ge=1, le=10_000)]
    unit_code: UnitCode | None = None
    leader_name: ShortText | None = None
    leader_phone: Phone | None = None
    formed_on: date


class TeamChange(Input):
    """What is different about a team, and since when (today unless said)."""

    kind: KindCode | None = None
    name: Line | None = None
    hours: Line | None = None
    members: Annotated[int | None, Field(ge=1, le=10_000)] = None
    unit_code: UnitCode | None = None
    leader_name: ShortText | None = None
    leader_phone: Phone | None = None
    effective_on: date | None = None


class TeamOut(Schema):
    """A volunteer team; its leader only for those who keep the register."""

    id: UUID
    area_code: str
    kind: str
    name: str
    hours: str
    members: int
    unit_code: str | None
    leader_name: str | None
    leader_phone: str | None
    formed_on: date
    ended_on: date | None
    version: int


class TeamVersion(Schema):
    """How a team was from one day up to another."""

    kind: str
    name: str
    hours: str
    members: int
    valid_from: date
    valid_to: date | None


class SeatIn(Input):
    """Who sits in which body of a community, and for which term."""

    id: UUID | None = None
    community_code: CommunityCode
    body: SeatBody
    role: SeatRole = SeatRole.MEMBER
    person_id: UUID
    since: date
    until: date


class SeatOut(Schema):
    """A seat; over when its term is, or when it was given up."""

    id: UUID
    area_code: str
    body: SeatBody
    role: SeatRole
    person_id: UUID
    person_name: str
    since: date
    until: date
    ended_on: date | None
    version: int


class DocumentIn(Input):
    """What a community publishes. Nobody's personal data belongs into it."""

    id: UUID | None = None
    community_code: CommunityCode
    kind: DocumentKind
    title: Line
    body: Body


class DocumentRow(Schema):
    """A document in a list."""

    id: UUID
    area_code: str
    kind: DocumentKind
    title: str
    published_on: date
    replaced_on: date | None


class DocumentOut(DocumentRow):
    """A document with its text."""

    body: str
