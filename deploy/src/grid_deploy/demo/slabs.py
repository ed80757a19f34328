"""Buildings as slabs in rows that face south, as many as the households of the grid need."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import shapely

from grid_deploy.demo.areas import Coordinates, Grid
from grid_deploy.demo.blocks import blocks_of
from grid_deploy.demo.randomness import Random

DWELLINGS_PER_HOUSEHOLD = 1.08
DOORS_PER_FLOOR = 2  # of one entrance
ENTRANCE_LENGTH, DEPTH, SIDE_GAP, FLOOR_HEIGHT = 14.0, 12.0, 9.0, 3.0
# floors from-to and the share of blocks; GENERATOR: 60 % of 5-6, 25 % of 11-18, 10 % of 24-33, the rest low
FLOOR_CLASSES = ((5, 6, 0.65), (11, 18, 0.90), (24, 33, 1.0))
VILLAGE_FLOORS = (1, 2)
LOWEST_SLAB = 5
# raise the class, then build closer, before a road is crossed
ATTEMPTS = ((0, 1.45), (1, 1.3), (2, 1.2), (2, 0.7), (2, 0.35))


@dataclass(frozen=True, slots=True)
class Slab:
    """One building: its south-west corner in metres, and how high and wide it is."""

    block: int
    x: float
    y: float
    floors: int
    entrances: int

    @property
    def dwellings(self) -> int:
        """How many doors it has."""
        return self.floors * self.entrances * DOORS_PER_FLOOR

    def ring(self) -> list[tuple[float, float]]:
        """Its footprint, closed, counter-clockwise, in metres."""
        right, top = self.x + self.entrances * ENTRANCE_LENGTH, self.y + DEPTH
        return [(self.x, self.y), (right, self.y), (right, top), (self.x, top), (self.x, self.y)]


def slabs_of(grid: Grid, random: Random) -> list[Slab]:
    """The buildings of a grid, south to north and west to east within each block."""
    need = math.ceil(grid.households * DWELLINGS_PER_HOUSEHOLD)
    blocks = blocks_of(grid)
    draws = random.random(len(blocks))
    best: list[Slab] = []
    for raised, spacing in ATTEMPTS:
        floors = [_floor_class(grid, draw, raised) for draw in draws]
        best = list(_build(blocks, floors, spacing, need, random))
        if sum(slab.dwellings for slab in best) >= need:
            break
    return best


def _floor_class(grid: Grid, draw: float, raised: int) -> tuple[int, int]:
    if grid.community.kind == "village":
        return (VILLAGE_FLOORS[0], VILLAGE_FLOORS[1] + raised)
    drawn = next(place for place, entry in enumerate(FLOOR_CLASSES) if draw <= entry[2])
    if grid.community.kind == "virtual":
        drawn = 0
    lowest, highest, _ = FLOOR_CLASSES[min(drawn + raised, len(FLOOR_CLASSES) - 1)]
    return (lowest, highest)


def _build(
    blocks: list[shapely.Polygon], floors: list[tuple[int, int]], spacing: float, need: int, random: Random
) -> Iterator[Slab]:
    """Give each block its share by area; what one cannot hold goes to the next, then once more round."""
    left_area = sum(block.area for block in blocks)
    for number, block in enumerate(blocks):
        share = math.ceil(need * block.area / left_area)
        left_area -= block.area
        for slab in _fill(number, block, floors[number], spacing, share, random):
            need -= slab.dwellings
            yield slab
        if need <= 0:
            return


def _fill(
    number: int, block: shapely.Polygon, floors: tuple[int, int], spacing: float, share: int, random: Random
) -> Iterator[Slab]:
    shapely.prepare(block)
    _, bottom, _, top = block.bounds
    y = bottom + 1.0
    while y + DEPTH < top and share > 0:
        height = int(random.integers(floors[0], floors[1] + 1))
        row = _free_stretch(block, y)
        for slab in _row(number, row, y, height, random):
            if share <= 0:
                break
            fitted = _fit(slab, share)
            if not block.contains(shapely.Polygon(fitted.ring())):
                continue
            share -= fitted.dwellings
            yield fitted
        y += DEPTH + (max(8.0, spacing * height * FLOOR_HEIGHT) if row else 6.0)


def _fit(slab: Slab, share: int) -> Slab:
    """The last building of a block is only as wide and as high as it must be."""
    entrances = min(slab.entrances, math.ceil(share / (slab.floors * DOORS_PER_FLOOR)))
    floors = math.ceil(share / (entrances * DOORS_PER_FLOOR))
    floors = min(slab.floors, max(floors, min(slab.floors, LOWEST_SLAB)))
    return Slab(slab.block, slab.x, slab.y, floors, entrances)


def _row(number: int, row: tuple[float, float] | None, y: float, floors: int, random: Random) -> Iterator[Slab]:
    if row is None:
        return
    x, end = row
    while True:
        entrances = min(int(random.integers(3, 6)), int((end - x) / ENTRANCE_LENGTH))
        if entrances < 1:
            return
        yield Slab(number, x, y, floors, entrances)
        x += entrances * ENTRANCE_LENGTH + SIDE_GAP


def _free_stretch(block: shapely.Polygon, y: float) -> tuple[float, float] | None:
    """West and east end of the ground that is free over the whole depth of a row."""
    ring: Coordinates = shapely.get_coordinates(block.exterior)
    lows, highs = [], []
    for level in (y, y + DEPTH):
        crossings = _crossings(ring, level)
        if crossings.size < 2:  # noqa: PLR2004 - a line enters and leaves
            return None
        lows.append(float(crossings.min()))
        highs.append(float(crossings.max()))
    west, east = max(lows) + 1.0, min(highs) - 1.0
    return (west, east) if east - west >= ENTRANCE_LENGTH else None


def _crossings(ring: Coordinates, level: float) -> Coordinates:
    start, end = ring[:-1], ring[1:]
    hits = (start[:, 1] <= level) != (end[:, 1] <= level)
    rise = end[hits, 1] - start[hits, 1]
    crossings: Coordinates = start[hits, 0] + (level - start[hits, 1]) / rise * (end[hits, 0] - start[hits, 0])
    return crossings
