"""A table meets a register that knows its people, in whatever order its rows stand and on whichever sheet."""

import io
import zipfile
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, id_number, refused
from tests.population.importing import BORN, HEADINGS, Import, as_csv, job_waits, line

from grid_kernel.auth import Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from population_svc.commands.importing import running
from population_svc.spreadsheets import xlsx_chunks


@pytest.fixture(autouse=True, scope="module")
async def only_when_told(runtime: Runtime) -> AsyncIterator[None]:
    """Tests say when work is done."""
    async with job_waits(runtime):
        yield


@pytest.fixture
def importing(api: Api, runtime: Runtime, place: Place) -> Import:
    return Import(api, runtime, place.head, place.community)


async def test_the_rows_of_a_household_may_stand_anywhere(
    runtime: Runtime, place: Place, importing: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("running.BATCH_ROWS", 4), ("reading.BLOCK_ROWS", 3), ("ordering._LOOSE_AT_ONCE", 2)):
        monkeypatch.setattr(f"population_svc.commands.importing.{name}", size)
    rooms = [str(100 + number) for number in range(7)]
    apart = [line(f"户主{room}", room=room) for room in rooms] + [line(f"子{room}", "子", room) for room in rooms[:5]]
    await importing.send(as_csv([*apart, line("甲", room="300"), line("乙", "妻", "300")]))
    await importing.run(dry=True)
    assert importing.counted == ("checked", 14, 0, 0)
    await importing.run()
    assert importing.counted == ("done", 14, 0, 0)
    async with runtime.system_session() as session:
        asked = text("select count(*) from household where area_code like :area || '%' and dissolved_on is null")
        assert await session.scalar(asked, {"area": place.community}) == 8
        for table in ("import_key", "import_loose"):
            assert await session.scalar(text(f"select count(*) from {table}")) == 0


async def test_somebody_who_stands_in_the_table_twice_is_named_however_far_apart(
    importing: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 2)
    number = id_number(BORN)
    rows = [line("甲", room="101", 身份证号=number), *(line(room=str(number)) for number in range(201, 209))]
    await importing.send(as_csv([*rows, line("甲", room="109", 身份证号=number)]))
    for dry, state in ((True, "checked"), (False, "done")):
        await importing.run(dry=dry)
        assert (importing.counted, await importing.faults()) == (
            (state, 9, 0, 1),
            [(11, "身份证号", "表中前面已经有这个人")],
        )


async def test_what_differs_of_known_persons_is_told_and_taken_over_where_asked(
    api: Api, runtime: Runtime, place: Place, importing: Import
) -> None:
    numbers = [id_number(BORN) for _ in range(2)]
    people = [("王小明", "户主", numbers[0]), ("李红", "妻", numbers[1])]
    await importing.send(as_csv([line(name, who, 身份证号=number) for name, who, number in people]))
    await importing.run()
    changed = [line(name, who, 身份证号=number, 联系电话="12000002222") for name, who, number in people]
    again = as_csv([[*changed[0][:6], "育才小区16栋1单元101室", *changed[0][7:]], changed[1]])
    await importing.send(again)
    await importing.run(dry=True)
    assert (importing.now["known"], importing.now["differing"], importing.now["updated"]) == (2, 2, 0)
    body = {"dryRun": False, "mode": "update"}
    path = f"/imports/{importing.now['id']}/runs"
    undated = await api.post(place.head, path, body, version=importing.now["version"])
    refused(undated, 400, "invalid-input", "/asOf")
    await importing.run(mode="update", asOf="2026-11-20")
    assert (importing.counted, importing.now["updated"]) == (("done", 0, 0, 0), 2)
    brought = (await api.get(place.head, f"/imports/{importing.now['id']}/persons")).json()["items"]
    assert [(each["name"], each["updated"]) for each in brought] == [("王小明", True), ("李红", True)]
    shown = (await api.get(place.worker, f"/persons/{brought[0]['id']}")).json()
    said = (await api.get(place.worker, f"/persons/{brought[0]['id']}/provenance")).json()
    assert shown["phone"] == "120****2222"
    assert {(each["evidence"], each["statedAt"][:10]) for each in said if each["member"] == "phone"} == {
        ("bulk_import", "2026-11-20")
    }
    home = (await api.get(place.worker, f"/households/{shown['householdId']}")).json()
    assert home["dwelling"]["address"] == "育才小区16栋1单元101室"


async def test_what_a_worker_said_after_the_day_of_the_table_is_not_overwritten(
    api: Api, place: Place, importing: Import
) -> None:
    numbers = [id_number(BORN) for _ in range(2)]
    people = [("王小明", "户主", numbers[0]), ("李红", "妻", numbers[1])]
    rows = [line(name, who, 身份证号=number) for name, who, number in people]
    await importing.send(as_csv(rows))
    await importing.run()
    path = f"/imports/{importing.now['id']}"
    head = (await api.get(place.head, f"{path}/persons")).json()["items"][0]
    version = (await api.get(place.worker, f"/persons/{head['id']}")).json()["version"]
    await api.patch(place.worker, f"/persons/{head['id']}", {"phone": "12000003333"}, version=version)
    await importing.send(as_csv([[*row[:7], "12000002222", *row[8:]] for row in rows]))
    for dry in (True, False):
        await importing.run(dry=dry, mode="update", asOf="2026-11-20")
        assert (importing.now["updated"], importing.now["rejected"]) == (1, 1)
        ((number, heading, message),) = await importing.faults()
        assert (number, heading, message.startswith("表格日期（含）之后有人核实过这一项")) == (2, "联系电话", True)
    kept = (await api.get(place.worker, f"/persons/{head['id']}")).json()
    assert kept["phone"] == "120****3333"


async def test_what_a_table_brought_is_shown_page_by_page_to_those_who_may_see_it(
    api: Api, place: Place, importing: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 2)
    await importing.send(as_csv([line(f"住户{number}", room=str(number)) for number in range(101, 106)]))
    await importing.run()
    path = f"/imports/{importing.now['id']}"
    for kind, member in (("persons", "name"), ("households", "address")):
        seen, page = [], (await api.get(place.head, f"{path}/{kind}?limit=2")).json()
        while True:
            seen += [each[member] for each in page["items"]]
            if page["nextCursor"] is None:
                break
            page = (await api.get(place.head, f"{path}/{kind}?limit=2&cursor={page['nextCursor']}")).json()
        assert len(seen) == len(set(seen)) == 5
    masked = (await api.get(place.leader, f"{path}/persons")).json()["items"]
    assert {each["name"] for each in masked} == {"住*"}
    refused(await api.get(place.clerk, f"{path}/persons"), 403)
    refused(await api.get(actor(Post.STATION_HEAD, f"{place.street}009"), f"{path}/households"), 404)


async def test_of_a_workbook_the_sheet_with_people_is_read_and_another_may_be_chosen(
    api: Api, place: Place, importing: Import
) -> None:
    book = workbook({"说明": [["本表由社区填写"]], "一月": [HEADINGS, line(room="101")], "二月": [HEADINGS, *(
        line(room=str(number)) for number in range(201, 204)
    )]})  # fmt: skip
    read = await importing.send(book)
    assert (read["sheets"], read["sheet"], read["rows"]) == (["说明", "一月", "二月"], "一月", 1)
    path = f"/imports/{read['id']}/sheet"
    refused(
        await api.post(place.head, path, {"sheet": "三月"}, version=read["version"]), 400, "invalid-input", "/sheet"
    )
    await importing.act("sheet", {"sheet": "二月"})
    assert ((await importing.worked())["sheet"], importing.now["rows"]) == ("二月", 3)
    await importing.run()
    assert importing.counted == ("done", 3, 0, 0)
    refused(await api.post(place.head, path, {"sheet": "一月"}, version=importing.now["version"]), 409)


def workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    """A workbook of several sheets, put together from ours of one sheet each."""
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    out, names, links = io.BytesIO(), "", ""
    with zipfile.ZipFile(out, "w") as book:
        for number, (name, rows) in enumerate(sheets.items(), 1):
            with zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks(rows, title=name)))) as single:
                book.writestr(f"xl/worksheets/s{number}.xml", single.read("xl/worksheets/sheet1.xml"))
            names += f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>'
            links += f'<Relationship Id="r{number}" Type="{relations}/worksheet" Target="worksheets/s{number}.xml"/>'
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        body = f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{names}</sheets></workbook>'
        book.writestr("xl/workbook.xml", body)
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{links}</Relationships>')
    return out.getvalue()
