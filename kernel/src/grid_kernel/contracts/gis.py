"""What gis-svc says and answers: areas, buildings, things; where a point lies."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from grid_kernel.ask import Question
from grid_kernel.events import Event
from grid_kernel.schemas import Input, Schema


class GridDrawn(Event):
    """A grid exists, or its outline changed."""

    subject: ClassVar[str] = "grid.gis.grid.drawn.v1"
    valid_from: date


class _GridChanged(Event):
    predecessors: tuple[str, ...]
    successors: tuple[str, ...]
    effective_on: date
    buildings: dict[UUID, str]
    building_versions: dict[UUID, int] = Field(default={})
    """The sequence each building reached with this change: an older one heard later is ignored per building."""


class GridSplit(_GridChanged):
    """One grid became several; every building of it names its new grid."""

    subject: ClassVar[str] = "grid.gis.grid.split.v1"


class GridMerged(_GridChanged):
    """Several grids became one; every building of them names its new grid."""

    subject: ClassVar[str] = "grid.gis.grid.merged.v1"


class BuildingLocated(Event):
    """A building stands in a grid."""

    subject: ClassVar[str] = "grid.gis.building.located.v1"
    building_no: str


class ThingRegistered(Event):
    """A facility, asset or place entered the register."""

    subject: ClassVar[str] = "grid.gis.thing.registered.v1"
    kind: str


class LocatePoint(Input):
    """One point in CGCS2000, by the caller's reference."""

    reference: str = Field(max_length=64)
    lon: float
    lat: float


class LocatePoints(Input):
    """Up to 1,000 points, and the moment the answer shall hold for."""

    points: tuple[LocatePoint, ...] = Field(max_length=1000)
    at: datetime | None = None


class PointLocated(Schema):
    """The grid of a point, or the smallest area that contains it; None outside the district."""

    reference: str
    grid_code: str | None
    area_code: str | None


class PointsLocated(Schema):
    """One answer per point, in the order asked."""

    points: tuple[PointLocated, ...]


class DescribeArea(Input):
    """The code of an area."""

    code: str


class AreaDescribed(Schema):
    """Its name and level, None when no such area is known."""

    code: str
    name: str | None
    level: str | None
    path: tuple[str, ...] = ()
    """Names from the district down to the area itself."""


class ListPlaces(Input):
    """The buildings or things of an area, of some kinds where named, a thousand at a time in the order of their ids."""

    area_code: str
    of: Literal["buildings", "things"]
    kinds: tuple[str, ...] = Field(default=(), max_length=50)
    after: UUID | None = None


class PlaceNamed(Schema):
    """What people call a place; nobody lives in what is asked here."""

    id: UUID
    area_code: str
    kind: str
    kind_name: str
    name: str
    address: str


class PlacesListed(Schema):
    """Some places; there are more when `more`, behind the last id."""

    places: tuple[PlaceNamed, ...]
    more: bool


LOCATE = Question(
    service="gis",
    name="locate",
    asks=LocatePoints,
    answers=PointsLocated,
    askers=frozenset({"dispute", "population", "approval", "gateway"}),
)
DESCRIBE_AREA = Question(
    service="gis",
    name="describe-area",
    asks=DescribeArea,
    answers=AreaDescribed,
    askers=frozenset({"dispute", "population", "approval", "gateway"}),
)
LIST_PLACES = Question(
    service="gis", name="list-places", asks=ListPlaces, answers=PlacesListed, askers=frozenset({"population"})
)
