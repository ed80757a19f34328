"""What dispute-svc hears, in whatever order and however often, leads to the same state."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.dispute.conftest import DISTRICT, HANDLER, Api, Gis, Place
from tests.hearing import hear

from dispute_svc import commands, jobs
from grid_kernel import clock
from grid_kernel.contracts.gateway import CalendarDayChanged, UnitChanged, UnitRegistered
from grid_kernel.contracts.gis import GridMerged, GridSplit
from grid_kernel.contracts.population import PersonMerged
from grid_kernel.events import Event
from grid_kernel.jobs import run_job
from grid_kernel.runtime import Runtime

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SEEDS = pytest.mark.parametrize("seed", range(6))


def unit(code: str, sequence: int, *, active: bool = True, name: str = "某单位", aggregate: UUID) -> Event:
    kind = UnitRegistered if sequence == 1 else UnitChanged
    return kind(
        aggregate_id=aggregate,
        sequence=sequence,
        occurred_at=NOW,
        area_code=DISTRICT,
        unit_code=code,
        kind="department",
        name=name,
        active=active,
    )


@pytest.fixture
async def known_units(runtime: Runtime) -> Any:
    """Forget the units a test told of, since knowing some means judging all."""
    yield
    async with runtime.system_session() as session:
        await session.execute(text("delete from unit"))


@SEEDS
async def test_a_unit_is_known_as_it_was_told_last(runtime: Runtime, known_units: Any, seed: int) -> None:
    aggregate, code = uuid4(), f"unit_{uuid4().hex[:8]}"
    told = [unit(code, number, name=f"第{number}名", active=number != 4, aggregate=aggregate) for number in range(1, 5)]
    await hear(runtime, told, seed)
    async with runtime.system_session() as session:
        row = (await session.execute(text("select name, active from unit where code = :code"), {"code": code})).one()
    assert tuple(row) == ("第4名", False)


@pytest.mark.parametrize(("active", "routed"), [(False, "unit_closed"), (None, "unit_unknown"), (True, "matched")])
async def test_a_row_that_names_no_working_unit_puts_the_case_on_the_list(
    api: Api, place: Place, runtime: Runtime, known_units: Any, active: bool | None, routed: str
) -> None:
    told = [unit("police", 1, aggregate=uuid4())]
    if active is not None:
        told.append(unit("urban_management", 1, active=active, aggregate=uuid4()))
    await hear(runtime, told, 1)
    case = await api.settled(place.worker, gridCode=place.grid)
    assert (case["routing"]["routed"], case["state"] == "dispatched") == (routed, active is True)
    if active is not True:
        assert "urban_management" in case["routing"]["explanation"]
        path = f"/cases/{case['id']}/dispatches"
        refused = await api.post(place.arbiter, path, {"unitCode": "urban_management"})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/unitCode")
        assert (await api.post(place.arbiter, path, {"unitCode": "police"})).status_code == 201


def split(place: Place, old: str, new: Sequence[str], buildings: dict[UUID, str] | None = None, **more: Any) -> Event:
    day = more.get("effective_on", clock.today(clock.now()))
    return GridSplit(
        aggregate_id=uuid4(),
        sequence=1,
        occurred_at=NOW,
        area_code=place.community,
        predecessors=(old,),
        successors=tuple(new),
        effective_on=day,
        buildings=buildings or {},
    )


def merged(place: Place, old: Sequence[str], new: str) -> Event:
    return GridMerged(
        aggregate_id=uuid4(),
        sequence=1,
        occurred_at=NOW,
        area_code=place.community,
        predecessors=tuple(old),
        successors=(new,),
        effective_on=clock.today(clock.now()),
        buildings={},
    )


async def test_cases_of_a_split_grid_are_asked_for_in_one_batch_and_keep_the_grid_of_the_act(
    api: Api, place: Place, gis: Gis, runtime: Runtime
) -> None:
    points = [gis.puts(place.grid) for _ in range(3)]
    async with gis.answering():
        cases = [await api.settled(place.worker, point=point) for point in points]
        successors = [f"{place.community}011", f"{place.community}012"]
        for point, grid in zip(points, [*successors, successors[0]], strict=True):
            gis.grids[round(point["lon"], 4), round(point["lat"], 4)] = grid
        gis.asked.clear()
        await hear(runtime, [split(place, place.grid, successors)], 1)
        await commands.settle_pending(runtime, clock.now())
    wanted = {case["id"] for case in cases}
    assert [wanted <= {point.reference for point in asked.points} for asked in gis.asked] == [True]
    moved = [await api.case(place.station_head, case["id"]) for case in cases]
    assert [case["areaCode"] for case in moved] == [*successors, successors[0]]
    assert {case["gridCodeThen"] for case in moved} == {place.grid}
    assert {case["entries"][-1]["kind"] for case in moved} == {"relocated"}
    assert {case["state"] for case in moved} == {"dispatched"}
    assert (await api.act(HANDLER, moved[0], "accept")).status_code == 200
    assert (await api.get(place.worker, f"/cases/{cases[0]['id']}")).status_code == 404


async def test_until_gis_answers_a_case_keeps_its_old_grid(api: Api, place: Place, gis: Gis, runtime: Runtime) -> None:
    async with gis.answering():
        case = await api.settled(place.worker, point=gis.puts(place.grid))
    await hear(runtime, [split(place, place.grid, [f"{place.community}011", f"{place.community}012"])], 1)
    await run_job(runtime, jobs.JOBS[0])
    assert (await api.case(place.worker, case["id"]))["areaCode"] == place.grid


async def test_a_change_that_holds_from_tomorrow_waits_for_tomorrow(api: Api, place: Place, runtime: Runtime) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    tomorrow = clock.today(clock.now()) + timedelta(days=1)
    await hear(runtime, [split(place, place.grid, [f"{place.community}011"], effective_on=tomorrow)], 1)
    await commands.settle_pending(runtime, clock.now())
    assert (await api.case(place.worker, case["id"]))["areaCode"] == place.grid
    await commands.settle_pending(runtime, clock.now() + timedelta(days=1))
    assert (await api.case(place.station_head, case["id"]))["areaCode"] == f"{place.community}011"


@SEEDS
async def test_splits_and_merges_in_any_order_lead_to_the_same_grids(
    api: Api, place: Place, runtime: Runtime, seed: int
) -> None:
    building, other = uuid4(), uuid4()
    a, b, c, d = (f"{place.community}01{number}" for number in range(1, 5))
    by_building = await api.report(place.worker, gridCode=place.grid, buildingId=str(building))
    by_other = await api.report(place.worker, gridCode=place.grid, buildingId=str(other))
    by_grid = await api.report(place.worker, gridCode=place.grid)
    reports = [by_building, by_other, by_grid]
    for report in reports:
        await api.until(place.worker, report["id"], lambda case: case["locatedAt"] is not None)
    changes = [
        split(place, place.grid, [a, b], {building: a, other: b}),
        merged(place, [a, place.other_grid], c),
        split(place, c, [d, f"{place.community}019"], {building: d}),
    ]
    await hear(runtime, changes, seed)
    await commands.settle_pending(runtime, clock.now())
    areas = [(await api.case(place.station_head, report["id"]))["areaCode"] for report in reports]
    assert areas == [d, b, place.community]


async def test_a_report_that_names_a_grid_of_yesterday_lands_in_the_one_of_today(
    api: Api, place: Place, runtime: Runtime
) -> None:
    await hear(runtime, [merged(place, [place.grid], f"{place.community}015")], 1)
    case = await api.settled(place.worker, gridCode=place.grid)
    assert case["areaCode"] == f"{place.community}015"


def same_person(survivor: UUID, gone: UUID) -> Event:
    return PersonMerged(aggregate_id=survivor, sequence=2, occurred_at=NOW, area_code=DISTRICT, merged_id=gone)


@SEEDS
async def test_merged_persons_in_any_order_lead_to_the_one_that_stays(
    api: Api, place: Place, runtime: Runtime, seed: int
) -> None:
    first, second, third, last = (uuid4() for _ in range(4))
    cases = []
    for person in (first, second, third):
        reporter = {"name": "王小明", "personId": str(person)}
        cases.append(await api.settled(place.worker, gridCode=place.grid, reporter=reporter))
    await hear(runtime, [same_person(second, first), same_person(third, second), same_person(last, third)], seed)
    told = [await api.case(place.worker, case["id"]) for case in cases]
    assert {case["reporter"]["personId"] for case in told} == {str(last)}


@pytest.fixture
async def days_declared(runtime: Runtime) -> Any:
    """Forget the days a test declared."""
    yield
    async with runtime.system_session() as session:
        await session.execute(text("delete from calendar_day"))
    runtime.working_days.forget()
    await commands.follow_calendar(runtime, clock.now())


async def test_limits_move_when_a_day_is_declared_off_and_the_case_is_not_stale(
    api: Api, place: Place, runtime: Runtime, days_declared: Any
) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    due = datetime.fromisoformat(case["dueAt"])
    declared = CalendarDayChanged(
        aggregate_id=uuid4(),
        sequence=1,
        occurred_at=NOW,
        area_code=DISTRICT,
        day=clock.today(due),
        working=False,
        name="停电",
    )
    await hear(runtime, [declared], 1)
    runtime.working_days.forget()
    assert await commands.follow_calendar(runtime, clock.now()) >= 1
    told = await api.case(place.worker, case["id"])
    assert datetime.fromisoformat(told["dueAt"]) > due
    assert told["dueAt"] == told["dispatches"][0]["dueAt"]
    assert "停电" in told["dispatches"][0]["clock"]
    assert told["version"] == case["version"]
    assert await commands.follow_calendar(runtime, clock.now()) == 0
