"""What to bring: found by what people call it, asked by what the source prints, told with a reason."""

import csv
from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from uuid import uuid4

import pytest
from tests.approval.conftest import CIVIL, Api, Desk, Place

from approval_svc import checklists, finding
from approval_svc.checklists import Answer, Need


def table(name: str) -> list[dict[str, str]]:
    text = (files("approval_svc") / "data" / f"{name}.csv").read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_every_item_has_initials_one_for_each_character_and_everyday_words() -> None:
    items = {row["code"]: row["name"] for row in table("service_items")}
    assert set(finding.words()) == set(items)
    for code, name in items.items():
        characters = [letter for letter in name if "\u4e00" <= letter <= "\u9fff"]
        known = finding.words()[code]
        assert len(known.initials) == len(characters), name
        assert known.initials.isascii()
        assert all(known.synonyms)


async def found(api: Api, q: str) -> set[str]:
    rows = (await api.client.get("/v1/items", params={"q": q, "limit": "100"})).json()["items"]
    return {row["code"] for row in rows if not row["code"].startswith("ZZ")}


@pytest.mark.parametrize(
    ("typed", "some", "never"),
    [
        ("低保", {"SA001", "SA002", "SA003"}, {"RR001"}),
        ("jzz", {"RR001"}, {"SA001"}),
        ("ZDSH", {"SA001", "SA002", "SA003"}, {"RR001"}),
        ("居住证", {"RR001"}, {"SA001"}),
        ("我要办老年证", {"EC001"}, {"SA001"}),
        ("医保码", {"MI007"}, {"SI003"}),
        ("%", set(), {"SA001"}),
    ],
)
async def test_an_item_is_found_by_name_everyday_word_and_initials(
    api: Api, typed: str, some: set[str], never: set[str]
) -> None:
    codes = await found(api, typed)
    assert some <= codes
    assert not never & codes


@pytest.mark.parametrize("name", ["q", "words", "theme"])
async def test_what_no_text_can_hold_is_refused(api: Api, name: str) -> None:
    refused = await api.client.get("/v1/items", params={name: "a\x00b"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, f"#/query/{name}")


async def item(api: Api, code: str) -> dict[str, Any]:
    return dict((await api.client.get(f"/v1/items/{code}")).json())


async def checklist(api: Api, code: str, answers: Mapping[str, str] | None = None) -> dict[str, Any]:
    answer = await api.client.post(f"/v1/items/{code}/checklists", json={"answers": answers or {}})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_questions_are_the_printed_conditions_and_no_others(api: Api) -> None:
    printed = {(row["item_code"], row["condition"]) for row in table("service_item_materials") if row["condition"]}
    asked = set()
    for code in {row["code"] for row in table("service_items")}:
        for situation in (await item(api, code))["situations"]:
            condition = situation["question"].removeprefix("您属于这种情况吗：").removesuffix("？")
            asked.add((code, condition))
            assert [option["code"] for option in situation["options"]] == ["yes", "no"]
    assert asked == printed


async def test_an_answer_decides_about_its_paper_and_says_why(api: Api) -> None:
    rows = (await item(api, "SA003"))["materials"]
    paper = next(row for row in rows if row["condition"])
    situation = paper["when"]["situation"]
    assert paper["when"] == {"situation": situation, "option": "yes"}
    for answers, need in (({}, "ask"), ({situation: "yes"}, "applies"), ({situation: "no"}, "does_not_apply")):
        told = await checklist(api, "SA003", answers)
        line = next(each for each in told["lines"] if each["seq"] == paper["seq"])
        assert line["need"] == need
        assert paper["condition"] in line["reason"]
        assert [each["code"] for each in told["unanswered"]] == ([situation] if not answers else [])
    others = [each for each in told["lines"] if each["seq"] != paper["seq"]]
    assert {each["need"] for each in others} == {"always"}


async def test_a_list_the_source_does_not_print_whole_says_so(api: Api) -> None:
    assert (await checklist(api, "SA001"))["complete"] is False
    assert (await checklist(api, "SA002"))["complete"] is True


async def test_a_checklist_refuses_what_is_no_question_and_no_item(api: Api) -> None:
    for answers in ({"s99": "yes"}, {"x": "yes"}, {"s12": "maybe"}):
        refused = await api.client.post("/v1/items/SA003/checklists", json={"answers": answers})
        assert refused.status_code == 400, answers
    assert (await api.client.post("/v1/items/ZZ999/checklists", json={})).status_code == 404


def test_two_papers_of_one_condition_are_one_question() -> None:
    paper = {"required": False, "condition": "再婚"}
    papers = [{"seq": 1, "required": True, "condition": None}, paper | {"seq": 2}, paper | {"seq": 3}]
    assert [each.code for each in checklists.situations(papers)] == ["s2"]
    told = [need for _, need, _ in checklists.needs(papers, {"s2": Answer.YES})]
    assert told == [Need.ALWAYS, Need.APPLIES, Need.APPLIES]


async def test_the_receipt_says_what_was_brought_and_what_comes_next(api: Api, place: Place) -> None:
    desk = Desk(api, place)
    await desk.submit()
    path = f"/applications/{desk.known['id']}/receipt"
    told = (await api.get(place.clerk, path)).json()
    assert told["qrText"] == told["receiptNumber"] == desk.known["receiptNumber"]
    assert told["nextStep"]
    assert "queryCode" not in told
    assert {each["seq"] for each in told["received"]} & {each["seq"] for each in told["missing"]} == set()
    assert (await api.client.get(f"/v1{path}")).status_code == 401
    for stranger in (Place().clerk, CIVIL, place.guide):
        assert (await api.get(stranger, path)).status_code == 404
    assert (await api.get(place.clerk, f"/applications/{uuid4()}/receipt")).status_code == 404


async def test_a_notice_is_drafted_from_what_was_not_brought(api: Api, place: Place) -> None:
    desk = Desk(api, place)
    await desk.submit(itemCode="SA002", materials=[{"seq": 1}])
    path = f"/applications/{desk.known['id']}/notice-draft"
    draft = (await api.get(place.clerk, path)).json()
    assert [each["seq"] for each in draft["missing"]] == [2, 3, 4, 5, 6]
    assert draft["missing"][0]["text"] == "缺少：身份证、户口本（原件、复印件1份）。"
    assert {each["seq"] for each in draft["standard"]} == {1}
    assert "个人申请书已过有效期" in draft["standard"][0]["text"]
    assert (await api.client.get(f"/v1{path}")).status_code == 401
    assert (await api.get(Place().clerk, path)).status_code == 404
