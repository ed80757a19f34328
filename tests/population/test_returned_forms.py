"""A form that was filled in Excel comes back: what it says is taken, what is wrong is given back as a table."""

import io
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from tests.population.conftest import Api, Place, person, refused
from tests.population.test_campaigns import ALARM, HOSE, Town

from grid_kernel.auth import Actor, Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from population_svc.spreadsheets import open_table, xlsx_chunks

PEOPLE: list[dict[str, Any]] = [{"name": "姓名"}, {"name": "联系电话"}, {"name": "性别"}]
HOMES: list[dict[str, Any]] = [{"name": "户主姓名"}, {"name": "户联系电话"}, HOSE, ALARM]
Rows = list[list[str]]


@pytest.fixture
def town(api: Api, runtime: Runtime, place: Place) -> Town:
    return Town(api, runtime, place)


async def table_of(town: Town, path: str, who: Actor) -> Rows:
    """The rows of a workbook as somebody opens it, its title and headings first."""
    answer = await town.api.client.get(f"/v1{path}", headers=town.api.headers(who))
    assert answer.status_code == 200, answer.text
    return opened(answer.content)


def opened(content: bytes) -> Rows:
    return [cells for _, cells in open_table(io.BytesIO(content)).rows]


async def sent(town: Town, path: str, rows: Sequence[Sequence[str]], who: Actor | None = None) -> Any:
    data = b"".join(xlsx_chunks(rows, title="表"))
    return await town.api.client.post(f"/v1{path}", content=data, headers=town.api.headers(who or town.place.worker))


def padded(row: list[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


async def campaign_with_rows(town: Town) -> tuple[str, Rows]:
    campaign = await town.campaign(formId=await town.form(fields=HOMES))
    path = f"/campaigns/{campaign['id']}"
    return path, await table_of(town, f"{path}/workbook?area={town.place.community}", town.place.head)


async def test_a_filled_form_becomes_the_answers_of_a_campaign_once(town: Town) -> None:
    for _ in range(3):
        await town.home()
    path, rows = await campaign_with_rows(town)
    assert rows[1] == ["户主姓名", "户联系电话", "燃气软管", "装有燃气报警器", "编号（勿改）"]
    rows[2][2:4], rows[3][2:4] = ["完好", "是"], ["有点旧", "否"]
    tried = (await sent(town, f"{path}/returns?dryRun=true", rows)).json()
    assert (tried["answered"], (await town.api.get(town.place.head, path)).json()["answered"]) == (1, 0)
    for answered in (1, 0):
        taken = (await sent(town, f"{path}/returns", rows)).json()
        assert (taken["rows"], taken["answered"], taken["refused"]) == (3, answered, 1)
    assert (taken["unchanged"], taken["changed"]) == (2, 0)
    ((row, (fault,)),) = [(each["rowNo"], each["faults"]) for each in taken["rejected"]]
    assert (row, fault["heading"], fault["message"]) == (4, "燃气软管", "请从这些选项中填写：完好、老化")
    wrong = opened((await sent(town, f"{path}/corrections", rows)).content)
    assert (wrong[0][-1], wrong[1][-1]) == ("需要更正", "燃气软管请从这些选项中填写：完好、老化")
    wrong[1][2] = "老化"
    assert (await sent(town, f"{path}/returns", wrong)).json()["answered"] == 1
    assert (await town.api.get(town.place.head, path)).json()["answered"] == 2
    filled = await table_of(town, f"{path}/workbook?area={town.place.community}", town.place.head)
    assert [row[2:4] for row in filled[2:]] == [["完好", "是"], ["老化", "否"], ["", ""]]


async def test_what_was_corrected_in_a_cell_becomes_a_change_of_the_record(town: Town) -> None:
    home = await town.home(person("王小明"), person("李红", relation="11"))
    form = await town.form(subject="person", fields=PEOPLE)
    path = f"/forms/{form}"
    rows = await table_of(town, f"{path}/workbook?area={town.place.grid}", town.place.worker)
    assert [row[:2] for row in rows[2:]] == [["王小明", "120****1111"], ["李红", "120****1111"]]
    rows[2][1] = "12000002222"
    rows[3][2] = "女性"
    taken = (await sent(town, f"{path}/returns", rows)).json()
    assert (taken["changed"], taken["unchanged"], taken["refused"]) == (1, 0, 1)
    assert taken["rejected"][0]["faults"][0]["message"] == "这一项不能用表格更正，请在系统中办理"
    changed = home["persons"][0]["id"]
    said = (await town.api.get(town.place.worker, f"/persons/{changed}/provenance")).json()
    assert [each["evidence"] for each in said if each["member"] == "phone"] == ["bulk_import"]
    shown = (await town.api.get(town.place.worker, f"/persons/{changed}")).json()
    assert shown["phone"] == "120****2222"
    await town.api.patch(town.place.worker, f"/persons/{changed}", {"phone": "12000003333"}, version=shown["version"])
    rows[2][1] = "12000004444"
    stale = (await sent(town, f"{path}/returns", rows)).json()
    assert [each["faults"][0]["code"] for each in stale["rejected"]] == ["stale", "not-by-a-form"]


async def test_a_campaign_sheet_may_correct_what_is_known_beside_its_answers(town: Town) -> None:
    home = await town.home()
    path, rows = await campaign_with_rows(town)
    rows[2][1:3] = ["12000002222", "完好"]
    taken = (await sent(town, f"{path}/returns", rows)).json()
    assert (taken["answered"], taken["changed"], taken["refused"]) == (1, 1, 0)
    shown = (await town.api.get(town.place.worker, f"/households/{home['id']}")).json()
    assert shown["phone"] == "120****2222"


async def test_a_row_is_taken_whole_or_not_at_all(town: Town) -> None:
    home = await town.home()
    path, rows = await campaign_with_rows(town)
    rows[2][1:3] = ["12000002222", "不知道"]
    assert (await sent(town, f"{path}/returns", rows)).json()["refused"] == 1
    shown = (await town.api.get(town.place.worker, f"/households/{home['id']}")).json()
    assert shown["phone"] == "120****1111"


async def test_only_our_own_table_comes_back_and_only_from_who_may(town: Town) -> None:
    await town.home()
    path, rows = await campaign_with_rows(town)
    unnumbered = [row[:4] for row in rows]
    refused(await sent(town, f"{path}/returns", unnumbered), 400, "invalid-input", "#/body")
    spoilt = [*rows[:2], [*padded(rows[2], 5)[:4], "1.5E+10"]]
    refused(await sent(town, f"{path}/returns", spoilt), 400, "invalid-input", "#/body")
    strange = [*rows[:2], [*padded(rows[2], 5)[:2], "完好", "", f"{uuid4().hex}-1"]]
    taken = (await sent(town, f"{path}/returns", strange)).json()
    assert [each["faults"][0]["code"] for each in taken["rejected"]] == ["not-found"]
    refused(await town.api.client.post(f"/v1{path}/returns", content=b"x"), 401)
    refused(await sent(town, f"{path}/returns", rows, town.place.leader), 403)
    refused(await sent(town, f"{path}/returns", rows, actor(Post.STATION_HEAD, f"{town.place.street}009")), 404)
    neighbour = (await sent(town, f"{path}/returns", rows, town.place.neighbour)).json()
    assert neighbour["refused"] == 1
    form = await town.form(fields=HOMES)
    asked = await table_of(town, f"/forms/{form}/workbook?area={town.place.grid}", town.place.worker)
    asked[2][2:4] = ["完好", ""]
    outside = (await sent(town, f"/forms/{form}/returns", asked)).json()
    assert outside["rejected"][0]["faults"][0]["code"] == "only-in-a-campaign"
