"""A person is found by a whole number, by a name as it is written or typed, and by what hangs at the door."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel.auth import Actor
from grid_kernel.runtime import Runtime
from population_svc.grams import name_grams, query_name_grams


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
    second = (await api.post(place.worker, path, {})).json()["token"]
    refused(await api.post(place.worker, "/door-openings", {"token": first}), 404, "not-found")
    refused(await api.post(place.neighbour, "/door-openings", {"token": second}), 404, "not-found")
    refused(await api.post(place.leader, "/door-openings", {"token": second}), 403, "forbidden")
    refused(await api.post(place.leader, path, {}), 403, "forbidden")
    refused(await api.post(place.worker, "/door-openings", {"token": "x"}), 400, None, "/token")
    async with runtime.system_session() as session:
        rows = (await session.execute(text("select * from door_token"))).mappings().all()
    assert first not in str(rows)
    assert home["dwelling"]["id"] not in first


async def test_calling_is_one_tap_and_recorded_once_a_day(api: Api, place: Place, runtime: Runtime) -> None:
    home = await api.registered(place.worker, place.household())
    for _ in range(3):
        answer = await api.post(place.worker, f"/households/{home['id']}/call", {})
        assert answer.json() == {"householdId": home["id"], "phone": "12000001111"}
    await api.post(place.clerk, f"/households/{home['id']}/call", {})
    async with runtime.system_session() as session:
        calls = await session.execute(
            text("select actor_id from access_record where object_kind = 'household_call' and :id = any(object_ids)"),
            {"id": UUID(home["id"])},
        )
    assert sorted(row.actor_id for row in calls) == sorted([place.worker.id, place.clerk.id])
    refused(await api.post(place.leader, f"/households/{home['id']}/call", {}), 403, "forbidden")
    refused(await api.post(place.neighbour, f"/households/{home['id']}/call", {}), 404, "not-found")
