"""Data elements and forms on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from grid_kernel.schemas import AreaCode, Input, Line, Note, Schema, ShortText, UnitCode
from population_svc.rules import ElementKind, FormState, MatchedBy
from population_svc.schemas.importing import ElementCode, RejectedRow

Subject = Literal["person", "household", "dwelling", "place"]
Days = Annotated[int, Field(ge=1, le=3_650)]
Options = Annotated[list[ShortText], Field(max_length=50)]


class DataElementOut(Schema):
    """One thing that is known once. `held` = the register itself holds it and forms come with it filled in."""

    code: str
    name: str
    name_en: str
    subject: str
    kind: ElementKind
    options: list[str]
    code_table: str | None
    owner: str
    source: str
    purpose: str
    basis: str
    fresh_days: int
    synonyms: list[str]
    held: bool


class FieldIn(Input):
    """A field somebody wants. What it is called decides whether it is known; a code says so outright."""

    name: ShortText
    code: ElementCode | None = None
    kind: Literal["text", "number", "date", "choice", "yes_no"] = "text"
    options: Options = Field(default_factory=list)
    required: bool = False
    fresh_days: Days = 365

    @model_validator(mode="after")
    def _choices(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("options belong to a choice, and a choice has options")
        return self


Fields = Annotated[list[FieldIn], Field(min_length=1, max_length=100)]


class FormMatchIn(Input):
    """Fields somebody thinks of asking."""

    subject: Subject
    fields: Fields


class FieldMatch(Schema):
    """Whether a field is known: as which element, and by what; `held` = it need not be asked at all."""

    name: str
    element: str | None
    matched_by: MatchedBy | None
    held: bool


class FormMatchOut(Schema):
    """How many of the fields are known already, and how many of those the register can fill in."""

    total: int
    existing: int
    held: int
    fields: list[FieldMatch]


class FormIn(Input):
    """A form somebody asks for: by whom it is used, why, on which basis, until when."""

    area_code: AreaCode
    name: ShortText
    subject: Subject
    fields: Fields
    owner: UnitCode
    reason: Note
    basis: Line
    ends_on: date


class FormFieldOut(Schema):
    """A field of a form; one that is `known` comes filled in."""

    name: str
    element: str
    matched_by: MatchedBy | None
    kind: ElementKind
    options: list[str]
    required: bool
    known: bool


class FormOut(Schema):
    """A form, and how much of it was known when it was asked for."""

    id: UUID
    area_code: str
    name: str
    subject: str
    fields: list[FormFieldOut]
    total: int
    existing: int
    held: int
    owner: str
    reason: str
    basis: str
    ends_on: date
    state: FormState
    asked_at: datetime
    decided_at: datetime | None
    version: int


class FormRow(Schema):
    """A form in a list."""

    id: UUID
    area_code: str
    name: str
    subject: str
    owner: str
    basis: str
    ends_on: date
    state: FormState
    asked_at: datetime
    version: int


class FormDecisionIn(Input):
    """Whether a form is taken into use."""

    approved: bool


class ReturnedOut(Schema):
    """What became of a filled form: rows that answered a campaign, that changed the record, that said nothing new, and
    the first of those that were refused; `corrections` gives all of them back as a table."""

    rows: int
    answered: int
    changed: int
    unchanged: int
    refused: int
    rejected: list[RejectedRow]
