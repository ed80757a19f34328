"""A server on loopback that does what a test tells it to, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from grid_kernel.upstream import Upstream, UpstreamLimits

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class ScriptedServer:
    """Runs one coroutine per connection; counts connections, keeps what `take` read."""

    origin: str
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request, head and body; raises IncompleteReadError when the peer is gone."""
        head = await reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        body = b""
        if b"transfer-encoding: chunked" in lowered:
            while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
        elif b"content-length: " in lowered:
            body = await reader.readexactly(int(lowered.split(b"content-length: ")[1].split(b"\r\n")[0]))
        self.requests.append(head + body)
        return head + body


Serve = Callable[[Callable[[ScriptedServer], Talk]], Awaitable[ScriptedServer]]
Connect = Callable[..., Upstream]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    running: list[asyncio.Server] = []
    talks: set[asyncio.Task[None]] = set()

    async def start(script: Callable[[ScriptedServer], Talk]) -> ScriptedServer:
        scripted = ScriptedServer("")
        talk = script(scripted)

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            scripted.connections += 1
            task = asyncio.current_task()
            assert task is not None
            talks.add(task)
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await talk(reader, writer)
            writer.close()
            talks.discard(task)

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=2**20)
        running.append(server)
        host, port = server.sockets[0].getsockname()
        scripted.origin = f"http://{host}:{port}"
        return scripted

    yield start
    for server in running:
        server.close()
    for task in tuple(talks):
        task.cancel()
    await asyncio.gather(*talks, return_exceptions=True)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    opened: list[Upstream] = []

    def to(server: ScriptedServer, **limits: float) -> Upstream:
        upstream = Upstream(server.origin, limits=UpstreamLimits(**{"tick_seconds": 0.02, **limits}))  # type: ignore[arg-type]
        opened.append(upstream)
        return upstream

    yield to
    for upstream in opened:
        await upstream.aclose(grace=0)


def answering(*answers: bytes) -> Callable[[ScriptedServer], Talk]:
    """Answer the requests of each connection with these bytes, one after another, then hold the connection."""

    def script(server: ScriptedServer) -> Talk:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for answer in answers:
                await server.take(reader)
                writer.write(answer)
            await reader.read()

        return talk

    return script


@pytest.fixture(name="answering")
def _answering() -> Callable[..., Callable[[ScriptedServer], Talk]]:
    return answering
