"""uvicorn's HTTP protocol with the bounds it lacks, above all for the process that strangers can reach.

uvicorn hands everything it does not understand to llhttp, which is strict; but it sets no limit to the length of a
head, waits for ever for a head that does not come, drops the host of an absolute-form target without a word, and
starts the application before it knows that a Transfer-Encoding is not one. It also writes the head of an answer and
its body in two system calls, a sixth of the cost of a proxied request. Give it as `http=EdgeProtocol`.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_BYTES: Final = 65_536
HEAD_SECONDS: Final = 15.0
_TOO_LARGE: Final = 431
_TOO_SLOW: Final = 408


class _Joining:
    """A transport that holds a first write until the second, or the end of the turn of the loop."""

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._held: bytes | None = None
        self._loop = loop
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Write, together with what is held."""
        held = self._held
        if held is None:
            self._held = data
            self._loop.call_soon(self._let_go)
        else:
            self._held = None
            self._transport.writelines((held, data))

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close when everything is written."""
        self._let_go()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """Everything else is the transport's."""
        return getattr(self._transport, name)

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._transport.write(held)


class EdgeProtocol(HttpToolsProtocol):
    """Refuses and closes where a second reading of the request is possible."""

    _in_head = False
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin, and do not wait for ever for the first request."""
        super().connection_made(cast("asyncio.Transport", _Joining(transport, self.loop)))
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on within bounds."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._head_timer is None:
            self._start_timer()

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Let the application begin only with a request that can be read in one way; raising makes it a 400."""
        self._in_head = False
        self._stop_timer()
        if not self.url.startswith(b"/"):
            raise ValueError("not a target in origin form")
        framing = [(name, value) for name, value in self.headers if name in {b"content-length", b"transfer-encoding"}]
        if any(name == b"transfer-encoding" and value.lower() != b"chunked" for name, value in framing):
            raise ValueError("a Transfer-Encoding other than chunked")
        if framing and self.parser.should_upgrade():
            raise ValueError("an upgrade with a body")
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read; never into the middle of an answer that is under way."""
        if self._answering():
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _answering(self) -> bool:
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_late(self) -> None:
        if self._answering():
            self._start_timer()
        else:
            self._refuse(_TOO_SLOW)

    def _refuse(self, status: int) -> None:
        self._stop_timer()
        if self.transport.is_closing():
            return
        if self._in_head and not self._answering():
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()
