"""What is kept of each proxied request: one measurement and one log line, without personal data."""

import logging
import re
from typing import Final

from prometheus_client import Gauge, Histogram

from grid_kernel import telemetry
from grid_kernel.upstream import Upstream

log = logging.getLogger("grid.access")

CONNECTIONS = Gauge("upstream_connections", "Open connections", ["upstream"], registry=telemetry.REGISTRY)
RETRIED = Gauge("upstream_retried", "Requests sent a second time", ["upstream"], registry=telemetry.REGISTRY)
SERVICE: Final = "gateway-proxy"
# Whatever is not plain words in lower case may be somebody's number, code or name.
_PARTICULAR: Final = re.compile(rb"(?<=/)[^/]*[^a-z\-/][^/]*")


def template(raw_path: bytes) -> str:
    """An address without what is particular in it: /api/population/v1/persons/{}."""
    kept, version, rest = raw_path.partition(b"/v1/")
    if not version:
        kept, rest = b"", raw_path
    return (kept + version + _PARTICULAR.sub(b"{}", b"/" + rest)[1:]).decode("ascii", "replace")


class Records:
    """Measures and notes; metric children are kept, because finding them costs more than counting."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, upstream: Upstream) -> None:
        """Show an upstream's connections and retries."""
        CONNECTIONS.labels(upstream.name).set_function(lambda: upstream.connections)
        RETRIED.labels(upstream.name).set_function(lambda: upstream.retried)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count and time one answer. `route` is a prefix of the table, not an address."""
        key = (method, route, status)
        histogram = self._seconds.get(key)
        if histogram is None:
            histogram = telemetry.REQUEST_SECONDS.labels(SERVICE, method, route, str(status))
            self._seconds[key] = histogram
        histogram.observe(seconds)

    def write(self, method: str, raw_path: bytes, status: int, seconds: float, request_id: str, reason: str) -> None:
        """One line in the access log, if it is wanted."""
        if log.isEnabledFor(logging.INFO):
            log.info(
                "proxied",
                extra={
                    "method": method,
                    "route": template(raw_path),
                    "status": status,
                    "milliseconds": round(seconds * 1e3, 1),
                    "request_id": request_id,
                    "reason": reason,
                },
            )
