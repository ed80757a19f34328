"""Statistics of any day: every number leads to its rows, and small numbers of persons only to who may see them."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.clock import today
from population_svc.statistics import (
    BANDS,
    Count,
    band_label,
    band_of,
    band_starts,
    born_between,
    suppressed,
    suppressed_columns,
)

TODAY = today(clock.now())


async def told(api: Api, who: Actor, path: str) -> dict[str, Any]:
    answer = await api.get(who, f"/statistics/{path}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def values(cells: list[dict[str, Any]]) -> dict[str, int]:
    return {cell["code"]: cell["value"] for cell in cells if cell["value"] != 0}


@given(st.dates(date(1900, 1, 1), date(2030, 12, 31)), st.dates(date(2026, 1, 1), date(2030, 12, 31)))
def test_everybody_is_in_the_band_of_his_age(born: date, day: date) -> None:
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    bucket = sum(1 for start in band_starts(day) if born >= start + timedelta(days=1))
    if born <= day:
        assert band_of(bucket) == min(age // 5 * 5, 100)
        since, until = born_between(min(age, 100), day)
        assert until is not None
        assert (since or date.min) < born <= until


def test_bands_have_names_people_know() -> None:
    assert [band_label(start) for start in BANDS[:2] + BANDS[-1:]] == ["0-4", "5-9", "100+"]


@given(st.lists(st.integers(0, 30), max_size=8))
def test_no_small_number_is_shown_and_none_can_be_worked_out(numbers: list[int]) -> None:
    counts = [Count(str(code), number) for code, number in enumerate(numbers)]
    shown = suppressed(counts)
    assert all(count.value is None or count.value == 0 or count.value >= 5 for count in shown)
    hidden = [code for code, count in enumerate(shown) if count.value is None]
    in_sum = sum(numbers[code] for code in hidden)
    assert in_sum == 0 or in_sum >= 5 or len(hidden) == sum(1 for number in numbers if number)
    assert [count for count in shown if count.value is not None] == [
        count for code, count in enumerate(counts) if code not in hidden
    ]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_no_column_of_the_pyramid_gives_one_band_away(table: list[tuple[int, int]]) -> None:
    rows = [[Count(code, number) for code, number in zip("12", row, strict=True)] for row in table]
    shown = suppressed_columns(rows)
    for column in range(2):
        hidden = [row[column] for row, line in zip(table, shown, strict=True) if line[column].value is None]
        assert sum(hidden) == 0 or sum(hidden) >= 5 or len(hidden) == sum(1 for row in table if row[column])
    assert [[count.code for count in row] for row in shown] == [["1", "2"] for _ in table]


async def test_a_part_that_is_withheld_above_is_withheld_everywhere(api: Api, place: Place) -> None:
    for number in range(9):
        building = place.building if number < 2 else place.other_building
        await api.registered(place.head, place.household(building=building))
    handler = Actor(kind="account", id="h", grants=(Grant(post=Post.DEPARTMENT_HANDLER, area=place.street),))
    whole = await told(api, handler, f"persons?area={place.community}")
    assert whole["total"]["value"] == 9
    assert [cell["value"] for cell in whole["byArea"]] == [None, None]
    for grid in (place.grid, place.other_grid):
        part = await told(api, handler, f"persons?area={grid}")
        numbers = [part["total"], *part["bySex"], *part["byPopulationType"], *part["byResidence"]]
        numbers += [cell for row in part["pyramid"] for cell in row["cells"]]
        assert {cell["value"] for cell in numbers} == {None}, "what a neighbour's number would tell"


async def test_persons_are_counted_from_every_side_and_each_number_lists_its_rows(api: Api, place: Place) -> None:
    child = person("王新", born=date(TODAY.year - 3, 1, 1), relation="20", sex="2", populationType="2")
    child |= {"idNumber": None, "registeredHere": True, "registrationMatches": True}
    home = await api.registered(place.worker, place.household(person(), child))
    await api.registered(place.head, place.household(building=place.other_building))
    grid = await told(api, place.worker, f"persons?area={place.grid}")
    assert grid["total"]["value"] == 2
    assert values(grid["bySex"]) == {"1": 1, "2": 1}
    assert values(grid["byPopulationType"]) == {"1": 1, "2": 1}
    assert values(grid["byRegistration"]) == {"true": 1, "false": 1}
    assert values(grid["byResidence"]) == {"matches": 1, "not_asked": 1}
    bands = {row["band"]: values(row["cells"]) for row in grid["pyramid"] if values(row["cells"])}
    assert bands == {"0-4": {"2": 1}, "45-49" if date(TODAY.year, 5, 17) <= TODAY else "40-44": {"1": 1}}
    youngest = next(cell for row in grid["pyramid"] for cell in row["cells"] if row["band"] == "0-4" and cell["value"])
    rows = (await api.get(place.worker, youngest["query"])).json()["items"]
    assert [row["id"] for row in rows] == [home["persons"][1]["id"]]
    assert rows[0]["idNumber"] is None
    for cell in (grid["total"], *grid["bySex"], *grid["byPopulationType"], *grid["byRegistration"]):
        assert len((await api.get(place.worker, cell["query"])).json()["items"]) == cell["value"]
    whole = await told(api, place.head, f"persons?area={place.community}")
    assert values(whole["byArea"]) == {place.grid: 2, place.other_grid: 1}
    behind = (await api.get(place.head, whole["total"]["query"])).json()["items"]
    assert len(behind) == 3
    part = (await api.get(place.head, whole["byArea"][0]["query"])).json()
    assert part["total"]["value"] == 2
    assert (await told(api, place.head, f"persons?area={place.community}&asOf=2026-01-04"))["total"]["value"] == 0


async def test_households_are_counted_by_presence_state_and_freshness(api: Api, place: Place) -> None:
    seen, gone, never = [await api.registered(place.worker, place.household()) for _ in range(3)]
    await api.visited(place.worker, seen)
    await api.visited(place.worker, gone, "moved")
    told_of = await told(api, place.worker, f"households?area={place.grid}")
    assert told_of["total"]["value"] == 3
    assert values(told_of["byPresence"]) == {"living": 2, "reported_moved": 1}
    assert values(told_of["byVisitState"]) == {"visited": 1, "not_attempted": 1}
    assert values(told_of["byFreshness"]) == {"within_90_days": 1, "never": 2}
    unreached = next(cell for cell in told_of["byVisitState"] if cell["code"] == "not_attempted")
    rows = (await api.get(place.worker, unreached["query"])).json()["items"]
    assert [row["id"] for row in rows] == [never["id"]]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2024-02-29"])
async def test_any_day_of_the_calendar_can_be_asked(api: Api, place: Place, day: str) -> None:
    assert (await told(api, place.worker, f"persons?area={place.grid}&asOf={day}"))["asOf"] == day
    assert (await api.get(place.worker, f"/persons?area={place.grid}&asOf={day}&ageFrom=100")).status_code == 200


async def test_dwellings_are_counted_by_use(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    await api.registered(place.worker, place.household())
    await api.patch(place.worker, f"/dwellings/{home['dwelling']['id']}", {"use": "03"}, version=1)
    told_of = await told(api, place.worker, f"dwellings?area={place.grid}")
    assert values(told_of["byUse"]) == {"01": 1, "03": 1}
    empty = (await api.get(place.worker, told_of["byUse"][1]["query"])).json()["items"]
    assert [each["id"] for each in empty] == [home["dwelling"]["id"]]


async def test_who_has_no_right_to_the_rows_sees_no_small_number(api: Api, place: Place) -> None:
    for _ in range(5):
        await api.registered(place.worker, place.household())
    await api.registered(place.worker, place.household(person(sex="2", idNumber=None)))
    handler = Actor(kind="account", id="h", grants=(Grant(post=Post.DEPARTMENT_HANDLER, area=place.street),))
    told_of = await told(api, handler, f"persons?area={place.grid}")
    assert told_of["total"] == {"code": place.grid, "value": 6, "query": None}
    assert [cell["value"] for cell in told_of["bySex"] if cell["code"] in {"1", "2"}] == [None, None]
    assert (await told(api, place.leader, f"persons?area={place.grid}"))["bySex"][2]["value"] is not None
    refused(await api.get(handler, f"/persons?area={place.grid}"), 404, "not-found")
    refused(await api.get(handler, "/statistics/persons?area=150203"), 404, "not-found")
    refused(await api.get(handler, f"/statistics/households?area={place.grid}"), 404, "not-found")
    refused(await api.get(place.neighbour, f"/statistics/persons?area={place.grid}"), 404, "not-found")


@pytest.mark.parametrize("query", ["", "?area=1502", "?area=150204&asOf=yesterday"])
async def test_what_cannot_be_asked_is_refused(api: Api, place: Place, query: str) -> None:
    refused(await api.get(place.head, f"/statistics/persons{query}"), 400)
    refused(await api.get(place.head, "/persons"), 400, None, "#/query/area")
