"""The routing table, categories, and what the table says."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from dispute_svc.rules import (
    CaseKind,
)
from dispute_svc.triage import Routed
from grid_kernel.clock import Unit
from grid_kernel.schemas import AreaCode, Input, Schema

CategoryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2}$")]
UnitTemplate = Annotated[str, StringConstraints(pattern=r"^[a-z](?:[a-z0-9_-]|\{community\}|\{street\}){1,63}$")]
Amount = Annotated[int, Field(ge=1, le=365)]


class LimitIn(Input):
    """How long something may take."""

    amount: Amount
    unit: Unit


class RoutingOut(Schema):
    """What the table said, in words."""

    routed: Routed
    unit_code: str | None
    rule_id: UUID | None
    explanation: str


class CategoryOut(Schema):
    """A category, and what to dial before reporting when it is urgent."""

    code: str
    name_zh: str
    name_en: str
    kind: CaseKind
    restricted: bool
    emergency_number: str


class RuleIn(Input):
    """A row of the routing table."""

    category: CategoryCode
    area_prefix: AreaCode
    unit_code: UnitTemplate
    position: Annotated[int, Field(ge=0, le=999)] = 0
    limit: LimitIn
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("a rule ends after it begins")
        return self


class RuleChange(Input):
    """What shall hold from a day on; category and area of a row never change."""

    unit_code: UnitTemplate
    position: Annotated[int, Field(ge=0, le=999)] = 0
    limit: LimitIn
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("a rule ends after it begins")
        return self


class RuleOut(Schema):
    """A row of the routing table."""

    id: UUID
    version: int
    category: str
    area_prefix: str
    unit_code: str
    position: int
    limit_amount: int
    limit_unit: Unit
    valid_from: date
    valid_to: date | None


class DryRun(RoutingOut):
    """What the table would say today, and which number to dial first."""

    category: str
    area_code: str
    fitting: int
    limit_amount: int | None
    limit_unit: Unit | None
    emergency_number: str
