import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from grid_kernel.upstream import UpstreamLimits, upstream_client

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'


async def test_httpx_speaks_through_the_pool(serve: Any, answering: Any) -> None:
    server = await serve(answering(*[OK] * 4))
    async with upstream_client(server.origin + "/v1", headers={"X-Who": "me"}) as client:
        assert (await client.get("/a", params={"q": "网格"})).json() == {"ok": True}
        assert (await client.post("/b", json={"a": 1})).json() == {"ok": True}
        async with client.stream("PUT", "/c", content=chunks()) as response:
            assert [piece async for piece in response.aiter_bytes()] == [b'{"ok":true}']
        assert (await client.put("/d", content=chunks(), headers={"Content-Length": "10"})).status_code == 200
    assert server.connections == 1
    lines = [request.split(b"\r\n")[0] for request in server.requests]
    assert lines[0] == b"GET /v1/a?q=%E7%BD%91%E6%A0%BC HTTP/1.1"
    assert server.requests[1].endswith(b'\r\n\r\n{"a":1}')
    assert b"transfer-encoding: chunked" in server.requests[2]
    assert server.requests[2].endswith(b"helloworld")
    assert b"content-length: 10" in server.requests[3]
    assert b"transfer-encoding" not in server.requests[3]
    assert all(b"X-Who: me\r\n" in request for request in server.requests)


async def chunks() -> AsyncIterator[bytes]:
    yield b"hello"
    yield b"world"


async def test_a_compressed_answer_is_unpacked(serve: Any, answering: Any) -> None:
    packed = gzip.compress("青山区".encode())
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    server = await serve(answering(head + packed))
    async with upstream_client(server.origin) as client:
        assert (await client.get("/")).text == "青山区"


async def test_a_client_speaks_to_its_origin_only_and_follows_no_redirect(serve: Any, answering: Any) -> None:
    server = await serve(answering(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"))
    async with upstream_client(server.origin) as client:
        assert (await client.get("/")).status_code == 302
        with pytest.raises(httpx.UnsupportedProtocol):
            await client.get("http://elsewhere/")


async def test_failures_are_httpx_failures(serve: Any) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = await server.take(reader)
            if b"/broken" in request:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            elif b"/odd" in request:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n")
            else:
                await asyncio.sleep(9)

        return talk

    server = await serve(script)
    limits = UpstreamLimits(connections=1, wait_seconds=0.05, tick_seconds=0.02)
    async with upstream_client(server.origin, limits=limits) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/broken")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/odd")
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/slow", timeout=0.1)
        slow = asyncio.create_task(client.get("/slow", timeout=0.3))
        await asyncio.sleep(0.02)
        with pytest.raises(httpx.PoolTimeout):
            await client.get("/slow")
        with pytest.raises(httpx.ReadTimeout):
            await slow
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with upstream_client(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            with pytest.raises(httpx.ConnectError):
                await client.get("/")


async def test_leaving_a_stream_early_gives_its_connection_up(serve: Any, answering: Any) -> None:
    server = await serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
    async with upstream_client(server.origin) as client:
        async with client.stream("GET", "/") as response:
            assert response.status_code == 200
        async with client.stream("GET", "/") as response:
            assert response.status_code == 200
    assert server.connections == 2
