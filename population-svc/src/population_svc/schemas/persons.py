"""Persons on the wire. What comes out is masked by the reader's right; only a reveal shows a number whole."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from grid_kernel.schemas import GridCode, Input, Line, Schema, ShortText
from population_svc.rules import BirthPrecision, PersonStatus, RevealField, RevealPurpose

Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")]
DocumentNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9A-Za-z()（）-]{4,40}$")]
Evidence = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9+][0-9 -]{4,19}$")]


class PersonIn(Input):
    """A person who is entered. `id` may be made by the caller."""

    id: UUID | None = None
    name: ShortText
    sex: Code
    birth_date: date
    birth_precision: BirthPrecision = BirthPrecision.DAY
    id_document_type: Code = "111"
    id_number: DocumentNumber | None = None
    phone: Phone | None = None
    relation_to_head: Code
    population_type: Code
    registered_here: bool = False
    registered_address: Line | None = None
    registration_matches: Annotated[
        bool | None, Field(description="人户一致: lives where he or she is registered; null while nobody asked.")
    ] = None


class NewPerson(PersonIn):
    """A person who is entered into a household."""

    household_id: UUID
    moved_in_on: date


class PersonChange(Input):
    """What is different about a person, and since when (today unless said)."""

    name: ShortText | None = None
    phone: Phone | None = None
    population_type: Code | None = None
    registered_here: bool | None = None
    registered_address: Line | None = None
    registration_matches: bool | None = None
    effective_on: date | None = None
    evidence: Evidence | None = None


class PersonCorrection(Input):
    """What was recorded wrongly and has always been otherwise, by a document; what was believed before is kept."""

    name: ShortText | None = None
    sex: Code | None = None
    birth_date: date | None = None
    birth_precision: BirthPrecision | None = None
    id_document_type: Code | None = None
    id_number: DocumentNumber | None = None
    evidence: Evidence


class PersonMove(Input):
    """Into which household of the district a person moved, and when."""

    household_id: UUID
    relation_to_head: Code
    moved_on: date


class Departure(Input):
    """When a person left the district."""

    left_on: date


class PersonOut(Schema):
    """A person as the reader may see it."""

    id: UUID
    area_code: str
    name: str
    sex: str
    birth_date: date | None
    birth_precision: BirthPrecision
    id_document_type: str
    id_number: str | None
    phone: str | None
    population_type: str
    registered_here: bool
    registered_address: str | None
    registration_matches: bool | None
    status: PersonStatus
    left_on: date | None
    restricted_on: date | None
    household_id: UUID | None
    relation_to_head: str | None
    version: int


class PersonChanged(PersonOut):
    """A person after a change; what of it waits for a second person."""

    waiting: list[str]


class ProvenanceOut(Schema):
    """Of one member: who said it (post and unit, never a name), when, by what evidence, when it was last confirmed.

    What was never said by itself was entered with the row; `ageDays` counts from the last word or confirmation.
    """

    member: str
    stated_at: datetime
    post: str | None
    unit: str | None
    evidence: str | None
    confirmed_at: datetime | None
    age_days: int


class Reveal(Input):
    """Which masked field is needed, and what for."""

    field: RevealField
    purpose: RevealPurpose


class Revealed(Schema):
    """One field of one person; the read is recorded."""

    id: UUID
    field: RevealField
    value: str | None


class PersonSearch(Input):
    """A whole identity or telephone number, or a name with at least one of grid, building, address and birth date.

    A name may be a part of it, its pinyin (`wangxiaoming`, `xiaoming`) or its initials (`wxm`).
    """

    name: ShortText | None = None
    id_number: DocumentNumber | None = None
    phone: Annotated[Phone, Field(min_length=7)] | None = None
    building_id: UUID | None = None
    grid: GridCode | None = None
    address: Annotated[Line, Field(min_length=4)] | None = None
    birth_date: date | None = None


class PresentPerson(Input):
    """The whole identity number of somebody who stands at the window, and what for."""

    id_number: DocumentNumber
    purpose: RevealPurpose


class PresenceOut(Schema):
    """The minimum: whether such a person is registered in the district, and in which community."""

    registered: bool
    community_code: str | None


class PersonFoundRow(Schema):
    """A hit of a search."""

    id: UUID
    area_code: str
    name: str
    sex: str
    birth_date: date | None
    id_number: str | None
    phone: str | None
    household_id: UUID | None
    address: str | None


class PersonRow(Schema):
    """A person behind a number of a statistic."""

    id: UUID
    area_code: str
    name: str
    sex: str
    birth_date: date | None
    id_number: str | None
    phone: str | None
    population_type: str
    registered_here: bool
    registration_matches: bool | None


class PersonsFound(Schema):
    """The first hits; `more` says that the search was not narrow enough to show all."""

    items: list[PersonFoundRow]
    more: bool
