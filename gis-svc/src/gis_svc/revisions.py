"""How often each layer of things was changed, and where, as this process knows it: what kept answers go by."""

import asyncio
from collections.abc import Mapping

import numpy as np

from gis_svc.mvt import Ints
from gis_svc.queries import features
from gis_svc.tiles import Tile
from grid_kernel.runtime import Runtime

CELL_ZOOM = 14
_SIDE = 1 << CELL_ZOOM
_EVERYWHERE = -1
BY_CELL = ("buildings", "things", "service-points", "roads")
"""Layers whose changes are told by cell."""


class Touched:
    """The cells of one layer, each with the revision that touched it last."""

    def __init__(self) -> None:
        self.since = 0
        self._known: dict[int, int] = {}
        self._everywhere = 0
        self._rows, self._columns, self._revisions = (np.empty(0, np.int64) for _ in range(3))

    def learn(self, cells: list[tuple[int, int]]) -> None:
        """Take over what was touched since."""
        self._known.update(cells)
        self._everywhere = self._known.get(_EVERYWHERE, 0)
        numbers: Ints = np.array([cell for cell in self._known if cell != _EVERYWHERE], np.int64)
        self._rows, self._columns = numbers // _SIDE, numbers % _SIDE
        self._revisions = np.array([self._known[cell] for cell in numbers.tolist()], np.int64)
        self.since = max(self.since, max((revision for _, revision in cells), default=0))

    def within(self, tile: Tile) -> int:
        """The revision that last touched what a tile shows."""
        first, last = tile.cells(CELL_ZOOM)
        here = (self._rows >= first.row) & (self._rows <= last.row)
        here &= (self._columns >= first.column) & (self._columns <= last.column)
        return max(int(self._revisions[here].max(initial=0)), self._everywhere)


class Revisions:
    """Never ahead of the tables; a change this process made is always counted."""

    def __init__(self) -> None:
        self._known: Mapping[str, int] | None = None
        self._touched = {layer: Touched() for layer in BY_CELL}
        self._changes = 0
        self._changes_read = -1
        self._reading = asyncio.Lock()

    async def current(self, runtime: Runtime) -> Mapping[str, int]:
        """The revisions as last read."""
        if self._known is None or self._changes_read < self._changes:
            return await self.refresh(runtime)
        return self._known

    async def of_tile(self, runtime: Runtime, layer: str, tile: Tile) -> int:
        """The revision of a layer that last touched what a tile shows."""
        await self.current(runtime)
        return self._touched[layer].within(tile)

    def changed(self) -> None:
        """This process changed something; whoever asks from now on reads anew."""
        self._changes += 1

    async def refresh(self, runtime: Runtime) -> Mapping[str, int]:
        """Read them again."""
        async with self._reading:
            changes, reads = self._changes, runtime.system_reads()
            known = await features.revisions(reads)
            for layer, touched in self._touched.items():
                if known[layer] > touched.since:
                    touched.learn(await features.touched_cells(reads, layer, touched.since))
            self._known, self._changes_read = known, changes
            return known


def revisions_of(runtime: Runtime) -> Revisions:
    """Those of a process."""
    kept: Revisions = runtime.extra.setdefault("revisions", Revisions())
    return kept
