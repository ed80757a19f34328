"""Rows leave the register with a purpose, a mark and an end, and everybody in them can see that they were read."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from zlib import crc32

import asyncpg
import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from population_svc import commands, rules
from population_svc.spreadsheets import open_table

ELEMENTS = ["name", "id_number", "phone", "birth_date", "relation_to_head", "address"]


@pytest.fixture(autouse=True, scope="module")
async def only_when_told(runtime: Runtime) -> AsyncIterator[None]:
    """The job of the running app waits, as when another process is at it: tests say when work is done."""
    guard = await asyncpg.connect(runtime.settings.system_database_url.get_secret_value())
    await guard.execute("select pg_advisory_lock($1)", crc32(b"job:population:carry-tables"))
    yield
    await guard.close()


def wanted(area: str, **more: Any) -> dict[str, Any]:
    given = {"areaCode": area, "subject": "person", "elements": ELEMENTS, "purpose": "service_list"}
    return given | {"reason": "入冬前上门", "format": "csv"} | more


async def made(api: Api, runtime: Runtime, who: Actor, area: str, **more: Any) -> dict[str, Any]:
    """An export that was asked for and made."""
    asked = await api.post(who, "/exports", wanted(area, **more))
    assert asked.status_code == 201, asked.text
    await commands.make_exports(runtime, clock.now())
    return dict((await api.get(who, f"/exports/{asked.json()['id']}")).json())


async def rows_of(api: Api, who: Actor, export: dict[str, Any]) -> list[list[str]]:
    answer = await api.client.get(f"/v1/exports/{export['id']}/file", headers=api.headers(who))
    assert answer.status_code == 200, answer.text
    if export["format"] == "xlsx":
        return [cells for _, cells in open_table(io.BytesIO(answer.content)).rows]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
async def test_a_few_masked_rows_are_taken_out_with_purpose_and_mark(
    api: Api, runtime: Runtime, place: Place, file_format: str
) -> None:
    household = await api.registered(place.worker, place.household(person("=王小明")))
    export = await made(api, runtime, place.head, place.community, format=file_format)
    assert (export["state"], export["rows"]) == ("ready", 1)
    first, headings, row = await rows_of(api, place.head, export)
    assert all(word in first[0] for word in (export["mark"], place.head.id, "station_head", "上门服务名单", "前删除"))
    assert headings == ["姓名", "公民身份号码", "联系电话", "出生日期", "与户主关系", "地址", "水印"]
    name = "'=王小明" if file_format == "csv" else "=王小明"
    assert row[0] == name
    assert (row[1][3:-2], row[2]) == ("*" * 13, "120****1111")
    assert row[3:] == ["1980-05-17", "户主", household["dwelling"]["address"], export["mark"]]


async def test_everybody_in_the_file_is_recorded_as_read_once_and_together(
    api: Api, runtime: Runtime, place: Place
) -> None:
    two = place.household(person(), person("李红", relation="11", sex="1"))
    people = {one["id"] for one in (await api.registered(place.worker, two))["persons"]}
    export = await made(api, runtime, place.head, place.community)
    async with runtime.system_session() as session:
        asked = text("select actor_id, post, purpose, object_ids, fields from access_record where via = :why")
        records = (await session.execute(asked, {"why": f"export {export['id']}"})).all()
    assert [(row.actor_id, row.post, row.purpose, row.fields) for row in records] == [
        (place.head.id, "station_head", "service_list", ELEMENTS)
    ]
    assert {str(each) for each in records[0].object_ids} == people


async def test_households_name_their_heads_and_the_heads_are_recorded(api: Api, runtime: Runtime, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    asked = {"subject": "household", "elements": ["address", "head_name", "person_count"]}
    export = await made(api, runtime, place.head, place.community, **asked)
    rows = await rows_of(api, place.head, export)
    assert rows[2] == [household["dwelling"]["address"], "王小明", "1", export["mark"]]
    async with runtime.system_session() as session:
        kinds = text("select object_kind from access_record where via = :why order by object_kind")
        found = (await session.execute(kinds, {"why": f"export {export['id']}"})).scalars().all()
    assert found == ["household", "person"]


async def test_whole_numbers_need_a_second_person(api: Api, runtime: Runtime, place: Place) -> None:
    registered = await api.registered(place.worker, place.household(one := person()))
    assert registered
    waiting = await made(api, runtime, place.head, place.community, whole=True)
    assert waiting["state"] == "requested"
    path = f"/exports/{waiting['id']}"
    refused(await api.get(place.head, f"{path}/file"), 409, "export-not-ready")
    refused(await api.post(place.head, f"{path}/decision", {"approved": True}, version=1), 403)
    refused(await api.post(place.leader, f"{path}/decision", {"approved": True}, version=7), 412)
    assert (await api.post(place.leader, f"{path}/decision", {"approved": True}, version=1)).status_code == 200
    refused(await api.post(place.leader, f"{path}/decision", {"approved": True}, version=2), 409, "export-decided")
    await commands.make_exports(runtime, clock.now())
    assert (await rows_of(api, place.head, waiting))[2][1] == one["idNumber"]


async def test_many_rows_need_a_second_person_and_too_many_are_refused(
    api: Api, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.registered(place.worker, place.household())
    monkeypatch.setattr("population_svc.rules.exporting.ALONE_ROWS", 0)
    assert (await api.post(place.head, "/exports", wanted(place.community))).json()["state"] == "requested"
    monkeypatch.setattr("population_svc.rules.exporting.EXPORT_CAP", 0)
    refused(await api.post(place.head, "/exports", wanted(place.community)), 409, "export-too-large")


async def test_a_whole_table_in_pieces_is_a_whole_table(
    api: Api, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for building in (place.building, place.other_building):
        await api.registered(place.head, place.household(building=building))
    monkeypatch.setattr("population_svc.rules.exporting.ALONE_ROWS", 1)
    for grid, state in ((place.grid, "approved"), (place.other_grid, "requested")):
        assert (await api.post(place.head, "/exports", wanted(grid))).json()["state"] == state


async def test_the_file_shows_what_the_post_may_see(api: Api, runtime: Runtime, place: Place) -> None:
    await api.registered(place.worker, place.household())
    export = await made(api, runtime, place.leader, place.community)
    row = (await rows_of(api, place.leader, export))[2]
    assert (row[0], row[3]) == ("王*", "")


async def test_a_file_is_for_whoever_asked_and_gone_after_a_week(api: Api, runtime: Runtime, place: Place) -> None:
    await api.registered(place.worker, place.household())
    export = await made(api, runtime, place.head, place.community)
    path = f"/exports/{export['id']}"
    refused(await api.get(place.leader, f"{path}/file"), 403)
    await rows_of(api, place.head, export)
    assert (await api.get(place.leader, path)).json()["downloads"] == 1
    async with runtime.system_session() as session:
        names = await session.scalar(text("select sealed from export_job where id = :id"), {"id": export["id"]})
    stored = b"".join([piece async for piece in await runtime.blobs.get(names[0])])
    assert "王小明".encode() not in stored
    assert await commands.expire_exports(runtime, clock.now() + timedelta(days=8)) >= 1
    assert (await api.get(place.head, path)).json()["state"] == "expired"
    refused(await api.get(place.head, f"{path}/file"), 409, "export-not-ready")
    assert not await runtime.blobs.exists(names[0])


async def test_who_takes_rows_out_and_of_which_elements(api: Api, place: Place) -> None:
    for who, status in ((None, 401), (place.worker, 403), (place.clerk, 403), (place.guide, 403)):
        refused(await api.post(who, "/exports", wanted(place.community)), status)
    stranger = actor(Post.STATION_HEAD, f"{place.street}009")
    refused(await api.post(stranger, "/exports", wanted(place.community)), 404)
    for elements, message in (
        (["ethnicity"], "代码表中没有这一项"),
        (["name", "name"], "同一项只能对应一列"),
        (["household_no"], "代码表中没有这一项"),
    ):
        answer = await api.post(place.head, "/exports", wanted(place.community, elements=elements))
        assert message in [error["message"] for error in refused(answer, 400)["errors"]]
    persons_in_dwellings = wanted(place.community, subject="dwelling")
    refused(await api.post(place.head, "/exports", persons_in_dwellings), 400, "invalid-input", "/elements/0")
    without = {key: value for key, value in wanted(place.community).items() if key != "purpose"}
    refused(await api.post(place.head, "/exports", without), 400, "invalid-input", "/purpose")


def test_a_second_person_is_needed_for_whole_numbers_and_from_so_many_rows_on() -> None:
    assert rules.needs_second_person(300, whole=False, taken_alone=201)
    alone = [rules.needs_second_person(rows, whole=whole) for rows, whole in ((500, False), (501, False), (1, True))]
    assert alone == [False, True, True]


async def test_a_restricted_person_stands_in_no_file(api: Api, runtime: Runtime, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    async with runtime.system_session() as session:
        hide = text("update person set restricted_on = current_date where id = :id")
        await session.execute(hide, {"id": household["persons"][0]["id"]})
    assert len(await rows_of(api, place.head, await made(api, runtime, place.head, place.community))) == 2
    heads = {"subject": "household", "elements": ["head_name"]}
    export = await made(api, runtime, place.head, place.community, **heads)
    assert (await rows_of(api, place.head, export))[2:] == [["", export["mark"]]]
