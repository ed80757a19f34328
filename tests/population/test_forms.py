"""One form for everything: what is known is not asked again, and no form lives without reason, basis and last day."""

import io
import zipfile
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import text
from tests.population.conftest import Api, Place, refused

from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.clock import today
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from population_svc import rules
from population_svc.rules import MatchedBy
from population_svc.spreadsheets import open_table

DAY = today(clock.now())
_hoses = count(1)
"""A field of a name of its own each time: what one test asked would be known to the next."""


def fields(*more: dict[str, Any]) -> list[dict[str, Any]]:
    known = [{"name": "户主姓名"}, {"name": "家庭住址"}, {"name": "人数"}, {"name": "自定", "code": "room_no"}]
    return [
        *known,
        {"name": f"燃气软管{next(_hoses)}", "kind": "choice", "options": ["完好", "老化"], "required": True},
        *more,
    ]


def wanted(area: str, **more: Any) -> dict[str, Any]:
    """A form somebody asks for."""
    given = {"areaCode": area, "name": "燃气安全排查", "subject": "household", "owner": "station-1"}
    given |= {"reason": "入冬前检查", "basis": "城镇燃气管理条例", "endsOn": (DAY + timedelta(days=30)).isoformat()}
    return given | {"fields": fields()} | more


async def in_use(api: Api, place: Place, **more: Any) -> dict[str, Any]:
    """A form the street has approved."""
    asked = await api.post(place.head, "/forms", wanted(place.community, **more))
    assert asked.status_code == 201, asked.text
    form = asked.json()
    decided = await api.post(place.leader, f"/forms/{form['id']}/decision", {"approved": True}, version=1)
    assert decided.status_code == 200, decided.text
    return dict(decided.json())


def test_a_field_is_known_by_its_code_its_name_or_another_word_for_it() -> None:
    known = rules.elements_for("form").values()
    for code, name, expected in (
        ("room_no", "随便", ("room_no", MatchedBy.CODE)),
        (None, "联系 电话*", ("phone", MatchedBy.NAME)),
        (None, "手机号", ("phone", MatchedBy.SYNONYM)),
    ):
        match = rules.matched(code, name, known)
        assert match is not None
        assert (match.element, match.by) == expected
    assert rules.matched(None, "燃气软管", known) is None


async def test_the_registry_says_of_everything_whose_it_is_and_for_how_long_it_is_fresh(api: Api, place: Place) -> None:
    known = (await api.get(place.worker, "/data-elements")).json()
    assert {"name", "household_phone", "dwelling_use", "place_name"} <= {each["code"] for each in known}
    for each in known:
        assert all(each[member] for member in ("name", "owner", "source", "purpose", "basis")), each
        assert each["freshDays"] > 0


async def test_who_thinks_of_a_form_hears_how_much_of_it_is_known(api: Api, place: Place) -> None:
    said = (await api.post(place.worker, "/form-matches", {"subject": "household", "fields": fields()})).json()
    assert (said["total"], said["existing"], said["held"]) == (5, 4, 4)
    assert [(field["element"], field["matchedBy"]) for field in said["fields"]] == [
        ("head_name", "name"),
        ("address", "synonym"),
        ("person_count", "synonym"),
        ("room_no", "code"),
        (None, None),
    ]


async def test_a_new_field_becomes_an_element_that_the_next_form_finds(api: Api, place: Place) -> None:
    name = f"灶具品牌{place.street}"
    form = await in_use(api, place, fields=fields({"name": name}))
    elements = {element["name"]: element for element in (await api.get(place.worker, "/data-elements")).json()}
    defined = elements[name]
    assert (defined["held"], defined["owner"], defined["basis"]) == (False, "station-1", "城镇燃气管理条例")
    assert elements["姓名"]["held"]
    assert (form["total"], form["existing"]) == (6, 4)
    again = await api.post(place.worker, "/form-matches", {"subject": "household", "fields": [{"name": name}]})
    assert (again.json()["existing"], again.json()["held"]) == (1, 0)


async def test_a_form_is_a_workbook_with_lists_filled_in_with_what_is_known(
    api: Api, runtime: Runtime, place: Place
) -> None:
    household = await api.registered(place.worker, place.household())
    form = await in_use(api, place)
    path = f"/v1/forms/{form['id']}/workbook"
    empty = await api.client.get(path, headers=api.headers(place.worker))
    assert [cells for _, cells in open_table(io.BytesIO(empty.content)).rows][1:] == [
        ["户主姓名", "家庭住址", "人数", "自定", form["fields"][4]["name"]]
    ]
    filled = await api.client.get(f"{path}?area={place.grid}", headers=api.headers(place.worker))
    rows = [cells for _, cells in open_table(io.BytesIO(filled.content)).rows]
    assert rows[2][:4] == ["王小明", household["dwelling"]["address"], "1", household["dwelling"]["roomNo"]]
    assert b"dataValidation" in zipfile.ZipFile(io.BytesIO(filled.content)).read("xl/worksheets/sheet1.xml")
    async with runtime.system_session() as session:
        asked = text(
            "select fields from access_record where object_ids @> array[cast(:id as uuid)] and purpose = 'form'"
        )
        read = await session.scalar(asked, {"id": household["id"]})
    assert read == ["head_name", "address", "person_count", "room_no"]


async def test_a_form_is_a_json_schema_that_tells_right_from_wrong(api: Api, place: Place) -> None:
    form = await in_use(api, place, fields=fields({"name": f"通风{place.street}", "kind": "yes_no"}))
    schema = (await api.get(place.worker, f"/forms/{form['id']}/schema")).json()
    Draft202012Validator.check_schema(schema)
    asked = form["fields"][4]["element"]
    assert schema["required"] == [asked]
    assert schema["properties"]["head_name"]["readOnly"]
    assert schema["properties"][asked]["x-ui"]["order"] == 5
    validator = Draft202012Validator(schema)
    assert validator.is_valid({asked: "完好"})
    assert not validator.is_valid({asked: "看着还行"})
    assert not validator.is_valid({})


async def test_nobody_approves_the_own_form_and_none_is_used_before_or_after(api: Api, place: Place) -> None:
    form = (await api.post(place.leader, "/forms", wanted(place.community))).json()
    path = f"/forms/{form['id']}"
    refused(await api.get(place.worker, f"{path}/schema"), 409, "form-not-in-use")
    for who in (place.leader, place.head, place.worker):
        refused(await api.post(who, f"{path}/decision", {"approved": True}, version=1), 403)
    district = actor(Post.DISTRICT_LEADER, "150204")
    refused(await api.post(district, f"{path}/decision", {"approved": True}, version=9), 412)
    assert (await api.post(district, f"{path}/decision", {"approved": False}, version=1)).json()["state"] == "refused"
    refused(await api.post(district, f"{path}/decision", {"approved": True}, version=2), 409, "form-decided")
    refused(await api.get(place.worker, f"{path}/schema"), 409, "form-not-in-use")


async def test_a_form_is_over_on_its_day(api: Api, runtime: Runtime, place: Place) -> None:
    form = await in_use(api, place)
    async with runtime.system_session() as session:
        await session.execute(
            text("update form set ends_on = :day where id = :id"), {"day": DAY - timedelta(days=1), "id": form["id"]}
        )
    refused(await api.get(place.worker, f"/forms/{form['id']}/workbook"), 409, "form-not-in-use")


@pytest.mark.parametrize("name", ["民族", "宗教信仰", "政治面貌", "风险等级", "信用积分"])
async def test_no_form_asks_what_no_register_may_hold(api: Api, place: Place, name: str) -> None:
    for path, body in (
        ("/forms", wanted(place.community, fields=fields({"name": name}))),
        ("/form-matches", {"subject": "person", "fields": [{"name": name}]}),
    ):
        refused(await api.post(place.head, path, body), 400, "forbidden-element")


async def test_who_asks_for_forms_and_who_sees_them(api: Api, place: Place) -> None:
    for who, status in ((None, 401), (place.worker, 403), (place.clerk, 403), (place.guide, 403)):
        refused(await api.post(who, "/forms", wanted(place.community)), status)
    stranger = actor(Post.STATION_HEAD, f"{place.street}009")
    refused(await api.post(stranger, "/forms", wanted(place.community)), 404)
    form = await in_use(api, place)
    refused(await api.get(stranger, f"/forms/{form['id']}"), 404)
    assert form["id"] in {row["id"] for row in (await api.get(place.worker, "/forms")).json()["items"]}
    assert (await api.get(stranger, "/forms")).json()["items"] == []
    path = f"/forms/{form['id']}/workbook?area={place.other_grid}"
    refused(await api.get(place.worker, path), 404)
    refused(await api.get(place.leader, f"/forms/{form['id']}/workbook?area={place.grid}"), 403)
    past = wanted(place.community, endsOn="2020-01-01")
    refused(await api.post(place.head, "/forms", past), 400, "invalid-input", "/endsOn")
    twice = wanted(place.community, fields=[{"name": "户主"}, {"name": "户主姓名"}])
    refused(await api.post(place.head, "/forms", twice), 400, "invalid-input", "/fields/1")
