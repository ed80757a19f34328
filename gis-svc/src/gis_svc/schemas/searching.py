"""What is asked near a point or inside a shape, and what is found there."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from gis_svc.exchange import OutCrs
from gis_svc.schemas.opening import Moment
from gis_svc.schemas.points import Suspicion
from gis_svc.schemas.shapes import Degree, Drawing, Kind, Position
from grid_kernel.geo import Crs
from grid_kernel.schemas import Input, PointIn, Schema

Kinds = Annotated[list[Kind], Field(min_length=1, max_length=20)]
Metres = Annotated[float, Field(gt=0, le=30_000, allow_inf_nan=False)]


class Sought(StrEnum):
    """What is looked for."""

    SERVICE_POINTS = "service-points"
    THINGS = "things"
    BUILDINGS = "buildings"


class Nearest(Input):
    """The nearest of a kind to a point or a building, by the straight way or on foot along the roads.

    Open is what is open at a moment, now unless said; what nobody has said the hours of is not called closed.
    """

    point: PointIn | None = None
    building_id: UUID | None = None
    of: Sought
    kinds: Kinds | None = None
    k: Annotated[int, Field(ge=1, le=50)] = 5
    within_m: Metres = 5_000
    open_only: bool = False
    at: Moment | None = None
    on_foot: bool = False
    crs: OutCrs = OutCrs.CGCS2000

    @model_validator(mode="after")
    def _from_one_place(self) -> Self:
        if (self.point is None) == (self.building_id is None):
            raise ValueError("one of point and buildingId")
        return self


class Found(Schema):
    """Something near; `at` is easting, northing (longitude, latitude) of the system asked for.

    Of a service point: whether it is open at the moment asked about (null: nobody has said), and when next.
    """

    id: UUID
    kind: str
    name: str
    area_code: str
    distance_m: float
    at: tuple[float, float]
    minutes_on_foot: int | None = None
    open: bool | None = None
    opens_next: datetime | None = None


class NearestOut(Schema):
    """Where the point lies, whether its system looks wrong, and what is near it, the nearest first."""

    position: Position
    grid_code: str | None
    suspected: Suspicion | None
    crs: OutCrs
    found: list[Found]


class Circle(Input):
    """The ground around a point."""

    point: PointIn
    radius_m: Metres


class BoxIn(Input):
    """A box in one of the four systems."""

    west: Degree
    south: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    east: Degree
    north: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    crs: Crs

    @model_validator(mode="after")
    def _has_ground(self) -> Self:
        if self.west >= self.east or self.south >= self.north:
            raise ValueError("the box has no ground")
        return self


class Inside(Input):
    """What touches a circle, a polygon or a box."""

    of: Sought
    kinds: Kinds | None = None
    open_only: bool = False
    at: Moment | None = None
    circle: Circle | None = None
    polygon: Drawing | None = None
    bbox: BoxIn | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 200
    crs: OutCrs = OutCrs.CGCS2000

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if sum(shape is not None for shape in (self.circle, self.polygon, self.bbox)) != 1:
            raise ValueError("one of circle, polygon and bbox")
        return self
