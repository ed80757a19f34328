"""Drawings for tests: surfaces as GeoJSON, lines across a grid, points inside."""

from typing import Any

from shapely.geometry import LineString, mapping
from shapely.geometry.base import BaseGeometry


def drawn(geometry: BaseGeometry, crs: str = "CGCS2000") -> dict[str, Any]:
    """What a map client would send."""
    return {"geometry": mapping(geometry), "crs": crs}


def across(surface: BaseGeometry) -> LineString:
    """A line from west to east through the middle of a surface, beyond its borders on both sides."""
    west, _, east, _ = surface.bounds
    middle = surface.representative_point().y
    return LineString([(west - 0.001, middle), (east + 0.001, middle)])


def point(lon: float, lat: float, crs: str = "CGCS2000", **more: Any) -> dict[str, Any]:
    """A point as a phone would send it."""
    return {"lon": lon, "lat": lat, "crs": crs, **more}


def inside(surface: BaseGeometry, **more: Any) -> dict[str, Any]:
    """A point certainly inside a surface."""
    found = surface.representative_point()
    return point(found.x, found.y, **more)


def building(at: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A residential building to register."""
    return {"name": "育才小区16栋", "kind": "residential", "floors": 6, "entrances": 3, "point": at, **more}
