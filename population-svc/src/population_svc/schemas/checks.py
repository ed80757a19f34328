"""Visiting rules and asking back, on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from grid_kernel.schemas import AreaCode, Input, Schema
from population_svc.rules import CheckAbout, CheckAnswer


class VisitRuleIn(Input):
    """What visiting demands in an area and below from a day on."""

    area_code: AreaCode
    valid_from: date
    monthly_minimum: Annotated[int, Field(ge=0, le=2000)]
    coverage_percent: Annotated[int, Field(ge=1, le=100)]
    care_visits: Annotated[int, Field(ge=0, le=13)]
    care_gap_days: Annotated[int, Field(ge=0, le=90)]
    visit_weekday: Annotated[int, Field(ge=1, le=7, description="1 is Monday.")] | None = None
    spot_check_percent: Annotated[int, Field(ge=1, le=50, description="How many in a hundred are asked back.")] = 3


class VisitRuleOut(Schema):
    """A rule; `areaCode` is empty for the one that holds where no other does."""

    area_code: str
    valid_from: date
    valid_to: date | None
    monthly_minimum: int
    coverage_percent: int
    care_visits: int
    care_gap_days: int
    visit_weekday: int | None
    spot_check_percent: int


class SpotCheckAnswerIn(Input):
    """What the household said."""

    answer: CheckAnswer


class SpotCheckOut(Schema):
    """What to ask back: whether somebody came, a household lives elsewhere or declined, a dwelling is empty."""

    id: UUID
    household_id: UUID | None
    dwelling_id: UUID | None
    visit_id: UUID | None
    area_code: str
    about: CheckAbout
    drawn_on: date
    answer: CheckAnswer | None
    answered_at: datetime | None
    version: int
