"""What was last said of each grid in a quarter."""

from datetime import datetime
from uuid import UUID, uuid5

from sqlmodel import Field

from grid_kernel.contracts import population as says
from grid_kernel.types import AREA_CODE
from population_svc.models.base import Base

_NAMESPACE = UUID("6f0f6a4e-53a1-5b0e-9c7f-2f5a8d1c4b10")


class GridFigures(Base, table=True):
    """The figures of a grid in a quarter as they were last said; numbers only."""

    __tablename__ = "grid_figures"

    area_code: str = Field(sa_type=AREA_CODE, primary_key=True)
    quarter: str = Field(primary_key=True)
    households: int
    persons: int
    visited: int
    fresh: int
    version: int = 1

    def take(self, households: int, persons: int, visited: int, fresh: int) -> bool:
        """Take over newer figures; whether they differ."""
        newer = (households, persons, visited, fresh)
        if newer == (self.households, self.persons, self.visited, self.fresh):
            return False
        self.households, self.persons, self.visited, self.fresh = newer
        self.version += 1
        return True

    def taken(self, now: datetime) -> says.FiguresTaken:
        """Say them."""
        return says.FiguresTaken(
            aggregate_id=uuid5(_NAMESPACE, f"{self.area_code}/{self.quarter}"),
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=now,
            quarter=self.quarter,
            households=self.households,
            persons=self.persons,
            visited=self.visited,
            fresh=self.fresh,
        )
