"""Identifiers: real forms are accepted, slips of the pen are noticed, masks hide what they must."""

import csv
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_kernel.identifiers import (
    BadIdNumber,
    BadUscc,
    CaseCode,
    GridCode,
    HouseCode,
    IdNumberProblem,
    Level,
    case_code,
    check_id_number,
    check_uscc,
    id_birth_date,
    id_check_digit,
    id_sex,
    is_within,
    level_of,
    mask_id_number,
    mask_name,
    mask_phone,
    parent_of,
    query_code,
    to_18,
    typed_query_code,
    uscc_check_digit,
)

TODAY = date(2026, 11, 24)
DEMO = Path(__file__).parents[3] / "shared" / "data" / "people" / "demo_id_numbers.csv"


# --- identity numbers


@pytest.mark.parametrize(
    "number", ["150204198102280011", "11010519491231002X", "150299193005131093", "150299193310241002"]
)
def test_numbers_are_accepted_whatever_became_of_the_county(number: str) -> None:
    if number[17] != id_check_digit(number[:17]):
        number = number[:17] + id_check_digit(number[:17])
    assert check_id_number(number, TODAY) == number


def test_what_was_typed_is_brought_into_one_form() -> None:
    assert check_id_number(" 11010519491231002x ", TODAY) == "11010519491231002X"
    assert check_id_number("１１０１０５１９４９１２３１００２Ｘ", TODAY) == "11010519491231002X"
    assert check_id_number("110105491231002", TODAY) == "11010519491231002X"


def test_a_15_digit_number_gets_its_century_and_check_digit() -> None:
    assert to_18("110105491231002") == "11010519491231002X"
    assert to_18("11010519491231002x") == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("", IdNumberProblem.LENGTH),
        ("1101051949123100", IdNumberProblem.LENGTH),
        ("11010519491231002XX", IdNumberProblem.LENGTH),
        ("11010549123100A", IdNumberProblem.LENGTH),
        ("1101051949123100AX", IdNumberProblem.CHARACTERS),
        ("X10105194912310020", IdNumberProblem.CHARACTERS),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", IdNumberProblem.CHARACTERS),
        ("110105194902300020", IdNumberProblem.BIRTH_DATE),
        ("110105194913010020", IdNumberProblem.BIRTH_DATE),
        ("110105000001010020", IdNumberProblem.BIRTH_DATE),
        ("110105202611250020", IdNumberProblem.BIRTH_DATE),
        ("110105490230002", IdNumberProblem.BIRTH_DATE),
        ("110105194912310021", IdNumberProblem.CHECK_DIGIT),
    ],
)
def test_an_impossible_number_is_refused_with_its_reason(number: str, problem: IdNumberProblem) -> None:
    with pytest.raises(BadIdNumber) as caught:
        check_id_number(number, TODAY)
    assert caught.value.problem is problem
    assert not number or number not in str(caught.value)


def test_a_child_born_today_has_a_number_and_one_born_tomorrow_has_none() -> None:
    first_17 = "15020420261124001"
    number = first_17 + id_check_digit(first_17)
    assert check_id_number(number, date(2026, 11, 24)) == number
    with pytest.raises(BadIdNumber):
        check_id_number(number, date(2026, 11, 23))


def test_sex_and_birth_date_are_read_from_the_number() -> None:
    assert id_birth_date("150204198102280011") == date(1981, 2, 28)
    assert id_sex("150204198102280011") == "1"
    assert id_sex("11010519491231002X") == "2"
    assert id_birth_date("110105491231002") == date(1949, 12, 31)
    assert id_sex("110105491231002") == "2"


births = st.dates(date(1900, 1, 1), TODAY)


@given(born_on=births, sequence=st.integers(0, 999), position=st.integers(0, 16), digit=st.integers(0, 9))
def test_one_wrong_digit_is_always_noticed(born_on: date, sequence: int, position: int, digit: int) -> None:
    first_17 = f"150299{born_on:%Y%m%d}{sequence:03}"
    number = first_17 + id_check_digit(first_17)
    assert check_id_number(number, TODAY) == number
    wrong = number[:position] + str(digit) + number[position + 1 :]
    if wrong != number:
        with pytest.raises(BadIdNumber):
            check_id_number(wrong, TODAY)


@given(text=st.text(max_size=20))
def test_no_text_whatever_breaks_the_check(text: str) -> None:
    with suppress(BadIdNumber):
        assert len(check_id_number(text, TODAY)) == 18


@pytest.mark.shared
@pytest.mark.skipif(not DEMO.exists(), reason="the reference data is not beside the project")
def test_every_demo_number_is_accepted_with_its_sex_and_birth_date() -> None:
    rows = list(csv.DictReader(DEMO.read_text("utf-8").splitlines()))
    assert len(rows) == 300
    for row in rows:
        number = check_id_number(row["id_number"], TODAY)
        assert (id_sex(number), id_birth_date(number).isoformat()) == (row["sex_gbt2261"], row["birth_date"])


# --- organisations


def test_a_real_credit_code_is_accepted_in_any_case() -> None:
    assert check_uscc("91110000600037341L") == "91110000600037341L"
    assert check_uscc(" 91110000600037341l ") == "91110000600037341L"


@pytest.mark.parametrize(
    "code",
    ["", "91110000600037341M", "9111000060003734IL", "91110000600037341", "91A10000600037341L", "九1110000600037341L"],
)
def test_a_wrong_credit_code_is_refused(code: str) -> None:
    with pytest.raises(BadUscc):
        check_uscc(code)


@given(tail=st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9), position=st.integers(8, 16))
def test_one_wrong_character_of_a_credit_code_is_always_noticed(tail: str, position: int) -> None:
    first_17 = "91150204" + tail
    code = first_17 + uscc_check_digit(first_17)
    assert check_uscc(code) == code
    wrong = code[:position] + ("0" if code[position] != "0" else "1") + code[position + 1 :]
    with pytest.raises(BadUscc):
        check_uscc(wrong)


# --- areas, grids, houses


def test_areas_know_their_level_and_parent() -> None:
    chain = ["150204006019003", "150204006019", "150204006", "150204"]
    assert [level_of(code) for code in chain] == [Level.GRID, Level.COMMUNITY, Level.STREET, Level.DISTRICT]
    assert [parent_of(code) for code in chain] == [*chain[1:], None]


@pytest.mark.parametrize("code", ["", "15020", "1502040", "15020400601900", "15020A", "１５０２０４"])
def test_anything_else_is_no_area(code: str) -> None:
    with pytest.raises(ValueError, match="area code"):
        level_of(code)


def test_a_place_lies_in_every_area_above_it_and_in_itself() -> None:
    assert is_within("150204006019003", "150204006019")
    assert is_within("150204006019", "150204006019")
    assert not is_within("150204006019", "150204006019003")
    assert not is_within("150204006019003", "150204008")
    assert not is_within("150204006019003", "")


def test_a_grid_code_comes_apart_and_together() -> None:
    assert GridCode.parse("150204006019003") == ("150204006019", 3)
    assert str(GridCode("150204006019", 3)) == "150204006019003"
    for wrong in ("150204006019", "150204006019000", "15020400601900x"):
        with pytest.raises(ValueError, match="code"):
            GridCode.parse(wrong)


def test_a_house_code_comes_apart_and_together() -> None:
    code = "1502040060190001020301"
    assert HouseCode.parse(code) == ("150204006019", "0001", "02", "0301")
    assert str(HouseCode.parse(code)) == code
    for wrong in ("", code[:-1], code + "0", code[:-1] + "x"):
        with pytest.raises(ValueError, match="22 digits"):
            HouseCode.parse(wrong)


# --- case codes


@given(day=st.dates(date(2000, 1, 1), date(2099, 12, 31)), sequence=st.integers(1, 999_999), data=st.data())
def test_a_case_code_comes_apart_and_one_wrong_digit_is_noticed(day: date, sequence: int, data: st.DataObject) -> None:
    code = case_code("150204", day, sequence)
    assert len(code) == 21
    assert CaseCode.parse(code) == ("150204", day, sequence)
    position = data.draw(st.integers(0, 20))
    wrong = code[:position] + str((int(code[position]) + data.draw(st.integers(1, 9))) % 10) + code[position + 1 :]
    with pytest.raises(ValueError, match="case code"):
        CaseCode.parse(wrong)


def test_the_check_digit_is_that_of_iso_7064_mod_11_10() -> None:
    assert case_code("150204", date(2026, 11, 24), 1)[:-1] == "15020420261124000001"
    checked = {case_code("150204", date(2026, 11, 24), number)[-1] for number in range(1, 50)}
    assert checked == set("0123456789")


@pytest.mark.parametrize(("area", "sequence"), [("150204006", 1), ("15020x", 1), ("150204", 0), ("150204", 1_000_000)])
def test_a_case_code_of_no_district_or_number_is_refused(area: str, sequence: int) -> None:
    with pytest.raises(ValueError, match=r"district|area"):
        case_code(area, date(2026, 11, 24), sequence)


def test_query_codes_have_eight_characters_nobody_misreads_and_do_not_repeat() -> None:
    codes = {query_code() for _ in range(5000)}
    assert len(codes) == 5000
    assert {len(code) for code in codes} == {8}
    assert not set("".join(codes)) & set("0O1I")


def test_a_query_code_may_be_typed_as_people_type() -> None:
    assert typed_query_code(" abcd-2345 ") == "ABCD2345"
    assert typed_query_code("ＡＢＣＤ ２３４５") == "ABCD2345"


# --- masks


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张建国", "张*"),
        ("欧阳修", "欧阳*"),
        ("欧阳", "欧*"),
        ("司马相如", "司马*"),
        ("司徒", "司*"),
        ("买买提·吐尔逊", "买*"),
        ("苏日娜", "苏*"),
        ("Anna Meyer", "A*"),
        ("张", "*"),
        ("", "*"),
    ],
)
def test_a_masked_name_shows_the_surname_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13800000000", "138****0000"), ("0472-3612345", "047*****2345"), ("3612345", "*****45"), ("5", "5"), ("", "")],
)
def test_a_masked_telephone_shows_too_little_to_call(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("150299193005131093", "150*************93"),
        ("110105491231002", "110**********02"),
        ("AB123", "*****"),
        ("", ""),
    ],
)
def test_a_masked_identity_number_shows_the_first_three_and_last_two(number: str, masked: str) -> None:
    assert mask_id_number(number) == masked
