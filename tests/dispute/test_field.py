"""What a worker asks on the spot: where a report goes, what lies near, and adding to what is there already."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.dispute.conftest import DISTRICT, HANDLER, Api, Gis, Place, at_district, handler, said_of

from dispute_svc import catalogue, commands
from dispute_svc.models import HandlingUnit
from grid_kernel.auth import Post
from grid_kernel.runtime import Runtime

LEADER = at_district(Post.DISTRICT_LEADER)


@pytest.fixture
async def named_units(runtime: Runtime) -> Any:
    """Two units by name; knowing some means judging all, so they are forgotten afterwards."""
    async with runtime.system_session() as session:
        for code, name in (("urban_management", "青山区城市管理局"), ("fire_rescue", "青山区消防救援大队")):
            unit = HandlingUnit(code=code, name=name, kind="department", area_code=DISTRICT, active=True)
            await commands.keep_unit(session, unit)
    yield
    async with runtime.system_session() as session:
        await session.execute(text("delete from unit"))


async def previewed(api: Api, place: Place, **body: Any) -> dict[str, Any]:
    answer = await api.post(place.worker, "/routing-previews", {"category": "H06"} | body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_before_reporting_one_is_told_the_unit_by_name_and_how_long_it_has(
    api: Api, place: Place, gis: Gis, named_units: Any
) -> None:
    told = await previewed(api, place, gridCode=place.grid)
    assert (told["unitCode"], told["unitName"]) == ("urban_management", "青山区城市管理局")
    assert (told["limitText"], told["restricted"]) == ("3个工作日内", False)
    assert told["ruleId"]
    assert "urban_management" in told["explanation"]
    async with gis.answering():
        assert (await previewed(api, place, point=gis.puts(place.grid)))["unitCode"] == "urban_management"


async def test_the_preview_says_what_the_report_then_gets(api: Api, place: Place) -> None:
    for category in ("H06", "D02", "H04"):
        told = await previewed(api, place, category=category, gridCode=place.grid)
        case = await api.settled(place.worker, category=category, gridCode=place.grid)
        units = [d["unitCode"] for d in (await api.case(place.worker, case["id"]))["dispatches"]]
        assert units == [told["unitCode"]]


async def test_a_place_nobody_can_find_previews_the_list_of_the_centre(api: Api, place: Place) -> None:
    for body in ({}, {"point": {"lon": 1.0, "lat": 1.0, "crs": "WGS84"}}):
        told = await previewed(api, place, **body)
        assert (told["routed"], told["unitCode"], told["ruleId"], told["limitText"]) == ("no_grid", None, None, None)
        assert "人工派单" in told["explanation"]


async def test_a_restricted_matter_is_announced_as_such(api: Api, place: Place) -> None:
    assert (await previewed(api, place, category="H03", gridCode=place.grid))["restricted"] is True


async def test_the_table_of_a_grid_names_a_unit_for_every_category(api: Api, place: Place, named_units: Any) -> None:
    rows = (await api.get(place.worker, f"/routing-tables/{place.grid}")).json()
    assert [row["category"] for row in rows] == list(catalogue.categories())
    by_code = {row["category"]: row for row in rows}
    assert by_code["H04"] == {
        "category": "H04", "unitCode": "fire_rescue", "unitName": "青山区消防救援大队", "limitText": "1个工作日内",
    }  # fmt: skip
    assert by_code["H01"]["unitCode"] is None  # the police are not known here, so a person decides
    english = await api.client.get(
        f"/v1/routing-tables/{place.grid}", headers=api.tokens.headers(place.worker, **{"Accept-Language": "en"})
    )
    assert next(row for row in english.json() if row["category"] == "H06")["limitText"] == "within 3 working days"


async def test_previews_refuse_the_anonymous_and_what_is_no_category(api: Api, place: Place) -> None:
    assert (await api.client.post("/v1/routing-previews", json={"category": "H06"})).status_code == 401
    assert (await api.client.get(f"/v1/routing-tables/{place.grid}")).status_code == 401
    refused = await api.post(place.worker, "/routing-previews", {"category": "Z99"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/category")
    assert (await api.get(place.worker, "/routing-tables/12345")).status_code == 400


async def near(api: Api, who: Any, **body: Any) -> list[dict[str, Any]]:
    answer = await api.post(who, "/cases/nearby", body)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def test_open_cases_around_a_point_are_offered_nearest_first(api: Api, place: Place, gis: Gis) -> None:
    async with gis.answering():
        here = gis.puts(place.grid)
        first = await api.settled(place.worker, point=here)
        beside = here | {"lon": here["lon"] + 0.0005}
        gis.grids[round(beside["lon"], 4), here["lat"]] = place.grid
        second = await api.settled(place.worker, point=beside)
        other = await api.settled(place.worker, point=here, category="H04")
    found = await near(api, place.worker, point=beside, category="H06")
    mine = [row["id"] for row in found if row["id"] in (first["id"], second["id"])]
    assert mine == [second["id"], first["id"]]
    assert [row["distanceM"] for row in found if row["id"] in mine] == [0, pytest.approx(42, abs=1)]
    assert other["id"] not in [row["id"] for row in found]
    assert other["id"] in [row["id"] for row in await near(api, place.worker, point=beside)]
    assert await near(api, place.worker, point=here | {"lat": here["lat"] + 0.01}) == []


async def test_at_most_five_are_offered_and_none_that_has_ended(api: Api, place: Place) -> None:
    building = str(uuid4())
    for _ in range(6):
        await api.settled(place.worker, gridCode=place.grid, buildingId=building)
    ended = await api.in_state(place, "closed", gridCode=place.grid, buildingId=building)
    found = await near(api, place.worker, buildingId=building)
    assert len(found) == 5
    assert ended["id"] not in [row["id"] for row in found]
    assert {row["distanceM"] for row in found} == {None}


async def test_what_lies_near_is_hidden_from_whoever_may_not_see_it(api: Api, place: Place) -> None:
    building = str(uuid4())
    open_case = await api.settled(place.worker, gridCode=place.grid, buildingId=building)
    hidden = await api.settled(place.worker, gridCode=place.grid, buildingId=building, category="H03")
    assert [row["id"] for row in await near(api, place.worker, buildingId=building)] == [open_case["id"]]
    everything = {row["id"] for row in await near(api, place.arbiter, buildingId=building)}
    assert everything == {open_case["id"], hidden["id"]}
    for who in (Place().worker, place.guide, handler("police"), at_district(Post.AUDIT_ADMIN)):
        assert await near(api, who, buildingId=building) == []


async def test_nearby_wants_a_place_and_an_account(api: Api, place: Place) -> None:
    assert (await api.post(place.worker, "/cases/nearby", {"category": "H06"})).status_code == 400
    assert (await api.client.post("/v1/cases/nearby", json={"buildingId": str(uuid4())})).status_code == 401


async def test_the_same_matter_is_added_to_the_case_that_is_there(api: Api, place: Place, runtime: Runtime) -> None:
    case = await api.in_state(place, "handling")
    done = await api.post(place.worker, f"/cases/{case['id']}/additions", {"note": "又倒了一根灯杆"})
    assert (done.status_code, done.json()["state"]) == (201, "handling")
    assert done.json()["version"] == case["version"] + 1
    entry = (await api.case(HANDLER, case["id"]))["entries"][-1]
    assert (entry["kind"], entry["note"], entry["recordedAt"]) == ("supplemented", "又倒了一根灯杆", None)
    async with runtime.system_session() as session:
        said = (await session.execute(said_of(case["id"]))).all()
    assert said[-1].subject == "grid.dispute.case.supplemented.v1"
    assert "灯杆" not in bytes(said[-1].body).decode()


async def test_a_reporter_adds_to_the_own_report_wherever_it_lies(api: Api, place: Place) -> None:
    elsewhere = Place()
    case = await api.settled(elsewhere.worker, gridCode=place.grid)
    path = f"/cases/{case['id']}/additions"
    assert (await api.post(elsewhere.worker, path, {"note": "还在冒烟"})).status_code == 201
    assert (await api.post(elsewhere.station_head, path, {"note": "还在冒烟"})).status_code == 404


async def test_what_an_anonymous_reporter_adds_does_not_tell_who_it_was(api: Api, place: Place) -> None:
    case = await api.settled(place.neighbour, gridCode=place.grid, anonymous=True)
    await api.post(place.neighbour, f"/cases/{case['id']}/additions", {"note": "第二次"})
    entry = (await api.case(place.worker, case["id"]))["entries"][-1]
    assert (entry["note"], entry["post"], entry["unit"]) == ("第二次", None, None)


async def test_an_addition_is_refused_as_the_rules_say(api: Api, place: Place) -> None:
    case = await api.in_state(place, "closed")
    path = f"/cases/{case['id']}/additions"
    ended = await api.post(place.worker, path, {"note": "还有"})
    assert (ended.status_code, ended.json()["code"]) == (409, "case-ended")
    assert (await api.client.post(f"/v1{path}", json={"note": "还有"})).status_code == 401
    for stranger in (Place().worker, place.guide, handler("police")):
        assert (await api.post(stranger, path, {"note": "还有"})).status_code == 404
    assert (await api.post(place.worker, path, {"note": ""})).status_code == 400
    assert (await api.post(place.worker, f"/cases/{uuid4()}/additions", {"note": "x"})).status_code == 404


async def test_the_same_key_adds_once(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    path, key = f"/cases/{case['id']}/additions", uuid4().hex
    first, second = [await api.post(place.worker, path, {"note": "又一处"}, key=key) for _ in range(2)]
    assert (first.json(), second.status_code) == (second.json(), 201)
    # The key is the worker's own: the same one of somebody else is another act.
    assert (await api.post(place.station_head, path, {"note": "又一处"}, key=key)).json()["version"] == 5
