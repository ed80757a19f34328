"""Blocks: a grid is cut across its longer axis until the pieces have the size of a block."""

from collections.abc import Iterator

import numpy as np
import shapely

from grid_deploy.demo.areas import Grid

BLOCK_AREA = 25_000.0  # m2; pieces end between half of it and it
BUILT_UP_AREA = 75_000.0  # of a large urban grid only so much around its middle is built up
HALF_ROAD = 5.0  # local roads of 10 m between blocks
_CORE_SIDES = (320.0, 450.0, 640.0, 900.0)


def blocks_of(grid: Grid) -> list[shapely.Polygon]:
    """The blocks to build on, without the roads, nearest to the middle of the grid first."""
    if not grid.dense:
        return [_core(grid.shape)]
    pieces = [block for block in map(_inset, _split(grid.shape)) if block is not None]
    middle = grid.shape.representative_point()
    pieces.sort(key=lambda block: (round(block.distance(middle), 3), block.centroid.x))
    built, area = [], 0.0
    for block in pieces:
        if area > BUILT_UP_AREA:
            break
        built.append(block)
        area += block.area
    return built


def _split(shape: shapely.Polygon) -> Iterator[shapely.Polygon]:
    if shape.area <= BLOCK_AREA:
        yield shape
        return
    for half in _halves(shape):
        yield from _split(half)


def _halves(shape: shapely.Polygon) -> Iterator[shapely.Polygon]:
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))[:4]
    one, other = corners[1] - corners[0], corners[2] - corners[1]
    longer = one if np.hypot(*one) >= np.hypot(*other) else other
    reach = float(np.hypot(*one) + np.hypot(*other))
    along = longer / np.hypot(*longer)
    across = np.array((-along[1], along[0]))
    middle = corners.mean(axis=0)
    for side in (-1.0, 1.0):
        first, second = middle + across * reach, middle - across * reach
        forward = along * side * reach
        half = shapely.Polygon([first, second, second + forward, first + forward])
        piece = _largest(shapely.intersection(shape, half))
        if piece is not None:
            yield piece


def _inset(shape: shapely.Polygon) -> shapely.Polygon | None:
    return _largest(shapely.buffer(shape, -HALF_ROAD, join_style="mitre"))


def _core(shape: shapely.Polygon) -> shapely.Polygon:
    """The built-up square of a village, around the middle of its large grid."""
    middle = shape.representative_point()
    inner = _inset(shape) or shape
    for side in _CORE_SIDES:
        square = shapely.box(middle.x - side / 2, middle.y - side / 2, middle.x + side / 2, middle.y + side / 2)
        core = _largest(shapely.intersection(inner, square))
        if core is not None and core.area > BUILT_UP_AREA:
            return core
    return inner


def _largest(shape: shapely.Geometry) -> shapely.Polygon | None:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon) and not part.is_empty]
    return max(parts, key=lambda part: part.area, default=None)
