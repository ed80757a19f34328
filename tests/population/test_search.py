"""A person is found by a whole number, by a name as it is written or typed, and by what hangs at the door."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.auth import Actor
from grid_kernel.clock import start_of, today
from grid_kernel.runtime import Runtime
from grid_kernel.tables import calendar_day
from grid_kernel.working_calendar import WorkingCalendar
from population_svc.grams import name_grams, query_name_grams
from population_svc.queries import persons as queries_of_persons
from population_svc.rules import door_digest, routine_since


async def found(api: Api, who: Actor, **criteria: Any) -> set[str]:
    answer = await api.post(who, "/persons/search", criteria)
    assert answer.status_code == 200, answer.text
    return {each["name"] for each in answer.json()["items"]}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("王小明", "wang"),
        ("王小明", "WangXiaoMing"),
        ("王小明", "wang xiao ming"),
        ("王小明", "xiaoming"),
        ("王小明", "wxm"),
        ("王小明", "xm"),
        ("曾雨", "zengyu"),
        ("单田", "shantian"),
        ("欧阳修文", "oyxw"),
        ("迪丽热巴·买买提", "dlrbmmt"),
        ("John Smith", "john"),
        ("吕布", "lvbu"),
    ],
)
def test_a_name_is_found_as_it_is_typed(name: str, typed: str) -> None:
    assert set(query_name_grams(typed)) <= set(name_grams(name))


@pytest.mark.parametrize("typed", ["wangming", "zhang", "mx", "w"])
def test_and_not_by_what_sounds_otherwise(typed: str) -> None:
    assert not set(query_name_grams(typed)) <= set(name_grams("王小明"))


async def test_pinyin_initials_building_and_telephone_find_a_person(api: Api, place: Place) -> None:
    await api.registered(place.worker, place.household(person("曾小雨", phone="12034567890")))
    near = {"grid": place.grid}
    for criteria in (
        {"name": "zengxiaoyu"} | near,
        {"name": "zxy", "buildingId": str(place.building)},
        {"name": "小雨"} | near,
        {"phone": "12034567890"},
    ):
        assert await found(api, place.worker, **criteria) == {"曾小雨"}
        assert await found(api, place.neighbour, **criteria) == set()
    assert await found(api, place.worker, name="zxy", buildingId=str(place.other_building)) == set()
    for narrow in ({"name": "zengxiaoyu"}, {"buildingId": str(place.building)}, {"name": "··", **near}):
        refused(await api.post(place.worker, "/persons/search", narrow), 400, "search-too-broad")
    refused(await api.post(place.worker, "/persons/search", {"phone": "12034"}), 400, None, "/phone")


@pytest.mark.parametrize("few", [0, queries_of_persons.FEW])
async def test_a_name_at_an_address_is_the_same_person_whichever_is_looked_for_first(
    api: Api, place: Place, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(queries_of_persons, "FEW", few)
    here = await api.registered(place.worker, place.household(person("邬海清")))
    await api.registered(place.worker, place.household(person("邬海宁")))
    await api.registered(place.neighbour, place.household(person("邬海清"), building=place.other_building))
    address = here["dwelling"]["address"]
    assert await found(api, place.worker, name="海清", address=address) == {"邬海清"}
    assert await found(api, place.head, name="whq", address=address[:6]) == {"邬海清"}
    assert await found(api, place.head, name="海清", address=f"{address}9") == set()
    assert await found(api, place.worker, name="邬", address=address[:6]) == {"邬海清", "邬海宁"}
    assert await found(api, place.neighbour, name="海宁", address=address[:6]) == set()


async def test_somebody_who_changed_the_name_is_found_by_the_new_one(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household(person("周文")))
    await api.patch(place.worker, f"/persons/{home['persons'][0]['id']}", {"name": "赵文"}, version=1)
    assert await found(api, place.worker, name="zhaowen", grid=place.grid) == {"赵文"}
    assert await found(api, place.worker, name="zhouwen", grid=place.grid) == set()


async def test_the_code_at_a_door_opens_the_dwelling_and_only_the_newest_does(
    api: Api, place: Place, runtime: Runtime
) -> None:
    home = await api.registered(place.worker, place.household())
    path = f"/dwellings/{home['dwelling']['id']}/door-token"
    first = (await api.post(place.worker, path, {})).json()["token"]
    opened = await api.post(place.collector, "/door-openings", {"token": first.lower()})
    assert opened.json()["dwelling"]["id"] == home["dwelling"]["id"]
    assert [each["id"] for each in opened.json()["households"]] == [home["id"]]
    pack = (await api.get(place.worker, f"/packs/{place.grid}")).json()
    assert [each["doorDigest"] for each in pack["households"]] == [door_digest(first)], "known without a signal too"
    assert first not in str(pack)
    second = (await api.post(place.worker, path, {})).json()["token"]
    newer = (await api.get(place.worker, f"/packs/{place.grid}?since={pack['cursor']}")).json()
    assert not newer["complete"]
    assert [each["doorDigest"] for each in newer["households"]] == [door_digest(second)]
    refused(await api.post(place.worker, "/door-openings", {"token": first}), 404, "not-found")
    refused(await api.post(place.neighbour, "/door-openings", {"token": second}), 404, "not-found")
    refused(await api.post(place.leader, "/door-openings", {"token": second}), 403, "forbidden")
    refused(await api.post(place.leader, path, {}), 403, "forbidden")
    refused(await api.post(place.worker, "/door-openings", {"token": "x"}), 400, None, "/token")
    async with runtime.system_session() as session:
        rows = (await session.execute(text("select * from door_token"))).mappings().all()
    assert first not in str(rows)
    assert home["dwelling"]["id"] not in first


CALENDAR = WorkingCalendar.packaged()
AT_NOON = time(4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 2, 13), True),  # a Friday
        (date(2026, 2, 14), True),  # a Saturday on which one works for a day off of the Spring Festival
        (date(2026, 2, 18), False),  # a Wednesday of the festival
        (date(2026, 11, 28), False),  # a Saturday
        (date(2026, 11, 30), True),
    ],
)
def test_a_routine_look_is_recorded_once_on_a_working_day_and_each_time_on_a_day_off(day: date, working: bool) -> None:
    now = datetime.combine(day, AT_NOON)
    since = routine_since(now, CALENDAR)
    assert since == (start_of(day) if working else now)


async def looks(runtime: Runtime, home: dict[str, Any], kind: str) -> list[str]:
    """Who is recorded as having looked at a household in a way, each time."""
    async with runtime.system_session() as session:
        found = await session.execute(
            text("select actor_id from access_record where object_kind = :kind and :id = any(object_ids)"),
            {"id": UUID(home["id"]), "kind": kind},
        )
    return sorted(row.actor_id for row in found)


@pytest.fixture(params=[True, False], ids=["working day", "day off"])
async def works_today(request: pytest.FixtureRequest, runtime: Runtime) -> AsyncIterator[bool]:
    """The calendar says of today what the test needs, as an administrator would have entered it."""
    async with runtime.system_session() as session:
        row = {"day": today(clock.now()), "working": request.param, "name": "调休", "source": "entered"}
        await session.execute(insert(calendar_day).values({key: row[key] for key in row if key in calendar_day.c}))
    runtime.working_days.forget()
    yield bool(request.param)
    async with runtime.system_session() as session:
        await session.execute(text("delete from calendar_day"))
    runtime.working_days.forget()


async def test_calling_is_one_tap_and_recorded_once_a_working_day(
    api: Api, place: Place, runtime: Runtime, works_today: bool
) -> None:
    home = await api.registered(place.worker, place.household())
    for _ in range(3):
        answer = await api.post(place.worker, f"/households/{home['id']}/call", {})
        assert answer.json() == {"householdId": home["id"], "phone": "12000001111"}
    await api.post(place.clerk, f"/households/{home['id']}/call", {})
    times = 1 if works_today else 3
    assert await looks(runtime, home, "household_call") == sorted([place.worker.id] * times + [place.clerk.id])
    refused(await api.post(place.leader, f"/households/{home['id']}/call", {}), 403, "forbidden")
    refused(await api.post(place.neighbour, f"/households/{home['id']}/call", {}), 404, "not-found")


async def test_the_own_roster_is_free_and_recorded_once_a_working_day_and_household(
    api: Api, place: Place, runtime: Runtime, works_today: bool
) -> None:
    home = await api.registered(place.worker, place.household())
    for _ in range(2):
        assert (await api.get(place.worker, f"/households?area={place.grid}")).status_code == 200
    later = await api.registered(place.worker, place.household())
    assert len((await api.get(place.worker, f"/households?area={place.grid}")).json()["items"]) == 2
    assert await looks(runtime, home, "household") == [place.worker.id] * (1 if works_today else 3)
    assert await looks(runtime, later, "household") == [place.worker.id]
    for _ in range(2):
        await api.get(place.head, f"/households?area={place.grid}")
    assert (await looks(runtime, later, "household")).count(place.head.id) == 2, "beyond the own grid each time"
