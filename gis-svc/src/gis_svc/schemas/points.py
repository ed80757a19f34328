"""Points to locate."""

from typing import Annotated

from pydantic import Field, StringConstraints

from gis_svc.rules import Level
from gis_svc.schemas.shapes import Day, Position
from grid_kernel.geo import Crs
from grid_kernel.schemas import Input, PointIn, Schema


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
