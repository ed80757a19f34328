import asyncio
import io
import json
import logging
import socket
from typing import Any

import httpx
import pytest

from grid_kernel import telemetry

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
URL = "/api/approval/v1/a"


async def silent(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await served.take(reader)
    await reader.read()
    served.requests.append(b"gone")


async def closing(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await served.take(reader)


async def test_a_service_that_is_down_is_503_in_the_callers_language(backend: Any, gateway: Any, browser: Any) -> None:
    service = await backend()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        service.origin = f"http://127.0.0.1:{taken.getsockname()[1]}"
        house = await gateway(service)
        chinese = await browser.get(house.url + URL)
        english = await browser.get(house.url + URL, headers={"Accept-Language": "en-GB,zh;q=0.5"})
    assert chinese.status_code == english.status_code == 503
    assert 1 <= int(chinese.headers["retry-after"]) <= 5
    assert chinese.headers["content-type"] == "application/problem+json"
    assert chinese.headers["cache-control"] == "no-store"
    problem = chinese.json()
    assert problem["code"] == english.json()["code"] == "unavailable"
    assert (problem["status"], problem["instance"]) == (503, URL)
    assert problem["traceId"] == chinese.headers["x-request-id"]
    assert problem["title"] != english.json()["title"]
    assert english.json()["title"].isascii()


@pytest.mark.parametrize(
    ("talk", "status", "code"),
    [
        (closing, 502, "bad-gateway"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 502, "bad-gateway"),
        (b"HTTP/1.1 200 OK\r\nX-A: 1\r\n  folded\r\n\r\n", 502, "bad-gateway"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", 502, "bad-gateway"),
        (silent, 504, "gateway-time-out"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_service_that_answers_badly_is_told_apart(
    backend: Any, gateway: Any, browser: Any, talk: Any, status: int, code: str, method: str
) -> None:
    service = await backend(talk)
    house = await gateway(service, first_byte_seconds=0.2)
    answer = await browser.request(method, house.url + URL)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "127.0.0.1" not in answer.text
    assert len([request for request in service.requests if request != b"gone"]) == 1


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("manner", ["close", "reset", "silence"])
async def test_an_answer_that_breaks_off_breaks_off_for_the_client(
    backend: Any, gateway: Any, browser: Any, framing: bytes, manner: str
) -> None:
    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await served.take(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n4\r\nhalf\r\n")
        await writer.drain()
        await asyncio.sleep(5 if manner == "silence" else 0.05)
        if manner == "reset":
            writer.transport.abort()

    house = await gateway(await backend(talk), between_bytes_seconds=0.2)
    with pytest.raises(httpx.RemoteProtocolError):
        await browser.get(house.url + URL)


async def test_a_body_that_is_too_large_is_413_announced_or_not(backend: Any, gateway: Any, browser: Any) -> None:
    async def counting(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.requests.append(await reader.read())

    service = await backend(counting)
    house = await gateway(service, limits={"body_bytes": 200_000})

    async def pieces() -> Any:
        for _ in range(30):
            yield b"a" * 10_000

    announced = await browser.post(house.url + URL, content=b"a" * 200_001)
    assert (announced.status_code, announced.json()["code"]) == (413, "too-large")
    assert service.connections == 0
    answer = await browser.post(house.url + URL, content=pieces())
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    await asyncio.sleep(0.05)
    assert not service.requests[0].endswith(b"0\r\n\r\n")


async def test_more_requests_than_allowed_are_told_to_come_again(backend: Any, gateway: Any, browser: Any) -> None:
    gate = asyncio.Event()

    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await served.take(reader)
            await gate.wait()
            writer.write(OK)

    house = await gateway(await backend(talk), limits={"in_flight": 4})
    asking = [asyncio.create_task(browser.get(house.url + URL)) for _ in range(10)]
    await asyncio.sleep(0.3)
    gate.set()
    answers = await asyncio.gather(*asking)
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [503] * 6
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["code"] for answer in refused} == {"overloaded"}
    assert all(1 <= int(answer.headers["retry-after"]) <= 5 for answer in refused)
    assert (await browser.get(house.url + URL)).status_code == 200


async def test_a_service_that_is_full_is_told_apart_from_one_that_is_down(
    backend: Any, gateway: Any, browser: Any
) -> None:
    house = await gateway(await backend(silent), connections=1, wait_seconds=0.1, first_byte_seconds=0.5)
    first = asyncio.create_task(browser.get(house.url + URL))
    await asyncio.sleep(0.1)
    answer = await browser.get(house.url + URL)
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert (await first).status_code == 504


async def test_slow_uploads_cannot_take_every_connection(backend: Any, gateway: Any, browser: Any) -> None:
    house = await gateway(await backend(), limits={"uploads": 2, "client_silence": 0.5})
    start = b"POST /api/approval/v1/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\nslow"
    slow = [asyncio.create_task(house.raw(start, seconds=3)) for _ in range(5)]
    await asyncio.sleep(0.2)
    assert (await browser.get(house.url + URL)).status_code == 200
    answers = sorted([(await task)[:12] for task in slow])
    assert answers == [b"HTTP/1.1 408"] * 2 + [b"HTTP/1.1 503"] * 3
    assert (await browser.post(house.url + URL, content=b"quick")).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_client_that_leaves_takes_its_request_with_it(backend: Any, gateway: Any, method: str) -> None:
    service = await backend(silent)
    house = await gateway(service)
    await house.raw(
        method.encode() + b" /api/approval/v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", seconds=0.3
    )
    await asyncio.sleep(0.2)
    assert service.requests[-1] == b"gone"


async def test_a_client_that_leaves_in_the_middle_of_an_answer_stops_it(backend: Any, gateway: Any) -> None:
    written = 0

    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await served.take(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1\r\na\r\n")
                await writer.drain()
                written += 1
                await asyncio.sleep(0.01)
        finally:
            served.requests.append(b"gone")

    service = await backend(talk)
    house = await gateway(service)
    await house.raw(b"GET /api/approval/v1/a HTTP/1.1\r\nHost: a\r\n\r\n", seconds=0.3)
    await asyncio.sleep(0.2)
    assert service.requests[-1] == b"gone"
    stopped = written
    await asyncio.sleep(0.1)
    assert written == stopped > 0


async def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_no_whole_request(
    backend: Any, gateway: Any
) -> None:
    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.requests.append(await reader.read())

    service = await backend(talk)
    house = await gateway(service)
    start = b"POST /api/approval/v1/a HTTP/1.1\r\nHost: a\r\n"
    await house.raw(start + b"Content-Length: 9\r\n\r\nhalf", seconds=0.2)
    await house.raw(start + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", seconds=0.2)
    await asyncio.sleep(0.2)
    assert [request.partition(b"\r\n\r\n")[2] for request in service.requests] == [b"half", b"4\r\nhalf\r\n"]


async def test_a_client_that_does_not_read_is_given_up(backend: Any, gateway: Any) -> None:
    async def talk(served: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await served.take(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        try:
            for _ in range(1000):
                writer.write(b"a" * 100_000)
                await writer.drain()
        finally:
            served.requests.append(b"gone")

    service = await backend(talk)
    house = await gateway(service, limits={"client_silence": 0.2})
    reader, writer = await asyncio.open_connection(*house.address, limit=1024)
    writer.write(b"GET /api/approval/v1/a HTTP/1.1\r\nHost: a\r\n\r\n")
    await asyncio.sleep(0.8)
    assert service.requests[-1] == b"gone"
    writer.close()
    assert reader is not None


async def test_the_log_and_the_metrics_know_the_route_and_no_person(
    backend: Any, gateway: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(stream)])
    monkeypatch.setattr(logging.getLogger("grid.access"), "level", logging.INFO)
    logging.getLogger("grid.access").manager._clear_cache()  # type: ignore[attr-defined]
    house = await gateway(await backend())
    path = "/api/approval/v1/applications/A1B2C3/%E5%BC%A0/materials"
    answer = await browser.get(house.url + path, params={"idNumber": "150204199001010011"})
    await asyncio.sleep(0.4)
    # A service another test has started may be speaking as well.
    line = json.loads([each for each in stream.getvalue().splitlines() if '"route"' in each][-1])
    assert line["route"] == "/api/approval/v1/applications/{}/{}/materials"
    assert (line["status"], line["request_id"]) == (200, answer.headers["x-request-id"])
    assert "150204199001010011" not in stream.getvalue()
    exposition = telemetry.exposition().decode()
    labels = 'method="GET",route="/api/approval/v1",service="gateway-proxy",status="200"'
    assert f"http_server_request_duration_seconds_count{{{labels}}}" in exposition
    assert 'upstream_connections{upstream="approval"} 1.0' in exposition
