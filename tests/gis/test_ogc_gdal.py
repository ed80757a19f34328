"""A client nobody here wrote: GDAL's OGC API driver reads, filters, pages and reprojects every collection."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Transformer

from gis_svc.ogc.collections import COLLECTIONS
from grid_deploy import processes
from grid_kernel import clock, inbox
from grid_kernel.auth import Actor, Post
from grid_kernel.contracts.dispute import CaseReported
from grid_kernel.contracts.population import FiguresTaken
from grid_kernel.events import envelope
from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces
from .drawings import building, inside

LEADER = actor(Post.DISTRICT_LEADER, "150204")
BEARER = {"GDAL_HTTP_AUTH": "BEARER"}


@pytest.fixture(scope="module")
def address(client: httpx.AsyncClient, service_environment: Callable[[str], dict[str, str]]) -> Iterator[str]:
    """The service in a process of its own: GDAL lets no other thread of this one run while it reads."""
    port = str(processes.free_ports(1)[0])
    environment = {**os.environ, **service_environment("gis"), "GRID_GIS_PORT": port}
    command = [sys.executable, "-m", "gis_svc", "run"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == httpx.codes.OK:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/ogc"
    running.terminate()
    running.wait(timeout=30)


@pytest.fixture
def read(address: str, tokens: Tokens) -> Iterator[Any]:
    """Read a collection by GDAL as somebody; the leader unless said."""

    async def with_gdal(collection: str, who: Actor = LEADER, **options: Any) -> tuple[list[dict[str, Any]], Any]:
        pyogrio.set_gdal_config_options(BEARER | {"GDAL_HTTP_BEARER": tokens.of(who)})
        source = f"OAPIF:{address}/collections/{collection}"
        meta, _, wkb, columns = await asyncio.to_thread(pyogrio.raw.read, source, **options)
        names = [str(name) for name in meta["fields"]]
        rows = zip(shapely.from_wkb(wkb), *columns, strict=True)
        return [dict(zip(["shape", *names], row, strict=True)) for row in rows], meta

    yield with_gdal
    pyogrio.set_gdal_config_options(dict.fromkeys((*BEARER, "GDAL_HTTP_BEARER")))


@pytest.fixture(scope="module")
def own(_communities: Iterator[str], grids: Surfaces) -> list[str]:
    """The grids of a community no other test counts the buildings of."""
    community = next(_communities)
    return sorted(code for code in grids if code.startswith(community))


@pytest.fixture(scope="module", autouse=True)
async def _something_in_every_collection(send: Send, grids: Surfaces, own: list[str]) -> None:
    head = actor(Post.STATION_HEAD, "150204")
    for code in own[:4]:
        answer = await send(head, "POST", "/buildings", json=building(inside(grids[code])))
        assert answer.status_code == 201


@pytest.fixture(scope="module", autouse=True)
async def written(
    client: httpx.AsyncClient, tokens: Tokens, grids: Surfaces, runtime: Runtime, own: list[str]
) -> dict[str, str]:
    """A thing, a service point and a road written by HTTP (Part 4): the address of each."""
    spot = grids[own[0]].representative_point()
    line = shapely.LineString([(spot.x, spot.y), (spot.x + 1e-4, spot.y)])
    drawn = {"things": ("old_tree", spot), "service-points": ("clinic", spot), "roads": ("path", line)}
    made = {}
    for collection, (kind, shape) in drawn.items():
        properties = {"kind": kind, "name": f"新写入的{kind}"}
        feature = {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": properties}
        answer = await client.post(
            f"/ogc/collections/{collection}/items",
            json=feature,
            headers=tokens.headers(actor(Post.SYSTEM_ADMIN, "150204")),
        )
        assert answer.status_code == 201, answer.text
        made[collection] = answer.headers["location"].rpartition("/")[2]
    park = {"type": "Feature", "geometry": shapely.geometry.mapping(spot.buffer(2e-4))}
    park["properties"] = {"parentCode": own[0][:12], "kind": "park", "name": "新写入的园区"}
    answer = await client.post("/ogc/collections/special-grids/items", json=park, headers=tokens.headers(LEADER))
    assert answer.status_code == 201, answer.text
    figures = {"quarter": "2026Q4", "households": 400, "persons": 900, "visited": 300, "fresh": 200}
    for number, code in enumerate(own[:3]):
        head = {"aggregate_id": uuid4(), "sequence": 1, "occurred_at": clock.now(), "area_code": code}
        quarter = clock.quarter_of(clock.today(clock.now())).label
        await inbox.receive(
            runtime, envelope(FiguresTaken(**head, **figures | {"quarter": quarter, "visited": number}), uuid4())
        )
        reported = CaseReported(**head | {"aggregate_id": uuid4()}, case_code="1", restricted=False, category="H06")
        await inbox.receive(runtime, envelope(reported, uuid4()))
    return made


@pytest.mark.parametrize("collection", ["things", "service-points", "roads"])
async def test_what_was_written_by_http_is_read_back(read: Any, written: dict[str, str], collection: str) -> None:
    rows, _ = await read(collection, where=f"name LIKE '新写入的%' AND id = '{written[collection]}'")
    assert [row["id"] for row in rows] == [written[collection]]


async def test_every_collection_is_found(address: str, tokens: Tokens) -> None:
    pyogrio.set_gdal_config_options(BEARER | {"GDAL_HTTP_BEARER": tokens.of(LEADER)})
    found = await asyncio.to_thread(pyogrio.list_layers, f"OAPIF:{address}")
    assert {str(name) for name, _ in found} == set(COLLECTIONS)


@pytest.mark.parametrize("collection", COLLECTIONS)
async def test_every_collection_is_read_whole(
    read: Any, client: httpx.AsyncClient, tokens: Tokens, collection: str
) -> None:
    rows, meta = await read(collection, PAGE_SIZE=100)
    hits = await client.get(
        f"/ogc/collections/{collection}/items", params={"resultType": "hits"}, headers=tokens.headers(LEADER)
    )
    assert len(rows) == hits.json()["numberMatched"] > 0
    assert all(not row["shape"].is_empty and row["shape"].is_valid for row in rows)
    assert meta["crs"] in {"OGC:CRS84", "EPSG:4326", "EPSG:4490"}
    assert all(109 < x < 111 for row in rows[:20] for x in shapely.get_coordinates(row["shape"])[:, 0])


@pytest.mark.parametrize("size", [7, 1000])
async def test_pages_of_any_size_give_the_same(read: Any, grids: Surfaces, size: int) -> None:
    rows, _ = await read("communities", PAGE_SIZE=size)
    assert {row["code"] for row in rows} == {code[:12] for code in grids}


async def test_a_filter_and_a_box_are_answered_here(read: Any, grids: Surfaces) -> None:
    rows, _ = await read("grids", where="parentCode = '150204006019' AND version >= 1")
    assert {row["code"] for row in rows} == {code for code in grids if code.startswith("150204006019")}
    one = grids["150204006019001"]
    boxed, _ = await read("grids", bbox=one.bounds)
    assert {row["code"] for row in boxed if row["code"] in grids} == {
        code for code, surface in grids.items() if surface.intersects(shapely.box(*one.bounds))
    }


@pytest.mark.parametrize("collection", COLLECTIONS)
async def test_every_collection_is_filtered_by_a_member_and_by_a_box(read: Any, collection: str) -> None:
    rows, _ = await read(collection)
    key = "code" if "code" in rows[0] else "id"
    wanted = rows[len(rows) // 2]
    found, _ = await read(collection, where=f"{key} = '{wanted[key]}'")
    assert [row[key] for row in found] == [wanted[key]]
    box = wanted["shape"].bounds
    boxed, _ = await read(collection, bbox=box)
    assert {row[key] for row in boxed} == {row[key] for row in rows if row["shape"].intersects(shapely.box(*box))}
    both, _ = await read(collection, bbox=box, where=f"{key} <> '{wanted[key]}'")
    assert {row[key] for row in both} == {row[key] for row in boxed} - {wanted[key]}


@pytest.mark.parametrize("collection", COLLECTIONS)
async def test_every_collection_is_reprojected(read: Any, collection: str) -> None:
    plain, _ = await read(collection)
    metres, meta = await read(collection, CRS="EPSG:3857")
    assert meta["crs"] == "EPSG:3857"
    to = Transformer.from_crs(4326, 3857, always_xy=True).transform
    expected = shapely.transform(np.array([row["shape"] for row in plain]), to, interleaved=False)
    assert len(plain) == len(metres)
    pairs = zip(expected, metres, strict=True)
    assert all(row["shape"].normalize().equals_exact(shape.normalize(), 0.01) for shape, row in pairs)


async def test_whoever_works_elsewhere_reads_no_building(read: Any) -> None:
    rows, _ = await read("buildings", actor(Post.STATION_HEAD, "150204999999"))
    assert rows == []
