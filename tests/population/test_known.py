"""Any list and any count can be asked as it was known at a moment, whatever became known afterwards."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.population.conftest import Api, Place, locate, person, refused

from grid_kernel import clock
from grid_kernel.clock import today
from grid_kernel.runtime import Runtime

TODAY = today(clock.now())
DAYS = (TODAY, TODAY - timedelta(days=20), TODAY - timedelta(days=200))


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def looked_at(api: Api, place: Place, day: date, known: str) -> dict[str, Any]:
    """Everything that is listed and counted of the community on a day, as far as it says the same later."""
    head, asked = place.head, f"area={place.community}&asOf={day}{known}"
    lists = {}
    for path, shown in (
        ("/persons", ("id", "areaCode", "populationType", "sex")),
        ("/households", ("id", "areaCode", "dwellingId", "presence")),
        ("/dwellings", ("id", "areaCode", "use")),
    ):
        answer = await api.get(head, f"{path}?{asked}&limit=100")
        assert answer.status_code == 200, answer.text
        lists[path] = sorted(tuple(row[name] for name in shown) for row in answer.json()["items"])
    counts = (await api.get(head, f"/counts?{asked}")).json()
    statistics = {
        kind: {cell["code"]: cell["value"] for cell in (await api.get(head, f"/statistics/{kind}?{asked}")).json()[by]}
        for kind, by in (("persons", "byPopulationType"), ("dwellings", "byUse"))
    }
    numbers = {name: counts[name] for name in ("households", "persons", "dwellings")}
    assert numbers == {path[1:]: len(rows) for path, rows in lists.items()}, "a count is the number of its rows"
    assert {kind: sum(parts.values()) for kind, parts in statistics.items()} == {
        kind: numbers[kind] for kind in statistics
    }
    return {"lists": lists, "numbers": numbers, "statistics": statistics}


async def something_happens(api: Api, place: Place, homes: list[dict[str, Any]], dice: Random) -> None:
    """Somebody comes, changes, goes or dies, today or as it turns out some time ago."""
    since = (TODAY - timedelta(days=dice.choice((0, 10, 150)))).isoformat()
    act = dice.choice(("come", "type", "use", "leave", "presence")) if homes else "come"
    home = dice.choice(homes) if homes else {}
    since = max(since, home.get("formedOn", since))
    if act == "come":
        building = dice.choice((place.building, place.other_building))
        given_home = place.household(person(idNumber=None), person(relation="20", idNumber=None), building=building)
        homes.append(await api.registered(place.head, given_home | {"formedOn": since}))
        return
    who = f"/persons/{home['persons'][-1]['id']}"
    where = f"/dwellings/{home['dwelling']['id']}"
    path, body = {
        "type": (who, {"populationType": dice.choice("123"), "effectiveOn": since}),
        "use": (where, {"use": dice.choice(("01", "02")), "effectiveOn": since}),
        "presence": (f"/households/{home['id']}", {"presence": "registered_only", "effectiveOn": since}),
        "leave": (f"{who}/departure", {"leftOn": since}),
    }[act]
    version = (await api.get(place.head, path.removesuffix("/departure"))).json()["version"]
    await api.send(place.head, "POST" if act == "leave" else "PATCH", path, body, version=version)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
async def test_what_was_known_then_is_listed_and_counted_for_ever(
    api: Api, place: Place, runtime: Runtime, seed: int
) -> None:
    dice, fresh, homes, seen = Random(seed), Place(), list[dict[str, Any]](), []
    await locate(runtime, fresh.building, fresh.grid)
    await locate(runtime, fresh.other_building, fresh.other_grid, no="0017")
    for _ in range(6):
        await something_happens(api, fresh, homes, dice)
        day = dice.choice(DAYS)
        seen.append((day, clock.now(), await looked_at(api, fresh, day, "")))
    for day, known_at, then in seen:
        assert await looked_at(api, fresh, day, f"&knownAt={written(known_at)}") == then


async def test_numbers_of_what_was_known_lead_to_the_rows_of_what_was_known(api: Api, place: Place) -> None:
    await api.registered(place.head, place.household())
    known_at = written(clock.now())
    await api.registered(place.head, place.household())
    told = (await api.get(place.head, f"/statistics/persons?area={place.community}&knownAt={known_at}")).json()
    assert told["total"]["value"] == 1
    assert len((await api.get(place.head, told["total"]["query"])).json()["items"]) == 1
    part = (await api.get(place.head, told["byArea"][0]["query"])).json()
    assert part["total"]["value"] == 1


@pytest.mark.parametrize("path", ["/persons", "/households", "/dwellings", "/statistics/persons", "/counts"])
async def test_a_moment_without_a_register_is_refused(api: Api, place: Place, path: str) -> None:
    asked = f"{path}?area={place.community}&knownAt=0001-01-01T00:00:00Z"
    refused(await api.get(place.head, asked), 400, None, "#/query/knownAt")


async def test_how_the_round_stood_is_not_asked_as_it_was_known(api: Api, place: Place) -> None:
    asked = f"/households?area={place.grid}&knownAt={written(clock.now())}&reached=true"
    refused(await api.get(place.head, asked), 400, None, "#/query/knownAt")
