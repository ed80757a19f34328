"""Tiles that were drawn, kept in memory by everything that decides how they look, up to so many bytes."""

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from grid_kernel.runtime import Runtime

MOST_BYTES = 64 * 1024 * 1024
_OVERHEAD = 200
"""Bytes an entry takes besides what it keeps: an empty tile is not free."""


@dataclass(frozen=True, slots=True)
class KeptTile:
    """A tile as it is and as it is sent packed."""

    plain: bytes
    packed: bytes

    @classmethod
    def of(cls, plain: bytes) -> "KeptTile":
        """Pack it once."""
        return cls(plain, gzip.compress(plain, 6, mtime=0) if plain else b"")

    @property
    def size(self) -> int:
        """How much of the memory it takes."""
        return len(self.plain) + len(self.packed) + _OVERHEAD


class KeptTiles:
    """The tiles asked for last; the key names the revision, so that nothing is ever thrown away by hand."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._tiles: OrderedDict[Any, KeptTile] = OrderedDict()

    def get(self, key: Any) -> KeptTile | None:
        """A tile that was kept."""
        found = self._tiles.get(key)
        if found is not None:
            self._tiles.move_to_end(key)
        return found

    def keep(self, key: Any, tile: KeptTile) -> KeptTile:
        """Keep a tile; the ones not asked for longest make room."""
        if key not in self._tiles:
            self._bytes += tile.size
        self._tiles[key] = tile
        while self._bytes > self._most:
            _, oldest = self._tiles.popitem(last=False)
            self._bytes -= oldest.size
        return tile


def kept_tiles(runtime: Runtime) -> KeptTiles:
    """Those of a process."""
    kept: KeptTiles = runtime.extra.setdefault("tiles", KeptTiles())
    return kept
