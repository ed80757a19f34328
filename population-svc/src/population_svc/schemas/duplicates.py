"""Records that may be one person, on the wire."""

from datetime import date, datetime
from uuid import UUID

from grid_kernel.schemas import Input, Schema
from population_svc.rules import AlikeReason


class AlikePerson(Schema):
    """One of two records."""

    id: UUID
    area_code: str
    name: str
    sex: str
    birth_date: date | None
    phone: str | None
    household_id: UUID | None
    version: int


class AlikePair(Schema):
    """Two records that may be one person, and why one may think so."""

    first: AlikePerson
    second: AlikePerson
    reasons: list[AlikeReason]


class DistinctIn(Input):
    """Two records that were found to be two persons."""

    first_id: UUID
    second_id: UUID


class PersonMergerIn(Input):
    """Which record is the same person as the one that stays."""

    merged_id: UUID


class PersonMergerOut(Schema):
    """That two records became one, until it is undone."""

    id: UUID
    kept_id: UUID
    merged_id: UUID
    area_code: str
    merged_at: datetime
    undone_at: datetime | None
    version: int
