"""Shapes of a page drawn as SVG paths: degrees on a plane that is true to scale in the middle."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape

WIDTH, HEIGHT, MARGIN = 880.0, 420.0, 12.0
MOST_VERTICES = 30_000
_LEAST_DEGREES = 0.002
_DOT = 4.0


@dataclass(frozen=True, slots=True)
class Picture:
    """Paths and dots in a box of WIDTH by HEIGHT."""

    paths: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    width: float = WIDTH
    height: float = HEIGHT
    dot: float = _DOT


def picture_of(geometries: Sequence[Mapping[str, Any] | None]) -> Picture | None:
    """A drawing of some GeoJSON shapes in degrees; none when there is nothing to draw, or too much, or no degrees."""
    shapes = np.array([shape(dict(each)) for each in geometries if each], dtype=object)
    if not len(shapes) or int(shapely.get_num_coordinates(shapes).sum()) > MOST_VERTICES:
        return None
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - metres are drawn nowhere
        return None
    narrow = math.cos(math.radians((south + north) / 2))
    wide, high = max((east - west) * narrow, _LEAST_DEGREES), max(north - south, _LEAST_DEGREES)
    scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)
    middle = np.array([(west + east) / 2, (south + north) / 2])
    turn = np.array([narrow * scale, -scale])
    placed = shapely.transform(shapes, lambda xy: (xy - middle) * turn + np.array([WIDTH / 2, HEIGHT / 2]))
    parts = shapely.get_parts(placed).tolist()
    dots = tuple((round(part.x, 1), round(part.y, 1)) for part in parts if part.geom_type == "Point")
    return Picture(tuple(_path(part) for part in parts if part.geom_type != "Point"), dots)


def _path(part: Any) -> str:
    rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
    end = "Z" if part.geom_type == "Polygon" else ""
    return "".join(f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in ring.coords)}{end}" for ring in rings)
