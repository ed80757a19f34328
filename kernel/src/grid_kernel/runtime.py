"""What one running service holds: its connections, keys, bus and files. Made at start, handed on by the lifespan."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from grid_kernel import clock, idempotency
from grid_kernel.auth import Actor, CurrentActor, Signer, Verifier
from grid_kernel.blobs import BlobStore
from grid_kernel.bus import Bus
from grid_kernel.calendar import Calendar
from grid_kernel.clock import WorkingCalendar
from grid_kernel.crypto import Keys
from grid_kernel.db import make_engine, make_read_pool, transaction
from grid_kernel.labels import Labels
from grid_kernel.reads import ReadPool, ReadRunner
from grid_kernel.service import Service
from grid_kernel.settings import ServiceSettings

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Runtime:
    """One service, started."""

    service: Service
    settings: ServiceSettings
    labels: Labels
    keys: Keys
    signer: Signer
    verifier: Verifier
    engine: AsyncEngine
    system_engine: AsyncEngine
    app_reads: ReadPool
    own_reads: ReadPool
    bus: Bus
    blobs: BlobStore
    working_days: Calendar
    outbox_wake: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    extra: dict[str, Any] = field(default_factory=dict)
    readiness: dict[str, str] = field(default_factory=dict)
    """What a service adds to the answer of /readyz."""

    def scope(self, actor: Actor) -> str:
        """The areas an actor may see in this service, as the database is told."""
        return ",".join(self.service.scope(actor))

    @asynccontextmanager
    async def app_session(self, actor: Actor, request: Request | None = None) -> AsyncIterator[AsyncSession]:
        """A transaction of one actor: behind both walls."""
        async with self._session(self.engine, self.scope(actor), actor, request) as session:
            yield session

    @asynccontextmanager
    async def system_session(self, request: Request | None = None) -> AsyncIterator[AsyncSession]:
        """A transaction of the service itself; the key of a request belongs to whoever asks all the same."""
        actor = getattr(request.state, "actor", None) if request else None
        async with self._session(self.system_engine, None, actor, request) as session:
            yield session

    @asynccontextmanager
    async def _session(
        self, engine: AsyncEngine, scope: str | None, actor: Actor | None, request: Request | None
    ) -> AsyncIterator[AsyncSession]:
        info = {"district": self.settings.district, "via": _via(request) if request else self.service.name}
        async with transaction(engine, scope=scope, info=info) as session:
            if request is not None:
                await idempotency.begin(session, request, actor, self.keys)
            yield session
        self.committed(session)

    def committed(self, session: AsyncSession) -> None:
        """What a commit sets going: the relay, and the work that waited for it."""
        if session.info.get("published"):
            self.outbox_wake.set()
        for work in session.info.get("after_commit", ()):
            self.start(work)

    def start(self, work: Callable[[], Awaitable[object]]) -> asyncio.Task[Any]:
        """Run something beside the requests; its failure is logged, its end awaited at stop."""
        task = asyncio.create_task(_logged(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def reads(self, actor: Actor, request: Request | None = None) -> ReadRunner:
        """The hot reads of one actor."""
        return ReadRunner(self.app_reads, actor, self.scope(actor), _via(request) if request else self.service.name)

    def system_reads(self, actor: Actor | None = None, via: str = "") -> ReadRunner:
        """The service's own hot reads; what they show is recorded under the actor they are made for."""
        return ReadRunner(self.own_reads, actor, None, via or self.service.name)

    async def calendar(self) -> WorkingCalendar:
        """The working calendar with the days this installation has changed."""
        return await self.working_days.current(self)


async def _logged(work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except Exception:
        log.exception("work after a commit failed")


def _via(request: Request) -> str:
    route = request.scope.get("route")
    return f"{request.method} {getattr(route, 'path', request.scope['path'])}"


@asynccontextmanager
async def open_runtime(service: Service, settings: ServiceSettings, labels: Labels) -> AsyncIterator[Runtime]:
    """Open what a service needs. The broker may be away: it is reached when it comes back."""
    keys = Keys.parse(settings.data_keys.get_secret_value())
    app_url = settings.database_url.get_secret_value()
    own_url = settings.system_database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        engine = make_engine(app_url, keys, pool=settings.session_pool, name=f"{service.name} app")
        stack.push_async_callback(engine.dispose)
        system_engine = make_engine(own_url, keys, pool=settings.system_pool, name=f"{service.name} system")
        stack.push_async_callback(system_engine.dispose)
        app_reads = ReadPool(await make_read_pool(app_url, size=settings.read_pool, name=f"{service.name} reads"), keys)
        stack.push_async_callback(app_reads.close)
        own_reads = ReadPool(await make_read_pool(own_url, size=2, name=f"{service.name} own reads"), keys)
        stack.push_async_callback(own_reads.close)
        bus = await Bus.connect(settings.nats_url, name=service.name)
        stack.push_async_callback(bus.close)
        yield Runtime(
            service=service,
            settings=settings,
            labels=labels,
            keys=keys,
            signer=Signer(settings.signing_key.get_secret_value()),
            verifier=Verifier(settings.verify_keys),
            engine=engine,
            system_engine=system_engine,
            app_reads=app_reads,
            own_reads=own_reads,
            bus=bus,
            blobs=BlobStore(settings.blob_address),
            working_days=Calendar(),
        )


async def current_runtime(request: Request) -> Runtime:
    """The runtime of the service that answers."""
    runtime: Runtime = request.state.runtime
    return runtime


async def request_time() -> datetime:
    """The moment of a request: rules and commands get it as an argument and never read a clock."""
    return clock.now()


Now = Annotated[datetime, Depends(request_time)]
CurrentRuntime = Annotated[Runtime, Depends(current_runtime)]


async def actor_reads(request: Request, actor: CurrentActor) -> ReadRunner:
    """The hot reads of the actor who asks, in the actor's scope."""
    runtime: Runtime = request.state.runtime
    return runtime.reads(actor, request)


Reads = Annotated[ReadRunner, Depends(actor_reads)]
