import asyncio
from typing import Any

import pytest

from grid_kernel.upstream import Upstream, UpstreamDisconnected, UpstreamProtocolError, UpstreamTimeout

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def ask(upstream: Upstream, method: bytes = b"GET", target: bytes = b"/") -> tuple[int, bytes]:
    exchange = await upstream.request(method, target)
    return exchange.status, b"".join([piece async for piece in exchange])


@pytest.mark.parametrize(
    ("method", "answer", "status", "body"),
    [
        (b"GET", OK, 200, b"ok"),
        (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", 200, b"ok"),
        (
            b"GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
            200,
            b"ok",
        ),
        (b"GET", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200, b""),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, b""),
        (b"DELETE", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"DELETE", b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", 204, b""),
        (b"GET", b'HTTP/1.1 304 Not Modified\r\nContent-Length: 944\r\nETag: "3"\r\n\r\n', 304, b""),
    ],
)
async def test_an_answer_ends_where_its_head_says_and_the_connection_is_kept(
    serve: Any, connect: Any, answering: Any, method: bytes, answer: bytes, status: int, body: bytes
) -> None:
    server = await serve(answering(answer, OK))
    upstream = connect(server)
    assert await ask(upstream, method) == (status, body)
    assert await ask(upstream) == (200, b"ok")
    assert server.connections == 1


async def test_an_answer_in_single_bytes_is_the_same_answer(serve: Any, connect: Any) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            for byte in b"HTTP/1.1 200 OK\r\nX-Name: a b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            await reader.read()

        return talk

    exchange = await connect(await serve(script)).request(b"GET", b"/")
    assert (b"x-name", b"a b") in exchange.headers
    assert b"".join([piece async for piece in exchange]) == b"ok"


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\n\r\nok", b"HTTP/1.0 200 OK\r\n\r\nok", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok"],
)
async def test_an_answer_without_length_ends_with_its_connection(serve: Any, connect: Any, answer: bytes) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            writer.write(answer)

        return talk

    server = await serve(script)
    upstream = connect(server)
    assert await ask(upstream) == (200, b"ok")
    assert await ask(upstream) == (200, b"ok")
    assert server.connections == 2


@pytest.mark.parametrize("answer", [OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), OK.replace(b"1.1", b"1.0")])
async def test_a_connection_that_is_to_close_is_not_used_again(
    serve: Any, connect: Any, answering: Any, answer: bytes
) -> None:
    server = await serve(answering(answer, OK))
    upstream = connect(server)
    assert await ask(upstream) == (200, b"ok")
    assert await ask(upstream) == (200, b"ok")
    assert server.connections == 2


async def test_headers_of_one_connection_are_not_passed_on(serve: Any, connect: Any, answering: Any) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Private\r\nKeep-Alive: timeout=5\r\nX-Private: 1\r\n"
        b"Upgrade: h2c\r\n"
        b"Proxy-Authenticate: Basic\r\nTrailer: X\r\nX-Public: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    exchange = await connect(await serve(answering(answer))).request(b"GET", b"/")
    assert exchange.headers == [(b"x-public", b"1")]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 200 + b"Content-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000 + b"\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 500_000,
        b"HTTP/1.1 200 " + b"a" * 500_000,
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10_000,
    ],
)
async def test_an_answer_that_could_be_read_in_two_ways_is_refused(
    serve: Any, connect: Any, answering: Any, answer: bytes
) -> None:
    server = await serve(answering(answer))
    upstream = connect(server)
    with pytest.raises(UpstreamProtocolError):
        await ask(upstream)
    await asyncio.sleep(0.01)
    assert upstream.connections == 0


@pytest.mark.parametrize(
    ("method", "surplus"),
    [
        (b"GET", OK.replace(b"ok", b"no")),
        (b"GET", b"surplus"),
        (b"HEAD", b""),
        (b"GET", b"\r\nHTTP/1.1 200 OK\r\n\r\n"),
    ],
)
async def test_bytes_after_an_answer_never_become_the_next_one(
    serve: Any, connect: Any, answering: Any, method: bytes, surplus: bytes
) -> None:
    server = await serve(answering(OK + surplus))
    upstream = connect(server)
    assert await ask(upstream, method) == (200, b"" if method == b"HEAD" else b"ok")
    assert await ask(upstream) == (200, b"ok")
    assert server.connections == 2


async def test_bytes_on_an_idle_connection_end_it(serve: Any, connect: Any) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            writer.write(OK)
            await writer.drain()
            await asyncio.sleep(0.03)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            await reader.read()

        return talk

    server = await serve(script)
    upstream = connect(server)
    assert await ask(upstream) == (200, b"ok")
    await asyncio.sleep(0.06)
    assert upstream.connections == 0
    assert await ask(upstream) == (200, b"ok")
    assert server.connections == 2


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
@pytest.mark.parametrize("manner", ["reset", "close", "half-close"])
async def test_a_broken_answer_never_looks_like_a_whole_one(
    serve: Any, connect: Any, start: bytes, manner: str
) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            writer.write(start)
            await writer.drain()
            await asyncio.sleep(0.02)
            if manner == "reset":
                writer.transport.abort()
            elif manner == "close":
                writer.close()
            else:
                writer.write_eof()
                await reader.read()

        return talk

    exchange = await connect(await serve(script)).request(b"GET", b"/")
    assert await exchange.read() == b"half"
    with pytest.raises(UpstreamDisconnected):
        await exchange.read()


async def test_a_connection_that_ends_before_the_answer_is_an_error(serve: Any, connect: Any) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-")

        return talk

    server = await serve(script)
    with pytest.raises(UpstreamDisconnected):
        await ask(connect(server))
    assert server.connections == 1


def dripping(text: bytes, *, every: float) -> Any:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            for byte in text:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(every)

        return talk

    return script


@pytest.mark.parametrize(
    ("text", "every", "limits"),
    [
        (b"H", 9, {"first_byte_seconds": 0.1}),
        (b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 100, 0.02, {"first_byte_seconds": 0.15}),
    ],
)
async def test_a_head_that_does_not_come_in_time_is_a_time_out(
    serve: Any, connect: Any, text: bytes, every: float, limits: dict[str, float]
) -> None:
    upstream = connect(await serve(dripping(text, every=every)), **limits)
    with pytest.raises(UpstreamTimeout):
        await ask(upstream)
    await asyncio.sleep(0.01)
    assert upstream.connections == 0


@pytest.mark.parametrize(
    ("every", "limits"),
    [(9, {"between_bytes_seconds": 0.1}), (0.02, {"total_seconds": 0.2})],
    ids=["silence", "dripping"],
)
async def test_a_body_that_does_not_come_in_time_is_a_time_out(
    serve: Any, connect: Any, every: float, limits: dict[str, float]
) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(every)

        return talk

    exchange = await connect(await serve(script), **limits).request(b"GET", b"/")
    with pytest.raises(UpstreamTimeout):
        async for _ in exchange:
            pass


async def test_a_slow_reader_stops_the_upstream_and_is_not_called_its_silence(serve: Any, connect: Any) -> None:
    size = 20_000_000
    sent = 0

    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await server.take(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            while sent < size:
                writer.write(b"a" * 100_000)
                await writer.drain()
                sent += 100_000
            await reader.read()

        return talk

    upstream = connect(await serve(script), between_bytes_seconds=0.1)
    exchange = await upstream.request(b"GET", b"/")
    await asyncio.sleep(0.3)
    assert sent < size
    held = sent
    await asyncio.sleep(0.1)
    assert sent == held
    assert sum([len(piece) async for piece in exchange]) == size
    assert upstream.connections == 1
