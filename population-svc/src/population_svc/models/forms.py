"""Data elements people defined beside those of the register, and the forms made of both."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from grid_kernel.types import AREA_CODE, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import Base
from population_svc.rules import Element, ElementKind, FormState


class DataElement(Base, table=True):
    """Something forms ask that the register does not hold: whose it is, from where, what for, how long it is fresh."""

    __tablename__ = "data_element"

    code: str = Field(primary_key=True)
    name: str = Field(unique=True)
    subject: str
    kind: ElementKind = Field(sa_type=StringEnum(ElementKind))
    options: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    owner: str
    source: str
    purpose: str
    basis: str
    fresh_days: int
    synonyms: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    defined_by: str
    defined_at: datetime = Field(sa_type=UtcDateTime)

    def plain(self) -> Element:
        """As the rules read an element."""
        return Element(
            code=self.code,
            name_zh=self.name,
            name_en=self.code,
            subject=self.subject,
            kind=self.kind,
            code_table="",
            owner=self.owner,
            source=self.source,
            purpose=self.purpose,
            basis=self.basis,
            fresh_days=self.fresh_days,
            used_for=frozenset(),
            synonyms=tuple(self.synonyms),
        )


class Form(Base, table=True):
    """A form somebody asked for: its fields, how many of them were known, who decided, until when it is used."""

    __tablename__ = "form"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE)
    name: str
    subject: str
    fields: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    owner: str
    reason: str
    basis: str
    ends_on: date
    state: FormState = Field(default=FormState.REQUESTED, sa_type=StringEnum(FormState))
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    __table_args__ = (Index("ix_form_area_code", "area_code", "id"),)

    def decide(self, approved: bool, by: str, now: datetime) -> None:
        """Take it into use, or not."""
        if self.state is not FormState.REQUESTED:
            raise rules.FormDecided
        self.state = FormState.APPROVED if approved else FormState.REFUSED
        self.decided_by, self.decided_at = by, now
        self.version += 1

    def require_in_use(self, day: date) -> None:
        """Refuse when it is not approved, or its last day is over."""
        if self.state is not FormState.APPROVED or day > self.ends_on:
            raise rules.FormNotInUse
