"""Areas and grids being changed."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from gis_svc.rules import GridType, Level
from gis_svc.schemas.shapes import CutLine, Day, Drawing, Kind, Position, Row
from grid_kernel.schemas import AreaCode, CommunityCode, GridCode, Input, Schema, ShortText

Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewGrid(Input):
    """A basic grid drawn where its community has none yet, or a special one (park, market) that lies over them."""

    grid_type: GridType = GridType.BASIC
    kind: Kind | None = None
    community_code: CommunityCode
    outline: Drawing
    name: ShortText | None = None
    effective_on: Day | None = None


class GridChange(Input):
    """Another name, another outline, or both."""

    name: ShortText | None = None
    outline: Drawing | None = None
    effective_on: Day | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.name is None and self.outline is None:
            raise ValueError("nothing is changed")
        return self


class GridRedrawn(Input):
    """One of several grids whose common borders move."""

    code: GridCode
    version: Version
    outline: Drawing


class Redraw(Input):
    """Grids of one community redrawn in one step, so that a border can move between them."""

    grids: Annotated[list[GridRedrawn], Field(min_length=1, max_length=50)]
    effective_on: Day | None = None


class GridPart(Input):
    """One successor of a split."""

    outline: Drawing
    name: ShortText | None = None


class Split(Input):
    """Either a line that cuts the grid, or its parts."""

    cut: CutLine | None = None
    parts: Annotated[list[GridPart], Field(min_length=2, max_length=20)] | None = None
    effective_on: Day | None = None

    @model_validator(mode="after")
    def _cut_or_parts(self) -> Self:
        if (self.cut is None) == (self.parts is None):
            raise ValueError("either a cut or parts")
        return self


class Closure(Input):
    """From which day a special grid is no more."""

    effective_on: Day | None = None


class GridAtVersion(Input):
    """A grid, as the caller saw it."""

    code: GridCode
    version: Version


class Merge(Input):
    """Neighbouring grids of one community that become one."""

    grids: Annotated[list[GridAtVersion], Field(min_length=2, max_length=20)]
    name: ShortText | None = None
    effective_on: Day | None = None


class AreaVersionOut(Schema):
    """Name and outline of an area from one source, for the days from validFrom up to, not including, validTo.

    Of all sources one is in force. It is official only if it is real: a synthetic shape never is.
    """

    code: str
    level: Level
    parent_code: str | None
    grid_type: GridType | None
    name: str
    kind: str
    source: str
    in_force: bool
    official: bool
    synthetic: bool
    valid_from: date
    valid_to: date | None
    area_m2: float | None
    bbox: tuple[float, float, float, float] | None
    centre: Position | None

    @classmethod
    def of(cls, row: Row) -> Self:
        """Out of a row of the table."""
        drawn = row["west"] is not None
        bbox = (row["west"], row["south"], row["east"], row["north"]) if drawn else None
        centre = Position(lon=row["centre_lon"], lat=row["centre_lat"]) if drawn else None
        official = row["in_force"] and not row["synthetic"]
        return cls.model_validate({**row, "bbox": bbox, "centre": centre, "official": official})


class AreaOut(AreaVersionOut):
    """An area as it is in force, with the grids before and after it."""

    predecessors: list[str]
    successors: list[str]
    version: int


class GridsChanged(Schema):
    """What a split or merge left behind."""

    predecessors: list[str]
    successors: list[AreaOut]
    effective_on: date
    buildings: dict[UUID, str]


class AreasRedrawn(Schema):
    """Grids after their borders moved, and the buildings that changed grid with them."""

    grids: list[AreaOut]
    buildings: dict[UUID, str]


class AreaFeatureIn(Input):
    """The properties of a street or community on the map."""

    parent_code: AreaCode | None = None
    name: ShortText | None = None
    kind: Kind | None = None


class GridFeatureIn(Input):
    """The properties of a grid on the map: its community, its name, and what a special one is."""

    parent_code: CommunityCode | None = None
    name: ShortText | None = None
    kind: Kind | None = None
