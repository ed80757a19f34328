"""Grids as SVG shapes: projected, rounded alike so that shared borders stay shared, coloured by coverage."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 1_000
MARGIN: Final = 12
TALLEST: Final = 620
LETTERS: Final = 19
NO_HOUSEHOLDS: Final = -1
BOUNDS: Final = (20.0, 40.0, 60.0, 80.0, 90.0)
"""Percent where the next darker colour begins; the last is the usual aim of a quarter."""

Point = tuple[float, float]
Feature = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """One grid on the map; `level` is its colour, NO_HOUSEHOLDS without any."""

    code: str
    name: str
    path: str
    level: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Label:
    """A name on the map; `roomy` when it has room in letters twice as large, as on a small screen."""

    text: str
    x: int
    y: int
    roomy: bool


@dataclass(frozen=True, slots=True)
class Map:
    """The drawing, in units of its own view box."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]


def level_of(coverage: float | None) -> int:
    """The colour of a coverage in percent: 0 (light) to 5 (dark)."""
    return NO_HOUSEHOLDS if coverage is None else sum(coverage >= bound for bound in BOUNDS)


def draw(features: Sequence[Feature], coverage: Mapping[str, float], places: Mapping[str, str]) -> Map | None:
    """A map of GeoJSON features; `places` are the areas whose names are written on it. None without an outline."""
    drawn = [feature for feature in features if feature["geometry"]]
    if not drawn:
        return None
    project, height = _projection([point for feature in drawn for ring in _rings(feature) for point in ring])
    shapes = tuple(_shape(feature, project, coverage.get(feature["properties"]["code"])) for feature in drawn)
    return Map(WIDTH, height, shapes, _labels(shapes, places))


class _Projection:
    """Degrees to drawing units: plate carrée with the true proportions of the middle latitude."""

    def __init__(self, west: float, north: float, squeeze: float, scale: float, inset: float) -> None:
        self._west, self._north, self._squeeze, self._scale, self._inset = west, north, squeeze, scale, inset

    def __call__(self, point: Sequence[float]) -> tuple[int, int]:
        x = self._inset + (point[0] - self._west) * self._squeeze * self._scale
        return round(x), round(MARGIN + (self._north - point[1]) * self._scale)


def _projection(points: Sequence[Sequence[float]]) -> tuple[_Projection, int]:
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, tall = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = min((WIDTH - 2 * MARGIN) / wide, (TALLEST - 2 * MARGIN) / tall)
    inset = (WIDTH - wide * scale) / 2
    return _Projection(west, north, squeeze, scale, inset), round(tall * scale) + 2 * MARGIN


def _rings(feature: Feature) -> Iterator[Sequence[Sequence[float]]]:
    geometry = feature["geometry"]
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for polygon in polygons:
        yield from polygon


def _shape(feature: Feature, project: _Projection, coverage: float | None) -> Shape:
    rings = [_straightened([project(point) for point in ring]) for ring in _rings(feature)]
    about = feature["properties"]
    x, y = project(about["centre"]) if about.get("centre") and about["centre"][0] is not None else rings[0][0]
    return Shape(about["code"], about["name"], "".join(map(_path, rings)), level_of(coverage), x, y)


def _straightened(ring: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the points that rounding put on top of each other."""
    kept = [point for place, point in enumerate(ring) if place == 0 or point != ring[place - 1]]
    return kept if len(kept) > 2 else list(ring)  # noqa: PLR2004 - a surface has three corners


def _path(ring: Sequence[tuple[int, int]]) -> str:
    steps = [(x - ring[place][0], y - ring[place][1]) for place, (x, y) in enumerate(ring[1:-1])]
    moves = " ".join(f"{dx} {dy}" for dx, dy in steps)
    return f"M{ring[0][0]} {ring[0][1]}l{moves}z".replace(" -", "-")


def _labels(shapes: Sequence[Shape], places: Mapping[str, str]) -> tuple[Label, ...]:
    """Each name in the middle of what carries its code, or a little beside it; without room, not at all."""
    usual, large = _Room(LETTERS), _Room(2 * LETTERS)
    found = []
    for code, name in places.items():
        members = [shape for shape in shapes if shape.code.startswith(code)]
        if not members:
            continue
        x, y = (round(sum(values) / len(members)) for values in zip(*((s.x, s.y) for s in members), strict=True))
        roomy = large.takes(name, x, y)
        for nudge in (0, 1, -1, 2, -2):
            if usual.takes(name, x, place := y + nudge * LETTERS):
                found.append(Label(name, x, place, roomy))
                break
    return tuple(found)


class _Room:
    """Keeps names apart whose letters are all as wide as high."""

    def __init__(self, letters: int) -> None:
        self._letters = letters
        self._taken: list[tuple[int, int, int]] = []

    def takes(self, name: str, x: int, y: int) -> bool:
        """Whether a name still fits there; then the room is taken."""
        half = len(name) * self._letters // 2
        inside = half <= x <= WIDTH - half
        apart = all(abs(x - x0) > half + h0 or abs(y - y0) > self._letters * 1.2 for x0, y0, h0 in self._taken)
        if inside and apart:
            self._taken.append((x, y, half))
        return inside and apart
