"""What crosses HTTP: areas, grids being changed, points to locate, buildings."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from gis_svc.rules import GridType, Level, ThingState
from grid_kernel.geo import Crs
from grid_kernel.schemas import CommunityCode, GridCode, Input, Line, PointIn, Schema, ShortText, UnitCode

Row = Mapping[str, Any]
Degree = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Vertex = Annotated[list[Degree], Field(min_length=2, max_length=2)]
Ring = Annotated[list[Vertex], Field(min_length=4, max_length=5_000)]
BuildingNo = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,31}$")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


def _written_out(value: Any) -> Any:
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("a day is written as 2026-11-23")
    return value


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Day = Annotated[date, BeforeValidator(_written_out)]
"""A day as it is written; never a number of seconds since 1970."""


class PolygonIn(Input):
    """A GeoJSON polygon (RFC 7946), longitude before latitude."""

    type: Literal["Polygon"]
    coordinates: Annotated[list[Ring], Field(min_length=1, max_length=20)]


class LineIn(Input):
    """A GeoJSON line (RFC 7946), longitude before latitude."""

    type: Literal["LineString"]
    coordinates: Annotated[list[Vertex], Field(min_length=2, max_length=1_000)]


class Drawing(Input):
    """A surface as it was drawn, with the system it was drawn in."""

    geometry: PolygonIn
    crs: Crs


class CutLine(Input):
    """A line as it was drawn, with the system it was drawn in."""

    geometry: LineIn
    crs: Crs


class NewGrid(Input):
    """A basic grid drawn where its community has none yet."""

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


class GridAtVersion(Input):
    """A grid, as the caller saw it."""

    code: GridCode
    version: Version


class Merge(Input):
    """Neighbouring grids of one community that become one."""

    grids: Annotated[list[GridAtVersion], Field(min_length=2, max_length=20)]
    name: ShortText | None = None
    effective_on: Day | None = None


class Position(Schema):
    """Degrees of CGCS2000."""

    lon: float
    lat: float


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


class PointToLocate(Input):
    """A point as it was captured, by the caller's reference; `near` is where the caller thinks it should be."""

    reference: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    point: PointIn
    near: PointIn | None = None


class PointsToLocate(Input):
    """Points of any of the four systems, and the day whose grids count."""

    points: Annotated[list[PointToLocate], Field(min_length=1, max_length=1_000)]
    as_of: Day | None = None


class PlaceName(Schema):
    """One area on the way from the district down."""

    code: str
    level: Level
    name: str


class Suspicion(Schema):
    """The system the numbers look like, and where the point lies if they are of that system."""

    crs: Crs
    position: Position
    grid_code: str | None


class Located(Schema):
    """Where a point lies. `grids_in_accuracy` are all grids it may lie in; more than one: ask a person."""

    reference: str
    grid_code: str | None
    area_code: str | None
    path: list[PlaceName]
    position: Position
    accuracy_m: float | None
    grids_in_accuracy: list[str]
    suspected: Suspicion | None


class PointsLocatedOut(Schema):
    """One answer per point, in the order asked."""

    points: list[Located]


class BuildingIn(Input):
    """A building to register; number, address and grid are made here when they are not given."""

    id: UUID | None = None
    building_no: BuildingNo | None = None
    name: ShortText
    compound: ShortText | None = None
    road: ShortText | None = None
    kind: Kind
    floors: Annotated[int, Field(ge=1, le=200)]
    entrances: Annotated[int, Field(ge=1, le=99)]
    point: PointIn
    footprint: Drawing | None = None
    address_text: Line | None = None


class BuildingOut(Schema):
    """A building with its point in CGCS2000, and how that point was had."""

    id: UUID
    area_code: str
    community_code: str
    building_no: str
    name: str
    compound: str | None
    road: str | None
    kind: str
    floors: int
    entrances: int
    address_text: str
    position: Position
    point_crs: Crs
    point_source: str
    accuracy_m: float | None
    captured_at: datetime | None
    footprint: dict[str, Any] | None
    synthetic: bool
    registered_at: datetime
    version: int

    @classmethod
    def of(cls, row: Row) -> Self:
        """Out of a row of the table."""
        footprint = orjson.loads(row["footprint_geojson"]) if row["footprint_geojson"] else None
        position = Position(lon=row["lon"], lat=row["lat"])
        return cls.model_validate({**row, "footprint": footprint, "position": position})


class PlacedIn(Input):
    """What is said of anything on the map that is no area and no building."""

    kind: Kind
    name: ShortText


class ThingIn(PlacedIn):
    """A facility, asset or place: who answers for it, and when it is looked at next."""

    authority_unit: UnitCode | None = None
    owner: ShortText | None = None
    maintainer: ShortText | None = None
    state: ThingState = ThingState.IN_USE
    next_inspection_on: Day | None = None


class ServicePointIn(PlacedIn):
    """A place where residents are served."""

    opening_hours: ShortText | None = None
    open: bool = True


class RoadIn(PlacedIn):
    """A piece of road or path."""

    walkable: bool = True
