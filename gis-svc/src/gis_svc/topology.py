"""Topology of grids: inside the community, no overlap, no gap; cutting and joining. Pure, tolerant of one metre.

Borders come from different hands and are rounded, so two of them never coincide exactly: what is narrower than
the tolerance on both sides of a border is the border itself.
"""

from collections.abc import Iterable, Mapping, Sequence

import shapely
from shapely import ops
from shapely.geometry import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from gis_svc.shapes import DECIMALS, Area
from grid_kernel import geo

TOLERANCE_M = 1.0
CRACK_DEGREES = 2e-5
"""About two metres: a point in the crack between two grids belongs to the nearer one."""
CRACK_M = 2.0


def sticks_out(surface: BaseGeometry, container: BaseGeometry) -> BaseGeometry:
    """What of a surface lies outside a container by more than the tolerance; in metres of the plane."""
    return geo.to_plane(surface).difference(geo.to_plane(container).buffer(TOLERANCE_M))


def overlap(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """What two surfaces share beyond the tolerance; in metres of the plane."""
    return geo.to_plane(one).buffer(-TOLERANCE_M).intersection(geo.to_plane(other).buffer(-TOLERANCE_M))


def uncovered(surface: BaseGeometry, parts: Iterable[BaseGeometry]) -> BaseGeometry:
    """What of a surface no part covers, beyond the tolerance; in metres of the plane."""
    return sticks_out(surface, shapely.union_all(list(parts)))


def overlapping(surface: Area, others: Mapping[str, Area]) -> str | None:
    """The lowest code among the others the surface overlaps; None when it overlaps none."""
    return next((code for code in sorted(others) if not overlap(surface, others[code]).is_empty), None)


def first_overlap(surfaces: Sequence[Area]) -> tuple[int, int] | None:
    """The first two of some surfaces that overlap each other."""
    pairs = ((i, j) for j in range(len(surfaces)) for i in range(j))
    return next(((i, j) for i, j in pairs if not overlap(surfaces[i], surfaces[j]).is_empty), None)


def grid_at(lon: float, lat: float, grids: Mapping[str, Area]) -> str | None:
    """The grid a point lies in, or in whose crack it lies; on a border the nearest, then the lowest code."""
    point = Point(lon, lat)
    distances = ((surface.distance(point), code) for code, surface in grids.items())
    return min(((d, code) for d, code in distances if d <= CRACK_DEGREES), default=(0.0, None))[1]


def cut(surface: Area, line: LineString) -> list[Area]:
    """The parts a line cuts a surface into, in the order grids are numbered; one part when it does not cut."""
    pieces = [_rounded(piece) for piece in ops.split(surface, line).geoms]
    parts = [p for p in pieces if isinstance(p, Polygon) and not geo.to_plane(p).buffer(-TOLERANCE_M).is_empty]
    return in_order(parts)


def in_order(surfaces: Iterable[Area]) -> list[Area]:
    """West to east, then north to south, as grids are numbered."""
    return sorted(surfaces, key=lambda surface: (round(surface.centroid.x, 3), -surface.centroid.y))


def join(surfaces: Sequence[Area]) -> Area | None:
    """One surface out of neighbours, the cracks between them closed; None when they share no border."""
    union = shapely.union_all(list(surfaces))
    plane = geo.to_plane(union)
    closed = plane.buffer(TOLERANCE_M, join_style="mitre").buffer(-TOLERANCE_M, join_style="mitre")
    whole = shapely.union_all([union, geo.to_degrees(closed)]) if isinstance(union, MultiPolygon) else union
    whole = _without_cracks(whole)
    if not isinstance(whole, Polygon) or isinstance(geo.to_plane(whole).buffer(-TOLERANCE_M), MultiPolygon):
        return None
    rounded = _rounded(whole)
    return rounded if isinstance(rounded, Polygon) else None


def _without_cracks(surface: BaseGeometry) -> BaseGeometry:
    if not isinstance(surface, Polygon):
        return surface
    holes = [hole for hole in surface.interiors if not _is_crack(Polygon(hole))]
    return Polygon(surface.exterior, holes)


def _is_crack(hole: Polygon) -> bool:
    return bool(geo.to_plane(hole).buffer(-TOLERANCE_M).is_empty)


def _rounded(surface: BaseGeometry) -> BaseGeometry:
    return shapely.set_precision(surface, 10.0**-DECIMALS)
