"""The proxy in a real uvicorn on its own loop, in front of servers that do what a test tells them to."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
import uvloop

from gateway.proxy import Proxy, ProxyLimits
from grid_kernel.edge import EdgeProtocol
from grid_kernel.upstream import Upstream, UpstreamLimits

Talk = Callable[["Backend", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Backend:
    """A server of a service, byte by byte; keeps the requests it was sent."""

    origin: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        lowered, body = head.lower(), b""
        if b"\r\ntransfer-encoding: chunked" in lowered:
            while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
        elif b"\r\ncontent-length: " in lowered:
            body = await reader.readexactly(int(lowered.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0]))
        self.requests.append(head + body)
        return head + body

    def header(self, name: str) -> str | None:
        """A header of the last request."""
        for line in self.requests[-1].split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
            found, _, value = line.partition(": ")
            if found.lower() == name:
                return value
        return None


class Gateway:
    """A uvicorn with a proxy, in a thread of its own."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.socket.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        config = uvicorn.Config(
            proxy,
            http=EdgeProtocol,
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="none",
            proxy_headers=False,
            server_header=False,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        async def main() -> None:
            await self.proxy.startup()
            await self.server.serve(sockets=[self.socket])
            await self.proxy.aclose(grace=0.2)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())

    async def start(self) -> None:
        self.thread.start()
        while not self.server.started:  # noqa: ASYNC110 - set in another thread
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self.server.should_exit = True
        self.server.force_exit = True
        await asyncio.to_thread(self.thread.join)

    async def raw(self, *parts: bytes, pause: float = 0.02, seconds: float = 1.0) -> bytes:
        """Send bytes, return everything that comes until the gateway closes or the time is over."""
        reader, writer = await asyncio.open_connection(*self.address)
        received = b""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(seconds):
                for part in parts:
                    writer.write(part)
                    await asyncio.sleep(pause)
                while data := await reader.read(65_536):
                    received += data
        writer.transport.abort()
        return received


@pytest.fixture
async def backend() -> AsyncIterator[Callable[..., Awaitable[Backend]]]:
    running: list[asyncio.Server] = []
    talks: set[asyncio.Task[Any]] = set()

    async def start(talk: Talk | bytes = OK) -> Backend:
        served = Backend()

        async def answer(served: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert isinstance(talk, bytes)
            while True:
                await served.take(reader)
                writer.write(talk)

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            served.connections += 1
            task = asyncio.current_task()
            assert task is not None
            talks.add(task)
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await (answer if isinstance(talk, bytes) else talk)(served, reader, writer)
            writer.close()
            talks.discard(task)

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=2**20)
        running.append(server)
        served.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return served

    yield start
    for server in running:
        server.close()
    for task in tuple(talks):
        task.cancel()
    await asyncio.gather(*talks, return_exceptions=True)


async def nobody(_: Any) -> bytes | None:
    return None


@pytest.fixture
async def gateway() -> AsyncIterator[Callable[..., Awaitable[Gateway]]]:
    started: list[Gateway] = []

    async def start(
        *backends: Backend, authorise: Any = nobody, limits: dict[str, Any] | None = None, **upstream: Any
    ) -> Gateway:
        names = ("approval", "population", "gis", "dispute")
        bounds = UpstreamLimits(**{"tick_seconds": 0.02, **upstream})
        table = {
            f"/api/{name}/v1": Upstream(served.origin, name=name, limits=bounds)
            for name, served in zip(names, backends, strict=False)
        }
        if "/api/gis/v1" in table:
            table["/ogc"] = table["/api/gis/v1"]
        opened = Gateway(Proxy(table, authorise, limits=ProxyLimits(**(limits or {}))))
        started.append(opened)
        await opened.start()
        return opened

    yield start
    for opened in started:
        await opened.stop()


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        yield client
