"""Raw bytes against a real uvicorn: nothing may be read in one way here and in another behind."""

import asyncio
from typing import Any

import pytest

END = b"\r\n\r\n"
SECRET = b"GET /api/approval/v1/secret HTTP/1.1\r\nHost: a\r\n\r\n"


def post(*lines: bytes) -> bytes:
    return b"\r\n".join([b"POST /api/approval/v1/a HTTP/1.1", b"Host: a", *lines]) + END


AMBIGUOUS = {
    "CL.TE": post(b"Content-Length: 6", b"Transfer-Encoding: chunked"),
    "TE.CL": post(b"Transfer-Encoding: chunked", b"Content-Length: 6"),
    "CL.CL same": post(b"Content-Length: 6", b"Content-Length: 6"),
    "CL.CL different": post(b"Content-Length: 0", b"Content-Length: 6"),
    "CL list": post(b"Content-Length: 6, 6"),
    "CL plus": post(b"Content-Length: +6"),
    "CL minus": post(b"Content-Length: -6"),
    "CL hex": post(b"Content-Length: 0x6"),
    "CL blank inside": post(b"Content-Length: 6 6"),
    "CL empty": post(b"Content-Length: "),
    "CL huge": post(b"Content-Length: 99999999999999999999999"),
    "CL blank before colon": post(b"Content-Length : 6"),
    "TE blank before colon": post(b"Transfer-Encoding : chunked"),
    "TE xchunked": post(b"Transfer-Encoding: xchunked"),
    "TE identity": post(b"Transfer-Encoding: identity"),
    "TE quoted": post(b'Transfer-Encoding: "chunked"'),
    "TE twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "TE twice, different": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    "TE list": post(b"Transfer-Encoding: chunked, identity"),
    "TE gzip": post(b"Transfer-Encoding: gzip, chunked"),
    "TE vertical tab": post(b"Transfer-Encoding: \x0bchunked"),
    "TE zero byte": post(b"Transfer-Encoding: chunked\0"),
    "TE folded": post(b"Transfer-Encoding:", b" chunked"),
    "TE behind a bare LF": post(b"X: y\nTransfer-Encoding: chunked"),
    "TE behind a bare CR": post(b"X: y\rTransfer-Encoding: chunked"),
    "TE in HTTP/1.0": b"POST /api/approval/v1/a HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked" + END,
    "folded header": post(b"X: a", b" b", b"Content-Length: 6"),
    "folded first header": b"POST /api/approval/v1/a HTTP/1.1\r\n Host: a\r\nContent-Length: 6" + END,
    "bare LF everywhere": b"POST /api/approval/v1/a HTTP/1.1\nHost: a\nContent-Length: 6\n\n",
    "no name": post(b": x"),
    "no colon": post(b"Xabc"),
    "control character in a name": post(b"X\x01: y"),
    "zero byte in a value": post(b"X: a\0b"),
    "no host": b"POST /api/approval/v1/a HTTP/1.1\r\nContent-Length: 6" + END,
    "two hosts": post(b"Host: b", b"Content-Length: 6"),
    "host with a path": b"POST /api/approval/v1/a HTTP/1.1\r\nHost: a/b\r\nContent-Length: 6" + END,
    "host with an at": b"POST /api/approval/v1/a HTTP/1.1\r\nHost: a@b\r\nContent-Length: 6" + END,
    "absolute form": b"POST http://elsewhere/api/approval/v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 6" + END,
    "authority form": b"CONNECT approval:8102 HTTP/1.1\r\nHost: a" + END,
    "asterisk form": b"OPTIONS * HTTP/1.1\r\nHost: a" + END,
    "HTTP/0.9": b"GET /api/approval/v1/a\r\n",
    "lower-case method": b"post /api/approval/v1/a HTTP/1.1\r\nHost: a" + END,
    "tab in the request line": b"GET\t/api/approval/v1/a HTTP/1.1\r\nHost: a" + END,
    "upgrade with a body": post(b"Connection: upgrade", b"Upgrade: h2c", b"Content-Length: 6"),
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("together", [True, False], ids=["in one packet", "in two"])
async def test_a_request_that_could_be_read_in_two_ways_never_gets_behind(
    backend: Any, gateway: Any, together: bool
) -> None:
    service = await backend()
    house = await gateway(service)
    rest = b"0\r\n\r\nX" + SECRET
    for name, start in AMBIGUOUS.items():
        received = await house.raw(*([start + rest] if together else [start, rest]), pause=0.01, seconds=0.5)
        # Sending on after the refusal may reset the connection before the refusal is read.
        assert received[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 405"} or not (received or together), (name, received)
        assert b" 200 " not in received, name
        assert service.requests == [], name


ELSEWHERE = (
    "/api/approval/v1/../../population/v1/persons",
    "/api/approval/v1/..",
    "/api/approval/v1/./a",
    "/api/approval/v1/%2e%2e/metrics",
    "/api/approval/v1/%2E./metrics",
    "/api/approval/v1/a%2fb",
    "/api/approval/v1/a%5Cb",
    "/api/approval/v1/a\\b",
    "/api/approval/v1//a",
    "/api/approval/v1/a%00",
    "/api/approval/v1/a%0d%0aX:1",
    "/api/approval/v1/a%7f",
    "/api/approval/v1/a%zz",
    "/api/approval/v1/a%",
)


async def test_an_address_that_leads_elsewhere_is_refused(backend: Any, gateway: Any) -> None:
    approval, population = await backend(), await backend()
    house = await gateway(approval, population)
    for path in ELSEWHERE:
        received = await house.raw(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        assert received.startswith(b"HTTP/1.1 400 "), path
    assert approval.requests == population.requests == []


async def test_a_fragment_stays_outside_and_a_parameter_is_part_of_a_name(backend: Any, gateway: Any) -> None:
    service = await backend()
    house = await gateway(service)
    for path in (b"/api/approval/v1/a#b", b"/api/approval/v1/..;/metrics"):
        await house.raw(b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path)
    assert [request.split(b" ")[1] for request in service.requests] == [b"/v1/a", b"/v1/..;/metrics"]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"X: " + b"a" * 40_000, b"431"),
        (b"\r\n".join(b"X-%d: 1" % number for number in range(150)), b"431"),
        (b"Cookie: " + b"a" * 40_000, b"431"),
    ],
)
async def test_a_head_that_is_too_large_is_refused(backend: Any, gateway: Any, head: bytes, status: bytes) -> None:
    service = await backend()
    house = await gateway(service)
    received = await house.raw(b"GET /api/approval/v1/a HTTP/1.1\r\nHost: a\r\n" + head + END)
    assert received.split(b" ")[1] == status
    assert service.requests == []


async def test_a_head_without_end_is_cut_off(backend: Any, gateway: Any) -> None:
    house = await gateway(await backend())
    reader, writer = await asyncio.open_connection(*house.address)
    writer.write(b"GET /api/approval/v1/a HTTP/1.1\r\nHost: a\r\nX: ")
    with pytest.raises(ConnectionError):
        for _ in range(100):
            writer.write(b"a" * 30_000)
            await writer.drain()
            await asyncio.sleep(0.01)
    assert reader.at_eof() or reader.exception() is not None


async def test_a_head_that_does_not_come_is_not_waited_for(
    backend: Any, gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grid_kernel.edge.HEAD_SECONDS", 0.1)
    house = await gateway(await backend())
    assert (await house.raw(b"GET /api/appr", pause=0.3)).startswith(b"HTTP/1.1 408 ")
    assert await house.raw(pause=0.3) == b""


@pytest.mark.parametrize("after", [b"GET /api/appr", b"GARBAGE\r\n\r\n"], ids=["half a head", "garbage"])
async def test_a_refusal_never_falls_into_an_answer_that_is_under_way(
    backend: Any, gateway: Any, monkeypatch: pytest.MonkeyPatch, after: bytes
) -> None:
    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await served.take(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"a")
            await asyncio.sleep(0.001)

    monkeypatch.setattr("grid_kernel.edge.HEAD_SECONDS", 0.1)
    house = await gateway(await backend(talk))
    received = await house.raw(b"GET /api/approval/v1/a HTTP/1.1\r\nHost: a\r\n\r\n", after, pause=0.1, seconds=3)
    head, _, body = received.partition(END)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body[:1000].strip(b"a") == b""
    assert body[1000:].startswith(b"HTTP/1.1 408 ") or not body[1000:]


async def test_each_pipelined_request_gets_its_own_answer_from_its_own_service(backend: Any, gateway: Any) -> None:
    approval = await backend(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\napproval")
    population = await backend(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npopulation")

    async def authorise(scope: Any) -> bytes | None:
        return dict(scope["headers"]).get(b"cookie")

    house = await gateway(approval, population, authorise=authorise)
    ask = b"GET /api/%b/v1/a HTTP/1.1\r\nHost: a\r\nCookie: %b\r\n\r\n"
    order = [(b"approval", b"one"), (b"population", b"two"), (b"approval", b"three"), (b"population", b"four")]
    received = await house.raw(b"".join(ask % pair for pair in order), seconds=0.5)
    bodies = [part.partition(END)[2] for part in received.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [service for service, _ in order]
    assert [b"Bearer " + token in request for request, token in zip(approval.requests, (b"one", b"three"), strict=True)]
    for served, tokens in ((approval, (b"one", b"three")), (population, (b"two", b"four"))):
        for request, token in zip(served.requests, tokens, strict=True):
            assert b"authorization: Bearer " + token + b"\r\n" in request


async def test_a_body_that_looks_like_a_request_stays_a_body(backend: Any, gateway: Any) -> None:
    service = await backend()
    house = await gateway(service)
    await house.raw(post(b"Connection: close", b"Content-Length: %d" % len(SECRET)) + SECRET)
    await house.raw(
        post(b"Connection: close", b"Transfer-Encoding: chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(SECRET), SECRET)
    )
    assert len(service.requests) == 2
    assert all(request.endswith(SECRET) and request.startswith(b"POST /v1/a ") for request in service.requests)


async def test_an_answer_that_carries_a_second_one_is_cut_after_the_first(backend: Any, gateway: Any) -> None:
    poison = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
    service = await backend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + poison)
    house = await gateway(service)
    ask = b"GET /api/approval/v1/a HTTP/1.1\r\nHost: a\r\n\r\n"
    assert b"poison" not in await house.raw(ask, ask, ask, seconds=0.5)
    assert service.connections == 3


async def test_a_refused_body_is_never_the_next_request(backend: Any, gateway: Any) -> None:
    service = await backend()
    house = await gateway(service, limits={"body_bytes": 10})
    body = SECRET * 3
    received = await house.raw(
        post(b"Content-Length: %d" % len(body)) + body,
        b"GET /api/approval/v1/next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    assert received.startswith(b"HTTP/1.1 413 ")
    assert [request.split(b" ")[1] for request in service.requests] == [b"/v1/next"]
