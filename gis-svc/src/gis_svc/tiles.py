"""Tiles of WebMercatorQuad (EPSG:3857): where one lies, and what of some shapes is to be seen in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_svc import mvt
from gis_svc.mvt import BUFFER, EXTENT, Bools, Floats, Ints, Shapes, Strokes, Tags, Value
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

    def cells(self, zoom: int) -> tuple["Tile", "Tile"]:
        """The first and the last tile of another zoom in which something of this one is shown."""
        return corners(self.box(), zoom)

    def moved(self, world: Floats) -> Floats:
        """Coordinates of the square world, pairs of x and y, in units of this tile, y down."""
        corner = np.resize([self.column, self.row], world.shape[1])
        moved: Floats = (world * float(1 << self.zoom) - corner) * EXTENT
        return moved

    def units(self, world: Shapes) -> Shapes:
        """Shapes of the square world in units of this tile."""
        units: Shapes = shapely.transform(world, self.moved)
        return units

    def above(self, zoom: int) -> "Tile":
        """The tile of a lower zoom in which this one lies; itself where it is none."""
        by = max(0, self.zoom - zoom)
        return Tile(self.zoom - by, self.column >> by, self.row >> by)


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


class Sheet:
    """Shapes with their names and properties, made ready once to be cut into any tile."""

    def __init__(
        self, degrees: Shapes, columns: Mapping[str, Sequence[Value]], ids: Ints | None = None, label: str = "name"
    ) -> None:
        """Shapes in degrees; rows whose `label` says something have it written at a point of theirs."""
        shapes = to_world(degrees)
        self._boxes = shapely.bounds(shapes)
        self._strokes = mvt.strokes_of(shapes)
        # As bytes: shapes in memory would be half of all that is kept, and only those on a border are cut.
        self._shapes = shapely.to_wkb(shapes)
        self._tags = Tags.of(columns, len(degrees))
        self._ids = ids
        labelled = np.array([value is not None for value in columns.get(label, ())], bool)
        self._spots = np.full((len(degrees), 2), np.nan)
        if labelled.any():
            self._spots[labelled] = shapely.get_coordinates(label_points(shapes[labelled]))

    @property
    def size(self) -> int:
        """Bytes of memory, about: what is kept of each vertex, value and row."""
        vertices, strokes = (sum(len(getattr(e, name)) for e in self._strokes) for name in ("places", "counts"))
        shapes = sum(len(shape) for shape in self._shapes if shape is not None)
        numbers = 2 * vertices + 3 * strokes + 6 * len(self._boxes) + self._tags.codes.size
        return 8 * numbers + shapes + 41 * len(self._boxes) + len(self._tags.values.flat) + 1_000

    def draw(self, name: str, tile: Tile, rows: Bools | None = None) -> bytes:
        """A tile with two layers: the shapes, and one label point each in the tile it lies in; of some rows or all."""
        boxes = tile.moved(self._boxes)
        low, high = -BUFFER, EXTENT + BUFFER
        seen = np.all(boxes[:, :2] <= high, axis=1) & np.all(boxes[:, 2:] >= low, axis=1)
        spots = tile.moved(self._spots)
        # Half open, so that a label stands in one tile only.
        here = np.all((spots >= 0) & (spots < EXTENT), axis=1)
        if rows is not None:
            seen, here = seen & rows, here & rows
        cut = seen & (np.any(boxes[:, :2] < low, axis=1) | np.any(boxes[:, 2:] > high, axis=1))
        drawn = mvt.layer_bytes(name, self._seen(tile, seen & ~cut, np.flatnonzero(cut)), self._ids, self._tags)
        named = np.flatnonzero(here)
        points = Strokes(mvt.POINT, spots[named], np.ones(len(named), np.int64), named, np.arange(len(named)))
        return drawn + mvt.layer_bytes(f"{name}-labels", [points], self._ids, self._tags)

    def _seen(self, tile: Tile, whole: Bools, cut: Ints) -> list[Strokes]:
        """Strokes of the rows that are seen whole, and of those cut off at the border."""
        strokes = {each.kind: each.only(whole, tile.moved) for each in self._strokes}
        if len(cut):
            low, high = -BUFFER, EXTENT + BUFFER
            clipped = shapely.clip_by_rect(tile.units(shapely.from_wkb(self._shapes[cut])), low, low, high, high)
            for each in mvt.strokes_of(clipped):
                more = replace(each, rows=cut[each.rows])
                strokes[each.kind] = strokes[each.kind].beside(more) if each.kind in strokes else more
        return list(strokes.values())


def label_points(shapes: Shapes) -> Shapes:
    """A point on each shape to write its name at: its middle, or where that lies outside, another inside."""
    points: Shapes = shapely.centroid(shapes)
    outside = ~shapely.intersects(shapes, points) & (shapely.get_dimensions(shapes) > 0)
    if outside.any():
        points[outside] = shapely.point_on_surface(shapes[outside])
    return points
