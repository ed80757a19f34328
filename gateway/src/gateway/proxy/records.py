"""What is kept of each proxied request: one measurement and one log line, without personal data."""

import asyncio
import logging
import re
import time
from datetime import UTC, datetime
from typing import Final, NamedTuple

import orjson
from prometheus_client import Gauge, Histogram

from grid_kernel import telemetry
from grid_kernel.upstream import Upstream

log = logging.getLogger("grid.access")

CONNECTIONS = Gauge("upstream_connections", "Open connections", ["upstream"], registry=telemetry.REGISTRY)
RETRIED = Gauge("upstream_retried", "Requests sent a second time", ["upstream"], registry=telemetry.REGISTRY)
SERVICE: Final = "gateway-proxy"
FLUSH_SECONDS: Final = 0.25
FLUSH_LINES: Final = 500
# Whatever is not plain words in lower case may be somebody's number, code or name.
_PARTICULAR: Final = re.compile(rb"(?<=/)[^/]*[^a-z\-/][^/]*")


def template(raw_path: bytes) -> str:
    """An address without what is particular in it: /api/population/v1/persons/{}."""
    kept, version, rest = raw_path.partition(b"/v1/")
    if not version:
        kept, rest = b"", raw_path
    return (kept + version + _PARTICULAR.sub(b"{}", b"/" + rest)[1:]).decode("ascii", "replace")


class Line(NamedTuple):
    """What the access log says of one request."""

    at: float
    method: str
    raw_path: bytes
    status: int
    seconds: float
    request_id: str
    reason: str

    def text(self) -> str:
        """One JSON object in the form of all other logs."""
        members = {
            "time": datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds"),
            "level": "INFO",
            "service": SERVICE,
            "logger": log.name,
            "message": "proxied",
            "method": self.method,
            "route": template(self.raw_path),
            "status": self.status,
            "milliseconds": round(self.seconds * 1e3, 1),
            "request_id": self.request_id,
            "reason": self.reason,
        }
        return orjson.dumps(members).decode()


class Records:
    """Measures and notes.

    Lines are written in batches, straight to the streams of the root logger: a LogRecord for each would cost as much
    as the passing on itself. Metric children are kept, because finding them costs more than counting.
    """

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str, int], Histogram] = {}
        self._lines: list[Line] = []

    def observe(self, upstream: Upstream) -> None:
        """Show an upstream's connections and retries."""
        CONNECTIONS.labels(upstream.name).set_function(lambda: upstream.connections)
        RETRIED.labels(upstream.name).set_function(lambda: upstream.retried)

    def measure(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count and time one answer. `route` is a prefix of the table, not an address."""
        key = (method, route, status)
        histogram = self._seconds.get(key)
        if histogram is None:
            histogram = telemetry.REQUEST_SECONDS.labels(SERVICE, method, route, str(status))
            self._seconds[key] = histogram
        histogram.observe(seconds)

    def note(self, method: str, raw_path: bytes, status: int, seconds: float, request_id: str, reason: str) -> None:
        """One line in the access log, if it is wanted."""
        if not log.isEnabledFor(logging.INFO):
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        self._lines.append(Line(time.time(), method, raw_path, status, seconds, request_id, reason))
        if len(self._lines) >= FLUSH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what is noted."""
        lines, self._lines = self._lines, []
        text = "".join(f"{line.text()}\n" for line in lines)
        for handler in logging.getLogger().handlers:
            if text and isinstance(handler, logging.StreamHandler):
                handler.stream.write(text)
                handler.flush()
