"""Captured points in CGCS2000. One that cannot be converted is as good as none: a bad fix never blocks."""

import math
from typing import Any, NamedTuple

from grid_kernel.geo import to_cgcs2000
from grid_kernel.schemas import PointIn

_FARTHEST_EAST, _FARTHEST_NORTH = 180, 90


class Spot(NamedTuple):
    """Degrees in CGCS2000, and how many metres they may be off."""

    lon: float
    lat: float
    accuracy_m: float | None


def spot_of(point: PointIn | None) -> Spot | None:
    """Where a captured point lies, if it lies anywhere."""
    if point is None:
        return None
    try:
        lon, lat = to_cgcs2000(point.lon, point.lat, point.crs)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= _FARTHEST_EAST and abs(lat) <= _FARTHEST_NORTH):
        return None
    return Spot(lon, lat, point.accuracy_m)


def columns_of(point: PointIn | None) -> dict[str, Any]:
    """The columns of a case that hold its point, and how it was taken."""
    spot = spot_of(point)
    if spot is None or point is None:
        return {}
    taken = {"captured_at": point.captured_at, "point_source": point.source, "point_crs": point.crs.value}
    return spot._asdict() | taken
