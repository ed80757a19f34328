"""Shapes and days as they cross HTTP."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from grid_kernel.geo import Crs
from grid_kernel.schemas import Input, Schema

Row = Mapping[str, Any]


Degree = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


Vertex = Annotated[list[Degree], Field(min_length=2, max_length=2)]


Ring = Annotated[list[Vertex], Field(min_length=4, max_length=5_000)]


Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,31}$")]


def _written_out(value: Any) -> Any:
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("a day is written as 2026-11-23")
    return value


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


Day = Annotated[date, BeforeValidator(_written_out)]
"""A day as it is written; never a number of seconds since 1970."""


class Position(Schema):
    """Degrees of CGCS2000."""

    lon: float
    lat: float


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
