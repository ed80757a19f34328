"""The one HTTP/1.1 client of the project: a bounded, streaming connection pool per origin (docs/decisions/0005).

`Upstream` speaks in bytes, for the gateway's proxy; `upstream_client` gives the same pool the face of httpx, for
everybody else. Parsing is llhttp's (httptools), in its strict form.
"""

from grid_kernel.upstream.errors import (
    UpstreamBusy,
    UpstreamDisconnected,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from grid_kernel.upstream.exchange import Exchange
from grid_kernel.upstream.limits import UpstreamLimits
from grid_kernel.upstream.pool import Upstream
from grid_kernel.upstream.transport import UpstreamTransport, upstream_client

__all__ = [
    "Exchange",
    "Upstream",
    "UpstreamBusy",
    "UpstreamDisconnected",
    "UpstreamError",
    "UpstreamLimits",
    "UpstreamProtocolError",
    "UpstreamTimeout",
    "UpstreamTransport",
    "UpstreamUnavailable",
    "upstream_client",
]
