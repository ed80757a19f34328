"""What the register asks of what is entered, and who sees what."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.population.conftest import id_number

from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.errors import Forbidden, InvalidInput, NotFound
from population_svc import rules
from population_svc.grams import grams, query_grams
from population_svc.rules import SIGHT, BirthPrecision, PersonStatus, Sight

TODAY = date(2026, 11, 24)
GRID = "150204006019003"


@dataclass
class Entered:
    """A person as a form sends one."""

    sex: str = "1"
    birth_precision: BirthPrecision = BirthPrecision.DAY
    birth_date: date = date(1981, 2, 28)
    id_document_type: str = "111"
    id_number: str | None = "150204198102280011"
    relation_to_head: str = "02"
    population_type: str = "1"


def pointers(entered: Entered) -> set[str]:
    return {error.pointer for error in rules.person_errors(entered, "", TODAY)}


def holder(post: Post, area: str = GRID) -> Actor:
    return Actor(kind="account", id="somebody", grants=(Grant(post=post, area=area),))


def test_a_number_of_somebody_born_before_the_district_had_its_code_is_taken() -> None:
    assert pointers(Entered()) == set()


def test_a_number_of_fifteen_digits_is_stored_in_eighteen() -> None:
    assert rules.normalised_id_number(Entered(id_number="150204810228001")) == "150204198102280011"
    assert rules.normalised_id_number(Entered(id_document_type="414", id_number="E12345678")) == "E12345678"


@pytest.mark.parametrize(
    ("entered", "pointer"),
    [
        (Entered(id_number="150204198102280012"), "/idNumber"),
        (Entered(id_number="15020419810228001"), "/idNumber"),
        (Entered(birth_date=date(1981, 3, 1)), "/birthDate"),
        (Entered(sex="2"), "/sex"),
        (Entered(sex="7"), "/sex"),
        (Entered(id_number=None, birth_date=TODAY + timedelta(days=1)), "/birthDate"),
        (Entered(relation_to_head="03"), "/relationToHead"),
        (Entered(population_type="5"), "/populationType"),
        (Entered(id_document_type="000", id_number=None), "/idDocumentType"),
    ],
)
def test_what_is_wrong_with_a_person_is_named(entered: Entered, pointer: str) -> None:
    assert pointers(entered) == {pointer}


@given(st.dates(date(1900, 1, 1), TODAY), st.booleans())
def test_every_number_with_a_right_check_digit_is_taken(born: date, male: bool) -> None:
    number = id_number(born, male=male)
    assert pointers(Entered(birth_date=born, sex="1" if male else "2", id_number=number)) == set()


@pytest.mark.parametrize("relations", [[], ["10"], ["02", "02"], ["01", "02", "20"]])
def test_a_household_has_one_head(relations: list[str]) -> None:
    with pytest.raises(InvalidInput):
        rules.check_one_head(relations)
    rules.check_one_head(["11", "02"])


def test_a_house_code_has_no_grid_in_it() -> None:
    assert rules.house_code("150204006019", "16", 2, "408") == "1502040060190016020408"
    assert rules.dwelling_no("408") == "0408"
    assert rules.dwelling_no("4楼08") == "0408"
    assert rules.dwelling_no("东屋") is None
    assert rules.dwelling_no("12345") is None


@given(st.integers(-9, 200), st.integers(-9, 200))
def test_the_roster_goes_up_the_stairs(lower: int, upper: int) -> None:
    code = "1502040060190016020408"
    first, second = (rules.roster_key(code, floor, "101") for floor in (lower, upper))
    assert (first < second) == (lower < upper)


def test_rooms_of_a_floor_are_ordered_as_numbers() -> None:
    code = "1502040060190016020408"
    assert rules.roster_key(code, 1, "99") < rules.roster_key(code, 1, "101")


@pytest.mark.parametrize("post", list(Post))
def test_only_named_posts_see_anything(post: Post) -> None:
    assert rules.scope(holder(post)) == ((GRID,) if post in SIGHT else ())


@pytest.mark.parametrize(
    "post", [Post.PARTY_BUILDING_GUIDE, Post.DEPARTMENT_HANDLER, Post.SYSTEM_ADMIN, Post.AUDIT_ADMIN]
)
def test_a_volunteer_a_department_and_an_administrator_see_no_person(post: Post) -> None:
    assert rules.scope(holder(post, "150204")) == ()
    with pytest.raises(NotFound):
        rules.check_asked_area(holder(post, "150204"), "150204")


def test_leaders_see_no_names_and_change_nothing() -> None:
    leader = holder(Post.STREET_LEADER, "150204006")
    assert rules.sight(leader, GRID) is Sight.MASKED
    with pytest.raises(Forbidden):
        rules.check_may_keep(leader, GRID)


def test_a_leader_who_also_holds_a_grid_sees_the_names_of_that_grid_only() -> None:
    both = (Grant(post=Post.STREET_LEADER, area="150204006"), Grant(post=Post.STATION_HEAD, area="150204006019"))
    actor = Actor(kind="account", id="somebody", grants=both)
    assert rules.sight(actor, GRID) is Sight.NAMES
    assert rules.sight(actor, "150204006020001") is Sight.MASKED


def test_an_area_larger_than_ones_own_may_be_asked_for_and_a_foreign_one_not() -> None:
    worker = holder(Post.RESIDENT_SERVICE_OFFICER)
    for area in ("150204", "150204006019", GRID):
        rules.check_asked_area(worker, area)
    for area in ("150205", "150204006020", "150204006019004"):
        with pytest.raises(NotFound):
            rules.check_asked_area(worker, area)


def test_a_search_that_would_list_people_is_refused() -> None:
    rules.check_search("王", None, narrowed=True)
    rules.check_search(None, "150204198102280011", narrowed=False)
    for name, narrowed in ((None, True), ("王小明", False), (None, False), ("·· ", True)):
        with pytest.raises(rules.SearchTooBroad):
            rules.check_search(name, None, narrowed=narrowed)


def test_a_visit_is_neither_from_the_future_nor_from_long_ago() -> None:
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    rules.check_visit_time(now + timedelta(minutes=3), now)
    rules.check_visit_time(now - timedelta(days=90), now)
    for moment in (now + timedelta(minutes=6), now - timedelta(days=121)):
        with pytest.raises(InvalidInput):
            rules.check_visit_time(moment, now)


def test_whoever_left_can_come_back_and_nobody_leaves_twice() -> None:
    assert rules.TRANSITIONS[PersonStatus.PRESENT] == {PersonStatus.LEFT, PersonStatus.DECEASED, PersonStatus.MERGED}
    assert rules.TRANSITIONS[PersonStatus.LEFT] == {PersonStatus.PRESENT}


@given(st.text("王小明李梅建国欧阳", min_size=2, max_size=6), st.data())
def test_every_part_of_a_name_finds_it(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    part = name[start : data.draw(st.integers(start + 1, len(name)))]
    assert set(query_grams(part)) <= set(grams(name))


def test_the_dot_and_the_spaces_of_a_long_name_are_no_matter() -> None:
    assert grams("阿依古丽·买买提") == grams("阿依古丽 买买提")


def test_months_are_counted_from_the_last_time_somebody_came_to_the_district() -> None:
    away = (date(2019, 1, 1), date(2020, 3, 1))
    first, second = (date(2024, 5, 20), date(2025, 1, 1)), (date(2025, 1, 1), None)
    assert rules.months_lived_here([second, away, first], date(2026, 11, 24)) == 30
    assert rules.months_lived_here([second, first], date(2026, 5, 19)) == 23
    assert rules.months_lived_here([away], date(2026, 11, 24)) is None
    assert rules.months_lived_here([], date(2026, 11, 24)) is None
