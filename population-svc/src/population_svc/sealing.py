"""Files with personal data, in pieces: each is encrypted under the service's keys before it reaches a disk."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

T = TypeVar("T")
LABEL = "population.file"
_KEPT_PARTS = 4


async def seal(runtime: "Runtime", piece: bytes) -> str:
    """Keep a piece encrypted; the name it is found by."""
    sealed = runtime.keys.encrypt(piece, LABEL)
    name = hashlib.sha256(sealed).hexdigest()
    await runtime.blobs.put(name, _once(sealed), limit=len(sealed))
    return name


async def unseal(runtime: "Runtime", name: str) -> bytes:
    """A piece in clear; BlobMissing when it is gone."""
    sealed = b"".join([piece async for piece in await runtime.blobs.get(name)])
    return runtime.keys.decrypt(sealed, LABEL)


async def forget(runtime: "Runtime", names: Iterable[str]) -> int:
    """Let pieces be gone; how many they were. Twice is no fault."""
    gone = 0
    for name in names:
        await runtime.blobs.delete(name)
        gone += 1
    return gone


async def _once(piece: bytes) -> AsyncIterator[bytes]:
    yield piece


class Bridge:
    """Lets a thread wait for what only the loop can do."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Called in a thread: the result of something done in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class SealedFile(io.RawIOBase):
    """The sealed parts of a file as one that can be read anywhere, in a thread; a few parts are in memory at a time."""

    def __init__(self, names: Sequence[str], part: int, size: int, fetch: Callable[[str], bytes]) -> None:
        super().__init__()
        self._names, self._part, self._size, self._place = names, part, size, 0
        self._fetch = lru_cache(_KEPT_PARTS)(fetch)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        if self._place >= self._size:
            return 0
        number, within = divmod(self._place, self._part)
        piece = self._fetch(self._names[number])[within : within + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)
