"""What approval-svc hears, in whatever order and however often, leads to the same state."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.approval.conftest import CIVIL, DISTRICT, Api, Desk, Place, application
from tests.hearing import hear

from approval_svc import commands
from grid_kernel import clock
from grid_kernel.contracts.gateway import CalendarDayChanged, UnitChanged, UnitRegistered
from grid_kernel.contracts.gis import GridMerged, GridSplit
from grid_kernel.contracts.population import PersonMerged
from grid_kernel.events import Event
from grid_kernel.runtime import Runtime

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SEEDS = pytest.mark.parametrize("seed", range(6))


def unit(sequence: int, aggregate: UUID, *, active: bool = True, name: str = "某局") -> Event:
    kind = UnitRegistered if sequence == 1 else UnitChanged
    about: dict[str, Any] = {"unit_code": "civil_affairs", "kind": "department", "name": name, "active": active}
    return kind(aggregate_id=aggregate, sequence=sequence, occurred_at=NOW, area_code=DISTRICT, **about)


@pytest.fixture
async def known_units(runtime: Runtime) -> Any:
    """Forget the units a test told of."""
    yield
    async with runtime.system_session() as session:
        await session.execute(text("delete from handling_unit"))


@SEEDS
async def test_a_unit_is_known_as_it_was_told_last(runtime: Runtime, known_units: Any, seed: int) -> None:
    aggregate = uuid4()
    told = [unit(n, aggregate, name=f"第{n}名", active=n != 4) for n in range(1, 5)]
    await hear(runtime, told, seed)
    async with runtime.system_session() as session:
        row = (await session.execute(text("select name, active from handling_unit"))).one()
    assert tuple(row) == ("第4名", False)


async def test_nothing_is_forwarded_to_a_unit_that_is_gone(desk: Desk, runtime: Runtime, known_units: Any) -> None:
    await desk.submit()
    await desk.to("pre_reviewed")
    aggregate = uuid4()
    await hear(runtime, [unit(1, aggregate), unit(2, aggregate, active=False)])
    refused = await desk.act("forward", desk.place.clerk)
    assert (refused.status_code, refused.json()["code"]) == (409, "application-unit-cannot-receive")
    await hear(runtime, [unit(3, aggregate, name="民政局")])
    assert (await desk.act("forward", desk.place.clerk)).status_code == 200
    assert "民政局会在" in (await desk.look_up()).json()["nextStep"]


def same_person(kept: UUID, gone: UUID) -> Event:
    return PersonMerged(aggregate_id=kept, sequence=2, occurred_at=NOW, area_code=DISTRICT, merged_id=gone)


@SEEDS
async def test_applications_belong_to_the_person_that_stays_in_the_end(desk: Desk, runtime: Runtime, seed: int) -> None:
    first, second, third, last = (uuid4() for _ in range(4))
    received = [await desk.submit() for _ in range(3)]
    async with runtime.system_session() as session:
        for known, person in zip(received, (first, second, third), strict=True):
            await session.execute(
                text("update party set person_id = :person, link = 'linked' where application_id = cast(:id as uuid)"),
                {"person": person, "id": known["id"]},
            )
    await hear(runtime, [same_person(second, first), same_person(third, second), same_person(last, third)], seed)
    for known in received:
        desk.known = known
        assert (await desk.read()).json()["applicant"]["personId"] == str(last)


def changed(kind: type[GridSplit | GridMerged], gone: Sequence[str], now: Sequence[str]) -> Event:
    return kind(
        aggregate_id=uuid4(),
        sequence=1,
        occurred_at=NOW,
        area_code=gone[0][:12],
        predecessors=tuple(gone),
        successors=tuple(now),
        effective_on=clock.today(NOW),
        buildings={},
    )


@SEEDS
async def test_what_a_worker_took_in_follows_its_grid_and_keeps_its_version(
    api: Api, place: Place, runtime: Runtime, seed: int
) -> None:
    once, twice = Desk(api, place), Desk(api, place)
    await once.submit(who=place.worker, areaCode=place.grid, channel="proxy")
    await twice.submit(who=place.neighbour, areaCode=place.other_grid, channel="proxy")
    new, newer = f"{place.community}011", f"{place.community}012"
    changes = [
        changed(GridMerged, [place.grid], [new]),
        changed(GridMerged, [new, f"{place.community}013"], [newer]),
        changed(GridSplit, [place.other_grid], [f"{place.community}014", f"{place.community}015"]),
    ]
    await hear(runtime, changes, seed)
    pages = [(await desk.read()).json() for desk in (once, twice)]
    assert [page["areaCode"] for page in pages] == [newer, place.community]
    assert [page["version"] for page in pages] == [1, 1]
    async with runtime.system_session() as session:
        for table in ("party", "entry", "clock"):
            query = text(f"select distinct area_code from {table} where application_id = cast(:id as uuid)")
            assert (await session.execute(query, {"id": once.known["id"]})).scalars().all() == [newer]
    assert (await once.read(place.worker)).status_code == 404


async def test_a_grid_that_is_gone_takes_no_new_application(api: Api, place: Place, runtime: Runtime) -> None:
    await hear(runtime, [changed(GridMerged, [place.grid], [f"{place.community}011"])])
    refused = await api.post(place.worker, "/applications", application(areaCode=place.grid))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/areaCode")


async def test_a_deadline_follows_a_day_that_is_declared_off(desk: Desk, runtime: Runtime) -> None:
    await desk.submit()
    await desk.to("accepted")
    before = (await desk.read(CIVIL)).json()
    due = datetime.fromisoformat(before["dueAt"])
    day = {"day": clock.today(due), "working": False, "name": "停电"}
    about: dict[str, Any] = {"aggregate_id": uuid4(), "sequence": 1, "occurred_at": NOW, "area_code": DISTRICT}
    try:
        await hear(runtime, [CalendarDayChanged(**about, **day)])
        runtime.working_days.forget()
        assert await commands.follow_calendar(runtime, clock.now()) >= 1
        after = (await desk.read(CIVIL)).json()
        assert datetime.fromisoformat(after["dueAt"]) > due
        assert "停电" in after["clocks"][-1]["explanation"]
        assert after["version"] == before["version"]
        assert await commands.follow_calendar(runtime, clock.now()) == 0
    finally:
        async with runtime.system_session() as session:
            await session.execute(text("delete from calendar_day"))
        runtime.working_days.forget()
