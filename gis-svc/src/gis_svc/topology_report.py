"""What violates the topology of areas and buildings, how much and where. Pure; the tolerance is that of drawing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from gis_svc.rules import Fault, Level
from gis_svc.shapes import Area
from gis_svc.topology import CRACK_M, TOLERANCE_M
from grid_kernel import geo

_SLIVER_M = 1.5 * TOLERANCE_M


@dataclass(frozen=True, slots=True)
class Piece:
    """An area as it is in force, in degrees; a special grid lies over the basic ones."""

    code: str
    parent_code: str | None
    level: Level
    surface: Area
    special: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    """A residential building: where it stands, and the area its row names."""

    id: UUID
    lon: float
    lat: float
    area_code: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation: of what, by whom, how much ground, and a point where it is seen."""

    fault: Fault
    codes: tuple[str, ...]
    area_m2: float | None
    place: tuple[float, float]
    building_id: UUID | None = None


def findings(pieces: Sequence[Piece], homes: Sequence[Home] = ()) -> list[Finding]:
    """Everything that is wrong, the largest ground first, then buildings by id."""
    plane = {piece.code: geo.to_plane(piece.surface) for piece in pieces}
    of_areas = [*_outside(pieces, plane), *_overlaps(pieces, plane), *_gaps(pieces, plane)]
    of_areas.sort(key=lambda found: (-(found.area_m2 or 0), found.codes))
    return [*of_areas, *_misplaced(pieces, plane, homes)]


def _outside(pieces: Iterable[Piece], plane: Mapping[str, BaseGeometry]) -> Iterator[Finding]:
    for piece in pieces:
        parent = plane.get(piece.parent_code or "")
        if parent is None:
            continue
        surface = plane[piece.code]
        beyond = surface.difference(parent.buffer(TOLERANCE_M))
        if not beyond.is_empty:
            yield _found(Fault.OUTSIDE_PARENT, (piece.code, str(piece.parent_code)), surface.difference(parent), beyond)


def _overlaps(pieces: Sequence[Piece], plane: Mapping[str, BaseGeometry]) -> Iterator[Finding]:
    """Two areas of one level that share ground; special grids among themselves only."""
    for level, special in {(piece.level, piece.special) for piece in pieces}:
        peers = sorted(p.code for p in pieces if (p.level, p.special) == (level, special))
        shrunk = [plane[code].buffer(-TOLERANCE_M) for code in peers]
        left, right = shapely.STRtree(shrunk).query(shrunk, predicate="intersects")
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            if one < other and (deep := shrunk[one].intersection(shrunk[other])).area > 0:
                codes = (peers[one], peers[other])
                yield _found(Fault.OVERLAP, codes, plane[codes[0]].intersection(plane[codes[1]]), deep)


def _gaps(pieces: Sequence[Piece], plane: Mapping[str, BaseGeometry]) -> Iterator[Finding]:
    """Ground of an area that none of its parts covers, piece by piece; an area without parts has no gap."""
    for parent in pieces:
        parts = [plane[p.code] for p in pieces if p.parent_code == parent.code and not p.special]
        if not parts:
            continue
        covered = shapely.union_all(parts)
        missing = plane[parent.code].difference(covered)
        for deep in _surfaces(plane[parent.code].difference(covered.buffer(TOLERANCE_M))):
            yield _found(Fault.GAP, (parent.code,), missing, deep)


def _misplaced(pieces: Sequence[Piece], plane: Mapping[str, BaseGeometry], homes: Sequence[Home]) -> Iterator[Finding]:
    codes = [p.code for p in pieces if p.level is Level.GRID and not p.special]
    if not codes or not homes:
        return
    spots: Any = shapely.points([(home.lon, home.lat) for home in homes])
    spots = geo.to_plane(spots)
    near = _hits(shapely.STRtree([plane[code] for code in codes]), spots, CRACK_M)
    deep = _hits(shapely.STRtree([plane[code].buffer(-TOLERANCE_M) for code in codes]), spots, 0.0)
    for index in sorted(range(len(homes)), key=lambda place: homes[place].id):
        home = homes[index]
        around, within = (sorted(codes[hit] for hit in hits.get(index, ())) for hits in (near, deep))
        if not around:
            yield _at(Fault.BUILDING_IN_NONE, (home.area_code,), home)
        elif len(within) > 1:
            yield _at(Fault.BUILDING_IN_SEVERAL, tuple(within), home)
        elif home.area_code not in around:
            yield _at(Fault.BUILDING_ELSEWHERE, (home.area_code, *(within or around)), home)


def _hits(tree: shapely.STRtree, spots: Any, metres: float) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    which, hit = tree.query(spots, predicate="dwithin", distance=metres)
    for spot, surface in zip(which.tolist(), hit.tolist(), strict=True):
        found.setdefault(spot, []).append(surface)
    return found


def _at(fault: Fault, codes: tuple[str, ...], home: Home) -> Finding:
    return Finding(fault, codes, None, (home.lon, home.lat), home.id)


def _found(fault: Fault, codes: tuple[str, ...], ground: BaseGeometry, deep: BaseGeometry) -> Finding:
    """`deep` is what of the ground lies beyond the tolerance: it tells where, and which slivers do not count."""
    around = deep.buffer(_SLIVER_M, join_style="mitre")
    metres = round(float(ground.intersection(around).area), 1)
    inside = geo.to_degrees(deep.representative_point())
    return Finding(fault, codes, metres, (round(inside.x, 6), round(inside.y, 6)))


def _surfaces(ground: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(ground).tolist() if isinstance(part, Polygon) and part.area > 0]
