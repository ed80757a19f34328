"""Around every request, in pure ASGI: trace, time, bound of work, and the headers of every answer."""

import logging
import random
import time
from collections.abc import Collection

import orjson
from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grid_kernel import telemetry, tracing
from grid_kernel.db import is_away
from grid_kernel.errors import (
    PROBLEM_JSON,
    InternalError,
    Overloaded,
    Refusal,
    TooLarge,
    Unavailable,
    instance_of,
    problem,
)
from grid_kernel.labels import Labels, preferred_language

log = logging.getLogger("grid.access")

UNBOUNDED = frozenset({"/livez", "/readyz", "/metrics"})
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


async def refuse(refusal: Refusal, labels: Labels, scope: Scope, send: Send) -> None:
    """Send a refusal where no framework stands yet."""
    language = preferred_language(Headers(scope=scope).get("accept-language", ""))
    body = orjson.dumps(problem(refusal, labels, language, instance_of(scope)))
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def of_failure(error: Exception) -> Refusal:
    """What a failure of ours means for the caller; one of a database that is away may be tried again."""
    if is_away(error):
        log.warning("the database is away: %s", type(error).__name__)
        wait = str(random.randint(1, 3))  # noqa: S311 - spreads the returns, guards nothing
        return Unavailable(service="postgresql", headers={"Retry-After": wait})
    log.error("a request broke", exc_info=error)
    return InternalError()


class Envelope:
    """Trace, timing, the headers every answer carries, and the last resort when something breaks."""

    def __init__(self, app: ASGIApp, *, service: str, version: str, labels: Labels) -> None:
        self.app = app
        self.service = service
        self.labels = labels
        self.headers = {"API-Version": version, **SECURITY_HEADERS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request inside a span."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if trace_id := tracing.current_trace_id():
                    headers["Trace-Id"] = trace_id
            await send(message)

        carrier = {"traceparent": Headers(scope=scope).get("traceparent", "")}
        with tracing.span(f"{scope['method']} {self.service}", kind=SpanKind.SERVER, carrier=carrier):
            try:
                await self.app(scope, receive, send_with_headers)
            except Exception as error:
                refusal = of_failure(error)
                if status == 500:  # noqa: PLR2004 - nothing was sent yet
                    await refuse(refusal, self.labels, scope, send_with_headers)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        telemetry.REQUEST_SECONDS.labels(self.service, scope["method"], route, str(status)).observe(seconds)
        members = {"method": scope["method"], "route": route, "status": status, "milliseconds": round(seconds * 1e3, 1)}
        log.info("answered", extra=members)


class InFlightLimit:
    """Take only as much work at once as can be done well; the rest is told when to come again."""

    def __init__(
        self, app: ASGIApp, *, limit: int, service: str, labels: Labels, unbounded: Collection[str] = ()
    ) -> None:
        self.app = app
        self.limit = limit
        self._unbounded = UNBOUNDED | set(unbounded)
        self.labels = labels
        self.running = 0
        self._gauge = telemetry.IN_FLIGHT.labels(service)
        self._refused = telemetry.REFUSED.labels(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse at once."""
        if scope["type"] != "http" or scope["path"] in self._unbounded:
            await self.app(scope, receive, send)
            return
        if self.running >= self.limit:
            self._refused.inc()
            wait = str(random.randint(1, 3))  # noqa: S311 - spreads the returns, guards nothing
            await refuse(Overloaded(headers={"Retry-After": wait}), self.labels, scope, send)
            return
        self.running += 1
        self._gauge.set(self.running)
        try:
            await self.app(scope, receive, send)
        finally:
            self.running -= 1
            self._gauge.set(self.running)


class BodyLimit:
    """Refuse bodies larger than anything a service takes, announced or not."""

    def __init__(self, app: ASGIApp, *, limit: int, labels: Labels) -> None:
        self.app = app
        self.limit = limit
        self.labels = labels

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or 413."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > self.limit:
            await refuse(TooLarge(), self.labels, scope, send)
            return
        await self.app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.limit:
                raise TooLarge
            return message

        return counted
