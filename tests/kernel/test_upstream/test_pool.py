import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from grid_kernel.upstream import (
    Upstream,
    UpstreamBusy,
    UpstreamDisconnected,
    UpstreamLimits,
    UpstreamTimeout,
    UpstreamUnavailable,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def ask(upstream: Upstream, method: bytes = b"GET", body: Any = b"") -> bytes:
    return b"".join([piece async for piece in await upstream.request(method, b"/", (), body)])


def answering_after(gate: asyncio.Event) -> Any:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await server.take(reader)
                await gate.wait()
                writer.write(OK)

        return talk

    return script


async def test_no_more_connections_than_allowed_the_rest_wait_in_line(serve: Any, connect: Any) -> None:
    gate = asyncio.Event()
    server = await serve(answering_after(gate))
    upstream = connect(server, connections=3)
    asking = [asyncio.create_task(ask(upstream)) for _ in range(30)]
    await asyncio.sleep(0.1)
    assert (server.connections, len(server.requests)) == (3, 3)
    gate.set()
    assert await asyncio.gather(*asking) == [b"ok"] * 30
    assert server.connections == 3


async def test_who_waits_too_long_or_behind_too_many_is_told_that_it_is_busy(serve: Any, connect: Any) -> None:
    gate = asyncio.Event()
    upstream = connect(await serve(answering_after(gate)), connections=1, waiting=1, wait_seconds=0.1)
    first = asyncio.create_task(ask(upstream))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(ask(upstream))
    await asyncio.sleep(0)
    with pytest.raises(UpstreamBusy, match="too many"):
        await ask(upstream)
    with pytest.raises(UpstreamBusy, match="in time"):
        await second
    gate.set()
    assert await first == b"ok"
    assert await ask(upstream) == b"ok"


async def test_who_leaves_the_line_leaves_no_gap(serve: Any, connect: Any) -> None:
    gate = asyncio.Event()
    upstream = connect(await serve(answering_after(gate)), connections=1)
    asking = [asyncio.create_task(ask(upstream)) for _ in range(10)]
    await asyncio.sleep(0.05)
    for task in asking[1::2]:
        task.cancel()
    gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert answers[::2] == [b"ok"] * 5
    assert await ask(upstream) == b"ok"


async def test_a_slot_freed_by_a_broken_connection_goes_to_the_next_in_line(serve: Any, connect: Any) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            await asyncio.sleep(0.02)

        return talk

    upstream = connect(await serve(script), connections=1)
    answers = await asyncio.gather(*[ask(upstream) for _ in range(5)], return_exceptions=True)
    assert [type(answer) for answer in answers] == [UpstreamDisconnected] * 5


async def test_an_upstream_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        upstream = Upstream(f"http://127.0.0.1:{taken.getsockname()[1]}")
        for _ in range(3):
            with pytest.raises(UpstreamUnavailable, match="cannot be reached"):
                await ask(upstream)
        await upstream.aclose()


async def test_an_upstream_that_does_not_accept_is_unavailable() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        upstream = Upstream(f"http://127.0.0.1:{address[1]}", limits=UpstreamLimits(connect_seconds=0.1))
        with pytest.raises(UpstreamUnavailable, match="in time"):
            await ask(upstream)
        await upstream.aclose()
        for filler in fillers:
            filler.close()


async def test_an_idle_connection_is_closed_in_time(serve: Any, connect: Any, answering: Any) -> None:
    server = await serve(answering(OK, OK))
    upstream = connect(server, idle_seconds=0.1)
    assert await ask(upstream) == b"ok"
    assert upstream.connections == 1
    await asyncio.sleep(0.2)
    assert upstream.connections == 0
    assert await ask(upstream) == b"ok"
    assert server.connections == 2


async def test_a_connection_the_upstream_closed_is_not_used(serve: Any, connect: Any) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            writer.write(OK)

        return talk

    server = await serve(script)
    upstream = connect(server)
    for _ in range(3):
        assert await ask(upstream, b"POST") == b"ok"
        await asyncio.sleep(0.01)
    assert (server.connections, upstream.retried) == (3, 0)


def dying_on_second(server: Any) -> Any:
    """Every connection answers once and closes without a byte when asked again, as after a restart."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    return talk


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"])
async def test_an_idempotent_request_that_met_a_dead_connection_is_sent_again(
    serve: Any, connect: Any, method: bytes
) -> None:
    server = await serve(dying_on_second)
    upstream = connect(server)
    assert await ask(upstream) == b"ok"
    exchange = await upstream.request(method, b"/", (), b"body" if method == b"PUT" else b"")
    assert exchange.status == 200
    exchange.abandon()
    assert (server.connections, upstream.retried) == (2, 1)


async def empty() -> AsyncIterator[bytes]:
    yield b"body"


@pytest.mark.parametrize(("method", "body"), [(b"POST", b"x"), (b"PATCH", b"x"), (b"PUT", empty)])
async def test_a_request_that_may_have_had_an_effect_is_never_sent_again(
    serve: Any, connect: Any, method: bytes, body: Any
) -> None:
    server = await serve(dying_on_second)
    upstream = connect(server)
    assert await ask(upstream) == b"ok"
    with pytest.raises(UpstreamDisconnected):
        await ask(upstream, method, body() if callable(body) else body)
    assert (server.connections, upstream.retried) == (1, 0)


async def test_a_fresh_connection_that_dies_is_not_tried_again(serve: Any, connect: Any) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)

        return talk

    server = await serve(script)
    with pytest.raises(UpstreamDisconnected):
        await ask(connect(server))
    assert server.connections == 1


async def test_an_answer_that_began_is_not_asked_for_again(serve: Any, connect: Any) -> None:
    def script(server: Any) -> Any:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server.take(reader)
            writer.write(OK)
            await server.take(reader)
            writer.write(b"H")

        return talk

    server = await serve(script)
    upstream = connect(server)
    assert await ask(upstream) == b"ok"
    with pytest.raises(UpstreamDisconnected):
        await ask(upstream)
    assert server.connections == 1


async def test_retries_stay_a_small_share_of_the_requests(serve: Any, connect: Any) -> None:
    upstream = connect(await serve(dying_on_second))
    failed = 0
    for _ in range(400):
        try:
            await ask(upstream)
        except UpstreamDisconnected:
            failed += 1
    assert upstream.retried <= 10 + 0.1 * 400
    assert failed > 100


async def test_closing_lets_the_running_requests_finish_and_takes_no_others(serve: Any, connect: Any) -> None:
    gate = asyncio.Event()
    upstream = connect(await serve(answering_after(gate)), connections=1)
    running = asyncio.create_task(ask(upstream))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(ask(upstream))
    await asyncio.sleep(0)
    closing = asyncio.create_task(upstream.aclose(grace=2))
    await asyncio.sleep(0.05)
    assert not closing.done()
    with pytest.raises(UpstreamUnavailable):
        await ask(upstream)
    with pytest.raises(UpstreamUnavailable):
        await waiting
    gate.set()
    assert await running == b"ok"
    await asyncio.wait_for(closing, 1)
    assert upstream.connections == 0


async def test_closing_does_not_wait_longer_than_its_grace(serve: Any, connect: Any) -> None:
    upstream = connect(await serve(answering_after(asyncio.Event())))
    running = asyncio.create_task(ask(upstream))
    await asyncio.sleep(0.05)
    await upstream.aclose(grace=0.05)
    with pytest.raises(UpstreamDisconnected):
        await running


async def test_a_caller_may_be_less_patient_than_the_limits(serve: Any, connect: Any) -> None:
    upstream = connect(await serve(answering_after(asyncio.Event())))
    with pytest.raises(UpstreamTimeout):
        await upstream.request(b"GET", b"/", silence=0.1)


@pytest.mark.parametrize("origin", ["127.0.0.1:80", "ftp://a", "http://", "http://a/path", "http://a:b"])
async def test_an_upstream_is_an_origin(origin: str) -> None:
    with pytest.raises(ValueError, match=r"origin|[Pp]ort"):
        Upstream(origin)
