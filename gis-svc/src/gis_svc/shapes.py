"""Shapes: GeoJSON in and out, WKB for the table, measures on the ground. Degrees of CGCS2000, x = longitude."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import LineString, MultiPolygon, Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry

from grid_kernel import geo
from grid_kernel.geo import Box, Crs

DECIMALS = 8
"""Digits of a degree that are kept: about a millimetre."""

Area = Polygon | MultiPolygon
_METRES_PER_DEGREE = 111_195.0
_MOST_DEGREES = 180.0
_MOST_METRES = 20_037_509.0
_TURNS = np.linspace(0, 2 * np.pi, 33)
_UNIT_CIRCLE = np.column_stack([np.cos(_TURNS), np.sin(_TURNS)])


class ShapeInvalidError(ValueError):
    """The coordinates make no simple surface or line; the reason is GEOS's own."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A surface with everything the table keeps of it."""

    surface: Area
    wkb: bytes
    geojson: str
    box: Box
    area_m2: float
    centre: tuple[float, float]


def outline_of(surface: Area) -> Outline:
    """Measure a surface once, when it is stored; `centre` is a point certainly inside."""
    inside = surface.representative_point()
    return Outline(
        surface=surface,
        wkb=shapely.to_wkb(surface),
        geojson=geojson_text(surface),
        box=Box(*surface.bounds),
        area_m2=round(geo.area_m2(surface), 1),
        centre=(round(inside.x, DECIMALS), round(inside.y, DECIMALS)),
    )


def stored_shape(shape: BaseGeometry) -> dict[str, Any]:
    """The columns that keep any shape: WKB and the box around it."""
    west, south, east, north = shape.bounds
    return {"shape_wkb": shapely.to_wkb(shape), "west": west, "south": south, "east": east, "north": north}


def geojson_text(geometry: BaseGeometry) -> str:
    """The GeoJSON geometry object of a shape, as the table keeps it."""
    return orjson.dumps(mapping(geometry)).decode()


def surface_of(geojson: Mapping[str, Any], crs: Crs = Crs.CGCS2000) -> Area:
    """A valid surface in CGCS2000 out of GeoJSON in any of the four systems; ShapeInvalidError otherwise."""
    surface = _converted(_read(geojson), crs)
    if not isinstance(surface, Polygon | MultiPolygon) or surface.is_empty or not surface.is_valid:
        raise ShapeInvalidError(shapely.is_valid_reason(surface))
    return surface


def any_of(geojson: Mapping[str, Any], to_ours: Callable[[Any], Any]) -> BaseGeometry:
    """A valid point, line or surface in CGCS2000 out of GeoJSON; ShapeInvalidError otherwise."""
    given = _read(geojson)
    coordinates = shapely.get_coordinates(given)
    if given.is_empty or given.has_z or not (abs(coordinates) <= _MOST_METRES).all():
        raise ShapeInvalidError(given.geom_type)
    ours: BaseGeometry = shapely.transform(to_ours(given), lambda xy: np.round(xy, DECIMALS))
    if not ours.is_valid or (abs(shapely.get_coordinates(ours)) > _MOST_DEGREES).any():
        raise ShapeInvalidError(shapely.is_valid_reason(ours))
    return ours


def any_from_wkb(wkb: bytes) -> BaseGeometry:
    """A stored shape of any kind."""
    return shapely.from_wkb(wkb)


def middle_of(shape: BaseGeometry) -> Any:
    """The point that tells where something belongs: halfway along a line, else a point inside."""
    return shape.interpolate(0.5, normalized=True) if shape.geom_type == "LineString" else shape.representative_point()


def line_of(geojson: Mapping[str, Any], crs: Crs = Crs.CGCS2000) -> LineString:
    """A line in CGCS2000 out of GeoJSON in any of the four systems; ShapeInvalidError otherwise."""
    line = _converted(_read(geojson), crs)
    if not isinstance(line, LineString) or line.is_empty or not line.is_valid:
        raise ShapeInvalidError(shapely.is_valid_reason(line))
    return line


def _read(geojson: Mapping[str, Any]) -> BaseGeometry:
    try:
        return shape(dict(geojson))
    except (ValueError, TypeError, ShapelyError) as error:
        raise ShapeInvalidError(type(error).__name__) from None


def _converted(geometry: BaseGeometry, crs: Crs) -> BaseGeometry:
    def convert(xy: np.ndarray) -> np.ndarray:
        return np.round(np.column_stack(geo.to_cgcs2000_many(xy[:, 0], xy[:, 1], crs)), DECIMALS)

    return shapely.transform(geometry, convert)


def from_wkb(wkb: bytes) -> Area:
    """The surface of a stored outline."""
    surface = shapely.from_wkb(wkb)
    assert isinstance(surface, Polygon | MultiPolygon)  # noqa: S101 - only surfaces are stored
    return surface


def circle(lon: float, lat: float, radius_m: float) -> BaseGeometry:
    """The ground within so many metres of a point, for radii of some kilometres; good to half a percent."""
    per_degree = _METRES_PER_DEGREE * np.array([math.cos(math.radians(lat)), 1.0])
    return Polygon(np.array([lon, lat]) + _UNIT_CIRCLE * (radius_m / per_degree))
