"""The ASGI application: one table of prefixes, and the way of a request through it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import Receive, Scope, Send

from gateway.proxy.clients import Client, ClientGoneError
from gateway.proxy.heads import METHODS, Header, RequestHead, back, check_address, new_request_id, read_head
from gateway.proxy.records import SERVICE, Records
from gateway.proxy.refusals import MalformedRequest, come_again, of_upstream, refuse
from grid_kernel import telemetry
from grid_kernel.errors import NotFound, Overloaded, Refusal
from grid_kernel.labels import Labels
from grid_kernel.middleware import of_failure
from grid_kernel.upstream import Exchange, Upstream, UpstreamError

Authorise = Callable[[Scope], Awaitable[bytes | None]]
CLIENT_GONE: Final = 499


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """Bounds of the proxy; the upstreams have their own. Times in seconds, sizes in bytes.

    `uploads` bounds the bodies that are still coming, because each of them holds a connection to its service.
    `deadline` is what a service is told it has; its upstream's first_byte_seconds should not be longer.
    """

    in_flight: int = 512
    uploads: int = 32
    body_bytes: int = 25 * 1024 * 1024
    header_bytes: int = 32_768
    header_count: int = 100
    deadline: float = 30.0
    client_silence: float = 30.0
    client_body: float = 300.0


@dataclass(frozen=True, slots=True)
class Route:
    """A prefix of the table: what goes to its upstream keeps the address from `cut` on."""

    prefix: str
    upstream: Upstream
    cut: int
    constant: tuple[Header, ...]


class Visit:
    """One request on its way: what is noted of it at the end."""

    __slots__ = ("reason", "request_id", "route", "started", "status", "trace_id", "uploading")

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.request_id = self.trace_id = new_request_id()
        self.route = "none"
        self.status = 0
        self.reason = ""
        self.uploading = False


class Proxy:
    """Passes /api/<service>/v1/... on to the service's /v1/...; everything else of a service stays inside.

    `table` maps prefixes ("/api/population/v1") to upstreams; a leading "/api/<service>" is cut off, anything else
    ("/ogc") is passed as it is. `authorise` gives the bearer token of a request, None for nobody, or raises Refusal.
    """

    def __init__(
        self, table: Mapping[str, Upstream], authorise: Authorise, *, limits: ProxyLimits | None = None
    ) -> None:
        self._limits = limits or ProxyLimits()
        self._authorise = authorise
        self._routes = {prefix.encode("ascii"): self._entry(prefix, upstream) for prefix, upstream in table.items()}
        self._labels = Labels.load("grid_kernel", "gateway", "gateway.proxy")
        self._records = Records()
        self._running = 0
        self._uploads = 0
        self._refused = telemetry.REFUSED.labels(SERVICE)

    async def startup(self) -> None:
        """Show the proxy and its upstreams among the metrics."""
        telemetry.IN_FLIGHT.labels(SERVICE).set_function(lambda: self._running)
        for upstream in self._upstreams():
            self._records.observe(upstream)

    async def aclose(self, grace: float = 10.0) -> None:
        """Let the running requests finish for `grace` seconds, then close the upstreams."""
        await asyncio.gather(*(upstream.aclose(grace) for upstream in self._upstreams()))
        self._records.flush()

    def _upstreams(self) -> list[Upstream]:
        """Each once; several prefixes may lead to one."""
        return list({id(route.upstream): route.upstream for route in self._routes.values()}.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        visit = Visit()
        self._running += 1
        try:
            await self._visit(visit, scope, receive, send)
        finally:
            self._running -= 1
            self._uploads -= visit.uploading
            seconds = time.perf_counter() - visit.started
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._records.measure(method, visit.route, visit.status, seconds)
            self._records.note(method, scope["raw_path"], visit.status, seconds, visit.request_id, visit.reason)

    async def _visit(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it; what was refused before anything was sent is a problem document."""
        limits = self._limits
        client = Client(receive, body_bytes=limits.body_bytes, silence=limits.client_silence, total=limits.client_body)
        try:
            await self._pass_on(visit, scope, client, send)
        except UpstreamError as error:
            visit.reason = str(error)
            await self._refuse(visit, of_upstream(error), scope, send)
        except Refusal as refusal:
            visit.reason = refusal.code
            await self._refuse(visit, refusal, scope, send)
        except ClientGoneError:
            visit.status, visit.reason = CLIENT_GONE, "client-gone"
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not client.gone or task is None or task.uncancel():
                raise
            visit.status, visit.reason = CLIENT_GONE, "client-gone"
        except Exception as error:
            meant = of_failure(error)
            visit.reason = meant.code
            if not visit.status:
                await self._refuse(visit, meant, scope, send)
        finally:
            client.leave()

    async def _pass_on(self, visit: Visit, scope: Scope, client: Client, send: Send) -> None:
        raw_path: bytes = scope["raw_path"]
        route = self._route(raw_path)
        visit.route = route.prefix
        if self._running > self._limits.in_flight:
            self._refused.inc()
            raise Overloaded(headers=come_again())
        check_address(raw_path, scope["query_string"])
        head = read_head(
            scope,
            request_id=visit.request_id,
            header_bytes=self._limits.header_bytes,
            header_count=self._limits.header_count,
            body_bytes=self._limits.body_bytes,
        )
        visit.trace_id = head.traceparent[3:35].decode()
        token = await self._authorise(scope)
        exchange = await self._ask(visit, route, head, token, scope, client)
        try:
            await self._answer(visit, exchange, client, send)
        finally:
            exchange.abandon()

    def _route(self, raw_path: bytes) -> Route:
        if raw_path.startswith(b"/api/"):
            end = raw_path.find(b"/", raw_path.find(b"/", 5) + 1)  # the fourth slash ends /api/<service>/v1
        else:
            end = raw_path.find(b"/", 1)
        route = self._routes.get(raw_path[:end] if end > 0 else raw_path)
        if route is None:
            raise NotFound
        return route

    async def _ask(
        self, visit: Visit, route: Route, head: RequestHead, token: bytes | None, scope: Scope, client: Client
    ) -> Exchange:
        headers = head.headers
        headers += route.constant
        headers.append((b"traceparent", head.traceparent))
        headers.append((b"x-request-id", visit.request_id.encode()))
        headers.append((b"x-forwarded-host", head.host))
        headers.append((b"x-forwarded-proto", scope["scheme"].encode()))
        if scope["client"]:
            headers.append((b"x-forwarded-for", scope["client"][0].encode()))
        if token is not None:
            headers.append((b"authorization", b"Bearer " + token))
        target: bytes = scope["raw_path"][route.cut :]
        if scope["query_string"]:
            target = b"%b?%b" % (target, scope["query_string"])
        body = await client.body(head.length)
        if not isinstance(body, bytes):
            self._begin_upload(visit)
        method: str = scope["method"]
        return await route.upstream.request(
            method.encode(), target, headers, body, length=head.length, on_wait=client.watch
        )

    async def _answer(self, visit: Visit, exchange: Exchange, client: Client, send: Send) -> None:
        visit.status = exchange.status
        headers = back(exchange.status, exchange.headers, visit.request_id.encode())
        await send({"type": "http.response.start", "status": exchange.status, "headers": headers})
        if exchange.complete:
            await send({"type": "http.response.body", "body": await exchange.read()})
            return
        client.watch()
        try:
            async for piece in exchange:
                async with asyncio.timeout(self._limits.client_silence):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except (UpstreamError, Refusal) as error:
            visit.reason = f"broken off: {error}"  # returning now makes the server break the transfer off as well
            return
        except TimeoutError:
            visit.reason = "broken off: the client does not read"
            return
        await send({"type": "http.response.body"})

    async def _refuse(self, visit: Visit, refusal: Refusal, scope: Scope, send: Send) -> None:
        visit.status = refusal.status
        more = [(b"x-request-id", visit.request_id.encode())]
        if isinstance(refusal, MalformedRequest):
            more.append((b"connection", b"close"))  # what follows may be part of the same trick
        await refuse(refusal, scope, send, labels=self._labels, trace_id=visit.trace_id, more=more)

    def _begin_upload(self, visit: Visit) -> None:
        if self._uploads >= self._limits.uploads:
            self._refused.inc()
            raise Overloaded(headers=come_again())
        visit.uploading = True
        self._uploads += 1

    def _entry(self, prefix: str, upstream: Upstream) -> Route:
        parts = prefix.split("/")
        inside = "/".join(parts[:3]) if parts[1] == "api" else ""
        deadline = b"%d" % (self._limits.deadline * 1000)
        constant = ((b"x-forwarded-prefix", inside.encode()), (b"x-deadline-ms", deadline))
        return Route(prefix, upstream, len(inside), constant if inside else constant[1:])
