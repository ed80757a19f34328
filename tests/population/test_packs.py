"""A grid for the phone: the whole of it, small; then what changed, missing nothing whoever writes at the same time."""

import asyncio
import gzip
import json
import random
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, hearing, person, refused

from grid_kernel import clock
from grid_kernel.clock import today
from grid_kernel.contracts.dispute import CaseFollowUpRequested
from grid_kernel.paging import encode
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from grid_kernel.types import uuid7_at
from population_svc import commands, packs
from population_svc.events import on_follow_up_requested
from population_svc.packs import Cursor

TODAY = today(clock.now())
MOST_SECONDS = 1


async def pack(api: Api, place: Place, since: str | None = None, **headers: str) -> dict[str, Any]:
    path = f"/packs/{place.grid}" + (f"?since={since}" if since else "")
    answer = await api.send(place.worker, "GET", path, **headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def persons_of(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [person for household in made["households"] for person in household["persons"]]


async def test_a_pack_is_the_grid_in_the_order_of_a_walk(api: Api, place: Place) -> None:
    homes = [await api.registered(place.head, place.household(person(), person("李", sex="9", relation="12")))]
    homes.append(await api.registered(place.head, place.household()))
    elsewhere = await api.registered(place.head, place.household(building=place.other_building))
    made = await pack(api, place)
    assert made["complete"]
    assert [each["id"] for each in made["households"]] == [home["id"] for home in homes]
    first = made["households"][0]
    assert (first["phone"], first["roomNo"], first["visitedInQuarter"]) == ("12000001111", "101", False)
    assert (first["careReasons"], first["careVisits"], first["lastOutcome"]) == ([], 0, None)
    assert {each["name"] for each in persons_of(made)} == {"王小明", "李"}
    assert len(persons_of(made)) == 3
    assert "idNumber" not in str(made)
    assert elsewhere["id"] not in str(made)
    assert made["progress"]["households"]["value"] == 2
    assert made["rule"]["visitWeekday"] is None


async def test_a_pack_is_for_the_phone_of_whoever_walks_there(api: Api, place: Place) -> None:
    path = f"/packs/{place.grid}"
    assert (await api.get(place.collector, path)).status_code == 200
    refused(await api.get(None, path), 401)
    refused(await api.get(place.neighbour, path), 404, "not-found")
    refused(await api.get(place.guide, path), 404, "not-found")
    for who in (place.clerk, place.head, place.leader, actor(place.worker.grants[0].post, place.community)):
        refused(await api.get(who, path), 403, "forbidden")
    refused(await api.get(place.worker, f"{path}?since=x"), 400, None, "#/query/cursor")
    refused(await api.get(place.worker, "/packs/1502"), 400)
    for year in (1, 9999):
        forged = encode([1, f"{year:04}-12-31T23:59:59"])
        refused(await api.get(place.worker, f"{path}?since={forged}"), 400, None, "#/query/since")


async def test_the_same_pack_is_not_sent_twice(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    first = await api.get(place.worker, f"/packs/{place.grid}")
    again = {"If-None-Match": first.headers["etag"]}
    assert (await api.send(place.worker, "GET", f"/packs/{place.grid}", **again)).status_code == 304
    await api.visited(place.worker, home)
    assert (await api.send(place.worker, "GET", f"/packs/{place.grid}", **again)).status_code == 200


async def test_who_reads_a_pack_is_recorded(api: Api, place: Place, runtime: Runtime) -> None:
    home = await api.registered(place.worker, place.household())
    await pack(api, place)
    async with runtime.system_session() as session:
        seen = await session.execute(
            text("select fields, via from access_record where actor_id = :who and object_ids @> :ids"),
            {"who": place.worker.id, "ids": [UUID(home["persons"][0]["id"])]},
        )
    assert [(row.fields, row.via) for row in seen] == [(["name", "birth_date", "phone"], "GET /packs/{grid_code}")]


async def at_rest(api: Api, place: Place, cursor: str) -> Any:
    """What comes when nothing is under way: what changed beside somebody's open transaction is sent once more."""
    for _ in range(100):
        answer = await pack(api, place, cursor)
        if not answer["households"]:
            break
        cursor = answer["cursor"]
        await asyncio.sleep(0.05)
    return answer


async def test_only_what_changed_is_sent_again(api: Api, place: Place) -> None:
    homes = [await api.registered(place.head, place.household(person(), person(relation="12"))) for _ in range(4)]
    nothing = await at_rest(api, place, (await pack(api, place))["cursor"])
    assert (nothing["complete"], nothing["households"]) == (False, [])
    assert nothing["gone"] == {"households": [], "persons": []}
    cursor = nothing["cursor"]
    member = homes[0]["persons"][0]["id"]
    await api.patch(place.worker, f"/persons/{member}", {"phone": "12099990000"}, version=1)
    await api.visited(place.worker, homes[1], needs=["come_again"])
    await api.patch(place.worker, f"/dwellings/{homes[2]['dwelling']['id']}", {"use": "02"}, version=1)
    changed = await pack(api, place, cursor)
    assert {each["id"] for each in changed["households"]} == {home["id"] for home in homes[:3]}
    assert "12099990000" in {each["phone"] for each in persons_of(changed)}
    visited = next(each for each in changed["households"] if each["id"] == homes[1]["id"])
    assert (visited["visitedInQuarter"], visited["visitedInMonth"], visited["careVisits"]) == (True, True, 1)
    assert (visited["lastOutcome"], visited["lastVisitedOn"]) == ("done", TODAY.isoformat())
    assert visited["revisitOn"] == (TODAY + timedelta(days=7)).isoformat()
    assert (await at_rest(api, place, changed["cursor"]))["households"] == []


async def test_who_left_the_grid_is_named(api: Api, place: Place) -> None:
    stays, goes = [await api.registered(place.head, place.household(person(), person(relation="12"))) for _ in range(2)]
    cursor = (await pack(api, place))["cursor"]
    member = stays["persons"][1]["id"]
    await api.post(place.head, f"/persons/{member}/departure", {"leftOn": TODAY.isoformat()}, version=1)
    to = {"dwelling": place.dwelling(place.other_building), "movedOn": TODAY.isoformat()}
    moved = await api.post(place.head, f"/households/{goes['id']}/moves", to, version=1)
    assert moved.status_code == 200, moved.text
    changed = await pack(api, place, cursor)
    assert changed["gone"]["households"] == [goes["id"]]
    assert set(changed["gone"]["persons"]) == {member, *(each["id"] for each in goes["persons"])}
    assert [each["id"] for each in changed["households"]] == [stays["id"]]


async def test_todays_list_names_its_reasons(api: Api, place: Place, runtime: Runtime) -> None:
    care, case, promised = [await api.registered(place.worker, place.household()) for _ in range(3)]
    entry = {"personId": care["persons"][0]["id"], "reason": "elderly_living_alone", "basis": "本人意愿"}
    await api.post(place.worker, "/care-entries", entry | {"startsOn": "2026-01-10"})
    asked = CaseFollowUpRequested(
        aggregate_id=uuid4(),
        sequence=7,
        occurred_at=clock.now(),
        area_code=place.grid,
        case_code="150204202611240000015",
        restricted=False,
        category=None,
        state="handling",
        household_id=UUID(case["id"]),
    )
    async with runtime.system_session() as session:
        await on_follow_up_requested(session, asked, hearing())
    await api.visited(place.worker, promised, "no_answer", revisitOn=TODAY.isoformat())
    made = await pack(api, place)
    assert [each["caseId"] for each in made["followUps"]] == [str(asked.aggregate_id)]
    lines = {line["householdId"]: line["reasons"] for line in made["plan"]}
    assert "care_due" in lines[care["id"]]
    assert made["plan"][0]["householdId"] == care["id"]
    assert made["households"][0]["careReasons"] == ["elderly_living_alone"]
    assert lines[case["id"]][0] == "case_follow_up"
    assert lines[promised["id"]][0] == "revisit_asked"


@pytest.mark.parametrize("age", [timedelta(days=40), -timedelta(days=1)])
async def test_a_cursor_nobody_can_answer_asks_for_everything(api: Api, place: Place, age: timedelta) -> None:
    await api.registered(place.worker, place.household())
    cursor = Cursor(1, clock.now() - age).written()
    assert (await pack(api, place, cursor))["complete"]
    restored = Cursor(2**62, clock.now()).written()
    assert (await pack(api, place, restored))["complete"]


async def test_no_change_is_missed_however_transactions_overlap(runtime: Runtime, place: Place, api: Api) -> None:
    """Sixteen writers whose transactions end in another order than they began; a phone that asks all the time."""
    homes = [UUID((await api.registered(place.head, place.household()))["id"]) for _ in range(16)]
    reads, dice = runtime.reads(place.worker), random.Random(4)
    written: dict[UUID, int] = dict.fromkeys(homes, 0)
    seen: dict[UUID, int] = {}

    async def write(home: UUID) -> None:
        for _ in range(12):
            async with runtime.system_session() as session:
                change = "update household set version = version + 1 where id = :id returning version"
                version = await session.scalar(text(change), {"id": home})
                await asyncio.sleep(dice.uniform(0, 0.02))
            written[home] = version

    async def ask(since: Cursor | None) -> Cursor:
        told = await packs.read_pack(reads, place.worker, place.grid, since, clock.now())
        seen.update({household.id: household.version for household in told.households})
        cursor = Cursor.read(told.cursor)
        assert cursor is not None
        return cursor

    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(write(home)) for home in homes]
        cursor = await ask(None)
        while not all(writer.done() for writer in writers):
            cursor = await ask(cursor)
    await ask(cursor)
    assert seen == written


async def test_a_grid_of_four_hundred_households_fits_into_eighty_kilobytes(
    api: Api, place: Place, runtime: Runtime, tmp_path: Path
) -> None:
    for name, rows in large_grid(place, households=400, persons=1000).items():
        (tmp_path / f"{name}.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    await commands.load(runtime, tmp_path, clock.now())
    async with runtime.system_session() as session:
        hung = "insert into door_token (id, dwelling_id, token_index, phone_digest, issued_at)"
        hung += " select gen_random_uuid(), id, sha256(id::text::bytea),"
        hung += " encode(substr(sha256(id::text::bytea), 1, 6), 'base64'), now() from dwelling where area_code = :grid"
        await session.execute(text(hung), {"grid": place.grid})
    asked = api.client.build_request("GET", f"/v1/packs/{place.grid}", headers=api.headers(place.worker))
    answer = await api.client.send(asked, stream=True)
    sent = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    whole = gzip.decompress(sent)
    assert (whole.count(b'"houseCode"'), whole.count(b'"relationToHead"')) == (400, 1000)
    assert len(sent) <= 80 * 1024
    # From the sixth time on PostgreSQL plans for any grid, not for this one.
    began = time.monotonic()
    for _ in range(8):
        assert (await api.client.send(asked)).status_code == 200
    took = time.monotonic() - began
    assert took < 8 * MOST_SECONDS, took


def large_grid(place: Place, *, households: int, persons: int) -> dict[str, list[dict[str, Any]]]:
    """A grid as real ones are: every id made at another moment, names and telephones all different."""
    dice, start = random.Random(7), datetime(2024, 1, 5, 8, tzinfo=UTC)
    signs = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平建国玉兰"

    def fresh() -> str:
        return str(uuid7_at(start + timedelta(seconds=dice.randrange(60_000_000)), dice.getrandbits(74)))

    def phone() -> str:
        return f"12{dice.randrange(10**9):09}"

    made: dict[str, list[dict[str, Any]]] = {name: [] for name in ("dwellings", "households", "persons", "visits")}
    where = {"area_code": place.grid, "synthetic": True}
    buildings = [fresh() for _ in range(12)]
    for number in range(households):
        building, entrance, floor = number // 36, 1 + number // 12 % 3, 1 + number // 2 % 6
        room = f"{floor}0{1 + number % 2}"
        home = {"id": fresh(), "building_id": buildings[building], "entrance": entrance, "floor": floor}
        home |= {"house_code": f"{place.community}{building:04}{entrance:02}{number:04}", "room_no": room, "use": "01"}
        home |= {"area_m2": 50 + dice.randrange(900) / 10, "address": f"富强路{building}号楼{entrance}单元{room}"}
        made["dwellings"].append(home | where)
        formed = {"dwelling_id": home["id"], "formed_on": "2020-01-01", "head_person_id": fresh(), "phone": phone()}
        made["households"].append({"id": fresh()} | formed | where)
    for number in range(persons):
        household = made["households"][number % households]
        born = date(1940, 1, 1) + timedelta(days=dice.randrange(30_000))
        who = {"id": household["head_person_id"] if number < households else fresh(), "id_number": None}
        who |= {"household_id": household["id"], "dwelling_id": household["dwelling_id"], "birth_date": str(born)}
        who |= {"name": "".join(dice.choices(signs, k=3)), "sex": dice.choice("12"), "phone": phone()}
        who |= {"relation_to_head": "02" if number < households else dice.choice(("10", "20", "30"))}
        who |= {"id_document_type": "111", "population_type": "1", "registered_here": True}
        made["persons"].append(who | {"moved_in_on": "2020-01-01"} | where)
    for household in dice.sample(made["households"], k=households * 6 // 10):
        at = {"visited_at": (clock.now() - timedelta(days=dice.randrange(80))).isoformat(), "outcome": "done"}
        visit = {"id": fresh(), "household_id": household["id"], "kind": "home_visit", "worker_account_id": "w"}
        made["visits"].append(visit | at | where)
    return made
