"""The base map comes through us: the key stays here, whoever is signed in sees pictures, a broken upstream is told."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gis_svc.basemap import Basemap, open_basemap
from gis_svc.settings import GisSettings
from grid_kernel.auth import Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from grid_kernel.upstream import UpstreamLimits, upstream_client

from .conftest import Send

KEY = "0123456789abcdef0123456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n and a picture"
READER = actor(Post.OPINION_COLLECTOR, "150204999999")


class Tianditu:
    """A map service on the loopback that answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status, self.content, self.delay = 200, PNG, 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other."""
        while line := await reader.readline():
            while (await reader.readline()).strip():
                pass
            self.asked.append(line.split()[1].decode())
            await asyncio.sleep(self.delay)
            head = (
                f"HTTP/1.1 {self.status} OK\r\nContent-Type: image/png\r\nContent-Length: {len(self.content)}\r\n\r\n"
            )
            writer.write(head.encode() + self.content)
            await writer.drain()
        writer.close()


@pytest.fixture
async def upstream(runtime: Runtime) -> AsyncIterator[Tianditu]:
    """A running map service, and this service with a key for it."""
    fake = Tianditu()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with upstream_client(address, limits=UpstreamLimits(first_byte_seconds=0.3)) as client:
        runtime.extra["basemap"] = Basemap(client, KEY)
        yield fake
        del runtime.extra["basemap"]
    server.close()


async def test_a_picture_is_asked_for_once_with_the_key_and_handed_on_without_it(
    send: Send, upstream: Tianditu, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [await send(READER, "GET", "/basemap/vec/12/3298/1538") for _ in range(3)]
    assert [(a.status_code, a.content, a.headers["content-type"]) for a in answers] == [(200, PNG, "image/png")] * 3
    assert answers[0].headers["cache-control"] == "private, max-age=86400"
    [asked] = upstream.asked
    address = urlsplit(asked)
    told = {name: value[0] for name, value in parse_qs(address.query).items()}
    assert address.path == "/vec_w/wmts"
    assert (told["TILEMATRIX"], told["TILECOL"], told["TILEROW"], told["TILEMATRIXSET"]) == ("12", "3298", "1538", "w")
    assert told["tk"] == KEY
    assert all(KEY not in str(answer.headers) for answer in answers)
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("status", "content"), [(403, b'{"msg":"key"}'), (500, b"broken"), (200, b"<html>no picture</html>"), (429, b"")]
)
async def test_what_is_no_picture_is_never_handed_on(
    send: Send, upstream: Tianditu, caplog: pytest.LogCaptureFixture, status: int, content: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.status, upstream.content = status, content
    answer = await send(READER, "GET", "/basemap/img/3/6/3")
    assert (answer.status_code, answer.json()["code"]) == (503, "basemap-away")
    assert int(answer.headers["retry-after"]) > 0
    assert KEY not in answer.text + caplog.text
    # After a refusal of the key or the quota nobody asks again for a while.
    await send(READER, "GET", "/basemap/img/3/6/2")
    assert len(upstream.asked) == (1 if status in (403, 429) else 2)


async def test_an_upstream_that_is_slow_or_gone_is_told_and_its_address_is_not(
    send: Send, upstream: Tianditu, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.delay = 1.0
    answer = await send(READER, "GET", "/basemap/cva/3/6/3")
    assert (answer.status_code, answer.json()["code"]) == (503, "basemap-away")
    async with upstream_client("http://127.0.0.1:9", limits=UpstreamLimits(connect_seconds=0.3)) as nowhere:
        runtime.extra["basemap"] = Basemap(nowhere, KEY)
        assert (await send(READER, "GET", "/basemap/cva/3/6/3")).status_code == 503
    assert KEY not in caplog.text


async def test_without_a_key_there_is_no_base_map(send: Send) -> None:
    answer = await send(READER, "GET", "/basemap/vec/3/6/3")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_places_outside_the_world_other_layers_and_strangers_are_refused(send: Send, upstream: Tianditu) -> None:
    assert (await send(None, "GET", "/basemap/vec/3/6/3")).status_code == 401
    assert (await send(READER, "GET", "/basemap/vec/3/8/3")).status_code == 404
    for path in ("/basemap/spy/3/6/3", "/basemap/vec/19/1/1", "/basemap/vec/3/-1/3"):
        assert (await send(READER, "GET", path)).status_code == 400
    assert upstream.asked == []


async def test_the_way_is_opened_only_with_a_key(
    runtime: Runtime, service_environment: Callable[[str], dict[str, str]], tmp_path: Any
) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    plain = service_environment("gis")
    for more, opened in (({}, False), ({"GRID_GIS_TIANDITU_KEY_FILE": str(tmp_path / "key")}, True)):
        settings = GisSettings.load("gis", plain | more)
        assert KEY not in repr(settings)
        kept, runtime.settings = runtime.settings, settings
        try:
            async with open_basemap(runtime):
                assert ("basemap" in runtime.extra) is opened
        finally:
            runtime.settings = kept
            runtime.extra.pop("basemap", None)
