"""OGC API – Processes: jobs with progress, results, cancelling, and who may ask for what."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from shapely.geometry import Point, shape

from gis_svc import commands, tiles
from grid_deploy import processes
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.geo import Box
from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces
from .drawings import building, point

LEADER = actor(Post.DISTRICT_LEADER, "150204")


@pytest.fixture
def ask(client: httpx.AsyncClient, tokens: Tokens) -> Any:
    """Ask the OGC API as somebody; the leader unless said."""

    async def asked(method: str, path: str, who: Actor | None = LEADER, **options: Any) -> httpx.Response:
        headers = {} if who is None else {"Authorization": f"Bearer {tokens.of(who)}"}
        return await client.request(method, f"/ogc{path}", headers=headers, **options)

    return asked


async def run(ask: Any, process: str, who: Actor = LEADER, **inputs: Any) -> dict[str, Any]:
    """Ask for a job and wait for its result."""
    made = await ask("POST", f"/processes/{process}/execution", who, json={"inputs": inputs})
    assert made.status_code == 201, made.text
    job = made.headers["location"].partition("/ogc")[2]
    assert made.json()["status"] == "accepted"
    for _ in range(300):
        status = (await ask("GET", job, who)).json()
        if status["status"] not in {"accepted", "running"}:
            break
        await asyncio.sleep(0.1)
    assert (status["status"], status["progress"]) == ("successful", 100), status
    results = await ask("GET", f"{job}/results", who)
    assert results.status_code == 200
    found: dict[str, Any] = results.json()
    return found


@pytest.fixture(scope="module")
async def built(send: Send, _communities: Iterator[str], grids: Surfaces) -> str:
    """A community with buildings: 40 households each, a dozen in each grid; these tests share it."""
    community = next(_communities)
    head = actor(Post.STATION_HEAD, community)
    for code in sorted(code for code in grids if code.startswith(community))[:3]:
        west, south, east, north = grids[code].bounds
        spots = [
            (west + (east - west) * (i + 1) / 8, south + (north - south) * (j + 1) / 8)
            for i in range(7)
            for j in range(7)
        ]
        inside = [
            spot for spot in spots if grids[code].buffer(-1e-4).contains(shape({"type": "Point", "coordinates": spot}))
        ]
        for lon, lat in inside[:10]:
            new = building(point(lon, lat), floors=10, entrances=2)
            assert (await send(head, "POST", "/buildings", json=new)).status_code == 201
    return community


async def test_a_community_is_designed_and_the_proposal_compared(ask: Any, built: str) -> None:
    proposal = await run(ask, "grid-designer", area=built, seconds=5)
    summary = proposal["summary"]
    assert summary["grids"] == len(proposal["features"]) == 3
    assert summary["households"] == 1200
    assert summary["met"] == 3
    assert all(shape(each["geometry"]).is_valid for each in proposal["features"])
    assert all(each["properties"]["households"] == 400 for each in proposal["features"])
    other = await run(ask, "grid-designer", area=built, seconds=2, target=600)
    assert other["summary"]["grids"] == 2


async def test_a_design_of_one_grid_is_applied_by_splitting_it(ask: Any, send: Send, built: str) -> None:
    areas = (await send(LEADER, "GET", f"/areas?level=grid&within={built}")).json()["items"]
    code = areas[0]["code"]
    proposal = await run(ask, "grid-designer", area=code, seconds=2, target=200)
    assert proposal["summary"]["grids"] == 2
    parts = [{"outline": {"geometry": each["geometry"], "crs": "CGCS2000"}} for each in proposal["features"]]
    applied = await send(LEADER, "POST", f"/grids/{code}/split", json={"parts": parts}, headers={"If-Match": '"1"'})
    assert applied.status_code == 201, applied.text
    assert len(applied.json()["successors"]) == 2
    assert len(applied.json()["buildings"]) == 10


@pytest.fixture
async def town(send: Send, community: str, grids: Surfaces) -> str:
    """A community of a test's own: nine buildings of 40 households in each grid, twelve in the first."""
    head = actor(Post.STATION_HEAD, community)
    for number, code in enumerate(sorted(code for code in grids if code.startswith(community))):
        west, south, east, north = grids[code].buffer(-1e-4).bounds
        lattice = [
            (west + (east - west) * i / 11, south + (north - south) * j / 11)
            for i in range(1, 11)
            for j in range(1, 11)
        ]
        held = [spot for spot in lattice if grids[code].buffer(-1e-4).covers(Point(spot))]
        for lon, lat in held[:: len(held) // 13][: 9 if number else 12]:
            new = building(point(round(lon, 7), round(lat, 7)), floors=10, entrances=2)
            assert (await send(head, "POST", "/buildings", json=new)).status_code == 201
    return community


async def designed(ask: Any, who: Actor = LEADER, **inputs: Any) -> tuple[str, dict[str, Any]]:
    """A proposal and the id of its job."""
    proposal = await run(ask, "grid-designer", who, seconds=1, **inputs)
    return (await ask("GET", "/jobs", who)).json()["jobs"][0]["jobID"], proposal


async def approved(send: Send, job: str, community: str, who: Actor | None = LEADER) -> httpx.Response:
    headers = {"Idempotency-Key": str(uuid4())}
    return await send(who, "POST", f"/designs/{job}/approvals", json={"communityCode": community}, headers=headers)


@pytest.mark.parametrize(("target", "tolerance"), [(360, 0.1), (200, 0.25), (700, 0.25)])
async def test_a_design_of_a_community_is_put_into_force_in_one_step(
    ask: Any, send: Send, town: str, grids: Surfaces, target: int, tolerance: float
) -> None:
    job, proposal = await designed(ask, area=town, target=target, tolerance=tolerance)
    answer = await approved(send, job, town)
    assert answer.status_code == 201, answer.text
    done, before = answer.json(), {code for code in grids if code.startswith(town)}
    in_force = {each["code"] for each in done["grids"]}
    assert len(in_force) == proposal["summary"]["grids"]
    assert set(done["ended"]) == before - in_force
    listed = (await send(LEADER, "GET", f"/areas?level=grid&within={town}")).json()["items"]
    assert {each["code"] for each in listed} == in_force
    for code in done["ended"]:
        ended = (await send(LEADER, "GET", f"/areas/{code}?asOf=2026-01-01")).json()
        assert set(ended["successors"]) <= in_force
    for fresh in (each for each in done["grids"] if each["code"] not in before):
        assert set(fresh["predecessors"]) <= before
    query = f"filter=communityCode='{town}'&limit=1000"
    houses = (await ask("GET", f"/collections/buildings/items?{query}")).json()["features"]
    held = Counter(house["properties"]["gridCode"] for house in houses)
    assert sorted(40 * held[code] for code in in_force) == sorted(
        each["properties"]["households"] for each in proposal["features"]
    )
    again = await approved(send, job, town)
    assert (again.status_code, again.json()["code"]) == (409, "design-outdated")


async def test_a_design_is_outdated_when_a_building_came_since(
    ask: Any, send: Send, town: str, grids: Surfaces
) -> None:
    job, _ = await designed(ask, area=town)
    code = min(code for code in grids if code.startswith(town))
    spot = grids[code].representative_point()
    late = building(point(spot.x, spot.y), name="后建楼")
    assert (await send(actor(Post.STATION_HEAD, town), "POST", "/buildings", json=late)).status_code == 201
    answer = await approved(send, job, town)
    assert (answer.status_code, answer.json()["code"]) == (409, "design-outdated")


async def test_who_may_draw_puts_the_design_of_another_into_force_and_nobody_else(
    ask: Any, send: Send, town: str
) -> None:
    head = actor(Post.STATION_HEAD, town)
    fixed = f"{town}001"
    job, proposal = await designed(ask, head, area=town, fixed=[fixed])
    assert [each["id"] for each in proposal["features"] if each["properties"]["fixed"]] == [fixed]
    assert (await approved(send, job, town, None)).status_code == 401
    assert (await approved(send, job, town, head)).status_code == 403
    assert (await approved(send, job, town, actor(Post.DISTRICT_LEADER, "150205"))).status_code == 403
    assert (await approved(send, str(uuid4()), town)).status_code == 404
    answer = await approved(send, job, town)
    assert answer.status_code == 201, answer.text
    kept = (await send(LEADER, "GET", f"/areas/{fixed}")).json()
    assert kept["version"] == 1


async def test_a_result_is_drawn_as_tiles_for_whoever_asked_for_it(ask: Any, built: str, grids: Surfaces) -> None:
    job, proposal = await designed(ask, area=built)
    spot = shape(proposal["features"][0]["geometry"]).representative_point()
    tile, _ = tiles.corners(Box(spot.x, spot.y, spot.x, spot.y), 15)
    path = f"/jobs/{job}/results/tiles/WebMercatorQuad/{tile.zoom}/{tile.row}/{tile.column}"
    drawn = await ask("GET", path)
    assert drawn.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert b"grid-designer" in drawn.content
    assert proposal["features"][0]["id"].encode() in drawn.content
    links = (await ask("GET", f"/jobs/{job}")).json()["links"]
    assert any(link.get("templated") and "/results/tiles/" in link["href"] for link in links)
    assert (await ask("GET", path, actor(Post.DISTRICT_LEADER, "150204"))).status_code == 404
    assert (await ask("GET", path, None)).status_code == 401


async def test_two_proposals_are_laid_side_by_side(ask: Any, send: Send, built: str) -> None:
    first, one = await designed(ask, area=built)
    second, other = await designed(ask, area=built, target=200)
    answer = await send(LEADER, "GET", f"/designs/{first}/comparison?other={second}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    for side, proposal in (("first", one), ("second", other)):
        assert told[side] == told["communities"][0][side]
        assert told[side] == {name: proposal["summary"][name] for name in told[side]}
    assert told["first"]["grids"] < told["second"]["grids"]
    stranger = actor(Post.STATION_HEAD, "150204999999")
    assert (await send(stranger, "GET", f"/designs/{first}/comparison?other={second}")).status_code == 404


async def test_a_grid_that_is_not_there_cannot_stay(ask: Any, built: str) -> None:
    inputs = {"area": built, "fixed": [f"{built}999"]}
    refused = await ask("POST", "/processes/grid-designer/execution", json={"inputs": inputs})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/inputs/fixed/0")


async def test_a_circle_names_those_outside(ask: Any, built: str, grids: Surfaces) -> None:
    first = min(code for code in grids if code.startswith(built))
    spot = grids[first].representative_point()
    found = await run(
        ask, "service-circle", actor(Post.STATION_HEAD, built), area=built, extraPoints=[[spot.x, spot.y]]
    )
    assert {each["properties"]["minutes"] for each in found["features"]} == {5, 10, 15}
    summary = found["summary"]
    assert summary["buildings"] == 30
    assert summary["householdsOutside"] == sum(each["households"] for each in summary["outside"])


async def test_a_job_is_stopped_and_gives_no_result(ask: Any, built: str) -> None:
    made = await ask(
        "POST",
        "/processes/grid-designer/execution",
        json={"inputs": {"area": built, "seconds": 50, "tolerance": 0.01, "target": 390}},
    )
    job = made.headers["location"].partition("/ogc")[2]
    early = await ask("GET", f"{job}/results")
    assert (early.status_code, early.json()["code"]) == (409, "result-not-ready")
    stopped = await ask("DELETE", job)
    assert (stopped.status_code, stopped.json()["status"]) == (200, "dismissed")
    await asyncio.sleep(1.2)
    assert (await ask("GET", job)).json()["status"] == "dismissed"
    assert (await ask("GET", f"{job}/results")).status_code == 409


async def test_jobs_are_seen_by_who_asked_for_them(ask: Any, built: str) -> None:
    made = await ask("POST", "/processes/service-circle/execution", json={"inputs": {"area": built}})
    job = made.json()["jobID"]
    assert job in {each["jobID"] for each in (await ask("GET", "/jobs")).json()["jobs"]}
    other = actor(Post.DISTRICT_LEADER, "150204")
    for method, path in (("GET", f"/jobs/{job}"), ("GET", f"/jobs/{job}/results"), ("DELETE", f"/jobs/{job}")):
        assert (await ask(method, path, other)).status_code == 404
        assert (await ask(method, path, None)).status_code == 401
    assert (await ask("GET", "/jobs", other)).json()["jobs"] == []
    assert (await ask("GET", f"/jobs/{uuid4()}")).status_code == 404


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_a_job_whose_service_ends_fails_and_says_so(
    runtime: Runtime, ask: Any, tokens: Tokens, built: str, end: signal.Signals, service_environment: Any
) -> None:
    port = str(processes.free_ports(1)[0])
    environment = {**os.environ, **service_environment("gis"), "GRID_GIS_PORT": port}
    command = [sys.executable, "-m", "gis_svc", "run"]
    quiet = asyncio.subprocess.DEVNULL
    service = await asyncio.create_subprocess_exec(*command, env=environment, stdout=quiet, stderr=quiet)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as there:
        for _ in range(300):
            with suppress(httpx.HTTPError):
                if (await there.get("/readyz")).status_code == 200:
                    break
            await asyncio.sleep(0.1)
        inputs = {"area": built, "seconds": 50, "tolerance": 0.01, "target": 390}
        address = "/ogc/processes/grid-designer/execution"
        made = await there.post(address, json={"inputs": inputs}, headers=tokens.headers(LEADER))
        job = f"/jobs/{made.json()['jobID']}"
        for _ in range(100):
            if (await ask("GET", job)).json()["status"] == "running":
                break
            await asyncio.sleep(0.1)
    service.send_signal(end)
    await asyncio.wait_for(service.wait(), 40)
    if end is signal.SIGKILL:
        await commands.give_up_lost(runtime, clock.now())
        assert (await ask("GET", job)).json()["status"] == "running"
        await commands.give_up_lost(runtime, clock.now() + timedelta(minutes=3))
    told = (await ask("GET", job)).json()
    assert told["status"] == "failed"
    assert "重新提交" in told["message"]
    assert (await ask("GET", f"{job}/results")).json()["code"] == "result-not-ready"


@pytest.mark.parametrize(
    ("process", "who", "inputs", "status"),
    [
        ("grid-designer", Post.RESIDENT_SERVICE_OFFICER, {"area": "150204006019"}, 403),
        ("grid-designer", Post.STATION_HEAD, {"area": "150204008015"}, 403),
        ("service-circle", Post.PARTY_BUILDING_GUIDE, {"area": "150204008015"}, 403),
        ("grid-designer", Post.DISTRICT_LEADER, {"area": "1502040060"}, 400),
        ("grid-designer", Post.DISTRICT_LEADER, {"area": "150204006019", "target": 1}, 400),
        ("grid-designer", Post.DISTRICT_LEADER, {"area": "150204006019", "unknown": 1}, 400),
        ("grid-designer", Post.DISTRICT_LEADER, {"area": "150204999999"}, 400),
        ("service-circle", Post.DISTRICT_LEADER, {"area": "150204", "extraPoints": [[1]]}, 400),
        ("nothing", Post.DISTRICT_LEADER, {"area": "150204"}, 404),
    ],
)
async def test_what_may_not_be_asked_for_is_refused(
    ask: Any, process: str, who: Post, inputs: Any, status: int
) -> None:
    holds = "150204" if who is Post.DISTRICT_LEADER else "150204006019"
    answer = await ask("POST", f"/processes/{process}/execution", actor(who, holds), json={"inputs": inputs})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"inputs": 3}'])
async def test_a_request_that_cannot_be_read_is_refused(ask: Any, body: bytes) -> None:
    assert (await ask("POST", "/processes/grid-designer/execution", content=body)).status_code == 400


async def test_processes_describe_their_inputs(ask: Any) -> None:
    listed = (await ask("GET", "/processes")).json()["processes"]
    assert {each["id"] for each in listed} == {"grid-designer", "service-circle"}
    described = (await ask("GET", "/processes/grid-designer")).json()
    assert {"area", "target", "tolerance", "seconds"} <= set(described["inputs"])
    assert described["title"] != "grid-designer"
    assert (await ask("GET", "/processes/no")).status_code == 404
    assert (await ask("GET", "/processes", None)).status_code == 401
