"""Staffing norms: for how many households a grid and each of its posts is meant."""

from datetime import date
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from grid_kernel.types import AREA_CODE, StringEnum, uuid7
from population_svc.models.base import Base
from population_svc.rules import NormOf


class StaffingNorm(Base, table=True):
    """So many households a grid or a post, in an area and below from a day on; the longest area code wins."""

    __tablename__ = "staffing_norm"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE)
    norm_of: NormOf = Field(sa_type=StringEnum(NormOf))
    valid_from: date
    valid_to: date | None = None
    households: int
    tolerance_percent: int

    __table_args__ = (UniqueConstraint("area_code", "norm_of", "valid_from"),)
