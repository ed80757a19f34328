"""Deaths, and households that split and become one, on the wire."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from grid_kernel.schemas import Input
from population_svc.schemas.households import DwellingIn
from population_svc.schemas.persons import Code, Phone

Relations = Annotated[dict[UUID, Code], Field(min_length=1, max_length=30)]


class Death(Input):
    """When a person died."""

    died_on: date


class HouseholdSplit(Input):
    """Who is a household of their own, under which relation to its head; where they live if not where they did."""

    id: UUID | None = None
    relations: Relations
    dwelling_id: UUID | None = None
    dwelling: DwellingIn | None = None
    phone: Phone | None = None
    split_on: date

    @model_validator(mode="after")
    def _one_dwelling_at_most(self) -> Self:
        if self.dwelling_id is not None and self.dwelling is not None:
            raise ValueError("either dwellingId or dwelling")
        return self


class HouseholdMerger(Input):
    """Which household joins this one, each of its persons under which relation to the head who stays."""

    household_id: UUID
    relations: Relations
    merged_on: date
