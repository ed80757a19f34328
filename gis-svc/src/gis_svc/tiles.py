"""Tiles of WebMercatorQuad (EPSG:3857): where one lies, and what of some shapes is to be seen in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_svc import mvt
from gis_svc.mvt import BUFFER, EXTENT, Ints, Layer, Shapes, Value
from grid_kernel.geo import Box

DEEPEST = 22
_POLE = 85.051128779806604
"""The latitude at which the square world ends."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile by zoom, column (from the west) and row (from the north)."""

    zoom: int
    column: int
    row: int

    @property
    def exists(self) -> bool:
        """Whether the zoom has such a column and row."""
        side = 1 << self.zoom
        return self.column < side and self.row < side

    def box(self, margin: float = BUFFER / EXTENT) -> Box:
        """Degrees of the tile with a margin, in parts of its side."""
        side = 1 << self.zoom
        north, south = (_latitude(y / side) for y in (self.row - margin, self.row + 1 + margin))
        west, east = ((x / side) * 360 - 180 for x in (self.column - margin, self.column + 1 + margin))
        return Box(max(west, -180.0), south, min(east, 180.0), north)

    def units(self, world: Shapes) -> Shapes:
        """Shapes of the square world in units of this tile, y down."""
        corner, scale = np.array([self.column, self.row]), float(1 << self.zoom)
        moved: Shapes = shapely.transform(world, lambda xy: (xy * scale - corner) * EXTENT)
        return moved


def _latitude(y: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * min(max(y, 0.0), 1.0)))))


def corners(box: Box, zoom: int) -> tuple[Tile, Tile]:
    """The north-western and the south-eastern tile of a box in degrees."""
    side = 1 << zoom
    places = _project(np.array([[box.west, box.north], [box.east, box.south]]))
    column, row = np.clip(np.floor(places * side), 0, side - 1).astype(int).T.tolist()
    return Tile(zoom, column[0], row[0]), Tile(zoom, column[1], row[1])


def to_world(shapes: Shapes) -> Shapes:
    """Degrees as parts of the square world: 0 to 1 from the west, and from the north."""
    projected: Shapes = shapely.transform(shapes, _project)
    return projected


def _project(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    sine = np.sin(np.radians(np.clip(degrees[:, 1], -_POLE, _POLE)))
    return np.column_stack([degrees[:, 0] / 360 + 0.5, 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)])


@dataclass(frozen=True, slots=True)
class Drawable:
    """What a layer draws: shapes and label points of the square world, and the columns of both."""

    shapes: Shapes
    labels: Shapes
    columns: Mapping[str, Sequence[Value]]
    ids: Ints | None = None


def draw(name: str, tile: Tile, what: Drawable, *, label: str = "name") -> bytes:
    """A tile with two layers: the shapes, and one label point each in the tile it lies in."""
    shapes = _clipped(tile.units(what.shapes))
    labels = tile.units(what.labels)
    here = np.flatnonzero(_inside(labels))
    spoken = {key: [column[row] for row in here.tolist()] for key, column in what.columns.items()}
    ids = what.ids[here] if what.ids is not None else None
    words = [Layer(f"{name}-labels", labels[here], ids, spoken)] if label in what.columns else []
    return mvt.encode([Layer(name, shapes, what.ids, what.columns), *words])


def _clipped(shapes: Shapes) -> Shapes:
    bounds = shapely.bounds(shapes)
    low, high = -BUFFER, EXTENT + BUFFER
    beyond = (bounds[:, :2] < low).any(axis=1) | (bounds[:, 2:] > high).any(axis=1)
    if beyond.any():
        shapes = shapes.copy()
        shapes[beyond] = shapely.clip_by_rect(shapes[beyond], low, low, high, high)
    return shapes


def _inside(points: Shapes) -> NDArray[np.bool_]:
    """Half open, so that a label stands in one tile only."""
    x, y = shapely.get_x(points), shapely.get_y(points)
    inside: NDArray[np.bool_] = (x >= 0) & (x < EXTENT) & (y >= 0) & (y < EXTENT)
    return inside


def label_points(shapes: Shapes) -> Shapes:
    """A point on each shape to write its name at: certainly inside a surface."""
    points: Shapes = shapely.point_on_surface(shapes)
    return points
