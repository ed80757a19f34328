import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvloop

from grid_kernel.upstream import Upstream, UpstreamError, UpstreamLimits, UpstreamTimeout

MANNERS = ("length", "chunked", "closing", "dripping", "surplus", "reset", "broken", "interim")
ENDING = {"closing", "broken", "reset"}
REQUESTS = 2_000


def whole_body(number: int) -> bytes:
    return b"%d;" % number * (1 + number % 700)


async def misbehave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Echo the number of each request in its body, in the manner its path asks for."""
    try:
        manner = ""
        while manner not in ENDING:
            number, manner = await take(reader)
            await asyncio.sleep(0.5 if manner == "silent" else 0)
            for part in answer(whole_body(number), manner):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01 if manner == "dripping" else 0)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    if manner == "reset":
        writer.transport.abort()
    writer.close()


async def take(reader: asyncio.StreamReader) -> tuple[int, str]:
    head = await reader.readuntil(b"\r\n\r\n")
    if b"transfer-encoding" in head:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    _, number, manner = head.split(b" ")[1].decode().split("/")
    return int(number), manner


def answer(body: bytes, manner: str) -> list[bytes]:
    half = len(body) // 2 + 1
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body)
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part]
    return {
        "reset": [],
        "chunked": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n"],
        "closing": [head + b"Connection: close\r\n\r\n" + body],
        "dripping": [head + b"\r\n" + body[:half], body[half:]],
        "broken": [head + b"\r\n" + body[: half - 1]],
        "surplus": [(head + b"\r\n" + body) * 2],
        "interim": [b"HTTP/1.1 100 Continue\r\n\r\n" + head + b"\r\n" + body],
    }.get(manner, [head + b"\r\n" + body])


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b"piece"
        await asyncio.sleep(0)


async def ask(upstream: Upstream, chance: random.Random, number: int) -> str:
    manner = "silent" if chance.random() < 0.01 else chance.choice(MANNERS)
    method = chance.choice([b"GET", b"GET", b"PUT", b"POST"])
    body: Any = pieces() if method != b"GET" and chance.random() < 0.5 else b""
    try:
        async with asyncio.timeout(0.002 if chance.random() < 0.1 else 5):
            exchange = await upstream.request(method, f"/{number}/{manner}".encode(), (), body)
            if chance.random() < 0.1:
                exchange.abandon()
                return "abandoned"
            received = b"".join([piece async for piece in exchange])
    except TimeoutError:
        return "cancelled"
    except UpstreamTimeout:
        return "failed"  # a busy machine is slow whatever the manner
    except UpstreamError:
        assert manner in {"reset", "broken", "silent", "surplus"} or method == b"POST" or body, manner
        return "failed"
    assert received == whole_body(number), (number, manner)
    assert manner not in {"reset", "broken"} or not received
    return "whole"


async def storm(seed: int) -> Counter[str]:
    chance = random.Random(seed)
    server = await asyncio.start_server(misbehave, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    limits = UpstreamLimits(
        connections=20, waiting=REQUESTS, wait_seconds=30, first_byte_seconds=0.3, tick_seconds=0.02, retry_share=1
    )
    upstream = Upstream(f"http://{host}:{port}", limits=limits)
    numbers = iter(range(REQUESTS))
    outcomes: Counter[str] = Counter()

    async def work() -> None:
        for number in numbers:
            outcomes[await ask(upstream, chance, number)] += 1

    await asyncio.gather(*[work() for _ in range(60)])
    assert upstream.connections <= 20
    await upstream.aclose(grace=1)
    assert upstream.connections == 0
    server.close()
    await asyncio.sleep(0.6)  # the last silent answers
    return outcomes


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
async def test_no_answer_ever_reaches_another_request(loop: Any) -> None:
    def run() -> Counter[str]:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(storm(seed=20_240_926))

    outcomes = await asyncio.to_thread(run)
    assert sum(outcomes.values()) == REQUESTS
    assert outcomes["whole"] > REQUESTS / 3
    assert min(outcomes[kind] for kind in ("abandoned", "cancelled", "failed")) > REQUESTS / 50
