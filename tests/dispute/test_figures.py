"""Each figure is the number of rows its query lists; restricted cases are counted for the district only."""

from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import pytest
from tests.dispute.conftest import DISTRICT, HANDLER, Api, Place, at_district

from dispute_svc import counting
from grid_kernel.auth import Actor, Post


async def figures(api: Api, who: Actor, area: str) -> dict[str, dict[str, Any]]:
    answer = await api.get(who, "/figures", area=area)
    assert answer.status_code == 200, answer.text
    return {figure["name"]: figure for figure in answer.json()["figures"]}


async def some_of_everything(api: Api, place: Place) -> None:
    for state in ("dispatched", "objected", "handling", "handled", "verified", "closed"):
        await api.in_state(place, state)
    await api.settled(place.worker, gridCode=place.grid, category="O99")
    await api.settled(place.worker, gridCode=place.other_grid)
    await api.settled(place.worker, gridCode=place.grid, category="H03")


async def test_every_figure_opens_exactly_its_rows(api: Api, place: Place) -> None:
    await some_of_everything(api, place)
    for who, area in (
        (place.worker, place.grid),
        (place.station_head, place.community),
        (place.street_leader, place.street),
        (place.arbiter, place.street),
        (HANDLER, place.community),
    ):
        for name, figure in (await figures(api, who, area)).items():
            headers = api.tokens.headers(who)
            rows = (await api.client.get(f"/v1{figure['query']}&limit=100", headers=headers)).json()["items"]
            assert len(rows) == figure["count"], (name, figure)


async def test_the_figures_of_a_community_add_up(api: Api, place: Place) -> None:
    await some_of_everything(api, place)
    counts = {
        name: figure["count"] for name, figure in (await figures(api, place.station_head, place.community)).items()
    }
    assert counts == {
        "open": 7,
        "undispatched": 1,
        "late": 0,
        "to-verify": 1,
        "objected": 1,
        "closed-this-month": 1,
    }
    assert (await figures(api, place.worker, place.grid))["open"]["count"] == 6


async def test_below_the_district_nobody_is_told_of_restricted_cases(api: Api, place: Place) -> None:
    for _ in range(6):
        await api.settled(place.worker, gridCode=place.grid, category="H03")
    for who in (place.station_head, place.street_leader, place.arbiter):
        told = await figures(api, who, place.street if who is not place.station_head else place.community)
        assert {figure["restrictedCount"] for figure in told.values()} == {None}
        assert told["open"]["count"] == 0
    leader = await figures(api, at_district(Post.DISTRICT_LEADER), DISTRICT)
    assert leader["open"]["restrictedCount"] >= 6
    elsewhere = await figures(api, at_district(Post.DISTRICT_LEADER), place.street)
    assert elsewhere["open"]["restrictedCount"] is None
    department = await figures(api, HANDLER, DISTRICT)
    assert department["open"]["restrictedCount"] is None


@pytest.mark.parametrize(("number", "shown"), [(0, None), (4, None), (5, 5), (17, 17)])
def test_few_restricted_cases_are_not_counted_at_all(number: int, shown: int | None) -> None:
    assert counting._shown(number) == shown


async def test_an_area_one_has_nothing_to_do_with_has_no_figures(api: Api, place: Place) -> None:
    assert (await api.get(place.worker, "/figures", area=place.community)).status_code == 404
    assert (await api.get(place.station_head, "/figures", area=Place().community)).status_code == 404
    for post in (Post.SYSTEM_ADMIN, Post.PARTY_BUILDING_GUIDE, Post.AUDIT_ADMIN):
        assert (await api.get(at_district(post), "/figures", area=DISTRICT)).status_code == 404


async def test_an_objection_counts_for_the_unit_that_objected_and_the_one_that_got_it(api: Api, place: Place) -> None:
    for reroute in ("housing", None):
        case = await api.in_state(place, "objected")
        body = {"note": "裁定"} | ({"rerouteTo": reroute} if reroute else {})
        path = f"/objections/{case['objections'][0]['id']}/decision"
        assert (await api.post(place.arbiter, path, body, version=1)).status_code == 200
    await api.in_state(place, "handled")
    await api.settled(place.worker, gridCode=place.grid, category="H03")
    answer = await api.get(place.street_leader, "/figures/units", area=place.street)
    told = {unit["unitCode"]: unit for unit in answer.json()["units"]}
    assert set(told) == {"urban_management", "housing"}
    assert told["urban_management"] | {"unitCode": ""} == {
        "unitCode": "",
        "dispatched": 3,
        "accepted": 1,
        "handled": 1,
        "late": 0,
        "objected": 2,
        "upheld": 1,
        "reroutedAway": 1,
        "reroutedTo": 0,
    }
    assert (told["housing"]["dispatched"], told["housing"]["reroutedTo"]) == (1, 1)
    own = (await api.get(HANDLER, "/figures/units", area=place.street)).json()["units"]
    assert [unit["unitCode"] for unit in own] == ["urban_management"]
    for stranger in (Place().street_leader, place.guide, at_district(Post.SYSTEM_ADMIN)):
        assert (await api.get(stranger, "/figures/units", area=place.street)).status_code == 404


async def test_the_weeks_count_what_came_in_and_what_ended(api: Api, place: Place) -> None:
    await api.in_state(place, "closed")
    await api.settled(place.worker, gridCode=place.grid)
    await api.settled(place.worker, gridCode=place.grid, category="H03")
    told = (await api.get(place.station_head, "/figures/weeks", area=place.community)).json()
    assert [each["reported"] for each in told["weeks"]] == [0, 0, 0, 0, 2]
    assert [each["closed"] for each in told["weeks"]] == [0, 0, 0, 0, 1]
    for each in told["weeks"]:
        for count, query in ((each["reported"], each["reportedQuery"]), (each["closed"], each["closedQuery"])):
            path, _, asked = query.partition("?")
            rows = (await api.get(place.station_head, path, **dict(parse_qsl(asked)))).json()["items"]
            assert len(rows) == count
    assert (await api.get(place.station_head, "/cases", reportedWeek="2026W60")).status_code == 400
    days = [date.fromisoformat(each["week"]) for each in told["weeks"]]
    assert {day.weekday() for day in days} == {0}
    assert (await api.get(place.station_head, "/figures/weeks", area=Place().community)).status_code == 404
