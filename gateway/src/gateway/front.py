"""The door: what comes from outside goes to a service, to the gateway's own routes, or to the pages."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import create_app
from gateway.holding import holding_of
from gateway.live import Live
from gateway.proxy import Proxy, ProxyLimits
from gateway.sessions import Sessions
from gateway.settings import GatewaySettings
from gateway.webapps import WebApps, assets_version
from grid_kernel.errors import Refusal
from grid_kernel.labels import Labels
from grid_kernel.middleware import of_failure, refuse
from grid_kernel.runtime import Runtime
from grid_kernel.service import Service
from grid_kernel.upstream import Upstream, UpstreamLimits
from grid_kernel.workers import Workers
from grid_site import create_site

OWN = "/api/gateway/v1"
# Addresses a standard prescribes, passed on as they are, and the service that serves each.
STANDARDS = {"/ogc": "gis"}
_BELOW_STANDARDS = tuple(f"{prefix}/" for prefix in STANDARDS)
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
# What a client could write to look like somebody else, or like another hop.
_STRIPPED = frozenset({b"authorization", b"forwarded"})


class Front:
    """One ASGI application; the way of a request is decided by the first words of its path."""

    def __init__(self, settings: GatewaySettings, workers: Workers = Workers.ALL) -> None:
        self.settings = settings
        self.own: FastAPI = create_app(settings, workers=workers)
        self.labels: Labels = self.own.state.labels
        self.host = Starlette(lifespan=self._lifespan)
        self._proxy: Proxy | None = None
        self._sessions: Sessions | None = None
        self._live: Live | None = None
        # The site asks the gateway as any other client does, only without a network between.
        self.site_client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self), base_url="http://gateway")
        names = ("__Host-grid",) if settings.behind_tls else ("grid",)
        self.apps = WebApps(self.labels)
        self.site: ASGIApp = create_site(self.site_client, cookie_names=names)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with AsyncExitStack() as stack:
            state = await stack.enter_async_context(self.own.router.lifespan_context(self.own))
            assert state is not None  # noqa: S101 - a service's lifespan always says its runtime
            runtime: Runtime = state["runtime"]
            runtime.readiness["webAssets"] = assets_version()
            held = holding_of(runtime)
            self._sessions, self._live = held.sessions, held.live
            self._proxy = self._make_proxy(self._sessions)
            await self._proxy.startup()
            stack.push_async_callback(self._proxy.aclose)
            stack.push_async_callback(self.site_client.aclose)
            self._state = dict(state)
            yield state

    def _make_proxy(self, sessions: Sessions) -> Proxy:
        settings = self.settings
        limits = UpstreamLimits(first_byte_seconds=settings.proxy_timeout_seconds)
        table = {f"/api/{name}/v1": Upstream(url, limits=limits) for name, url in settings.upstreams.items()}
        table |= {prefix: table[f"/api/{service}/v1"] for prefix, service in STANDARDS.items()}
        bounds = ProxyLimits(in_flight=settings.proxy_in_flight_limit, deadline=settings.proxy_timeout_seconds)
        return Proxy(table, sessions.authorise, limits=bounds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] == "lifespan":
            await self.host(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif (path := scope["path"]).startswith(OWN):
            await self._answer_own(scope, receive, send)
        elif path.startswith(("/api/", *_BELOW_STANDARDS)) or path in STANDARDS:
            assert self._proxy is not None  # noqa: S101 - the lifespan has run
            await self._proxy(scope, receive, send)
        elif path in PROBES:
            await self.own(self._with_state(scope), receive, send)
        elif self.apps.serves(path):
            await self.apps(scope, receive, send)
        else:
            await self.site(scope, receive, send)

    def leave(self) -> None:
        """End the open streams: the process is about to stop."""
        if self._live is not None:
            self._live.leave()

    def _with_state(self, scope: Scope, **more: object) -> Scope:
        return {**scope, "state": dict(self._state), **more}

    async def _answer_own(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._sessions is not None  # noqa: S101 - the lifespan has run
        try:
            token = await self._sessions.authorise(scope)
        except Exception as error:
            refusal = error if isinstance(error, Refusal) else of_failure(error)
            await refuse(refusal, self.labels, scope, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0] not in _STRIPPED and not pair[0].startswith(b"x-forw")]
        if token is not None:
            headers.append((b"authorization", b"Bearer " + token))
        inside = scope["path"].removeprefix("/api/gateway")
        raw = scope["raw_path"].removeprefix(b"/api/gateway")
        await self.own(self._with_state(scope, path=inside, raw_path=raw, headers=headers), receive, send)


def create_front(_: Service, settings: GatewaySettings, *, workers: Workers = Workers.ALL) -> Front:
    """The gateway as it is served."""
    return Front(settings, workers)
