"""The pool with the face of httpx: `upstream_client` is how the project makes an `httpx.AsyncClient`."""

from collections.abc import AsyncIterator
from math import inf

import httpx

from grid_kernel.upstream.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from grid_kernel.upstream.exchange import Exchange
from grid_kernel.upstream.limits import UpstreamLimits
from grid_kernel.upstream.pool import Upstream

_NOT_SENT = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"keep-alive"})
_AS_HTTPX: tuple[tuple[type[UpstreamError], type[httpx.TransportError]], ...] = (
    (UpstreamBusy, httpx.PoolTimeout),
    (UpstreamUnavailable, httpx.ConnectError),
    (UpstreamTimeout, httpx.ReadTimeout),
    (UpstreamProtocolError, httpx.RemoteProtocolError),
    (UpstreamError, httpx.ReadError),
)


class UpstreamTransport(httpx.AsyncBaseTransport):
    """Sends the requests of an `httpx.AsyncClient` to one origin over a pool; other origins are refused."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._origin = httpx.URL(upstream.origin)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; errors are httpx's own."""
        url, origin = request.url, self._origin
        if (url.scheme, url.host, url.port) != (origin.scheme, origin.host, origin.port):
            raise httpx.UnsupportedProtocol(f"this client speaks to {self._upstream.origin} only", request=request)
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _NOT_SENT]
        in_hand = isinstance(request.stream, httpx.ByteStream)
        body = await request.aread() if in_hand else _pieces(request)
        length = request.headers.get("content-length")
        try:
            exchange = await self._upstream.request(
                request.method.encode("ascii"),
                url.raw_path,
                headers,
                body,
                length=None if in_hand or length is None else int(length),
                silence=_silence(request),
            )
        except UpstreamError as error:
            raise _translated(error, request) from error
        return httpx.Response(exchange.status, headers=exchange.headers, stream=_Body(exchange, request))

    async def aclose(self) -> None:
        """Close the pool."""
        await self._upstream.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, exchange: Exchange, request: httpx.Request) -> None:
        self._exchange = exchange
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while data := await self._exchange.read():
                yield data
        except UpstreamError as error:
            raise _translated(error, self._request) from error

    async def aclose(self) -> None:
        self._exchange.abandon()


def upstream_client(
    base_url: str, *, limits: UpstreamLimits | None = None, headers: dict[str, str] | None = None
) -> httpx.AsyncClient:
    """An httpx client for one origin; the environment (proxies, netrc) has no say, redirects are not followed.

    `limits.first_byte_seconds` and the like are the time-outs; httpx's `timeout=` on a call can shorten them.
    """
    url = httpx.URL(base_url)
    upstream = Upstream(f"{url.scheme}://{url.netloc.decode('ascii')}", limits=limits)
    return httpx.AsyncClient(
        base_url=base_url,
        transport=UpstreamTransport(upstream),
        headers=headers,
        timeout=None,  # noqa: S113 - the pool's own limits are always in force
        trust_env=False,
    )


async def _pieces(request: httpx.Request) -> AsyncIterator[bytes]:
    assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - what an AsyncClient sends
    async for piece in request.stream:
        yield piece


def _silence(request: httpx.Request) -> float:
    seconds = request.extensions.get("timeout", {}).get("read")
    return inf if seconds is None else float(seconds)


def _translated(error: UpstreamError, request: httpx.Request) -> httpx.TransportError:
    kind = next(theirs for ours, theirs in _AS_HTTPX if isinstance(error, ours))
    return kind(str(error), request=request)
