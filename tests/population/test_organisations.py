"""Firms and shops, volunteer teams, seats and public documents: registers others refer to."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.contracts.gis import BuildingLocated
from grid_kernel.identifiers import uscc_check_digit
from grid_kernel.runtime import Runtime
from population_svc.events import on_building_located
from population_svc.rules import normalised_uscc

from tests.population.conftest import hearing  # isort: skip

TODAY = clock.today(clock.now())
_numbers = iter(range(10_000))


def uscc() -> str:
    """A fresh code with a right check digit."""
    first_17 = f"92150299MA{next(_numbers):07}"
    return first_17 + uscc_check_digit(first_17)


def firm(place: Place, name: str = "育才便民超市", **more: Any) -> dict[str, Any]:
    """A shop as a form sends one."""
    given = {"kind": "sole_trader", "name": name, "uscc": uscc(), "buildingId": str(place.building)}
    given |= {"address": "育才小区16栋1号", "contactName": "王掌柜", "contactPhone": "12000001111"}
    return given | {"openedOn": "2026-01-05"} | more


def team(place: Place, **more: Any) -> dict[str, Any]:
    """A team as a form sends one."""
    given = {"areaCode": place.community, "kind": "repair", "name": "水暖电维修队", "hours": "每天 8:00–20:00"}
    return given | {"members": 6, "leaderName": "李师傅", "leaderPhone": "12000002222", "formedOn": "2026-01-05"} | more


async def made(api: Api, who: Any, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Something that was entered."""
    answer = await api.post(who, path, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("code", ["91110000600037341M", "91110000600037341", "IOZSV0000600037341"])
def test_a_code_with_a_wrong_check_digit_or_letter_is_refused(code: str) -> None:
    assert normalised_uscc(" 91110000600037341l ") == "91110000600037341L"
    with pytest.raises(Exception, match="invalid-input"):
        normalised_uscc(code)


async def test_a_shop_is_found_by_its_code_and_by_a_part_of_its_name(api: Api, place: Place) -> None:
    shop = await made(api, place.worker, "/organizations", firm(place))
    assert (shop["areaCode"], shop["contactName"]) == (place.grid, "王掌柜")
    for criteria in ({"uscc": shop["uscc"].lower()}, {"name": "便民超", "area": place.community}):
        found = (await api.post(place.worker, "/organizations/search", criteria)).json()
        assert [each["id"] for each in found] == [shop["id"]]
        assert (await api.post(place.neighbour, "/organizations/search", criteria)).json() == []
    refused(await api.post(place.worker, "/organizations/search", {}), 400)
    refused(await api.post(place.worker, "/organizations/search", {"uscc": "1" * 18}), 400, None, "/uscc")
    refused(await api.post(place.guide, "/organizations/search", {"name": "超市"}), 403, "forbidden")
    listed = (await api.get(place.leader, f"/organizations?area={place.grid}&kind=sole_trader")).json()["items"]
    shown = [(each["name"], each["contactName"], each["contactPhone"]) for each in listed]
    assert shown == [("育才便民超市", None, None)]


async def test_a_code_is_registered_once_until_its_bearer_closed(api: Api, place: Place) -> None:
    entry = firm(place)
    shop = await made(api, place.worker, "/organizations", entry)
    refused(await api.post(place.worker, "/organizations", entry | {"name": "又一家"}), 409, "uscc-registered")
    path = f"/organizations/{shop['id']}"
    early = {"endedOn": "2025-01-01"}
    refused(await api.post(place.worker, f"{path}/closing", early, version=1), 400, None, "/endedOn")
    closed = await api.post(place.worker, f"{path}/closing", {"endedOn": "2026-06-01"}, version=1)
    assert closed.json()["closedOn"] == "2026-06-01"
    refused(await api.patch(place.worker, path, {"name": "改名"}, version=2), 409, "organization-closed")
    again = await made(api, place.worker, "/organizations", entry)
    assert again["uscc"] == shop["uscc"]
    gone = (await api.get(place.worker, f"/organizations?area={place.grid}&closed=true")).json()["items"]
    assert [each["id"] for each in gone] == [shop["id"]]


async def test_how_an_organisation_was_is_kept(api: Api, place: Place) -> None:
    shop = await made(api, place.worker, "/organizations", firm(place))
    path = f"/organizations/{shop['id']}"
    renamed = {"name": "育才大药房", "kind": "medical", "effectiveOn": "2026-03-01"}
    assert (await api.patch(place.worker, path, renamed, version=1)).json()["name"] == "育才大药房"
    refused(await api.patch(place.worker, path, renamed, version=1), 412)
    refused(await api.patch(place.worker, path, {"kind": "nowhere"}, version=2), 400, None, "/kind")
    history = (await api.get(place.worker, f"{path}/history")).json()
    told = [(each["name"], each["validFrom"], each["validTo"]) for each in history]
    assert told == [("育才大药房", "2026-03-01", None), ("育才便民超市", "2026-01-05", "2026-03-01")]
    for other in (path, f"{path}/history"):
        refused(await api.get(place.neighbour, other), 404, "not-found")
    refused(await api.patch(place.neighbour, path, renamed, version=2), 404, "not-found")
    refused(await api.patch(place.leader, path, renamed, version=2), 403, "forbidden")


async def test_an_organisation_follows_its_building_into_another_grid(api: Api, place: Place, runtime: Runtime) -> None:
    shop = await made(api, place.worker, "/organizations", firm(place))
    moved = BuildingLocated(
        aggregate_id=place.building, sequence=2, occurred_at=clock.now(), area_code=place.other_grid, building_no="0016"
    )
    async with runtime.system_session() as session:
        await on_building_located(session, moved, hearing())
    assert (await api.get(place.neighbour, f"/organizations/{shop['id']}")).json()["areaCode"] == place.other_grid
    refused(await api.get(place.worker, f"/organizations/{shop['id']}"), 404)


async def test_its_events_carry_no_name_and_no_number(api: Api, place: Place, runtime: Runtime) -> None:
    shop = await made(api, place.worker, "/organizations", firm(place, "王小明理发店"))
    group = await made(api, place.head, "/volunteer-teams", team(place, unitCode="team-x-repair"))
    await api.post(place.head, f"/volunteer-teams/{group['id']}/end", {"endedOn": TODAY.isoformat()}, version=1)
    async with runtime.system_session() as session:
        bodies = (await session.execute(text("select body from outbox order by position"))).scalars().all()
    events = [orjson.loads(body) for body in bodies]
    own = [each for each in events if each["aggregateid"] in {shop["id"], group["id"]}]
    assert [each["type"].split(".", 2)[2] for each in own] == [
        "organization.registered.v1",
        "team.changed.v1",
        "team.changed.v1",
    ]
    assert [each["data"].get("active") for each in own] == [None, True, False]
    said = orjson.dumps(own).decode()
    assert not [word for word in ("王小明", "李师傅", "1200000", "理发") if word in said]


async def test_a_team_is_kept_by_the_station_and_seen_by_its_grids(api: Api, place: Place) -> None:
    refused(await api.post(place.worker, "/volunteer-teams", team(place)), 404)
    refused(await api.post(place.leader, "/volunteer-teams", team(place)), 403, "forbidden")
    refused(await api.post(place.head, "/volunteer-teams", team(place, kind="x_y")), 400, None, "/kind")
    refused(await api.post(place.head, "/volunteer-teams", team(place, members=0)), 400, None, "/members")
    group = await made(api, place.head, "/volunteer-teams", team(place))
    for who, phone in ((place.worker, "12000002222"), (place.leader, None)):
        listed = (await api.get(who, "/volunteer-teams?kind=repair")).json()["items"]
        assert (group["id"], phone) in {(each["id"], each["leaderPhone"]) for each in listed}
    elsewhere = Place()
    assert (await api.get(elsewhere.worker, "/volunteer-teams?kind=repair")).json()["items"] == []
    path = f"/volunteer-teams/{group['id']}"
    change = {"hours": "工作日", "effectiveOn": "2026-05-01"}
    refused(await api.patch(place.worker, path, change, version=1), 404)
    assert (await api.patch(place.head, path, change, version=1)).json()["hours"] == "工作日"
    history = (await api.get(place.head, f"{path}/history")).json()
    assert [(each["hours"], each["validTo"]) for each in history] == [
        ("工作日", None),
        ("每天 8:00–20:00", "2026-05-01"),
    ]
    ended = await api.post(place.head, f"{path}/end", {"endedOn": TODAY.isoformat()}, version=2)
    assert ended.json()["endedOn"] == TODAY.isoformat()
    refused(await api.patch(place.head, path, change, version=3), 409, "team-ended")
    refused(await api.get(elsewhere.head, f"{path}/history"), 404)


async def test_a_term_runs_from_a_day_to_another(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household(person("赵委员"), person("钱代表", relation="12")))
    first, second = (each["id"] for each in home["persons"])
    term = {"since": (TODAY - timedelta(days=30)).isoformat(), "until": (TODAY + timedelta(days=700)).isoformat()}
    seat = {"communityCode": place.community, "body": "mediation", "role": "chair", "personId": first} | term
    refused(await api.post(place.worker, "/seats", seat), 404)
    refused(await api.post(place.head, "/seats", seat | {"until": "2040-01-01"}), 400, None, "/until")
    refused(await api.post(place.head, "/seats", seat | {"until": term["since"]}), 400, None, "/until")
    held = await made(api, place.head, "/seats", seat)
    assert held["personName"] == "赵委员"
    refused(await api.post(place.head, "/seats", seat), 409, "seat-taken")
    refused(await api.post(place.head, "/seats", seat | {"personId": second}), 409, "seat-taken")
    over = {"body": "representatives", "role": "member", "personId": second}
    over |= {"since": "2020-01-01", "until": "2025-01-01"}
    await made(api, place.head, "/seats", seat | over)
    listed = (await api.get(place.leader, f"/seats?area={place.community}")).json()["items"]
    assert [(each["body"], each["personName"]) for each in listed] == [("mediation", "赵*")]
    path = f"/seats/{held['id']}/end"
    refused(await api.post(place.leader, path, {"endedOn": TODAY.isoformat()}, version=1), 403, "forbidden")
    assert (await api.post(place.head, path, {"endedOn": TODAY.isoformat()}, version=1)).status_code == 200
    refused(await api.post(place.head, path, {"endedOn": TODAY.isoformat()}, version=2), 409, "seat-ended")
    assert (await api.get(place.head, f"/seats?area={place.community}&body=mediation")).json()["items"] == []


async def test_what_a_community_publishes_is_read_by_everybody(api: Api, place: Place) -> None:
    entry = {"communityCode": place.community, "kind": "convention", "title": "居民自治公约", "body": "一、不乱停车。"}
    for who, status in ((None, 401), (place.worker, 404), (place.clerk, 403), (place.leader, 403)):
        refused(await api.post(who, "/public-documents", entry), status)
    first = await made(api, place.head, "/public-documents", entry)
    second = await made(api, place.head, "/public-documents", entry | {"body": "一、不乱停车。二、不高空抛物。"})
    path = f"/public-documents?community={place.community}"
    assert [each["id"] for each in (await api.get(None, path)).json()["items"]] == [second["id"]]
    older = (await api.get(None, f"{path}&older=true&kind=convention")).json()["items"]
    assert [(each["id"], each["replacedOn"]) for each in older] == [(second["id"], None), (first["id"], str(TODAY))]
    assert (await api.get(None, f"/public-documents/{second['id']}")).json()["body"].endswith("二、不高空抛物。")
    refused(await api.get(None, "/public-documents?community=1"), 400)
    refused(await api.get(None, f"/public-documents/{place.building}"), 404, "not-found")
