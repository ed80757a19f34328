"""The gateway: its own service behind the same door as the four others, the proxy, and the pages."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from gateway import events, jobs, loading, queries, routes
from gateway.holding import KEY, Holding
from gateway.live import Live
from gateway.models import Base
from gateway.overview import Composer
from gateway.passwords import Passwords
from gateway.places import Places
from gateway.sessions import Sessions
from gateway.settings import GatewaySettings
from grid_kernel.app import service_app
from grid_kernel.runtime import Runtime
from grid_kernel.service import Service
from grid_kernel.upstream import upstream_client
from grid_kernel.workers import Workers


@asynccontextmanager
async def hold(runtime: Runtime) -> AsyncIterator[None]:
    """Open what the gateway needs besides a service's runtime."""
    settings = runtime.settings
    assert isinstance(settings, GatewaySettings)  # noqa: S101 - create_app loads these
    async with AsyncExitStack() as stack:
        clients = {name: upstream_client(url) for name, url in settings.upstreams.items()}
        for client in clients.values():
            stack.push_async_callback(client.aclose)
        passwords = Passwords(settings.password_workers)
        stack.callback(passwords.close)
        sessions = Sessions(runtime, secure=settings.behind_tls)
        live = Live(runtime)
        sessions.on_forgotten = live.recheck
        runtime.extra[KEY] = Holding(sessions, passwords, Composer(clients), live, Places(runtime))
        reading = runtime.start(live.run)
        stack.callback(reading.cancel)
        yield


SERVICE = Service(
    name="gateway",
    package="gateway",
    title="统一入口",
    description="Accounts, units, posts and duty, sessions, and reads composed of all services.",
    metadata=Base.metadata,
    scope=queries.scope,
    routers=routes.ROUTERS,
    handlers=events.HANDLERS,
    answers=events.ANSWERS,
    jobs=jobs.JOBS,
    loader=loading.load,
    lifespan=hold,
    waits=("/v1/live",),
)


def create_app(settings: GatewaySettings | None = None, *, workers: Workers = Workers.ALL) -> FastAPI:
    """The gateway's own service, without the door around it (`gateway.front`)."""
    return service_app(SERVICE, settings or GatewaySettings.load("gateway"), workers=workers)
