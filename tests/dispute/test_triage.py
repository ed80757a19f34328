"""Routing: the first fitting row of the table, by area, position and date; and it says why."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispute_svc import catalogue
from dispute_svc.rules import Limit
from dispute_svc.triage import Change, Routed, Rule, decide, present_area
from grid_kernel.clock import Unit

DAY = date(2026, 11, 24)
GRID = "150204006019003"
PREFIXES = [GRID[:length] for length in (6, 9, 12, 15)]


def rule(
    unit: str = "police",
    *,
    category: str = "H01",
    prefix: str = "150204",
    position: int = 0,
    valid_from: date = date(2020, 1, 1),
    valid_to: date | None = None,
) -> Rule:
    return Rule(uuid4(), category, prefix, unit, position, Limit(2, Unit.WORKING_DAY), valid_from, valid_to)


rules = st.builds(
    Rule,
    id=st.uuids(),
    category=st.sampled_from(["H01", "H02"]),
    area_prefix=st.sampled_from([*PREFIXES, "150204008", "150204008015"]),
    unit_code=st.sampled_from(["police", "housing", "mediation-{community}", "centre-{street}"]),
    position=st.integers(0, 3),
    limit=st.just(Limit(2, Unit.WORKING_DAY)),
    valid_from=st.dates(DAY - timedelta(days=3), DAY + timedelta(days=2)),
    valid_to=st.none() | st.dates(DAY - timedelta(days=1), DAY + timedelta(days=4)),
)


@given(st.lists(rules, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_in_the_table_does_not_matter(table: list[Rule], random: object) -> None:
    shuffled = list(table)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide("H01", GRID, DAY, table, None) == decide("H01", GRID, DAY, shuffled, None)


@given(st.lists(rules, max_size=12))
def test_no_row_that_fits_better_was_passed_over(table: list[Rule]) -> None:
    decision = decide("H01", GRID, DAY, table, None)
    fitting = [each for each in table if each.fits("H01", GRID, DAY)]
    assert decision.fitting == len(fitting)
    if not fitting:
        assert decision.routed is Routed.NO_RULE
        return
    chosen = decision.rule
    assert chosen is not None
    longest = max(len(each.area_prefix) for each in fitting)
    assert len(chosen.area_prefix) == longest
    rivals = [each for each in fitting if len(each.area_prefix) == longest]
    assert chosen.position == min(each.position for each in rivals)
    nearest = [each for each in rivals if each.position == chosen.position]
    assert chosen.valid_from == max(each.valid_from for each in nearest)


@given(st.lists(rules, max_size=12))
def test_rows_of_other_matters_places_and_days_change_nothing(table: list[Rule]) -> None:
    fitting = [each for each in table if each.fits("H01", GRID, DAY)]
    assert decide("H01", GRID, DAY, table, None) == decide("H01", GRID, DAY, fitting, None)


@given(rules, st.dates(DAY - timedelta(days=6), DAY + timedelta(days=6)))
def test_a_row_holds_from_its_first_day_up_to_not_including_its_last(row: Rule, day: date) -> None:
    holds = row.fits(row.category, row.area_prefix.ljust(15, "0"), day)
    assert holds is (row.valid_from <= day and (row.valid_to is None or day < row.valid_to))


@pytest.mark.parametrize(
    ("template", "unit"),
    [
        ("police", "police"),
        ("mediation-{community}", "mediation-150204006019"),
        ("centre-{street}", "centre-150204006"),
    ],
)
def test_a_unit_of_the_place_is_filled_in(template: str, unit: str) -> None:
    assert decide("H01", GRID, DAY, [rule(template)], None).unit_code == unit


@pytest.mark.parametrize("area", ["150204", "150204006", "150204006019"])
def test_what_lies_in_no_grid_waits_for_a_person(area: str) -> None:
    decision = decide("H01", area, DAY, [rule()], None)
    assert (decision.routed, decision.unit_code) == (Routed.NO_GRID, None)


@pytest.mark.parametrize(
    ("units", "routed"),
    [
        ({"police": True}, Routed.MATCHED),
        ({"police": False}, Routed.UNIT_CLOSED),
        ({"housing": True}, Routed.UNIT_UNKNOWN),
        (None, Routed.MATCHED),
    ],
)
def test_a_row_that_cannot_be_carried_out_is_said_to_be_faulty(units: dict[str, bool] | None, routed: Routed) -> None:
    wider = rule("housing", position=9)
    assert decide("H01", GRID, DAY, [rule(), wider], units).routed is routed


def test_a_decision_keeps_what_is_needed_to_explain_it_later() -> None:
    row = rule("centre-{street}", prefix="150204006", position=4)
    assert decide("H01", GRID, DAY, [row, rule()], None).as_record() == {
        "routed": "matched",
        "category": "H01",
        "area": GRID,
        "day": "2026-11-24",
        "fitting": 2,
        "unit": "centre-150204006",
        "rule": str(row.id),
        "prefix": "150204006",
        "position": 4,
    }


def test_the_packaged_table_routes_every_category_but_opinions() -> None:
    table = catalogue.packaged_rules("150204")
    unrouted = [
        code for code in catalogue.categories() if decide(code, GRID, DAY, table, None).routed is not Routed.MATCHED
    ]
    assert unrouted == ["O99"]


def test_the_packaged_table_follows_the_district() -> None:
    here, there = (catalogue.packaged_rules(district) for district in ("150204", "150203"))
    assert {row.area_prefix for row in there} == {"150203"}
    assert not {row.id for row in here} & {row.id for row in there}
    assert [row.id for row in here] == [row.id for row in catalogue.packaged_rules("150204")]


def test_the_matter_of_religion_is_restricted_and_no_other_packaged_one() -> None:
    assert [code for code, category in catalogue.categories().items() if category.restricted] == ["H03"]


@pytest.mark.parametrize(
    ("code", "number"), [("H01", "110"), ("H04", "119"), ("H07", "120"), ("D14", "122"), ("H06", "110")]
)
def test_every_category_says_what_to_dial_first(code: str, number: str) -> None:
    assert catalogue.categories()[code].emergency_number == number


BUILDING = UUID("00000000-0000-4000-8000-000000000001")
C = "150204006019"


def change(*successors: str, buildings: dict[str, str] | None = None, on: date = DAY) -> Change:
    return Change(tuple(successors), on, buildings or {})


@pytest.mark.parametrize(
    ("changes", "area"),
    [
        ({}, f"{C}003"),
        ({f"{C}003": change(f"{C}011")}, f"{C}011"),
        ({f"{C}003": change(f"{C}011", f"{C}012")}, C),
        ({f"{C}003": change(f"{C}011", f"{C}012", buildings={str(BUILDING): f"{C}012"})}, f"{C}012"),
        ({f"{C}003": change(f"{C}011", on=DAY + timedelta(days=1))}, f"{C}003"),
        (
            {
                f"{C}003": change(f"{C}011", f"{C}012", buildings={str(BUILDING): f"{C}012"}),
                f"{C}012": change(f"{C}013"),
            },
            f"{C}013",
        ),
        ({f"{C}003": change(f"{C}011"), f"{C}011": change(f"{C}003")}, f"{C}003"),
    ],
)
def test_a_chosen_grid_is_followed_through_every_change(changes: dict[str, Change], area: str) -> None:
    assert present_area(f"{C}003", BUILDING, DAY, changes) == area
