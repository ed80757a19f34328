import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from grid_kernel.upstream import UpstreamTimeout

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        await asyncio.sleep(0)
        yield piece


async def finish(exchange: Any) -> bytes:
    return b"".join([piece async for piece in exchange])


@pytest.mark.parametrize(
    ("method", "body", "length", "framing", "sent"),
    [
        (b"GET", b"", None, None, b""),
        (b"DELETE", b"", None, None, b""),
        (b"POST", b"", None, b"content-length: 0\r\n", b""),
        (b"POST", b"hello", None, b"content-length: 5\r\n", b"hello"),
        (b"POST", (b"hel", b"", b"lo"), None, b"transfer-encoding: chunked\r\n", b"hello"),
        (b"PUT", (b"hel", b"lo"), 5, b"content-length: 5\r\n", b"hello"),
    ],
)
async def test_a_body_is_framed_in_one_way(
    serve: Any,
    connect: Any,
    answering: Any,
    method: bytes,
    body: bytes | tuple[bytes, ...],
    length: int | None,
    framing: bytes | None,
    sent: bytes,
) -> None:
    server = await serve(answering(OK, OK))
    upstream = connect(server)
    for _ in range(2):
        given = body if isinstance(body, bytes) else pieces(*body)
        assert await finish(await upstream.request(method, b"/a?b=c", [(b"x-a", b"1")], given, length=length)) == b"ok"
    assert server.connections == 1
    head, _, received = server.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(method + b" /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:")
    assert received == sent
    head = head.lower() + b"\r\n"
    assert head.count(b"content-length") + head.count(b"transfer-encoding") == (framing is not None)
    assert framing is None or framing in head


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        (b"GET", b"/", [(b"x-a", b"1\r\nx-b: 2")]),
        (b"GET", b"/", [(b"x-a", b"1\nx-b: 2")]),
        (b"GET", b"/", [(b"x-a", b"1\r")]),
        (b"GET", b"/", [(b"x-a", b"\0")]),
        (b"GET", b"/", [(b"x-a\r\nx-b", b"1")]),
        (b"GET", b"/", [(b"x a", b"1")]),
        (b"GET", b"/", [(b"x-a:", b"1")]),
        (b"GET", b"/", [(b"", b"1")]),
        (b"GET", b"/", [(b"Content-Length", b"3")]),
        (b"GET", b"/", [(b"transfer-encoding", b"chunked")]),
        (b"GET", b"/", [(b"Host", b"elsewhere")]),
        (b"GET", b"/", [(b"connection", b"close")]),
        (b"GET", b"/ HTTP/1.1\r\nx-b: 2\r\n", []),
        (b"GET", b"/a b", []),
        (b"GET", b"http://elsewhere/", []),
        (b"GET", "/户".encode(), []),
        (b"GET", b"", []),
        (b"GET /", b"/", []),
        (b"", b"/", []),
    ],
)
async def test_nothing_can_be_smuggled_into_the_head_of_a_request(
    serve: Any, connect: Any, answering: Any, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    server = await serve(answering(OK))
    with pytest.raises(ValueError, match=r"header|head|request line"):
        await connect(server).request(method, target, headers)
    assert server.connections == 0


@pytest.mark.parametrize("given", [(b"hello", b"!"), (b"hell",), ()])
async def test_a_body_that_contradicts_its_length_ends_the_connection(serve: Any, connect: Any, given: Any) -> None:
    received = asyncio.get_running_loop().create_future()

    def script(_: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            received.set_result(await reader.read())

        return talk

    upstream = connect(await serve(script))
    with pytest.raises(ValueError, match="Content-Length"):
        await upstream.request(b"POST", b"/", (), pieces(*given), length=5)
    assert len(await received) <= 5
    assert upstream.connections == 0


async def test_an_error_of_the_bodys_source_reaches_the_caller_and_no_whole_request_the_upstream(
    serve: Any, connect: Any
) -> None:
    received = asyncio.get_running_loop().create_future()

    def script(_: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            received.set_result(await reader.read())

        return talk

    async def source() -> AsyncIterator[bytes]:
        yield b"hello"
        await asyncio.sleep(0.02)
        raise LookupError("the sender is gone")

    with pytest.raises(LookupError):
        await connect(await serve(script)).request(b"POST", b"/", (), source())
    assert await received == b"5\r\nhello\r\n"


async def test_a_slow_upstream_stops_the_source(serve: Any, connect: Any) -> None:
    go_on = asyncio.Event()
    taken = 0

    def script(_: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await go_on.wait()
            await reader.readexactly(20_000_000)
            writer.write(OK)
            await reader.read()

        return talk

    async def source() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(200):
            taken += 1
            yield b"a" * 100_000

    upstream = connect(await serve(script))
    asking = asyncio.create_task(upstream.request(b"PUT", b"/", (), source(), length=20_000_000))
    await asyncio.sleep(0.2)
    held = taken
    await asyncio.sleep(0.1)
    assert taken == held < 200
    go_on.set()
    assert await finish(await asking) == b"ok"
    assert (taken, upstream.connections) == (200, 1)


async def test_an_upstream_that_stops_reading_is_a_time_out(serve: Any, connect: Any) -> None:
    def script(_: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(9)

        return talk

    upstream = connect(await serve(script), between_bytes_seconds=0.1)
    with pytest.raises(UpstreamTimeout):
        await upstream.request(b"PUT", b"/", (), pieces(*[b"a" * 1_000_000] * 50))


async def test_a_slow_source_is_not_the_upstreams_silence(serve: Any, connect: Any, answering: Any) -> None:
    async def source() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0.08)
            yield b"a"

    upstream = connect(await serve(answering(OK)), between_bytes_seconds=0.05, first_byte_seconds=0.05)
    assert await finish(await upstream.request(b"POST", b"/", (), source())) == b"ok"


async def test_an_answer_may_come_before_the_request_is_whole(serve: Any, connect: Any) -> None:
    def script(_: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
            await reader.read()

        return talk

    async def source() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(9)

    upstream = connect(await serve(script))
    exchange = await upstream.request(b"POST", b"/", (), source())
    assert (exchange.status, await finish(exchange)) == (413, b"no")
    await asyncio.sleep(0.01)
    assert upstream.connections == 0


async def test_request_and_answer_may_run_side_by_side(serve: Any, connect: Any) -> None:
    def script(_: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
                piece = (await reader.readexactly(size + 2))[:-2]
                writer.write(b"%x\r\n%b\r\n" % (size, piece))
            await reader.readexactly(2)
            writer.write(b"0\r\n\r\n")
            await reader.read()

        return talk

    to_send: asyncio.Queue[bytes] = asyncio.Queue()

    async def source() -> AsyncIterator[bytes]:
        while piece := await to_send.get():
            yield piece

    upstream = connect(await serve(script))
    exchange = await upstream.request(b"POST", b"/", (), source())
    for word in (b"one", b"two", b"three"):
        to_send.put_nowait(word)
        assert await exchange.read() == word
    to_send.put_nowait(b"")
    assert await exchange.read() == b""
    assert upstream.connections == 1


async def test_a_cancelled_request_takes_its_connection_with_it(serve: Any, connect: Any) -> None:
    gone = asyncio.Event()

    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            await reader.read()
            gone.set()

        return talk

    upstream = connect(await serve(script))
    asking = asyncio.create_task(upstream.request(b"GET", b"/"))
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(gone.wait(), 1)
    assert upstream.connections == 0


async def test_an_abandoned_answer_takes_its_connection_with_it_a_finished_one_does_not(
    serve: Any, connect: Any, answering: Any
) -> None:
    server = await serve(answering(OK, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
    upstream = connect(server)
    (await upstream.request(b"GET", b"/")).abandon()
    assert upstream.connections == 1
    (await upstream.request(b"GET", b"/")).abandon()
    await asyncio.sleep(0.01)
    assert (upstream.connections, server.connections) == (0, 1)
