"""What was answered and what tiles are drawn from, kept by all that decides how it looks, up to so many bytes."""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

from gis_svc.tiles import Sheet
from grid_kernel.runtime import Runtime

MOST_BYTES = 64 * 1024 * 1024
_OVERHEAD = 200
"""Bytes an entry takes besides what it keeps: an empty tile is not free."""


@dataclass(frozen=True)
class KeptAnswer:
    """A tile or a page as it is, and as it is sent to whoever unpacks: packed when the first of them asks."""

    plain: bytes

    @cached_property
    def packed(self) -> bytes:
        """Packed once."""
        return gzip.compress(self.plain, 6, mtime=0) if self.plain else b""

    @property
    def size(self) -> int:
        """How much of the memory it takes, with what it is packed to."""
        return len(self.plain) * 5 // 4 + _OVERHEAD


@dataclass(frozen=True, slots=True)
class KeptCount:
    """How many features a question has an answer in."""

    number: int
    size: int = _OVERHEAD


class _Sized(Protocol):
    @property
    def size(self) -> int: ...


_Entry = TypeVar("_Entry", bound=_Sized)


class Kept(Generic[_Entry]):
    """What was asked for last; the key names the revision, so that nothing is ever thrown away by hand."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._entries: OrderedDict[Any, _Entry] = OrderedDict()
        self._making: WeakValueDictionary[Any, asyncio.Lock] = WeakValueDictionary()

    def get(self, key: Any) -> _Entry | None:
        """An entry that was kept."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def keep(self, key: Any, entry: _Entry) -> _Entry:
        """Keep an entry; the ones not asked for longest make room."""
        if key not in self._entries:
            self._bytes += entry.size
        self._entries[key] = entry
        while self._bytes > self._most:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.size
        return entry

    async def made(self, key: Any, make: Callable[[], Awaitable[_Entry]]) -> _Entry:
        """An entry, made once however many ask for it meanwhile."""
        if (found := self.get(key)) is not None:
            return found
        lock = self._making.setdefault(key, asyncio.Lock())
        async with lock:
            return self.get(key) or self.keep(key, await make())


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a process keeps of what it drew and wrote out."""

    tiles: Kept[KeptAnswer] = field(default_factory=Kept)
    pages: Kept[KeptAnswer] = field(default_factory=partial(Kept, MOST_BYTES // 4))
    counts: Kept[KeptCount] = field(default_factory=partial(Kept, MOST_BYTES // 64))
    sheets: Kept[Sheet] = field(default_factory=partial(Kept, 2 * MOST_BYTES))


def drawing_of(runtime: Runtime) -> Drawing:
    """That of a process."""
    kept: Drawing = runtime.extra.setdefault("drawing", Drawing())
    return kept
