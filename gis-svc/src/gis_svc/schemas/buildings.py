"""Buildings."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import orjson
from pydantic import Field, StringConstraints

from gis_svc.schemas.shapes import Drawing, Kind, Position, Row
from grid_kernel.geo import Crs
from grid_kernel.schemas import Input, Line, PointIn, Schema, ShortText

BuildingNo = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


class BuildingFeatureIn(Input):
    """The properties of a building on the map; its shape is its point or its footprint."""

    building_no: BuildingNo | None = None
    name: ShortText
    compound: ShortText | None = None
    road: ShortText | None = None
    kind: Kind
    floors: Annotated[int, Field(ge=1, le=200)]
    entrances: Annotated[int, Field(ge=1, le=99)]
    address_text: Line | None = None


class BuildingIn(BuildingFeatureIn):
    """A building to register; number, address and grid are made here when they are not given."""

    id: UUID | None = None
    point: PointIn
    footprint: Drawing | None = None


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
