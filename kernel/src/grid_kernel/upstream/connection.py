"""One connection to an upstream: at most one exchange at a time, streaming both ways."""

import asyncio
from collections.abc import AsyncIterable
from math import inf
from typing import Protocol, cast

from grid_kernel.upstream.answers import AnswerReader
from grid_kernel.upstream.errors import UpstreamDisconnected, UpstreamProtocolError, UpstreamTimeout
from grid_kernel.upstream.exchange import Exchange
from grid_kernel.upstream.limits import UpstreamLimits


class Owner(Protocol):
    """What a connection tells its pool."""

    def adopt(self, connection: "Connection") -> None:
        """The connection is open."""

    def free(self, connection: "Connection") -> None:
        """The connection can serve another request."""

    def lost(self, connection: "Connection") -> None:
        """The connection is closed."""


class Connection(asyncio.Protocol):
    """Runs exchanges one after another; anything unexpected ends the connection, never slips into the next answer."""

    __slots__ = (
        "_answers",
        "_exchange",
        "_limits",
        "_owner",
        "_reading_paused",
        "_sender",
        "_transport",
        "_writable",
        "alive",
        "idle_since",
        "loop",
        "origin",
        "reused",
    )

    def __init__(self, owner: Owner, limits: UpstreamLimits, origin: str, loop: asyncio.AbstractEventLoop) -> None:
        self.alive = False
        self.reused = False
        self.idle_since = loop.time()
        self.origin = origin
        self._owner = owner
        self._limits = limits
        self.loop = loop
        self._transport: asyncio.Transport
        self._answers = AnswerReader(limits, origin)
        self._exchange: Exchange | None = None
        self._sender: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._reading_paused = False

    async def run(self, exchange: Exchange, head: bytes) -> None:
        """Send a request whose body is in hand, wait for the head of the answer."""
        self._begin(exchange, head)
        exchange.sent = True
        exchange.expires_at = self.loop.time() + min(self._limits.first_byte_seconds, exchange.silence)
        await self._answered(exchange)

    async def run_streaming(
        self, exchange: Exchange, head: bytes, body: AsyncIterable[bytes], length: int | None
    ) -> None:
        """Send a request whose body is still coming; the answer may begin, even end, before the body does."""
        self._begin(exchange, head)
        self._sender = self.loop.create_task(self._send(exchange, body, length))
        await self._answered(exchange)

    def check(self, now: float) -> None:
        """Look at the clock: end what has taken too long, tell the caller that it has to wait."""
        exchange = self._exchange
        if exchange is None:
            if now - self.idle_since >= self._limits.idle_seconds:
                self.drop()
        elif now >= exchange.expires_at:
            self._end(exchange, UpstreamTimeout(f"{self.origin} was silent for too long"))
        elif now >= exchange.deadline:
            self._end(exchange, UpstreamTimeout(f"{self.origin} did not finish in time"))
        elif exchange.on_wait is not None:
            on_wait, exchange.on_wait = exchange.on_wait, None
            on_wait()

    def pause(self) -> None:
        """Stop reading."""
        if self.alive and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on; the upstream's silence counts again from now."""
        if not self._reading_paused:
            return
        self._reading_paused = False
        if self._exchange is not None:
            self._exchange.expires_at = self.loop.time() + self._silence(self._exchange)
        if self.alive:
            self._transport.resume_reading()

    def drop(self) -> None:
        """Close at once; an unfinished exchange fails."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.fail(UpstreamDisconnected(f"the exchange with {self.origin} was given up", unanswered=False))
        self._stop_sending()
        if self.alive:
            self.alive = False
            self._transport.abort()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self.alive = True
        self._owner.adopt(self)

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the reader; bytes nobody asked for end the connection."""
        exchange = self._exchange
        if exchange is None:
            self.drop()
            return
        try:
            self._answers.feed(exchange, data)
        except UpstreamProtocolError as error:
            self._end(exchange, error)
            return
        if exchange.complete:
            self._finish(exchange)
        elif exchange.status and not exchange.paused:
            exchange.expires_at = self.loop.time() + self._silence(exchange)

    def eof_received(self) -> bool:
        """Close with the peer; half-open connections are of no use here."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End what was running; an answer without length ends here in good order."""
        self.alive = False
        self.resume_writing()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            if exchange.until_close and exc is None:
                exchange.complete = True
                exchange.wake()
            else:
                where = "in mid-answer" if exchange.status else "before it answered"
                unanswered = not self._answers.received
                exchange.fail(UpstreamDisconnected(f"{self.origin} closed {where}", unanswered=unanswered))
        self._stop_sending()
        self._owner.lost(self)

    def pause_writing(self) -> None:
        """The upstream reads more slowly than the caller sends."""
        self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        """Go on sending."""
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    # --- inside

    def _begin(self, exchange: Exchange, head: bytes) -> None:
        self._exchange = exchange
        self._answers.expect(exchange)
        self._transport.write(head)

    def _silence(self, exchange: Exchange) -> float:
        """Seconds of silence that are too many; none while the caller is still sending."""
        return min(self._limits.between_bytes_seconds, exchange.silence) if exchange.sent else inf

    async def _answered(self, exchange: Exchange) -> None:
        try:
            await exchange.head()
        except BaseException:
            if self._exchange is exchange:
                self.drop()
            raise

    async def _send(self, exchange: Exchange, body: AsyncIterable[bytes], length: int | None) -> None:
        try:
            await self._send_pieces(exchange, body, length)
        except Exception as error:  # whatever the source of the body raises belongs to the caller
            self._sender = None
            self._end(exchange, error)
            return
        exchange.sent = True
        wait = self._limits.between_bytes_seconds if exchange.status else self._limits.first_byte_seconds
        exchange.expires_at = self.loop.time() + min(wait, exchange.silence)

    async def _send_pieces(self, exchange: Exchange, body: AsyncIterable[bytes], length: int | None) -> None:
        left = length
        async for piece in body:
            if not piece:
                continue
            if left is None:
                self._transport.writelines((b"%x\r\n" % len(piece), piece, b"\r\n"))
            else:
                left -= len(piece)
                if left < 0:
                    raise ValueError("the request body is longer than its Content-Length")
                self._transport.write(piece)
            await self._drain(exchange)
        if left:
            raise ValueError("the request body is shorter than its Content-Length")
        if length is None:
            self._transport.write(b"0\r\n\r\n")

    async def _drain(self, exchange: Exchange) -> None:
        if self._writable is None:
            return
        exchange.expires_at = self.loop.time() + min(self._limits.between_bytes_seconds, exchange.silence)
        await self._writable
        exchange.expires_at = inf

    def _stop_sending(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.cancel()

    def _end(self, exchange: Exchange, error: Exception) -> None:
        exchange.fail(error)
        self.drop()

    def _finish(self, exchange: Exchange) -> None:
        """Let go of a complete answer; the connection goes on if both sides are done with this request."""
        self._exchange = None
        self.resume()
        exchange.wake()
        if not exchange.sent or not self._answers.keeps_alive:
            self.drop()
            return
        self._sender = None
        self.reused = True
        self._owner.free(self)
