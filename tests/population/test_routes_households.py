"""A household is entered, read, listed, changed and moved."""

import base64
import json
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel.runtime import Runtime


async def test_a_household_is_entered_with_its_persons_in_a_dwelling_nobody_knew(api: Api, place: Place) -> None:
    entry = place.household(person(), person("李梅", relation="12", sex="9"))
    answer = await api.post(place.worker, "/households", entry)
    assert answer.status_code == 201, answer.text
    household = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert household["areaCode"] == place.grid
    assert household["dwelling"]["houseCode"] == f"{place.community}0016010101"
    assert [each["name"] for each in household["persons"]] == ["王小明", "李梅"]
    assert household["headPersonId"] == household["persons"][0]["id"]
    assert household["phone"] == "120****1111"
    read = await api.get(place.worker, f"/households/{household['id']}")
    assert read.json() == household


async def test_a_second_household_may_live_in_a_known_dwelling(api: Api, place: Place) -> None:
    first = await api.registered(place.clerk, place.household())
    entry = place.household() | {"dwellingId": first["dwelling"]["id"], "dwelling": None}
    second = await api.registered(place.clerk, entry)
    assert second["dwelling"] == first["dwelling"]


async def test_the_same_request_is_answered_once(api: Api, place: Place) -> None:
    entry, key = place.household(), {"Idempotency-Key": uuid4().hex}
    first = await api.post(place.worker, "/households", entry, **key)
    again = await api.post(place.worker, "/households", entry, **key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    refused(await api.post(place.worker, "/households", place.household(), **key), 422, "idempotency-key-reused")


async def test_a_request_without_a_key_is_not_taken(api: Api, place: Place) -> None:
    refused(await api.post(place.worker, "/households", place.household(), **{"Idempotency-Key": ""}), 400)


async def test_everything_wrong_is_said_at_once(api: Api, place: Place) -> None:
    wrong = person(idNumber="150299198005170013", relationToHead="77x", sex="1")
    problem = refused(await api.post(place.worker, "/households", place.household(wrong)), 400, "invalid-input")
    assert problem["title"] == "填写的内容有误"
    many = [person(idNumber="150299198005170000"), person(populationType="8", relation="10")]
    entry = place.household(*many, formedOn="2999-01-01", householdType="99")
    expected = {"/householdType", "/formedOn", "/persons/0/idNumber", "/persons/1/populationType"}
    refused(await api.post(place.worker, "/households", entry), 400, "invalid-input", *expected)


@pytest.mark.parametrize("member", ["ethnicity", "religion", "politicalStatus", "riskLevel"])
async def test_what_is_not_collected_cannot_be_sent(api: Api, place: Place, member: str) -> None:
    entry = place.household(person() | {member: "01"})
    refused(await api.post(place.worker, "/households", entry), 400, "invalid-input", f"/persons/0/{member}")


async def test_a_household_needs_one_head_and_one_dwelling(api: Api, place: Place) -> None:
    two = place.household(person(), person())
    refused(await api.post(place.worker, "/households", two), 400, "invalid-input", "/persons")
    both = place.household() | {"dwellingId": str(uuid4())}
    refused(await api.post(place.worker, "/households", both), 400, "invalid-input")
    refused(await api.post(place.worker, "/households", place.household() | {"dwelling": None}), 400, "invalid-input")


async def test_a_house_code_is_given_once(api: Api, place: Place) -> None:
    entry = place.household()
    await api.registered(place.worker, entry)
    again = entry | {"persons": [person()]}
    refused(await api.post(place.worker, "/households", again), 409, "dwelling-known")


async def test_a_room_without_a_number_needs_one(api: Api, place: Place) -> None:
    unnamed = place.household() | {"dwelling": place.dwelling(roomNo="东屋")}
    refused(await api.post(place.worker, "/households", unnamed), 400, "invalid-input", "/dwelling/dwellingNo")
    named = place.household() | {"dwelling": place.dwelling(roomNo="东屋", dwellingNo="9001")}
    assert (await api.registered(place.worker, named))["dwelling"]["houseCode"].endswith("9001")


async def test_a_building_elsewhere_looks_like_no_building(api: Api, place: Place) -> None:
    foreign = place.household(building=place.other_building)
    unknown = place.household(building=uuid4())
    first = refused(await api.post(place.worker, "/households", foreign), 404, "not-found", "/dwelling/buildingId")
    second = refused(await api.post(place.worker, "/households", unknown), 404, "not-found", "/dwelling/buildingId")
    assert first["errors"] == second["errors"]


async def test_a_dwelling_elsewhere_looks_like_no_dwelling(api: Api, place: Place) -> None:
    known = await api.registered(place.neighbour, place.household(building=place.other_building))
    for dwelling in (known["dwelling"]["id"], str(uuid4())):
        entry = place.household() | {"dwelling": None, "dwellingId": dwelling}
        refused(await api.post(place.worker, "/households", entry), 404, "not-found", "/dwellingId")


async def test_an_id_can_be_made_by_the_caller_and_is_used_once(api: Api, place: Place) -> None:
    chosen = str(uuid4())
    assert (await api.registered(place.worker, place.household(id=chosen)))["id"] == chosen
    refused(await api.post(place.worker, "/households", place.household(id=chosen)), 409, "already-recorded")


async def test_the_roster_is_a_walk_through_the_building(api: Api, place: Place) -> None:
    for room, floor, entrance in (("402", 4, 1), ("101", 1, 2), ("101", 1, 1), ("1001", 10, 1), ("-101", -1, 1)):
        dwelling = place.dwelling(
            roomNo=room, floor=floor, entrance=entrance, dwellingNo=f"{floor % 100:02}{room[-2:]}"
        )
        await api.registered(place.worker, place.household() | {"dwelling": dwelling})
    walk: list[tuple[int, int]] = []
    path, cursor = f"/households?area={place.grid}&limit=2", ""
    while True:
        page = (await api.get(place.worker, path + cursor)).json()
        walk += [(row["entrance"], row["floor"]) for row in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert walk == [(1, -1), (1, 1), (1, 4), (1, 10), (2, 1)]


async def test_a_line_of_the_roster_shows_who_lives_there(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household(person("欧阳建国"), person(relation="12", sex="9")))
    await api.visited(place.worker, household)
    line = (await api.get(place.worker, "/households")).json()["items"][0]
    assert (line["headName"], line["personCount"], line["phone"]) == ("欧阳建国", 2, "120****1111")
    assert line["lastVisitedOn"] is not None
    assert line["onCareList"] is False
    masked = (await api.get(place.leader, f"/households?area={place.community}")).json()["items"][0]
    assert masked["headName"] == "欧阳*"


async def test_a_foreign_area_cannot_be_listed(api: Api, place: Place) -> None:
    refused(await api.get(place.worker, f"/households?area={place.other_grid}"), 404, "not-found")
    refused(await api.get(place.guide, f"/households?area={place.grid}"), 404, "not-found")
    refused(await api.get(place.worker, "/households?area=15020"), 400, "invalid-input", "#/query/area")
    forged = base64.urlsafe_b64encode(json.dumps([place.grid, "\0", str(uuid4())]).encode()).decode()
    for cursor in ("abc", forged):
        refused(await api.get(place.worker, f"/households?cursor={cursor}"), 400, "invalid-input", "#/query/cursor")
    assert (await api.get(place.guide, "/households")).json()["items"] == []


async def test_a_change_names_its_version(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    path = f"/households/{household['id']}"
    refused(await api.patch(place.worker, path, {"phone": "12000002222"}), 428, "version-required")
    changed = await api.patch(place.worker, path, {"phone": "12000002222"}, version=1)
    assert (changed.json()["phone"], changed.headers["etag"]) == ("120****2222", '"2"')
    refused(await api.patch(place.worker, path, {"phone": None}, version=1), 412, "stale")
    assert (await api.patch(place.worker, path, {"phone": None}, version=2)).json()["phone"] is None


async def test_a_change_says_what_may_not_be_empty(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    path = f"/households/{household['id']}"
    refused(await api.patch(place.worker, path, {"presence": None}, version=1), 400, "invalid-input", "/presence")
    refused(await api.patch(place.worker, path, {"householdType": "99"}, version=1), 400, None, "/householdType")
    future = {"phone": "12000003333", "effectiveOn": "2999-01-01"}
    refused(await api.patch(place.worker, path, future, version=1), 400, None, "/effectiveOn")
    head = {"headPersonId": str(uuid4())}
    refused(await api.patch(place.worker, path, head, version=1), 400, None, "/headPersonId")


async def test_another_member_can_become_the_head(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household(person(), person(relation="12", sex="9")))
    spouse = household["persons"][1]
    path = f"/households/{household['id']}"
    changed = (await api.patch(place.worker, path, {"headPersonId": spouse["id"]}, version=1)).json()
    assert changed["headPersonId"] == spouse["id"]
    relations = {each["id"]: each["relationToHead"] for each in changed["persons"]}
    assert relations[spouse["id"]] == "02"


async def test_a_dwelling_is_changed_and_listed(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    path = f"/dwellings/{household['dwelling']['id']}"
    changed = await api.patch(place.worker, path, {"use": "03", "areaM2": 66.5}, version=1)
    assert (changed.json()["use"], changed.json()["areaM2"]) == ("03", 66.5)
    assert (await api.get(place.worker, path)).json() | {"waiting": []} == changed.json()
    refused(await api.patch(place.worker, path, {"use": "03"}, version=1), 412, "stale")
    refused(await api.patch(place.worker, path, {"use": "77"}, version=2), 400, None, "/use")
    listed = (await api.get(place.worker, f"/dwellings?area={place.grid}&use=03")).json()["items"]
    assert [each["id"] for each in listed] == [household["dwelling"]["id"]]
    before = (await api.get(place.worker, f"/dwellings?area={place.grid}&use=03&asOf=2026-02-01")).json()["items"]
    assert before == []
    refused(await api.get(place.neighbour, path), 404, "not-found")


async def test_a_household_moves_with_everybody_in_it(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household(person(), person(relation="12", sex="9")))
    target = await api.registered(place.neighbour, place.household(building=place.other_building))
    move = {"dwellingId": target["dwelling"]["id"], "movedOn": "2026-03-01"}
    path = f"/households/{household['id']}"
    refused(await api.post(place.worker, f"{path}/moves", move), 428, "version-required")
    refused(await api.post(place.worker, f"{path}/moves", move, version=1), 409, "transfer-needed")
    moved = await api.post(place.head, f"{path}/moves", move, version=1)
    assert moved.status_code == 200, moved.text
    assert moved.json()["areaCode"] == place.other_grid
    refused(await api.get(place.worker, path), 404, "not-found")
    there = (await api.get(place.neighbour, path)).json()
    assert {each["areaCode"] for each in there["persons"]} == {place.other_grid}
    async with runtime.system_session() as session:
        lived = await session.execute(
            text("select valid_from, valid_to, area_code from occupancy where household_id = :id order by 1, 2"),
            {"id": household["id"]},
        )
        stays = [(str(start), end and str(end), area) for start, end, area in lived]
    assert stays == [("2026-01-05", "2026-03-01", place.grid)] * 2 + [("2026-03-01", None, place.other_grid)] * 2


async def test_a_household_moves_to_a_dwelling_entered_with_the_move(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    move = {"dwelling": place.dwelling(id=str(uuid4())), "movedOn": "2026-03-01"}
    moved = await api.post(place.worker, f"/households/{household['id']}/moves", move, version=1)
    assert moved.status_code == 200, moved.text
    assert (await api.get(place.worker, f"/households/{household['id']}")).json()["dwelling"]["id"] == move["dwelling"][
        "id"
    ]  # type: ignore[index]


async def test_a_move_goes_somewhere_else_after_the_household_was_formed(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    path = f"/households/{household['id']}/moves"
    here = {"dwellingId": household["dwelling"]["id"], "movedOn": "2026-03-01"}
    refused(await api.post(place.worker, path, here, version=1), 400, None, "/dwellingId")
    elsewhere = await api.registered(place.worker, place.household())
    early = {"dwellingId": elsewhere["dwelling"]["id"], "movedOn": "2026-01-01"}
    refused(await api.post(place.worker, path, early, version=1), 400, None, "/movedOn")
    late = early | {"movedOn": "2999-01-01"}
    refused(await api.post(place.worker, path, late, version=1), 400, None, "/movedOn")
