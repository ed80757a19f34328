"""Tables are brought in: nothing entered twice, nothing lost, every refused row given back with what is wrong."""

import io
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, id_number, locate, refused
from tests.population.importing import BORN, HEADINGS, Import, as_csv, job_waits, line

from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from population_svc import commands, sealing
from population_svc.commands.importing import running
from population_svc.commands.importing.reading import unpack
from population_svc.spreadsheets import csv_chunks, open_table, xlsx_chunks


@pytest.fixture(autouse=True, scope="module")
async def only_when_told(runtime: Runtime) -> AsyncIterator[None]:
    """Tests say when work is done."""
    async with job_waits(runtime):
        yield


@pytest.fixture
def importing(api: Api, runtime: Runtime, place: Place) -> Import:
    return Import(api, runtime, place.head, place.community)


async def persons_at(runtime: Runtime, area: str) -> int:
    async with runtime.system_session() as session:
        asked = text("select count(*) from person where area_code like :area || '%'")
        return int(await session.scalar(asked, {"area": area}) or 0)


async def test_a_table_becomes_households_that_can_be_worked_with(api: Api, place: Place, importing: Import) -> None:
    rows = [line(room="101"), line("李红", "妻子", "101"), line("张三", room="502")]
    read = await importing.send(as_csv(rows))
    assert (read["state"], read["rows"], read["encoding"], read["dropped"]) == ("read", 3, "utf-8-sig", ["民族"])
    assert [column["suggested"] for column in read["columns"]] == [
        "name", "id_number", "relation_to_head", "building_no", "entrance", "room_no", "address", "phone", None,
    ]  # fmt: skip
    await importing.run()
    assert importing.counted == ("done", 3, 0, 0)
    roster = (await api.get(place.worker, f"/households?area={place.grid}")).json()["items"]
    assert [(row["roomNo"], row["floor"], row["headName"], row["personCount"]) for row in roster] == [
        ("101", 1, "王小明", 2),
        ("502", 5, "张三", 1),
    ]
    found = (await api.post(place.worker, "/persons/search", {"name": "lihong", "grid": place.grid})).json()
    assert [each["name"] for each in found["items"]] == ["李红"]


async def test_the_same_table_twice_doubles_nothing(runtime: Runtime, place: Place, importing: Import) -> None:
    data = as_csv(
        [line(room="101"), line("李红", "妻", "101"), line("没有证件", "子", "101", 身份证号=id_number(BORN))]
    )
    first = await importing.send(data)
    await importing.run()
    again = await importing.send(data)
    assert again["sameFileAs"] == first["id"]
    await importing.run()
    assert importing.counted == ("done", 0, 3, 0)
    assert await persons_at(runtime, place.community) == 3


async def test_a_dry_run_enters_nothing_and_says_what_would_be_refused(
    runtime: Runtime, place: Place, importing: Import
) -> None:
    await importing.send(as_csv([line(room="101"), line("坏号码", room="102", 身份证号="150299198005170037")]))
    await importing.run(dry=True)
    assert importing.counted == ("checked", 1, 0, 1)
    assert await importing.faults() == [(3, "身份证号", "身份证号码的校验位不对，请核对")]
    assert await persons_at(runtime, place.community) == 0
    await importing.run()
    assert importing.counted == ("done", 1, 0, 1)


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
async def test_refused_rows_come_back_as_a_file_that_is_corrected_and_brought_in_again(
    runtime: Runtime, place: Place, importing: Import, file_format: str
) -> None:
    good, bad = id_number(BORN), "150299198005170037"
    await importing.send(
        as_csv([line(room="101"), line("李红", "妻", "101", 身份证号=bad), line(room="999", 楼号="77")])
    )
    await importing.run()
    assert importing.counted == ("done", 1, 0, 2)
    rows = [cells for _, cells in open_table(io.BytesIO(await importing.rejected_file(file_format))).rows]
    assert rows[0] == [heading for heading in HEADINGS if heading != "民族"] + ["原行号", "导入错误"]
    assert [(row[0], row[-2], row[-1]) for row in rows[1:]] == [
        ("李红", "3", "身份证号身份证号码的校验位不对，请核对"),
        ("王小明", "4", "楼号没有找到这栋楼"),
    ]
    corrected = [[good if cell == bad else "16" if cell == "77" else cell for cell in row] for row in rows]
    write = xlsx_chunks(corrected, title="更正") if file_format == "xlsx" else csv_chunks(corrected)
    await importing.send(b"".join(write))
    await importing.run()
    assert importing.counted == ("done", 2, 0, 0)
    assert await persons_at(runtime, place.community) == 3


async def test_what_is_killed_goes_on_behind_the_last_batch(
    runtime: Runtime, place: Place, importing: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 4)
    enter, batches = running.enter_rows, list[int]()

    async def dies_in_the_third(session: Any, area: str, drafts: Any, *how: Any, **more: Any) -> Any:
        batches.append(len(drafts))
        result = await enter(session, area, drafts, *how, **more)
        if len(batches) == 3:
            raise SystemError("killed")
        return result

    await importing.send(as_csv([line(room=str(100 + number)) for number in range(14)]))
    await importing.act("runs", {"dryRun": False})
    with monkeypatch.context() as patched:
        patched.setattr(running, "enter_rows", dies_in_the_third)
        with pytest.raises(SystemError):
            await commands.work_on_imports(runtime, clock.now())
    stopped = (await importing.api.get(importing.who, f"/imports/{importing.now['id']}")).json()
    assert (stopped["state"], stopped["position"], stopped["entered"]) == ("running", 8, 8)
    assert await persons_at(runtime, place.community) == 8
    await importing.worked()
    assert importing.counted == ("done", 14, 0, 0)
    assert await persons_at(runtime, place.community) == 14


async def test_somebody_registered_by_hand_in_the_middle_is_not_doubled(
    api: Api, place: Place, runtime: Runtime, importing: Import
) -> None:
    number = id_number(BORN)
    await importing.send(as_csv([line(room="101", 身份证号=number)]))
    person = {"name": "王小明", "sex": "1", "birthDate": BORN.isoformat(), "idNumber": number, "relationToHead": "02"}
    dwelling = place.dwelling() | {"roomNo": "305"}
    entry = {"formedOn": "2026-01-05", "persons": [person | {"populationType": "1"}], "dwelling": dwelling}
    await api.registered(place.worker, entry)
    await importing.run()
    assert importing.counted == ("done", 0, 0, 1)
    assert await importing.faults() == [(2, "身份证号", "此人已登记在别处，请办理迁移，不要重复登记")]
    assert await persons_at(runtime, place.community) == 1


async def test_whoever_left_the_district_comes_back_by_a_table(api: Api, place: Place, importing: Import) -> None:
    number = id_number(BORN)
    given = {"name": "王小明", "sex": "1", "birthDate": BORN.isoformat(), "idNumber": number, "relationToHead": "02"}
    entry = {"formedOn": "2026-01-05", "persons": [given | {"populationType": "1"}], "dwelling": place.dwelling()}
    lived = (await api.registered(place.worker, entry))["persons"][0]
    path = f"/persons/{lived['id']}/departure"
    left = await api.post(place.worker, path, {"leftOn": "2026-03-01"}, version=lived["version"])
    assert left.status_code == 200
    await importing.send(as_csv([line(room="501", 身份证号=number)]))
    await importing.run(movedInOn="2026-10-01")
    assert importing.counted == ("done", 1, 0, 0)
    back = (await api.get(place.worker, f"/persons/{lived['id']}")).json()
    assert (back["status"], back["householdId"] is not None) == ("present", True)


HOUSEHOLD_FAULTS = [
    ([line("甲", "妻", "101")], ["一户要有且只有一位户主"]),
    ([line("甲", room="101"), line("乙", room="101")], ["一户要有且只有一位户主"] * 2),
    ([line("甲", room="101", 身份证号="1"), line("乙", "妻", "101")], None),
    (
        [line("甲", room="101", 身份证号=(twin := id_number(BORN))), line("乙", "子", "101", 身份证号=twin)],
        ["表中前面已经有这个人"],
    ),
    ([line("甲", room="101", 居住地址="")], ["这一项必须填写"]),
]


@pytest.mark.parametrize(("rows", "messages"), HOUSEHOLD_FAULTS)
async def test_a_household_is_entered_whole_or_its_rows_are_refused(
    importing: Import, rows: list[list[str]], messages: list[str] | None
) -> None:
    await importing.send(as_csv(rows))
    await importing.run()
    said = [message for _, _, message in await importing.faults()]
    if messages is None:
        assert said[1] == "户主所在的行有误，改正后一起导入"
    else:
        assert said == messages


async def test_a_second_household_in_a_dwelling_needs_its_number(importing: Import) -> None:
    await importing.send(as_csv([line("甲", room="101")]))
    await importing.run()
    await importing.send(as_csv([line("乙", room="101")]))
    await importing.run()
    assert await importing.faults() == [(2, "户号", "这处房屋已经有住户，另立一户请填写户号")]
    await importing.send(as_csv([line("丙", "子", "101")]))
    await importing.run()
    assert importing.counted == ("done", 1, 0, 0)


async def test_nothing_of_a_forbidden_column_is_kept_anywhere(runtime: Runtime, importing: Import) -> None:
    await importing.send(as_csv([line("坏", room="101", 身份证号="1")]))
    await importing.run()
    assert "蒙古族" not in (await importing.rejected_file()).decode("utf-8-sig")
    async with runtime.system_session() as session:
        kept = {"id": importing.now["id"]}
        assert await session.scalar(text("select count(*) from import_part where import_id = :id"), kept) == 0
        names = (await session.execute(text("select sealed from import_block where import_id = :id"), kept)).scalars()
    pieces = [await sealing.unseal(runtime, name) for name in names]
    assert [cells[-1] for piece in pieces for _, cells in unpack(piece)] == ["老住户"]
    assert not [piece for piece in pieces if "蒙古族" in str(unpack(piece))]


async def test_what_lies_on_the_disk_is_encrypted(runtime: Runtime, importing: Import) -> None:
    await importing.send(as_csv([line(room="101", 备注="写得很清楚的备注")]))
    async with runtime.system_session() as session:
        asked = text("select sealed from import_block where import_id = :id")
        name = await session.scalar(asked, {"id": importing.now["id"]})
    stored = b"".join([piece async for piece in await runtime.blobs.get(name)])
    assert "写得很清楚的备注" in str(unpack(await sealing.unseal(runtime, name)))
    for readable in (stored, *_inflated(stored)):
        assert "备注".encode() not in readable


def _inflated(stored: bytes) -> Iterable[bytes]:
    """What somebody would see who tried to unpack it from any place."""
    for start in range(min(200, len(stored))):
        with suppress(zlib.error):
            yield zlib.decompress(stored[start:])


async def test_columns_are_remembered_by_the_unit(api: Api, runtime: Runtime, place: Place) -> None:
    unit = f"station-{place.community}"
    head, colleague = (actor(Post.STATION_HEAD, place.community, unit=unit) for _ in range(2))
    first = Import(api, runtime, head, place.community)
    odd = b"".join(csv_chunks([[*HEADINGS[:-1], "几口子的号"], line()]))
    read = await first.send(odd)
    assert read["columns"][-1]["suggested"] is None
    columns = [column["suggested"] for column in read["columns"]]
    await first.run(columns=[*columns[:-1], "household_no"])
    again = await Import(api, runtime, colleague, place.community).send(odd)
    assert again["columns"][-1]["suggested"] == "household_no"


async def test_files_and_refused_rows_are_gone_after_a_week(runtime: Runtime, importing: Import) -> None:
    await importing.send(as_csv([line(room="101"), line("坏", room="102", 身份证号="1")]))
    await importing.run()
    assert await commands.expire_imports(runtime, clock.now() + timedelta(days=8)) >= 1
    after = (await importing.api.get(importing.who, f"/imports/{importing.now['id']}")).json()
    assert (after["state"], after["entered"], after["rejected"]) == ("expired", 1, 1)
    assert await importing.faults() == []
    async with runtime.system_session() as session:
        asked = text("select count(*) from import_block where import_id = :id")
        assert await session.scalar(asked, {"id": importing.now["id"]}) == 0


async def test_a_row_of_another_grid_is_no_row_of_this_import(api: Api, runtime: Runtime, place: Place) -> None:
    await locate(runtime, uuid4(), place.other_grid, no="0018")
    own = Import(api, runtime, actor(Post.STATION_HEAD, place.grid), place.grid)
    await own.send(as_csv([line(room="101"), line(room="101", 楼号="18")]))
    await own.run()
    assert (own.counted, await own.faults()) == (("done", 1, 0, 1), [(3, "楼号", "没有找到这栋楼")])


async def test_who_may_bring_in_tables_and_who_sees_the_rows(api: Api, place: Place, importing: Import) -> None:
    said = {"areaCode": place.community, "filename": "a", "size": 10, "sha256": "0" * 64}
    refused(await api.post(None, "/imports", said), 401)
    for who in (place.worker, place.clerk, place.guide):
        refused(await api.post(who, "/imports", said), 403, "forbidden")
    foreign = actor(Post.STATION_HEAD, f"{place.street}009")
    refused(await api.post(foreign, "/imports", said), 404)
    refused(await api.post(place.head, "/imports", said | {"size": 300 * 1024 * 1024}), 413, "table-too-large")
    made = await importing.send(as_csv([line(room="101", 身份证号="1")]))
    await importing.run()
    path = f"/imports/{made['id']}"
    refused(await api.get(foreign, path), 404)
    refused(await api.get(place.clerk, path), 403)
    seen = await api.get(place.leader, path)
    assert (seen.json()["filename"], seen.json()["rejected"]) == (None, 1)
    refused(await api.get(place.leader, f"{path}/rejected-rows"), 403)


async def test_what_is_out_of_order_is_refused(api: Api, place: Place, importing: Import) -> None:
    data = as_csv([line()])
    said = {"areaCode": place.community, "filename": "a", "size": len(data), "sha256": "0" * 64}
    made = (await api.post(place.head, "/imports", said)).json()
    path = f"/imports/{made['id']}"
    refused(await api.post(place.head, f"{path}/completion", None, version=made["version"]), 409, "part-missing")
    refused(await api.post(place.head, f"{path}/runs", {"dryRun": True, "columns": []}, version=made["version"]), 400)
    headers = api.headers(place.head)
    short = await api.client.put(f"/v1{path}/parts/0", content=b"a", headers=headers)
    refused(short, 400, "invalid-input", "#/path/number")
    await api.client.put(f"/v1{path}/parts/0", content=data, headers=headers)
    importing.now = made
    await importing.act("completion")
    failed = await importing.worked()
    assert (failed["state"], failed["problem"]) == ("failed", "wrong-digest")
    refused(await api.post(place.head, f"{path}/completion", None, version=failed["version"]), 409)


async def test_columns_that_do_not_suffice_are_named(importing: Import) -> None:
    read = await importing.send(as_csv([line()]))
    for columns, message in (
        ([None] * 9, "至少要有姓名，以及与户主关系（或者户主姓名）"),
        (["name"], "每个表头都要说明对应哪一项，不要的填空"),
        (["name", "name", "relation_to_head", *[None] * 6], "同一项只能对应一列"),
    ):
        body = {"dryRun": True, "columns": columns}
        path = f"/imports/{read['id']}/runs"
        answer = await importing.api.post(importing.who, path, body, version=read["version"])
        problem = refused(answer, 400, "invalid-input")
        assert message in [error["message"] for error in problem["errors"]]


async def test_an_import_that_is_stopped_keeps_what_was_entered(
    runtime: Runtime, place: Place, importing: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 2)
    monkeypatch.setattr(running, "SLICE_SECONDS", 0.0)
    await importing.send(as_csv([line(room=str(100 + number)) for number in range(6)]))
    await importing.act("runs", {"dryRun": False})
    await commands.work_on_imports(runtime, clock.now())
    stopped = await importing.act("cancellation")
    assert (stopped["state"], stopped["entered"]) == ("cancelled", 2)
    await commands.work_on_imports(runtime, clock.now())
    assert await persons_at(runtime, place.community) == 2
