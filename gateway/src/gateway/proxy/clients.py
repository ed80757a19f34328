"""The client's side of a request: its body as it comes, and whether it is still there."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Message, Receive

from gateway.proxy.refusals import ClientTooSlow
from grid_kernel.errors import TooLarge


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class Client:
    """Reads the body of one request, then watches for the client's leaving.

    The watch costs a task, so it is started only when an answer is not immediate; it cancels the request's own task.
    """

    def __init__(self, receive: Receive, *, body_bytes: int, silence: float, total: float) -> None:
        self.gone = False
        self._receive = receive
        self._body_bytes = body_bytes
        self._silence = silence
        self._total = total
        self._request = asyncio.current_task()
        self._watching: asyncio.Task[None] | None = None
        self._body_pending = False

    async def body(self, length: int | None) -> bytes | AsyncIterator[bytes]:
        """The body in one piece where it is there already, else as it comes."""
        if length == 0:
            return b""
        ends_at = asyncio.get_running_loop().time() + self._total
        first = await self._next(ends_at)
        if not first.get("more_body", False):
            body: bytes = first.get("body", b"")
            return self._bounded(body, len(body))
        self._body_pending = True
        return self._pieces(first, ends_at)

    def watch(self) -> None:
        """Cancel the request when the client leaves."""
        if self._watching is None and not self._body_pending:
            self._watching = asyncio.get_running_loop().create_task(self._watch())

    def leave(self) -> None:
        """Stop watching."""
        if self._watching is not None:
            self._watching.cancel()

    async def _pieces(self, message: Message, ends_at: float) -> AsyncIterator[bytes]:
        taken = 0
        while True:
            piece: bytes = message.get("body", b"")
            taken += len(piece)
            yield self._bounded(piece, taken)
            if not message.get("more_body", False):
                break
            message = await self._next(ends_at)
        self._body_pending = False
        self.watch()

    def _bounded(self, piece: bytes, taken: int) -> bytes:
        if taken > self._body_bytes:
            raise TooLarge
        return piece

    async def _next(self, ends_at: float) -> Message:
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + self._silence, ends_at)):
                message = await self._receive()
        except TimeoutError:
            raise ClientTooSlow from None
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        return message

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._request is not None:
            self._request.cancel()
