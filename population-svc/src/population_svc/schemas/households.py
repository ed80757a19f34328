"""Dwellings and households on the wire."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from grid_kernel.schemas import Input, Line, Schema, ShortText
from population_svc.rules import Presence, VisitState
from population_svc.schemas.persons import Code, Evidence, PersonIn, PersonOut, Phone

DwellingNo = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
SquareMetres = Annotated[float, Field(gt=0, le=99_999)]


class DwellingIn(Input):
    """A dwelling nobody entered before. `dwellingNo` may be left out where the room number has one to four digits."""

    id: UUID | None = None
    building_id: UUID
    entrance: Annotated[int, Field(ge=1, le=99)]
    floor: Annotated[int, Field(ge=-9, le=200)]
    room_no: Annotated[ShortText, Field(max_length=20)]
    dwelling_no: DwellingNo | None = None
    use: Code = "01"
    area_m2: SquareMetres | None = None
    address: Line


class DwellingChange(Input):
    """What is different about a dwelling, and since when (today unless said)."""

    use: Code | None = None
    area_m2: SquareMetres | None = None
    address: Line | None = None
    effective_on: date | None = None
    evidence: Evidence | None = None


class DwellingOut(Schema):
    """A dwelling."""

    id: UUID
    building_id: UUID
    area_code: str
    house_code: str
    entrance: int
    floor: int
    room_no: str
    use: str
    area_m2: float | None
    address: str
    version: int


class HouseholdIn(Input):
    """A household with its persons, in a dwelling that is known or entered with it."""

    id: UUID | None = None
    dwelling_id: UUID | None = None
    dwelling: DwellingIn | None = None
    household_type: Code = "10"
    formed_on: date
    phone: Phone | None = None
    persons: Annotated[list[PersonIn], Field(min_length=1, max_length=30)]

    @model_validator(mode="after")
    def _one_dwelling(self) -> Self:
        if (self.dwelling_id is None) == (self.dwelling is None):
            raise ValueError("either dwellingId or dwelling")
        return self


class HouseholdChange(Input):
    """What is different about a household, and since when (today unless said)."""

    phone: Phone | None = None
    presence: Presence | None = None
    household_type: Code | None = None
    head_person_id: UUID | None = None
    effective_on: date | None = None
    evidence: Evidence | None = None


class HouseholdMove(Input):
    """Into which dwelling of the district a household moved, and when."""

    dwelling_id: UUID | None = None
    dwelling: DwellingIn | None = None
    moved_on: date

    @model_validator(mode="after")
    def _one_dwelling(self) -> Self:
        if (self.dwelling_id is None) == (self.dwelling is None):
            raise ValueError("either dwellingId or dwelling")
        return self


class HouseholdOut(Schema):
    """A household with its dwelling and the persons who live in it now."""

    id: UUID
    area_code: str
    household_type: str
    presence: Presence
    head_person_id: UUID | None
    formed_on: date
    dissolved_on: date | None
    phone: str | None
    on_care_list: bool
    dwelling: DwellingOut
    persons: list[PersonOut]
    version: int


class HouseholdChanged(HouseholdOut):
    """A household after a change; what of it waits for a second person."""

    waiting: list[str]


class DwellingChanged(DwellingOut):
    """A dwelling after a change; what of it waits for a second person."""

    waiting: list[str]


class HouseholdRow(Schema):
    """A line of the roster (花名册), in the order of a walk through the building."""

    id: UUID
    area_code: str
    dwelling_id: UUID
    house_code: str
    entrance: int
    floor: int
    room_no: str
    address: str
    presence: Presence
    head_name: str | None
    phone: str | None
    person_count: int
    on_care_list: bool
    last_visited_on: date | None
    visit_count: int | None
    visit_state: VisitState | None
    version: int


class Moved(Schema):
    """Where the record lies now; who moved it may not see it there any more."""

    id: UUID
    area_code: str
    moved_on: date
    version: int
