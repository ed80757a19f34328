"""The pool of connections to one origin."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from math import inf
from typing import Final
from urllib.parse import urlsplit

from grid_kernel.upstream.connection import Connection
from grid_kernel.upstream.errors import UpstreamBusy, UpstreamDisconnected, UpstreamUnavailable
from grid_kernel.upstream.exchange import Exchange
from grid_kernel.upstream.limits import UpstreamLimits
from grid_kernel.upstream.requests import Body, request_bytes

IDEMPOTENT: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})
_RETRY_RESERVE: Final = 10.0


class Upstream:
    """Sends requests to one origin over at most `limits.connections` kept connections.

    Belongs to the event loop of its first request. Everything that comes in is bounded and timed by `limits`.
    """

    def __init__(
        self,
        origin: str,
        *,
        name: str = "",
        limits: UpstreamLimits | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        address = urlsplit(origin)
        if address.scheme not in {"http", "https"} or not address.hostname or address.path.strip("/"):
            raise ValueError(f"not an origin: {origin!r}")
        secure = address.scheme == "https"
        self.origin = f"{address.scheme}://{address.netloc}"
        self.name = name or address.netloc
        self.limits = limits or UpstreamLimits()
        self.retried = 0
        self._host = address.hostname
        self._port = address.port or (443 if secure else 80)
        self._ssl = (ssl_context or ssl.create_default_context()) if secure else None
        self._host_line = b"host: " + address.netloc.encode("ascii") + b"\r\n"
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._opening = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._ticking = False
        self._closing = False
        self._empty = asyncio.Event()
        self._retry_tokens = _RETRY_RESERVE

    async def request(
        self,
        method: bytes,
        target: bytes,
        headers: Iterable[tuple[bytes, bytes]] = (),
        body: Body = b"",
        *,
        length: int | None = None,
        silence: float = inf,
        on_wait: Callable[[], None] | None = None,
    ) -> Exchange:
        """Send a request, return when the head of the answer is there; the caller reads or abandons the rest.

        A body in pieces is sent in chunks unless `length` is given. `silence` (seconds) shortens the limits for this
        request. `on_wait` is called, maybe more than once, when the answer is not immediate. Raises UpstreamError.
        """
        loop = asyncio.get_running_loop()
        head = request_bytes(method, target, self._host_line, headers, body, length)
        deadline = loop.time() + self.limits.total_seconds
        self._retry_tokens = min(_RETRY_RESERVE, self._retry_tokens + self.limits.retry_share)
        connection = await self._acquire(loop, on_wait)
        try:
            return await self._run(connection, method, head, body, length, silence, deadline, on_wait)
        except UpstreamDisconnected as error:
            replayable = method in IDEMPOTENT and isinstance(body, bytes)
            if not (error.unanswered and connection.reused and replayable and self._may_retry()):
                raise
        self._drop_idle()  # the upstream has probably restarted: the other kept connections are dead as well
        connection = await self._acquire(loop, on_wait)
        return await self._run(connection, method, head, body, length, silence, deadline, on_wait)

    async def aclose(self, grace: float = 10.0) -> None:
        """Take no more requests, let the running ones finish for `grace` seconds, then close."""
        self._closing = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(UpstreamUnavailable(f"{self.origin} is being closed"))
        self._waiters.clear()
        self._drop_idle()
        try:
            async with asyncio.timeout(grace):
                while self._open:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            for connection in tuple(self._open):
                connection.drop()
                self.lost(connection)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    # --- what connections tell

    def adopt(self, connection: Connection) -> None:
        """Count an open connection and see that somebody watches the clock."""
        self._open.add(connection)
        if not self._ticking:
            self._ticking = True
            self._tick()

    def free(self, connection: Connection) -> None:
        """Give a connection to the next in line, else keep it."""
        if self._closing:
            connection.drop()
            return
        connection.idle_since = connection.loop.time()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)

    def lost(self, connection: Connection) -> None:
        """Forget a closed connection; the next in line may open another."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._open:
            self._empty.set()
        self._offer_slot()

    # --- inside

    async def _run(
        self,
        connection: Connection,
        method: bytes,
        head: bytes,
        body: Body,
        length: int | None,
        silence: float,
        deadline: float,
        on_wait: Callable[[], None] | None,
    ) -> Exchange:
        exchange = Exchange(
            connection,
            connection.loop,
            head_only=method == b"HEAD",
            deadline=deadline,
            buffer_bytes=self.limits.buffer_bytes,
        )
        exchange.silence = silence
        exchange.on_wait = on_wait
        if isinstance(body, bytes):
            await connection.run(exchange, head)
        else:
            await connection.run_streaming(exchange, head, body, length)
        return exchange

    async def _acquire(self, loop: asyncio.AbstractEventLoop, on_wait: Callable[[], None] | None) -> Connection:
        while True:
            connection = self._take_idle(loop.time())
            if connection is not None:
                return connection
            if self._closing:
                raise UpstreamUnavailable(f"{self.origin} is being closed")
            if on_wait is not None:
                on_wait()
            if self._waiters or len(self._open) + self._opening >= self.limits.connections:
                offered = await self._stand_in_line(loop)
                if offered is None:
                    return await self._connect(loop)
                if offered.alive:
                    return offered
            else:
                self._opening += 1
                return await self._connect(loop)

    def _take_idle(self, now: float) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.alive and now - connection.idle_since < self.limits.idle_seconds:
                return connection
            connection.drop()
        return None

    async def _stand_in_line(self, loop: asyncio.AbstractEventLoop) -> Connection | None:
        """Wait for a connection, or for the right (None) to open one."""
        if len(self._waiters) >= self.limits.waiting:
            raise UpstreamBusy(f"too many requests wait for {self.origin}")
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(self.limits.wait_seconds):
                return await waiter
        except BaseException as error:
            self._leave_line(waiter)
            if isinstance(error, TimeoutError):
                raise UpstreamBusy(f"no connection to {self.origin} became free in time") from None
            raise

    def _leave_line(self, waiter: "asyncio.Future[Connection | None]") -> None:
        """Give back what was offered in the same moment in which the wait ended."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        if waiter.cancelled() or not waiter.done() or waiter.exception() is not None:
            return
        offered = waiter.result()
        if offered is None:
            self._opening -= 1
            self._offer_slot()
        elif offered.alive:
            self.free(offered)

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Connection:
        """Open a connection on a slot already counted in `_opening`."""
        connection = Connection(self, self.limits, self.origin, loop)
        try:
            async with asyncio.timeout(self.limits.connect_seconds):
                await loop.create_connection(lambda: connection, self._host, self._port, ssl=self._ssl)
        except BaseException as error:
            connection.drop()
            self.lost(connection)  # uvloop does not say so when the connecting task is cancelled
            if isinstance(error, TimeoutError):
                raise UpstreamUnavailable(f"{self.origin} did not accept a connection in time") from None
            if isinstance(error, OSError):
                raise UpstreamUnavailable(f"{self.origin} cannot be reached: {error.strerror or error}") from None
            raise
        finally:
            self._opening -= 1
            self._offer_slot()
        if not connection.alive:
            raise UpstreamUnavailable(f"{self.origin} closed the connection at once")
        return connection

    def _offer_slot(self) -> None:
        while self._waiters and len(self._open) + self._opening < self.limits.connections:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._opening += 1
                waiter.set_result(None)

    def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.drop()

    def _may_retry(self) -> bool:
        """Spend from the budget: a reserve for restarts, refilled by a share of all requests."""
        if self._retry_tokens < 1:
            return False
        self._retry_tokens -= 1
        self.retried += 1
        return True

    def _tick(self) -> None:
        if not self._open:
            self._ticking = False
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in tuple(self._open):
            connection.check(now)
        loop.call_later(self.limits.tick_seconds, self._tick)
