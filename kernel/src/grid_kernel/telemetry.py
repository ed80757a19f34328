"""Logs without personal data, and metrics."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from grid_kernel import tracing

REGISTRY = CollectorRegistry()
REQUEST_SECONDS = Histogram(
    "http_server_request_duration_seconds",
    "Time to answer",
    ["service", "method", "route", "status"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
)
IN_FLIGHT = Gauge("http_server_requests_in_flight", "Requests being answered", ["service"], registry=REGISTRY)
REFUSED = Counter(
    "http_server_requests_refused_total", "Refused because too many at once", ["service"], registry=REGISTRY
)
EVENTS_PUBLISHED = Counter("events_published_total", "Events the broker confirmed", ["service"], registry=REGISTRY)
EVENTS_HEARD = Counter("events_heard_total", "Events handled", ["service"], registry=REGISTRY)
EVENTS_FAILED = Counter("events_failed_total", "Tries of a handler that failed", ["service"], registry=REGISTRY)
OUTBOX_PENDING = Gauge("outbox_pending", "Events not yet confirmed", ["service"], registry=REGISTRY)
DEAD_EVENTS = Gauge("dead_events", "Events parked after too many tries", ["service"], registry=REGISTRY)

# Only these extra members of a log record are written: whatever else somebody attaches stays out.
ALLOWED = frozenset({
    "service", "method", "route", "status", "milliseconds", "job", "count", "subject", "tries", "error", "actor",
    "setting", "rows", "seconds", "event_id", "upstream", "reason", "request_id", "bytes",
})  # fmt: skip


class JsonFormatter(logging.Formatter):
    """One JSON object a line, UTC, allow-listed members; an exception by type and place, never by its text."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record."""
        members: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            "traceId": tracing.current_trace_id(),
        }
        members |= {name: value for name, value in record.__dict__.items() if name in ALLOWED}
        if record.exc_info and record.exc_info[0]:
            members["exception"] = _where(record.exc_info)
        return orjson.dumps(members, default=str).decode()


def _where(exc_info: Any) -> dict[str, Any]:
    kind, _, traceback = exc_info
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('site-packages/', 1)[-1]}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return {"type": kind.__name__, "frames": frames[-12:]}


def configure_logging(service: str, level: str) -> None:
    """Write every log of the process in one form to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their lines carry addresses with queries, or payloads.
    for name in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def exposition() -> bytes:
    """The metrics in the text form Prometheus reads."""
    return generate_latest(REGISTRY)
