"""Reading answers: llhttp parses, this decides what of it may be believed."""

import httptools

from grid_kernel.upstream.errors import UpstreamError, UpstreamProtocolError
from grid_kernel.upstream.exchange import Exchange, Headers
from grid_kernel.upstream.limits import UpstreamLimits

# RFC 9110 7.6.1, and the names older software still sends; they concern one connection, never the next.
HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-authentication-info",
    b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
})  # fmt: skip


class AnswerReader:
    """Turns the bytes of one connection into answers, one per exchange, in order; raises UpstreamProtocolError.

    llhttp in its strict form already refuses Content-Length beside Transfer-Encoding, repeated or signed lengths,
    folded headers, bare line feeds, blanks before the colon and zero bytes.
    """

    __slots__ = (
        "_bytes_left",
        "_exchange",
        "_fields_left",
        "_framed",
        "_headers",
        "_interim",
        "_limits",
        "_named",
        "_origin",
        "_parser",
        "keeps_alive",
        "received",
    )

    def __init__(self, limits: UpstreamLimits, origin: str) -> None:
        self.keeps_alive = False
        self.received = 0
        self._limits = limits
        self._origin = origin
        self._exchange: Exchange | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: Headers = []
        self._named: set[bytes] = set()
        self._framed = False
        self._interim = False
        self._bytes_left = 0
        self._fields_left = 0

    def expect(self, exchange: Exchange) -> None:
        """The next answer belongs to this exchange."""
        if self._exchange is not None and self._exchange.head_only:
            self._parser = httptools.HttpResponseParser(self)  # the old one still waits for the body of the HEAD
        self._exchange = exchange
        self._headers = []
        self._named.clear()
        self._framed = self._interim = False
        self.received = 0
        self._bytes_left = self._limits.head_bytes
        self._fields_left = self._limits.header_count

    def feed(self, exchange: Exchange, data: bytes) -> None:
        """Read on."""
        before_head = not exchange.status
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            reason = error.__context__
            raise reason if isinstance(reason, UpstreamError) else self._broken(f"broke HTTP: {error}") from None
        if before_head:
            self.received += len(data)
            if not exchange.status and self.received > self._limits.head_bytes:
                raise self._broken("sent a head that is too long")

    # --- httptools callbacks

    def on_message_begin(self) -> None:
        """Refuse a second answer to one request."""
        if self._exchange is None or self._exchange.complete:
            raise self._broken("sent more than was asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep an end-to-end header; a field of the trailer is counted and dropped."""
        self._fields_left -= 1
        self._bytes_left -= len(name) + len(value)
        if self._fields_left < 0 or self._bytes_left < 0:
            raise self._broken("sent too many or too long headers")
        if self._exchange is None or self._exchange.status:
            return
        name = name.lower()
        if name in HOP_BY_HOP:
            self._hop(name, value.strip().lower())
            return
        if name == b"content-length":
            self._framed = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Publish the head, unless it is an interim one."""
        status, version, exchange = self._parser.get_status_code(), self._parser.get_http_version(), self._exchange
        if not 100 <= status <= 599 or status == 101 or version not in {"1.1", "1.0"}:  # noqa: PLR2004
            raise self._broken(f"answered HTTP/{version} {status}, which was not asked for")
        if version == "1.0" and b"transfer-encoding" in self._named:
            raise self._broken("sent Transfer-Encoding with HTTP/1.0")
        assert exchange is not None  # noqa: S101 - on_message_begin saw one
        self._interim = status < 200  # noqa: PLR2004
        if self._interim:
            self._headers = []
            self._named.clear()
            return
        if self._named:
            self._headers = [header for header in self._headers if header[0] not in self._named]
        exchange.headers = self._headers
        exchange.status = status
        exchange.until_close = not self._framed
        if exchange.head_only:  # llhttp would wait for the body that Content-Length announces
            self._complete(exchange)
        exchange.wake()

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        if self._exchange is None or self._exchange.complete:
            raise self._broken("sent a body with an answer that has none")
        self._exchange.feed(body)

    def on_message_complete(self) -> None:
        """Mark the end of the answer."""
        if self._interim:
            self._interim = False
        elif self._exchange is not None and not self._exchange.complete:
            self._complete(self._exchange)

    def _complete(self, exchange: Exchange) -> None:
        exchange.complete = True
        self.keeps_alive = self._parser.should_keep_alive()

    def _hop(self, name: bytes, value: bytes) -> None:
        if name == b"connection":
            self._named.update(token.strip() for token in value.split(b","))
        elif name == b"transfer-encoding":
            if value != b"chunked":
                raise self._broken("sent a Transfer-Encoding other than chunked")
            self._framed = True
            self._named.add(name)

    def _broken(self, what: str) -> UpstreamProtocolError:
        return UpstreamProtocolError(f"{self._origin} {what}")
