"""Where a case lies: asked of gis after the report, never a reason to lose one."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.dispute.conftest import DISTRICT, Api, Gis, Place, at_district

from dispute_svc import commands, jobs
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.geo import Crs, from_cgcs2000
from grid_kernel.jobs import run_job
from grid_kernel.runtime import Runtime

LEADER = at_district(Post.DISTRICT_LEADER)


async def test_without_gis_a_case_is_stored_and_listed_and_the_job_places_it_later(
    api: Api, place: Place, gis: Gis, runtime: Runtime
) -> None:
    receipt = await api.report(place.worker, point=gis.puts(place.grid))
    case = await api.until(place.worker, receipt["id"], lambda _: True)
    assert (case["state"], case["locatedAt"], case["areaCode"]) == ("reported", None, DISTRICT)
    queue = await api.get(LEADER, "/cases", queue="undispatched", limit="100")
    assert receipt["id"] in [row["id"] for row in queue.json()["items"]]
    assert not await run_job(runtime, jobs.JOBS[0])

    async with gis.answering():
        assert (await run_job(runtime, jobs.JOBS[0]) or 0) >= 1
    case = await api.case(place.worker, receipt["id"])
    assert (case["state"], case["areaCode"], case["gridCodeThen"]) == ("dispatched", place.grid, place.grid)


async def test_placing_twice_does_nothing_the_second_time(api: Api, place: Place, gis: Gis, runtime: Runtime) -> None:
    async with gis.answering():
        case = await api.settled(place.worker, point=gis.puts(place.grid))
        assert await commands.settle(runtime, [UUID(case["id"])]) == 0
    assert (await api.case(place.worker, case["id"]))["version"] == case["version"]


async def test_two_processes_that_find_the_same_case_place_it_once(
    api: Api, place: Place, gis: Gis, runtime: Runtime
) -> None:
    receipt = await api.report(place.worker, point=gis.puts(place.grid))
    await asyncio.sleep(0.1)
    async with gis.answering():
        await asyncio.gather(*(commands.settle(runtime, [UUID(receipt["id"])]) for _ in range(3)))
    case = await api.case(place.worker, receipt["id"])
    assert [entry["kind"] for entry in case["entries"]] == ["reported", "located", "dispatched"]


@pytest.mark.parametrize("crs", list(Crs))
async def test_a_point_of_any_system_is_stored_in_one(api: Api, place: Place, gis: Gis, crs: Crs) -> None:
    point = gis.puts(place.grid)
    lon, lat = from_cgcs2000(point["lon"], point["lat"], crs)
    async with gis.answering():
        case = await api.settled(place.worker, point=point | {"lon": lon, "lat": lat, "crs": crs.value})
    assert case["areaCode"] == place.grid
    assert case["point"]["lon"] == pytest.approx(point["lon"], abs=1e-7)
    assert case["point"]["givenCrs"] == crs.value


@pytest.mark.parametrize(
    "point",
    [
        None,
        {"lon": 0, "lat": 0, "crs": "WGS84"},
        {"lon": 180, "lat": 90, "crs": "BD09"},
        {"lon": -180, "lat": -90, "crs": "GCJ02"},
        {"lon": 116.39, "lat": 39.91, "crs": "GCJ02", "accuracyM": 5000},
    ],
)
async def test_a_missing_or_bad_fix_never_blocks(api: Api, place: Place, gis: Gis, point: Any) -> None:
    async with gis.answering():
        case = await api.settled(place.worker, point=point)
    assert (case["state"], case["areaCode"], case["routing"]["routed"]) == ("reported", DISTRICT, "no_grid")
    assert "人工派单" in case["routing"]["explanation"]


async def test_a_chosen_grid_needs_no_gis(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    assert (case["state"], case["areaCode"]) == ("dispatched", place.grid)


async def test_what_a_person_chose_counts_more_than_what_the_phone_measured(api: Api, place: Place, gis: Gis) -> None:
    async with gis.answering():
        case = await api.settled(place.worker, point=gis.puts(place.other_grid), gridCode=place.grid)
    assert (case["areaCode"], case["point"] is not None) == (place.grid, True)


async def test_a_grid_of_another_district_is_no_place_here(api: Api, place: Place, gis: Gis) -> None:
    async with gis.answering():
        case = await api.settled(place.worker, point=gis.puts("150203001001001"))
    assert (case["areaCode"], case["routing"]["routed"]) == (DISTRICT, "no_grid")


async def test_a_point_in_a_street_but_in_no_grid_waits_on_the_list_of_that_street(
    api: Api, place: Place, gis: Gis
) -> None:
    async with gis.answering():
        case = await api.settled(place.worker, point=gis.puts(place.street))
    queue = await api.get(place.arbiter, "/cases", queue="undispatched")
    assert case["id"] in [row["id"] for row in queue.json()["items"]]
    assert (await api.get(place.worker, f"/cases/{case['id']}")).status_code == 404


async def test_waiting_points_are_asked_in_one_batch(api: Api, place: Place, gis: Gis, runtime: Runtime) -> None:
    receipts = [await api.report(place.worker, point=gis.puts(place.grid)) for _ in range(5)]
    async with gis.answering():
        gis.asked.clear()
        await commands.settle_pending(runtime, clock.now())
    wanted = {receipt["id"] for receipt in receipts}
    assert any(wanted <= {point.reference for point in asked.points} for asked in gis.asked)


async def test_what_gis_is_asked_carries_no_word_of_the_case(api: Api, place: Place, gis: Gis) -> None:
    async with gis.answering():
        gis.asked.clear()
        case = await api.settled(place.worker, point=gis.puts(place.grid), title="张三家漏水", description="三楼")
    said = "".join(asked.model_dump_json() for asked in gis.asked)
    assert case["id"] in said
    assert "张三" not in said
