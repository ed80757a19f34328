"""The grid designer: buildings into contiguous grids of about so many households, changing as little as need be.

Every building always belongs to a grid and every grid hangs together. Two neighbouring grids are joined, a random
tree is spanned over their buildings, and the best of its edges is cut: deviations travel along chains of neighbours
instead of being frozen in the first cuts. Where roads run between buildings a border costs least, where the old border
ran a change costs nothing.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

ROAD_BORDER, OPEN_BORDER = 0.2, 1.0
"""What it costs to let a border run between two buildings, with a road there and without."""
_LONGEST_EDGE_M = 400.0
_LEAST_BORDER_M, _APART_M = 2.0, 10_000.0
_WORST_FIRST, _SELDOM = 0.7, 0.98
_COOLING, _WARM = 0.97, 0.02
_STEPS_A_ROUND = 100
_PATIENCE = 48
"""Rounds without gain until the search gives up; half of them when every grid is as wanted."""
_WEIGHT_BORDER, _WEIGHT_CHANGE, _WEIGHT_SPREAD = 0.002, 0.0004, 0.03
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Block:
    """A building: its place in metres, its households, and the grid it is in now."""

    x: float
    y: float
    households: int
    grid: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted: households of a grid, how far off is still good, and when to stop."""

    target: int = 400
    tolerance: float = 0.05
    seconds: float = 20.0
    seed: int = 1

    def holds(self, households: int) -> bool:
        """Whether a grid of so many is as wanted."""
        return abs(households - self.target) <= self.target * self.tolerance

    def divides(self, total: int, count: int) -> bool:
        """Whether so many households can be so many grids as wanted at all."""
        return abs(total - count * self.target) <= count * self.target * self.tolerance


@dataclass
class Design:
    """Which grid each building belongs to, and how good that is.

    Of the borders between neighbouring buildings, so many run along roads and so many in the open; so many pairs of
    one grid have a road between them. Of two designs of the same buildings the one that costs less is better.
    """

    parts: list[int]
    households: list[int]
    unmet: list[dict[str, Any]] = field(default_factory=list)
    road_borders: int = 0
    open_borders: int = 0
    roads_inside: int = 0
    cost: float = 0.0


def design(
    blocks: Sequence[Block],
    wish: Wish,
    roads: Sequence[BaseGeometry] = (),
    progress: Progress = lambda _: None,
    *,
    within: BaseGeometry | None = None,
) -> Design:
    """Divide the buildings of one community; contiguous always, as close to the wish as the time allows.

    `within` is its ground: buildings are neighbours where the ground nearest to each meets inside it.
    """
    total = sum(block.households for block in blocks)
    count = max(1, round(total / wish.target))
    graph = _Graph(blocks, roads, within)
    search = _Search(blocks, graph, _first(blocks, graph, min(count, len(blocks))), wish)
    search.run(progress)
    found = Design(search.best, search.households_of(search.best), cost=search.best_cost)
    found.road_borders, found.open_borders, found.roads_inside = graph.borders(search.best)
    found.unmet = _reasons(blocks, found, wish, total, count)
    return found


def _reasons(blocks: Sequence[Block], found: Design, wish: Wish, total: int, count: int) -> list[dict[str, Any]]:
    """Which grids are not as wanted, and why nobody could make them so."""
    reasons = []
    large = {
        part
        for part, block in zip(found.parts, blocks, strict=True)
        if block.households > wish.target * (1 + wish.tolerance)
    }
    for part, households in enumerate(found.households):
        if not wish.holds(households):
            reason = "building" if part in large else "total" if not wish.divides(total, count) else "not-found"
            reasons.append({"part": part, "households": households, "reason": reason})
    return reasons


class _Graph:
    """Which buildings are neighbours, and what a border between them costs."""

    def __init__(
        self, blocks: Sequence[Block], roads: Sequence[BaseGeometry], within: BaseGeometry | None = None
    ) -> None:
        places = np.array([(block.x, block.y) for block in blocks])
        self.next: list[dict[int, float]] = [{} for _ in blocks]
        pairs = _neighbours(places, within)
        if pairs:
            self._connect(pairs, places, roads)

    def _connect(self, pairs: list[tuple[int, int]], places: Any, roads: Sequence[BaseGeometry]) -> None:
        lines = shapely.linestrings(places[np.array(pairs)])
        crossed = np.zeros(len(pairs), bool)
        if len(roads):
            which, _ = shapely.STRtree(np.array(roads, dtype=object)).query(lines, predicate="crosses")
            crossed[np.unique(which)] = True
        for (one, other), by_road in zip(pairs, crossed.tolist(), strict=True):
            self.next[one][other] = self.next[other][one] = ROAD_BORDER if by_road else OPEN_BORDER

    def borders(self, parts: Sequence[int]) -> tuple[int, int, int]:
        """Pairs of neighbours of different grids with a road between and without, and of one grid with one."""
        pairs = [(i, j, cost) for i, near in enumerate(self.next) for j, cost in near.items() if i < j]
        along = sum(cost == ROAD_BORDER and parts[i] != parts[j] for i, j, cost in pairs)
        return (
            along,
            sum(cost != ROAD_BORDER and parts[i] != parts[j] for i, j, cost in pairs),
            sum(cost == ROAD_BORDER for _, _, cost in pairs) - along,
        )


def _meet(places: Any, pairs: list[tuple[int, int]], within: BaseGeometry) -> list[bool]:
    """Whether the ground nearest to both of a pair is one inside the community: those first when edges are thinned."""
    points = shapely.points(places)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(places), extend_to=within))
    own = shapely.intersection(cells[shapely.STRtree(cells).nearest(points)], within)
    one, other = np.array(pairs).T
    shared = shapely.length(shapely.intersection(own[one], own[other]))
    same = (places[one] == places[other]).all(axis=1)
    met: list[bool] = ((shared > _LEAST_BORDER_M) | same).tolist()
    return met


def _neighbours(places: Any, within: BaseGeometry | None) -> list[tuple[int, int]]:
    """Neighbours by Delaunay triangles, without long edges where the whole still hangs together."""
    if len(places) < 2:  # noqa: PLR2004 - nobody to be a neighbour of
        return []
    edges = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(places), only_edges=True))
    ends = shapely.get_coordinates(edges).reshape(-1, 2, 2)
    number = {tuple(place): index for index, place in reversed(list(enumerate(places.tolist())))}
    pairs = [(number[tuple(a)], number[tuple(b)]) for a, b in ends.tolist()]
    # Several buildings at one place are neighbours in a chain.
    same: dict[tuple[float, ...], list[int]] = {}
    for index, place in enumerate(places.tolist()):
        same.setdefault(tuple(place), []).append(index)
    pairs += [pair for several in same.values() for pair in pairwise(several)]
    pairs = pairs or [*pairwise(range(len(places)))]
    lengths = [math.dist(places[a], places[b]) for a, b in pairs]
    if within is not None:
        far = zip(lengths, _meet(places, pairs, within), strict=True)
        lengths = [length if met else _APART_M + length for length, met in far]
    return _thinned(pairs, lengths, len(places))


def _thinned(pairs: list[tuple[int, int]], lengths: list[float], count: int) -> list[tuple[int, int]]:
    root = list(range(count))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    kept = []
    for length, (one, other) in sorted(zip(lengths, pairs, strict=True)):
        first, second = find(one), find(other)
        if first != second or length <= _LONGEST_EDGE_M:
            kept.append((one, other))
        root[first] = second
    return kept


def _first(blocks: Sequence[Block], graph: _Graph, count: int) -> list[int]:
    """Begin with the old grids when there are as many, else grow the smallest from seeds far apart."""
    old = sorted({block.grid for block in blocks if block.grid is not None})
    if len(old) == count and all(block.grid is not None for block in blocks):
        numbers = {code: number for number, code in enumerate(old)}
        parts = [numbers[str(block.grid)] for block in blocks]
        if all(_hangs_together(graph, [i for i, p in enumerate(parts) if p == part]) for part in range(count)):
            return parts
    return _grown(blocks, graph, count)


def _hangs_together(graph: _Graph, members: Sequence[int]) -> bool:
    inside, seen, waiting = set(members), {members[0]}, [members[0]]
    while waiting:
        for neighbour in graph.next[waiting.pop()]:
            if neighbour in inside and neighbour not in seen:
                seen.add(neighbour)
                waiting.append(neighbour)
    return len(seen) == len(inside)


def _grown(blocks: Sequence[Block], graph: _Graph, count: int) -> list[int]:
    places = np.array([(block.x, block.y) for block in blocks])
    seeds = [int(np.argmin(places[:, 0]))]
    far = np.hypot(*(places - places[seeds[0]]).T)
    while len(seeds) < count:
        seeds.append(int(np.argmax(far)))
        far = np.minimum(far, np.hypot(*(places - places[seeds[-1]]).T))
        far[seeds] = -1
    parts = [-1] * len(blocks)
    sizes = [0] * count
    edges: list[list[int]] = [[seed] for seed in seeds]
    for part, seed in enumerate(seeds):
        parts[seed], sizes[part] = part, blocks[seed].households
    left = len(blocks) - count
    while left:
        part = min((p for p in range(count) if edges[p]), key=lambda p: sizes[p])
        free = next((n for m in edges[part] for n in graph.next[m] if parts[n] < 0), None)
        if free is None:
            edges[part] = []
            continue
        parts[free], left = part, left - 1
        sizes[part] += blocks[free].households
        edges[part].append(free)
    return parts


class _Search:
    """Simulated annealing over joins and cuts of two neighbouring grids."""

    def __init__(self, blocks: Sequence[Block], graph: _Graph, parts: list[int], wish: Wish) -> None:
        self._blocks, self._graph, self._wish = blocks, graph, wish
        self._random = random.Random(wish.seed)  # noqa: S311 - a search, nothing secret
        self._members: list[set[int]] = [set() for _ in range(max(parts) + 1)]
        places = [(block.x, block.y) for block in blocks]
        ground = shapely.MultiPoint(places).convex_hull.area if len(places) > 1 else 0.0
        self._origin = places[0]
        self._round = max(1.0, ground / (max(parts) + 1) / (2 * math.pi))
        self.parts = parts
        for index, part in enumerate(parts):
            self._members[part].add(index)
        self._sizes = [sum(blocks[i].households for i in members) for members in self._members]
        self.best, self.best_cost = list(parts), self._cost()

    def households_of(self, parts: Sequence[int]) -> list[int]:
        """Households of each grid."""
        sizes = [0] * len(self._members)
        for part, block in zip(parts, self._blocks, strict=True):
            sizes[part] += block.households
        return sizes

    def run(self, progress: Progress) -> None:
        """Search until all is as wanted and has settled, or the time is over."""
        end, begun, heat, still = monotonic() + self._wish.seconds, monotonic(), _WARM, 0
        while len(self._members) > 1 and monotonic() < end and still < _PATIENCE:
            for _ in range(_STEPS_A_ROUND):
                self._step(heat)
            heat *= _COOLING
            cost = self._cost()
            still = 0 if cost < self.best_cost - 1e-9 else still + (2 if all(map(self._wish.holds, self._sizes)) else 1)
            if cost < self.best_cost:
                self.best_cost, self.best = cost, list(self.parts)
            progress(min(1.0, (monotonic() - begun) / self._wish.seconds))

    def _cost(self) -> float:
        border = sum(
            cost
            for index, near in enumerate(self._graph.next)
            for other, cost in near.items()
            if index < other and self.parts[index] != self.parts[other]
        )
        changed = sum(self._changed(members) for members in self._members)
        spread = sum(self._spread(members) for members in self._members)
        off = sum(self._off(size) for size in self._sizes)
        return off + _WEIGHT_BORDER * border + _WEIGHT_CHANGE * changed + _WEIGHT_SPREAD * spread

    def _off(self, size: int) -> float:
        wide = abs(size - self._wish.target) / self._wish.target
        return wide * wide + (1.0 if wide > self._wish.tolerance else 0.0)

    def _changed(self, members: set[int]) -> int:
        """Households that are in another grid than the one most of their neighbours here came from."""
        came: dict[str, int] = {}
        for index in members:
            block = self._blocks[index]
            if block.grid is not None:
                came[block.grid] = came.get(block.grid, 0) + block.households
        return sum(came.values()) - max(came.values(), default=0)

    def _step(self, heat: float) -> None:
        some = [self._random.randrange(len(self._members)) for _ in range(5)]
        part = (
            max(some, key=lambda p: abs(self._sizes[p] - self._wish.target))
            if self._random.random() < _WORST_FIRST
            else some[0]
        )
        member = self._random.choice(tuple(self._members[part]))
        others = {self.parts[n] for n in self._graph.next[member]} - {part}
        if not others:
            others = {self.parts[n] for m in self._members[part] for n in self._graph.next[m]} - {part}
        if others:
            self._recut(part, self._random.choice(sorted(others)), heat)

    def _recut(self, one: int, other: int, heat: float) -> None:
        members = self._members[one] | self._members[other]
        below, order = self._tree(members)
        if len(order) < len(members):
            return
        total = self._sizes[one] + self._sizes[other]
        cuts = sorted(order[1:], key=lambda node: self._off(below[node]) + self._off(total - below[node]))
        children: dict[int, list[int]] = {}
        for child, source in self._parent.items():
            children.setdefault(source, []).append(child)
        for node in cuts[:2]:
            self._try(one, other, _branch(node, children), below[node], total, heat)

    def _tree(self, members: set[int]) -> tuple[dict[int, int], list[int]]:
        """A random tree over buildings: households below each node, and the nodes from the root down."""
        root = self._random.choice(tuple(members))
        self._parent = {root: -1}
        order = [root]
        # Roads are crossed last and seldom, so that one cut at a road leaves what lies beyond it whole.
        plain: list[tuple[int, int]] = []
        by_road: list[tuple[int, int]] = []
        node = root
        while True:
            for near, cost in self._graph.next[node].items():
                if near in members and near not in self._parent:
                    (by_road if cost == ROAD_BORDER else plain).append((node, near))
            while plain or by_road:
                edges = plain if plain and (not by_road or self._random.random() < _SELDOM) else by_road
                source, node = edges.pop(self._random.randrange(len(edges)))
                if node not in self._parent:
                    break
            else:
                break
            self._parent[node] = source
            order.append(node)
        below = {node: self._blocks[node].households for node in order}
        for node in reversed(order[1:]):
            below[self._parent[node]] += below[node]
        return below, order

    def _try(self, one: int, other: int, branch: set[int], size: int, total: int, heat: float) -> None:
        members = self._members[one] | self._members[other]
        rest = members - branch
        before = self._pair_cost(self._members[one], self._members[other], self._sizes[one], self._sizes[other])
        after = self._pair_cost(branch, rest, size, total - size)
        if after < before or self._random.random() < math.exp((before - after) / heat):
            keep = len(branch & self._members[one]) >= len(rest & self._members[one])
            first, second = (branch, rest) if keep else (rest, branch)
            self._members[one], self._members[other] = first, second
            self._sizes[one], self._sizes[other] = (size, total - size) if keep else (total - size, size)
            for index in first:
                self.parts[index] = one
            for index in second:
                self.parts[index] = other

    def _pair_cost(self, one: set[int], other: set[int], size: int, other_size: int) -> float:
        smaller = one if len(one) < len(other) else other
        larger = other if smaller is one else one
        border = sum(cost for m in smaller for n, cost in self._graph.next[m].items() if n in larger)
        changed = self._changed(one) + self._changed(other)
        off = self._off(size) + self._off(other_size)
        spread = self._spread(one) + self._spread(other)
        return off + _WEIGHT_BORDER * border + _WEIGHT_CHANGE * changed + _WEIGHT_SPREAD * spread

    def _spread(self, members: set[int]) -> float:
        """How far buildings lie from the middle of their grid: 1 in a round one of average size, more in a long one."""
        x = y = squares = 0.0
        for index in members:
            block = self._blocks[index]
            x, y = x + block.x - self._origin[0], y + block.y - self._origin[1]
            squares += (block.x - self._origin[0]) ** 2 + (block.y - self._origin[1]) ** 2
        return (squares - (x * x + y * y) / len(members)) / len(members) / self._round if members else 0.0


def _branch(node: int, children: Mapping[int, list[int]]) -> set[int]:
    branch, waiting = set(), [node]
    while waiting:
        each = waiting.pop()
        branch.add(each)
        waiting += children.get(each, [])
    return branch


def outlines(blocks: Sequence[Block], parts: Sequence[int], within: BaseGeometry) -> Mapping[int, BaseGeometry]:
    """The outline of each grid: the ground nearer to its buildings than to any other's, inside the community."""
    places = shapely.multipoints(np.array([(block.x, block.y) for block in blocks]))
    cells = shapely.get_parts(shapely.voronoi_polygons(places, extend_to=within, ordered=False))
    owners: dict[int, list[BaseGeometry]] = {}
    tree = shapely.STRtree(cells)
    found = tree.nearest(shapely.points([(block.x, block.y) for block in blocks]))
    taken: dict[int, int] = {}
    for part, cell in zip(parts, found.tolist(), strict=True):
        taken.setdefault(cell, part)
    for cell, part in taken.items():
        owners.setdefault(part, []).append(cells[cell])
    return {part: shapely.union_all(several).intersection(within) for part, several in sorted(owners.items())}
