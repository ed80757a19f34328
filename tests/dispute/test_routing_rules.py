"""The routing table as people read, try and change it."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.dispute.conftest import DISTRICT, HANDLER, Api, Place, at_district

from grid_kernel import clock
from grid_kernel.auth import Post

TODAY = clock.today(clock.now())
TOMORROW = TODAY + timedelta(days=1)
LEADER = at_district(Post.DISTRICT_LEADER)


def row(place: Place, **more: Any) -> dict[str, Any]:
    return {
        "category": "H01",
        "areaPrefix": place.community,
        "unitCode": "centre-{street}",
        "limit": {"amount": 1, "unit": "working_day"},
        "validFrom": TODAY.isoformat(),
    } | more


async def dry_run(api: Api, place: Place, category: str = "H01") -> dict[str, Any]:
    answer = await api.get(place.worker, "/routing/dry-run", category=category, area=place.grid)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_table_says_what_it_would_do_and_why(api: Api, place: Place) -> None:
    told = await dry_run(api, place)
    assert (told["routed"], told["unitCode"], told["emergencyNumber"]) == ("matched", "police", "110")
    assert (told["limitAmount"], told["limitUnit"], told["fitting"]) == (2, "working_day", 1)
    assert "社会治安隐患" in told["explanation"]
    assert DISTRICT in told["explanation"]
    nobody = await dry_run(api, place, "O99")
    assert (nobody["routed"], nobody["unitCode"], nobody["ruleId"]) == ("no_rule", None, None)
    assert "没有生效的派单规则" in nobody["explanation"]


async def test_a_row_for_a_smaller_area_wins_and_changes_what_happens(api: Api, place: Place) -> None:
    added = await api.post(place.arbiter, "/routing-rules", row(place))
    assert added.status_code == 201, added.text
    told = await dry_run(api, place)
    assert (told["unitCode"], told["ruleId"], told["fitting"]) == (f"centre-{place.street}", added.json()["id"], 2)
    case = await api.settled(place.worker, gridCode=place.grid, category="H01")
    assert case["leadUnit"] == f"centre-{place.street}"
    assert case["dispatches"][0]["ruleId"] == added.json()["id"]


async def test_a_row_that_has_begun_is_ended_and_followed_never_rewritten(api: Api, place: Place) -> None:
    long_ago = date(2024, 1, 1).isoformat()
    added = (await api.post(LEADER, "/routing-rules", row(place, validFrom=long_ago))).json()
    body = {"unitCode": "housing", "limit": {"amount": 2, "unit": "day"}, "validFrom": TOMORROW.isoformat()}
    changed = await api.put(LEADER, f"/routing-rules/{added['id']}", body, version=1)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["unitCode"], changed.json()["id"] != added["id"]) == ("housing", True)
    table = (await api.get(place.worker, "/routing-rules", category="H01")).json()
    old = next(each for each in table if each["id"] == added["id"])
    assert (old["unitCode"], old["validTo"], old["version"]) == ("centre-{street}", TOMORROW.isoformat(), 2)
    assert (await dry_run(api, place))["unitCode"] == f"centre-{place.street}"


async def test_a_row_that_has_begun_can_be_ended(api: Api, place: Place) -> None:
    added = (await api.post(LEADER, "/routing-rules", row(place, validFrom="2024-01-01"))).json()
    same = {name: added[name] for name in ("unitCode", "validFrom")} | {"limit": {"amount": 1, "unit": "working_day"}}
    path = f"/routing-rules/{added['id']}"
    past = await api.put(LEADER, path, same | {"validTo": "2025-01-01"}, version=1)
    assert past.status_code == 400
    ended = await api.put(LEADER, path, same | {"validTo": TODAY.isoformat()}, version=1)
    assert (ended.json()["id"], ended.json()["validTo"]) == (added["id"], TODAY.isoformat())
    assert (await dry_run(api, place))["unitCode"] == "police"


async def test_a_row_that_has_not_begun_is_simply_changed(api: Api, place: Place) -> None:
    added = (await api.post(LEADER, "/routing-rules", row(place, validFrom=TOMORROW.isoformat()))).json()
    body = {"unitCode": "housing", "limit": {"amount": 2, "unit": "day"}, "validFrom": TOMORROW.isoformat()}
    changed = (await api.put(LEADER, f"/routing-rules/{added['id']}", body, version=1)).json()
    assert (changed["id"], changed["version"], changed["unitCode"]) == (added["id"], 2, "housing")


async def test_the_table_is_changed_by_the_centre_in_its_own_area_only(api: Api, place: Place) -> None:
    for who in (place.worker, place.street_leader, HANDLER, Place().arbiter, at_district(Post.SYSTEM_ADMIN)):
        refused = await api.post(who, "/routing-rules", row(place))
        assert (refused.status_code, refused.json()["code"]) == (403, "may-not-change-rule")
    wider = await api.post(place.arbiter, "/routing-rules", row(place, areaPrefix=DISTRICT))
    assert wider.status_code == 403
    added = (await api.post(place.arbiter, "/routing-rules", row(place))).json()
    path, body = f"/routing-rules/{added['id']}", {"unitCode": "x1", "limit": {"amount": 2, "unit": "day"}}
    body["validFrom"] = TOMORROW.isoformat()
    assert (await api.put(Place().arbiter, path, body, version=1)).status_code == 403
    assert (await api.put(place.arbiter, path, body, version=7)).status_code == 412
    assert (await api.put(place.arbiter, f"/routing-rules/{uuid4()}", body, version=1)).status_code == 404
    headers = api.tokens.headers(place.arbiter)
    assert (await api.client.put(f"/v1{path}", json=body, headers=headers)).status_code == 428
    assert (await api.client.put(f"/v1{path}", json=body)).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"category": "H99"},
        {"areaPrefix": "1502"},
        {"unitCode": "{city}"},
        {"limit": {"amount": 0, "unit": "day"}},
        {"limit": {"amount": 1, "unit": "week"}},
        {"validTo": "2020-01-01"},
        {"position": -1},
    ],
)
async def test_a_row_that_makes_no_sense_is_refused(api: Api, place: Place, wrong: dict[str, Any]) -> None:
    assert (await api.post(LEADER, "/routing-rules", row(place, **wrong))).status_code == 400


async def test_categories_say_their_kind_and_what_to_dial(api: Api, place: Place) -> None:
    told = {each["code"]: each for each in (await api.get(place.guide, "/categories")).json()}
    assert len(told) == 24
    assert (told["H04"]["kind"], told["H04"]["emergencyNumber"], told["H03"]["restricted"]) == ("hazard", "119", True)
    table = (await api.get(place.guide, "/code-tables/case_categories")).json()
    assert len(table["rows"]) == 24


async def test_starting_again_adds_no_row_and_changes_none(api: Api, place: Place) -> None:
    before = (await api.get(place.worker, "/routing-rules")).json()
    runtime = api.client.runtime  # type: ignore[attr-defined]
    async with runtime.service.lifespan(runtime):
        pass
    assert (await api.get(place.worker, "/routing-rules")).json() == before
