import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

from grid_kernel.upstream import Upstream, UpstreamError, UpstreamLimits

MEGABYTE = 2**20
SIZE = 200 * MEGABYTE


def memory() -> int:
    """Bytes this process holds: the gateway, the service and the client together."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise LookupError


async def test_a_large_answer_passes_at_constant_memory(backend: Any, gateway: Any) -> None:
    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await served.take(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for _ in range(SIZE // MEGABYTE):
            writer.write(b"a" * MEGABYTE)
            await writer.drain()

    house = await gateway(await backend(talk))
    before = peak = memory()
    reader, writer = await asyncio.open_connection(*house.address)
    writer.write(b"GET /api/approval/v1/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    received, pieces = 0, 0
    while data := await reader.read(MEGABYTE):
        received += len(data)
        pieces += 1
        if pieces % 100 == 0:
            peak = max(peak, memory())
    writer.close()
    assert received == SIZE
    assert peak - before < 30 * MEGABYTE


async def test_a_large_body_passes_at_constant_memory(backend: Any, gateway: Any) -> None:
    taken = 0

    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        while taken < SIZE:
            taken += len(await reader.read(MEGABYTE))
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    house = await gateway(await backend(talk), limits={"body_bytes": SIZE})
    before = peak = memory()
    reader, writer = await asyncio.open_connection(*house.address)
    writer.write(b"PUT /api/approval/v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % SIZE)
    for _ in range(SIZE // MEGABYTE):
        writer.write(b"a" * MEGABYTE)
        await writer.drain()
        peak = max(peak, memory())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 201 ")
    writer.close()
    assert taken == SIZE
    assert peak - before < 30 * MEGABYTE


async def echo(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say who was asked for what by whom, at a length and a pace that differ."""
    while True:
        request = await served.take(reader)
        head, _, body = request.partition(b"\r\n\r\n")
        target = head.split(b" ")[1]
        number = int(target.rpartition(b"/")[2])
        token = head.partition(b"authorization: Bearer ")[2].partition(b"\r\n")[0]
        said = b"%b|%b|%b|%b;" % (served.origin.encode(), target, token, body)
        answer = said * (1 + number % 50)
        await asyncio.sleep(0.02 if number % 13 == 0 else 0)
        if number % 17 == 0:
            return writer.transport.abort()
        if number % 3:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for part in (answer[: len(said)], answer[len(said) :]):
                writer.write(b"%x\r\n%b\r\n" % (len(part), part) if part else b"")
            writer.write(b"0\r\n\r\n")
        await writer.drain()


async def test_in_a_crowd_everybody_gets_the_own_answer_under_the_own_name(backend: Any, gateway: Any) -> None:
    async def authorise(scope: Any) -> bytes | None:
        await asyncio.sleep(0)
        return dict(scope["headers"]).get(b"cookie")

    services = {name: await backend(echo) for name in ("approval", "population", "gis")}
    house = await gateway(*services.values(), authorise=authorise, connections=8, waiting=500, wait_seconds=20)
    client = Upstream(house.url, limits=UpstreamLimits(connections=40, waiting=500, wait_seconds=20))
    chance = random.Random(4)
    numbers = iter(range(1500))
    outcomes: Counter[str] = Counter()

    async def one(number: int) -> str:
        name = chance.choice(list(services))
        method, body = chance.choice([(b"GET", b""), (b"POST", b"<%d>" % number)])
        who = b"who-%d" % number
        try:
            async with asyncio.timeout(0.003 if chance.random() < 0.1 else 20):
                exchange = await client.request(method, f"/api/{name}/v1/{number}".encode(), [(b"cookie", who)], body)
                answer = b"".join([piece async for piece in exchange])
        except (TimeoutError, UpstreamError):
            return "left"
        if exchange.status != 200:
            assert number % 17 == 0, (number, exchange.status, answer)
            return "broken"
        said = b"%b|/v1/%d|%b|%b;" % (services[name].origin.encode(), number, who, body)
        assert answer == said * (1 + number % 50)
        return "whole"

    async def work() -> None:
        for number in numbers:
            outcomes[await one(number)] += 1

    await asyncio.gather(*[work() for _ in range(60)])
    await client.aclose(grace=0)
    assert outcomes["whole"] > 1000
    assert outcomes["broken"] > 20
    assert outcomes["left"] > 20
