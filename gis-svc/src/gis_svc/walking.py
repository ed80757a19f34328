"""Walking on a network of roads: how far from where, and what lies within so many minutes. Metres of the plane."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from grid_kernel import geo

METRES_PER_MINUTE = 75.0
"""4.5 km/h: an unhurried adult; the usual figure for a service circle on foot."""
OFF_ROAD_M = 60.0
"""How far from a road somebody still is at it: a yard, a stairwell."""
_ONE_BORDER = 5e-5
_STEP_M = 60.0
"""The longest edge: ends of a walk lie between nodes, but never far from one."""
_SMALLEST_HOLE_M2 = 8_000.0
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Footing:
    """Where points stand on the network: the nearest edge, how far along, and how far off."""

    places: Floats
    edge: Ints
    along: Floats
    off: Floats


class Network:
    """Roads as nodes and edges. Two roads meet where they have a vertex in common, to the decimetre."""

    def __init__(self, roads: Sequence[BaseGeometry]) -> None:
        """Roads in degrees."""
        plane = shapely.segmentize([geo.to_plane(road) for road in roads], _STEP_M)
        places, road = shapely.get_coordinates(plane, return_index=True)
        nodes, numbers = np.unique(np.round(places, 1), axis=0, return_inverse=True) if len(places) else (places, road)
        numbers = numbers.ravel()
        same = road[1:] == road[:-1] if len(road) else np.array([], bool)
        ends = np.column_stack([numbers[:-1][same], numbers[1:][same]]) if len(road) else np.empty((0, 2), np.int64)
        ends = ends[ends[:, 0] != ends[:, 1]]
        self.nodes: Floats = nodes
        self.ends: Ints = ends
        self.lengths: Floats = np.hypot(*(nodes[ends[:, 0]] - nodes[ends[:, 1]]).T) if len(ends) else np.empty(0)
        self._segments = shapely.linestrings(nodes[ends]) if len(ends) else np.array([], dtype=object)
        self._tree = shapely.STRtree(self._segments)
        self._next: list[list[tuple[int, float]]] = [[] for _ in range(len(nodes))]
        for (one, other), length in zip(ends.tolist(), self.lengths.tolist(), strict=True):
            self._next[one].append((other, length))
            self._next[other].append((one, length))

    def stand(self, places: Floats) -> Footing:
        """Where points of the plane stand."""
        points: Any = shapely.points(places)
        edge = self._tree.nearest(points).astype(np.int64)
        segments = self._segments[edge]
        return Footing(places, edge, shapely.line_locate_point(segments, points), shapely.distance(segments, points))

    def walk(self, start: Footing, limit_m: float) -> Floats:
        """Metres from one place to each node, infinite beyond the limit."""
        reached = np.full(len(self.nodes), np.inf)
        edge, along, off = int(start.edge[0]), float(start.along[0]), float(start.off[0])
        one, other = self.ends[edge].tolist()
        waiting = [(off + along, one), (off + float(self.lengths[edge]) - along, other)]
        heapq.heapify(waiting)
        while waiting:
            metres, node = heapq.heappop(waiting)
            if metres > limit_m or metres >= reached[node]:
                continue
            reached[node] = metres
            for neighbour, length in self._next[node]:
                if metres + length < reached[neighbour]:
                    heapq.heappush(waiting, (metres + length, neighbour))
        return reached

    def metres(self, start: Footing, reached: Floats, to: Footing) -> Floats:
        """Metres on foot from the start to each place, by the nearer end of its edge."""
        one, other = self.ends[to.edge].T
        by_ends = np.minimum(reached[one] + to.along, reached[other] + self.lengths[to.edge] - to.along)
        beside = np.where(to.edge == start.edge[0], start.off[0] + np.abs(to.along - start.along[0]), np.inf)
        found: Floats = np.minimum(by_ends, beside) + to.off
        return found

    def ground(self, start: Footing, reached: Floats, limit_m: float) -> BaseGeometry:
        """The ground that is reached: roads as far as one gets, and what lies beside them. In the plane."""
        left = np.maximum(limit_m - reached[self.ends], 0)
        left[~np.isfinite(left)] = 0
        whole = left.sum(axis=1) >= self.lengths
        parts = [self._segments[whole & (left > 0).any(axis=1)]]
        for side in (0, 1):
            partly = ~whole & (left[:, side] > 0)
            begin = self.nodes[self.ends[partly, side]]
            towards = self.nodes[self.ends[partly, 1 - side]] - begin
            share = (left[partly, side] / self.lengths[partly])[:, None]
            parts.append(shapely.linestrings(np.stack([begin, begin + towards * share], axis=1)))
        parts.append(self._first_steps(start, limit_m))
        drawn = np.concatenate(parts)
        return _without_small_holes(shapely.union_all(shapely.buffer(drawn, OFF_ROAD_M, quad_segs=3)))

    def _first_steps(self, start: Footing, limit_m: float) -> Any:
        """From the start straight to the road, as far as one gets."""
        foot = shapely.get_coordinates(shapely.line_interpolate_point(self._segments[start.edge], start.along))
        share = min(1.0, limit_m / start.off[0]) if start.off[0] > 0 else 0.0
        return shapely.linestrings(np.stack([start.places, start.places + (foot - start.places) * share], axis=1))


def _without_small_holes(ground: BaseGeometry) -> BaseGeometry:
    kept = []
    for part in shapely.get_parts(ground):
        holes = [ring for ring in part.interiors if shapely.Polygon(ring).area >= _SMALLEST_HOLE_M2]
        kept.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(kept)


def synthetic_roads(grids: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """A made-up network where no survey is at hand: people walk along the borders of grids, which follow streets."""
    # Neighbours are drawn each by itself: borders closer than some five metres are one.
    borders = shapely.union_all(shapely.boundary(np.array(grids, dtype=object)), grid_size=_ONE_BORDER)
    merged = shapely.line_merge(borders)
    lines: list[BaseGeometry] = [line for line in shapely.get_parts(merged).tolist() if line.length > 0]
    return sorted(lines, key=lambda line: line.bounds)
