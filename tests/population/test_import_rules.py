"""A row of a table is understood as people write it, checked as the register checks, and never more is kept."""

from datetime import date
from typing import Any

import pytest
from tests.population.conftest import id_number

from population_svc import rules
from population_svc.rules import Given, read_day, read_row

TODAY = date(2026, 11, 25)
GIVEN = Given("150204501001", date(2026, 1, 1))
BORN = date(1980, 5, 17)


def row(**cells: Any) -> dict[str, str]:
    """A row that is right unless told otherwise."""
    right = {"name": "王小明", "id_number": id_number(BORN), "relation_to_head": "户主", "building_no": "16号楼"}
    return right | {"entrance": "1单元", "room_no": "502室", "address": "育才小区16栋"} | cells


def faults(**cells: Any) -> set[tuple[str, str]]:
    return {(error.pointer, error.code) for error in read_row(2, row(**cells), GIVEN, TODAY).errors}


def test_a_row_says_more_than_its_cells() -> None:
    draft = read_row(2, row(moved_in_on="2020年1月5日"), GIVEN, TODAY)
    assert not draft.errors
    assert (draft.birth_date, draft.sex, draft.relation_to_head) == (BORN, "1", "02")
    assert (draft.house_code, draft.floor, draft.moved_in_on) == ("1502045010010016010502", 5, date(2020, 1, 5))


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"id_number": "150299198005170037"}, ("id_number", "id-number-check-digit")),
        ({"id_number": "1.50299E+17"}, ("id_number", "number-became-figures")),
        ({"sex": "女"}, ("sex", "differs-from-id-number")),
        ({"birth_date": "1981-05-17"}, ("birth_date", "differs-from-id-number")),
        ({"name": ""}, ("name", "missing")),
        ({"id_number": ""}, ("birth_date", "missing")),
        ({"relation_to_head": "邻居"}, ("relation_to_head", "unknown-code")),
        ({"relation_to_head": ""}, ("relation_to_head", "missing")),
        ({"room_no": "东屋"}, ("room_no", "room-number-digits")),
        ({"building_no": "东楼"}, ("building_no", "unknown-building")),
        ({"house_code": "15"}, ("house_code", "house-code-digits")),
        ({"moved_in_on": "2027-01-01"}, ("moved_in_on", "in-the-future")),
        ({"moved_in_on": "去年"}, ("moved_in_on", "date-from-datetime-parsing")),
        ({"phone": "家里"}, ("phone", "string-pattern-mismatch")),
        ({"area_m2": "很大"}, ("area_m2", "float-parsing")),
        ({"floor": "500"}, ("floor", "less-than-equal")),
    ],
)
def test_what_is_wrong_stands_beside_its_element(cells: dict[str, str], fault: tuple[str, str]) -> None:
    assert faults(**cells) == {fault}


@pytest.mark.parametrize("said", ["2020-1-5", "2020/01/05", "2020.1.5", "20200105", "2020年1月5日", "43835"])
def test_a_day_is_read_however_it_is_written(said: str) -> None:
    assert read_day(said) == date(2020, 1, 5)


@pytest.mark.parametrize(
    "heading",
    [
        "民族",
        " 民 族 ",
        "宗教信仰",
        "政治面貌",
        "是否党员",
        "信用积分",
        "风险等级",
        "重点人员类别",
        "婚姻状况",
        "Religion",
    ],
)
def test_columns_no_register_may_hold_are_known_by_name(heading: str) -> None:
    assert rules.is_forbidden(heading)


def test_no_element_of_the_registry_is_forbidden() -> None:
    named = [word for each in rules.register_elements().values() for word in (each.name_zh, *each.synonyms)]
    assert not [word for word in named if rules.is_forbidden(word)]


def test_headings_are_understood_and_what_was_said_before_wins() -> None:
    headings = ["姓 名*", "身份证号码", "楼栋", "房号", "与户主的关系", "联系电话（必填）", "备注"]
    found = [rules.suggested(heading, {}) for heading in headings]
    assert found == ["name", "id_number", "building_no", "room_no", "relation_to_head", "phone", None]
    assert rules.suggested("备注", {"备注": "household_no"}) == "household_no"
    assert rules.suggested("姓名", {"姓名": None}) is None


def test_every_element_says_whose_it_is_where_it_comes_from_and_what_for() -> None:
    for element in rules.register_elements().values():
        assert all([element.owner, element.source, element.purpose, element.basis, element.fresh_days > 0]), element
