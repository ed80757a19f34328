"""One request and its answer: the connection feeds it, the caller reads it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from math import inf
from typing import Protocol

Headers = list[tuple[bytes, bytes]]


class Line(Protocol):
    """What an exchange needs of the connection it runs on."""

    def pause(self) -> None:
        """Stop reading: the caller is slower than the upstream."""

    def resume(self) -> None:
        """Read on."""

    def drop(self) -> None:
        """Give the connection up."""


class Exchange:
    """An answer on its way: status and headers are there, the body follows by `read`.

    The headers are end to end (hop-by-hop ones are gone), their names are in lower case.
    Once `complete` is true the connection serves others; what is buffered here stays readable.
    """

    __slots__ = (
        "_buffer_bytes",
        "_buffered",
        "_chunks",
        "_line",
        "_loop",
        "_paused",
        "_waiter",
        "complete",
        "deadline",
        "error",
        "expires_at",
        "head_only",
        "headers",
        "on_wait",
        "sent",
        "silence",
        "status",
        "until_close",
    )

    def __init__(
        self, line: Line, loop: asyncio.AbstractEventLoop, *, head_only: bool, deadline: float, buffer_bytes: int
    ) -> None:
        self.status = 0
        self.headers: Headers = []
        self.complete = False
        self.error: BaseException | None = None
        self.head_only = head_only
        self.until_close = False
        self.sent = False
        self.deadline = deadline
        self.expires_at = inf
        self.silence = inf
        self.on_wait: Callable[[], None] | None = None
        self._line = line
        self._loop = loop
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._buffer_bytes = buffer_bytes
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    async def head(self) -> None:
        """Wait for status and headers."""
        while not self.status:
            if self.error is not None:
                raise self.error
            await self._wait()

    async def read(self) -> bytes:
        """What has come of the body, empty at its end; raises when the answer breaks off."""
        while not self._chunks:
            if self.complete:
                return b""
            if self.error is not None:
                raise self.error
            await self._wait()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._buffered = 0
        if self._paused:
            self._paused = False
            self._line.resume()
        return data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body in the pieces in which it came."""
        while data := await self.read():
            yield data

    def abandon(self) -> None:
        """Give up an unfinished answer together with its connection; nothing to do for a finished one."""
        if not self.complete and self.error is None:
            self._line.drop()

    def feed(self, data: bytes) -> None:
        """Take a piece of the body from the connection."""
        self._chunks.append(data)
        self._buffered += len(data)
        if self._buffered > self._buffer_bytes and not self._paused:
            self._paused = True
            self.expires_at = inf  # the silence is ours now
            self._line.pause()
        self.wake()

    def fail(self, error: BaseException) -> None:
        """End without a complete answer."""
        if not self.complete and self.error is None:
            self.error = error
        self.wake()

    def wake(self) -> None:
        """Let the caller look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def paused(self) -> bool:
        """Whether the caller is slower than the upstream."""
        return self._paused

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
