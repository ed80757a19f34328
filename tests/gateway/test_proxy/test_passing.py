import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from grid_kernel.errors import Forbidden

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
JSON = b"HTTP/1.1 %b\r\nContent-Length: 2\r\n\r\n{}"


async def test_a_request_reaches_its_service_and_the_answer_its_caller(
    backend: Any, gateway: Any, browser: Any
) -> None:
    approval, population = await backend(JSON % b'201 Created\r\nETag: "1"'), await backend()
    house = await gateway(approval, population)
    answer = await browser.post(
        house.url + "/api/approval/v1/applications?dryRun=true&q=%E7%BD%91",
        json={"a": 1},
        headers={"Idempotency-Key": "0123456789", "If-Match": '"3"', "Accept-Language": "en"},
    )
    assert (answer.status_code, answer.headers["etag"], answer.text) == (201, '"1"', "{}")
    assert approval.requests[0].startswith(b"POST /v1/applications?dryRun=true&q=%E7%BD%91 HTTP/1.1\r\n")
    assert approval.requests[0].endswith(b'\r\n\r\n{"a":1}')
    assert [approval.header(name) for name in ("idempotency-key", "if-match", "accept-language", "content-type")] == [
        "0123456789", '"3"', "en", "application/json",
    ]  # fmt: skip
    assert population.requests == []
    assert (await browser.get(house.url + "/api/population/v1/persons/7")).status_code == 200
    assert population.requests[0].startswith(b"GET /v1/persons/7 HTTP/1.1\r\n")


async def test_a_service_learns_who_it_is_from_the_token_only(backend: Any, gateway: Any, browser: Any) -> None:
    async def authorise(scope: Any) -> bytes | None:
        return b"signed" if (b"cookie", b"grid=secret") in scope["headers"] else None

    service = await backend()
    house = await gateway(service, authorise=authorise)
    forged = {
        "Authorization": "Bearer forged",
        "X-User-Id": "1",
        "X-Remote-User": "root",
        "X-Actor": "admin",
        "X_User": "admin",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Host": "evil",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "X-Request-Id": "mine",
        "X-Deadline-Ms": "99999999",
        "X-Tif-Signature": "0",
        "Proxy-Authorization": "Basic eA==",
        "Keep-Alive": "timeout=99",
        "TE": "trailers",
        "Origin": "http://evil",
    }
    await browser.get(house.url + "/api/approval/v1/items", headers={**forged, "Cookie": "grid=secret"})
    head = service.requests[0].decode().lower()
    assert service.header("authorization") == "Bearer signed"
    assert service.header("x-forwarded-for") == "127.0.0.1"
    assert service.header("x-forwarded-host") == house.url.removeprefix("http://")
    assert service.header("x-forwarded-proto") == "http"
    assert service.header("x-forwarded-prefix") == "/api/approval"
    assert service.header("x-deadline-ms") == "30000"
    for trace in (
        "cookie",
        "secret",
        "forged",
        "evil",
        "10.0.0.1",
        "admin",
        "root",
        "x-user",
        "mine",
        "tif",
        "trailers",
    ):
        assert trace not in head
    await browser.get(house.url + "/api/approval/v1/items", headers=forged)
    assert service.header("authorization") is None


async def test_a_connection_header_cannot_take_a_header_away(backend: Any, gateway: Any) -> None:
    async def authorise(_: Any) -> bytes:
        return b"signed"

    service = await backend()
    house = await gateway(service, authorise=authorise)
    await house.raw(
        b"GET /api/approval/v1/a HTTP/1.1\r\nHost: a\r\nConnection: close, authorization, x-request-id\r\n\r\n"
    )
    assert service.header("authorization") == "Bearer signed"
    assert service.header("x-request-id")


async def test_a_trace_is_continued_or_begun(backend: Any, gateway: Any, browser: Any) -> None:
    service = await backend()
    house = await gateway(service)
    url = house.url + "/api/approval/v1/a"
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await browser.get(url, headers={"traceparent": given})
    assert service.header("traceparent") == given
    assert answer.headers["x-request-id"] == service.header("x-request-id")
    for bad in ("00-0-0-0", given.upper(), "00-" + "0" * 32 + "-b7ad6b7169203331-01", None):
        await browser.get(url, headers={"traceparent": bad} if bad else {})
        begun = service.header("traceparent") or ""
        assert begun.startswith(f"00-{service.header('x-request-id')}-")
        assert begun != bad


async def test_what_concerns_the_inner_connection_stays_inside(backend: Any, gateway: Any, browser: Any) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nServer: inner\r\nSet-Cookie: a=b\r\nConnection: X-Private\r\nX-Private: 1\r\n"
        b'Keep-Alive: timeout=5\r\nETag: "7"\r\nContent-Length: 2\r\n\r\n{}'
    )
    headers = (await browser.get((await gateway(await backend(answer))).url + "/api/approval/v1/a")).headers
    assert headers["etag"] == '"7"'
    assert not {"set-cookie", "x-private", "keep-alive"} & set(headers)
    assert headers.get("server") != "inner"


@pytest.mark.parametrize(
    ("method", "answer", "status"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", 200),
        ("DELETE", b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", 204),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", 304),
        ("OPTIONS", OK, 200),
        ("PATCH", OK, 200),
        ("GET", b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 404),
        ("GET", b"HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", 599),
        ("GET", b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, 200),
    ],
)
async def test_every_kind_of_answer_passes_and_the_connection_serves_on(
    backend: Any, gateway: Any, browser: Any, method: str, answer: bytes, status: int
) -> None:
    service = await backend(answer)
    house = await gateway(service)
    for _ in range(3):
        assert (await browser.request(method, house.url + "/api/approval/v1/a")).status_code == status
    assert service.connections == 1


async def test_only_the_table_is_reachable(backend: Any, gateway: Any, browser: Any) -> None:
    service = await backend()
    house = await gateway(service)
    for path in (
        "/", "/api", "/api/", "/api/approval", "/api/approval/", "/api/approval/v2/a", "/api/approval/metrics",
        "/api/approval/livez", "/api/approval/docs", "/api/nobody/v1/a", "/v1/a", "/api/approval/v1x/a",
    ):  # fmt: skip
        answer = await browser.get(house.url + path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path
    assert service.requests == []


async def test_a_refusal_of_the_authoriser_is_the_answer(backend: Any, gateway: Any, browser: Any) -> None:
    async def authorise(_: Any) -> bytes | None:
        raise Forbidden

    service = await backend()
    answer = await browser.get((await gateway(service, authorise=authorise)).url + "/api/approval/v1/a")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert service.requests == []


async def test_a_fault_of_ours_is_a_problem_that_says_nothing(backend: Any, gateway: Any, browser: Any) -> None:
    async def authorise(_: Any) -> bytes | None:
        raise LookupError("secret detail")

    service = await backend()
    answer = await browser.get((await gateway(service, authorise=authorise)).url + "/api/approval/v1/a")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text


async def test_a_body_in_pieces_passes_as_it_comes(backend: Any, gateway: Any, browser: Any) -> None:
    arrived = asyncio.Event()

    async def talk(_: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readuntil(b"first\r\n")
        arrived.set()
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(OK)
        await reader.read()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await arrived.wait()
        yield b"second"

    house = await gateway(await backend(talk))
    assert (await browser.put(house.url + "/api/approval/v1/a", content=pieces())).status_code == 200


async def test_an_answer_in_pieces_passes_as_it_comes(backend: Any, gateway: Any, browser: Any) -> None:
    seen = asyncio.Event()

    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await served.take(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await seen.wait()
        writer.write(b"6\r\nsecond\r\n0\r\n\r\n")
        await reader.read()

    house = await gateway(await backend(talk))
    async with browser.stream("GET", house.url + "/api/approval/v1/a") as answer:
        pieces = answer.aiter_bytes()
        assert await anext(pieces) == b"first"
        seen.set()
        assert b"".join([piece async for piece in pieces]) == b"second"


async def test_the_invitation_to_send_a_body_comes_when_it_will_be_read(backend: Any, gateway: Any) -> None:
    service = await backend()
    house = await gateway(service, limits={"body_bytes": 100})
    start = b"POST /api/approval/v1/a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
    received = await house.raw(start + b"Content-Length: 5\r\n\r\n", b"hello")
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert service.requests[0].endswith(b"\r\n\r\nhello")
    assert service.header("expect") is None
    refused = await house.raw(start + b"Content-Length: 500\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 413 ")
    assert len(service.requests) == 1


async def test_an_address_of_a_standard_reaches_its_service_as_it_is(backend: Any, gateway: Any, browser: Any) -> None:
    gis = await backend()
    house = await gateway(await backend(), await backend(), gis)
    for path in ("/ogc", "/ogc/collections/grids/items?limit=2", "/api/gis/v1/areas"):
        assert (await browser.get(house.url + path)).status_code == 200
    asked = [request.split(b" ")[1] for request in gis.requests]
    assert asked == [b"/ogc", b"/ogc/collections/grids/items?limit=2", b"/v1/areas"]
    assert (await browser.get(house.url + "/ogcx/collections")).status_code == 404
