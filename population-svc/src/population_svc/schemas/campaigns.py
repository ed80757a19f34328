"""Campaigns on the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from grid_kernel.schemas import AreaCode, Input, Line, Schema, ShortText, UnitCode
from population_svc.rules import CampaignState
from population_svc.schemas.importing import ElementCode
from population_svc.schemas.persons import Code

CampaignKind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
Ids = Annotated[list[UUID], Field(max_length=5_000)]


class PlacesChosen(Input):
    """Buildings or things of the area, as gis knows them, of some kinds where named."""

    of: Literal["buildings", "things"]
    kinds: Annotated[list[CampaignKind], Field(max_length=50)] = Field(default_factory=list)


class Selection(Input):
    """Which homes of the area: every condition that is named must hold; none named means all of them. `places` belongs
    to a form about places, and only to such a form."""

    places: PlacesChosen | None = None
    building_ids: Ids = Field(default_factory=list)
    dwelling_uses: Annotated[list[Code], Field(max_length=20)] = Field(default_factory=list)
    ids: Ids = Field(default_factory=list)


class CampaignIn(Input):
    """A campaign: what about, with which approved form, where, whose it is, on which basis, from when to when."""

    area_code: AreaCode
    kind: CampaignKind
    name: ShortText
    form_id: UUID
    owner: UnitCode
    basis: Line
    starts_on: date
    ends_on: date
    selection: Selection = Field(default_factory=Selection)


class GridShare(Schema):
    """How far a campaign has come in a grid."""

    area_code: str
    members: int
    answered: int


class CampaignRow(Schema):
    """A campaign in a list."""

    id: UUID
    area_code: str
    kind: str
    name: str
    form_id: UUID
    subject: str
    owner: str
    basis: str
    starts_on: date
    ends_on: date
    state: CampaignState
    members: int
    version: int


class CampaignOut(CampaignRow):
    """A campaign and how far it has come, by grid and never by person."""

    selection: dict[str, Any]
    answered: int
    grids: list[GridShare]


class CampaignAnswerIn(Input):
    """What was answered at a home. `id` made by the caller once; `answeredAt` when it was, now unless said."""

    id: UUID | None = None
    target_id: UUID
    answers: Annotated[dict[ElementCode, JsonValue], Field(max_length=100)]
    answered_at: AwareDatetime | None = None


class CampaignAnswerOp(CampaignAnswerIn):
    """The same as an operation of a phone."""

    campaign_id: UUID


class CampaignAnswerOut(Schema):
    """An answer that was kept."""

    id: UUID
    campaign_id: UUID
    target_id: UUID
    answered_at: datetime
    recorded_at: datetime


class CampaignTarget(Schema):
    """A home or place of a campaign: what is known of it, by element, and whether it was answered. `label` says what
    to look for where no household stands behind it: an empty dwelling, a building, a thing."""

    target_id: UUID
    label: str | None
    known: dict[str, str]
    answered_at: datetime | None


class PackCampaign(Schema):
    """A running campaign for the phone: its form as JSON Schema, and the homes of the grid; known only where open."""

    id: UUID
    kind: str
    name: str
    basis: str
    ends_on: date
    subject: str
    # Named so that no member shadows one of the framework's own.
    form_schema: dict[str, Any]
    targets: list[CampaignTarget]
