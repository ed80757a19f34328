"""Every number of a statistic is the number of rows its query lists: on every day, at every level, from every side."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import today
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor

TODAY = today(clock.now())
LONG_AGO = TODAY - timedelta(days=800)
AGO = (1, 40, 100, 150, 300, 500)
"""How many days ago somebody was visited: each a band of freshness, two of the running quarter or not."""


async def entered(runtime: Runtime, household: dict[str, Any], days: int, outcome: str) -> None:
    """A visit of some days ago, as a phone that had no signal for long would bring it."""
    row = {"id": household["id"], "at": clock.now() - timedelta(days=days), "on": TODAY - timedelta(days=days)}
    async with runtime.system_session() as session:
        await session.execute(
            text(
                "insert into visit (id, household_id, dwelling_id, area_code, grid_code_then, visited_at, visited_on,"
                " outcome, kind, needs, unchanged, worker_id, recorded_at) select gen_random_uuid(), h.id,"
                " h.dwelling_id, h.area_code, h.area_code, :at, :on, :outcome, 'home_visit', '{}', false, 'w', :at"
                " from household h where h.id = :id"
            ),
            row | {"outcome": outcome},
        )


@pytest.fixture
async def lived_in(api: Api, place: Place, runtime: Runtime) -> Place:
    """Two grids with households of all kinds, some of which moved, ended or were never reached."""
    dice = Random(150204)
    for number in range(24):
        people = [
            person(
                born=date(TODAY.year - dice.randint(0, 99), dice.randint(1, 12), dice.randint(1, 28)),
                relation="02" if first == 0 else "20",
                sex=dice.choice("1129"),
                populationType=dice.choice("1123"),
                registeredHere=(own := dice.random() < 0.6),
                registrationMatches=dice.choice((True, False, None)) if own else dice.choice((False, None)),
                idNumber=None,
            )
            for first in range(dice.randint(1, 3))
        ]
        building = place.building if number % 3 else place.other_building
        formed = {"formedOn": (LONG_AGO + timedelta(days=dice.randint(0, 790))).isoformat()}
        home = await api.registered(place.head, place.household(*people, building=building, **formed))
        for _ in range(dice.randint(0, 3)):
            outcome = dice.choice(("done", "done", "no_answer", "telephone", "declined"))
            await entered(runtime, home, dice.choice(AGO), outcome)
        if number % 7 == 1:
            await api.visited(place.head, home, "moved")
        elif number % 5 == 2:
            to = {"dwelling": place.dwelling(place.other_building), "movedOn": (TODAY - timedelta(days=2)).isoformat()}
            moved = await api.post(place.head, f"/households/{home['id']}/moves", to, version=1)
            assert moved.status_code == 200, moved.text
        elif number % 3 == 0:
            change = {"use": dice.choice(("02", "03"))}
            where = home["dwelling"]["id"]
            assert (await api.patch(place.head, f"/dwellings/{where}", change, version=1)).status_code == 200
    return place


def cells(answer: Any) -> Iterator[dict[str, Any]]:
    """Every number in an answer, wherever it stands."""
    if isinstance(answer, list):
        for each in answer:
            yield from cells(each)
    elif isinstance(answer, dict):
        if "query" in answer:
            yield answer
        else:
            yield from cells(list(answer.values()))


async def number_of_rows(api: Api, who: Actor, query: str) -> int:
    """How many rows a query lists, page by page; the total where it asks for another statistic."""
    number, cursor = 0, ""
    while True:
        answer = await api.get(who, f"{query}&limit=20{cursor}" if "/statistics" not in query else query)
        assert answer.status_code == 200, f"{query}: {answer.text}"
        page = answer.json()
        if "items" not in page:
            return int(page["total"]["value"])
        number += len(page["items"])
        if not page.get("nextCursor"):
            return number
        cursor = f"&cursor={page['nextCursor']}"


DAYS = (TODAY, TODAY - timedelta(days=1), TODAY - timedelta(days=60), TODAY - timedelta(days=200))


@pytest.mark.parametrize("kind", ["persons", "households", "dwellings"])
async def test_every_number_lists_exactly_its_rows(api: Api, lived_in: Place, kind: str) -> None:
    place, looked_at = lived_in, 0
    asked = [(place.worker, place.grid), (place.head, place.community), (place.leader, place.street)]
    for day in DAYS:
        for who, area in asked:
            told = (await api.get(who, f"/statistics/{kind}?area={area}&asOf={day}")).json()
            found = list(cells(told))
            for cell in found:
                assert cell["value"] is not None
                if cell["value"] or cell["code"] in {"9", "03", "differs", "older", "declined"}:
                    assert await number_of_rows(api, who, cell["query"]) == cell["value"], cell
                    looked_at += 1
            parts = sum(cell["value"] for cell in told["byArea"])
            assert parts == told["total"]["value"] or area == place.grid, "the parts are the whole"
    assert looked_at > 30


async def test_a_leader_sees_that_there_are_rows_and_nobody_in_them(api: Api, lived_in: Place) -> None:
    rows = (await api.get(lived_in.leader, f"/persons?area={lived_in.street}&limit=100")).json()["items"]
    assert len(rows) > 20
    assert {(row["birthDate"], row["idNumber"], row["phone"]) for row in rows} == {(None, None, None)}
    assert {row["name"] for row in rows} == {"王*"}
    seen = (await api.get(lived_in.head, f"/persons?area={lived_in.community}&limit=100")).json()["items"]
    assert {row["name"] for row in seen} == {"王小明"}


async def test_somebody_of_another_place_lists_nobody(api: Api, lived_in: Place) -> None:
    stranger = actor(Post.STATION_HEAD, "150204599001")
    refused(await api.get(stranger, f"/persons?area={lived_in.community}"), 404, "not-found")
    own = (await api.get(lived_in.neighbour, f"/persons?area={lived_in.community}&limit=100")).json()["items"]
    assert {row["areaCode"] for row in own} == {lived_in.other_grid}, "of a larger area, only one's own part"


async def test_how_the_round_stands_tomorrow_is_not_known(api: Api, place: Place) -> None:
    tomorrow = TODAY + timedelta(days=1)
    for path in ("/statistics/households", "/households"):
        asked = f"{path}?area={place.grid}&asOf={tomorrow}"
        refused(await api.get(place.worker, asked), 400, None, "#/query/asOf")
        assert (await api.get(place.worker, f"{path}?area={place.grid}&asOf=0001-01-01")).status_code == 200
