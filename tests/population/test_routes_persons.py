"""A person is entered, found, changed, moves, leaves and comes back."""

import itertools
from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.population.conftest import Api, Place, id_number, person, refused

from grid_kernel.auth import Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor

BORN = date(1948, 11, 2)


async def entered(api: Api, place: Place, **more: object) -> dict[str, object]:
    household = await api.registered(place.worker, place.household())
    entry = person(
        "赵秀兰", born=BORN, relation="52", sex="9", householdId=household["id"], movedInOn="2026-02-01", **more
    )
    answer = await api.post(place.worker, "/persons", entry)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()) | {"idNumberWhole": entry["idNumber"]}


async def test_a_person_is_entered_into_a_household(api: Api, place: Place) -> None:
    made = await entered(api, place)
    read = (await api.get(place.worker, f"/persons/{made['id']}")).json()
    assert (read["name"], read["relationToHead"], read["birthDate"]) == ("赵秀兰", "52", "1948-11-02")
    assert read["householdId"] == made["householdId"]
    assert read["idNumber"] == f"150{'*' * 13}{str(made['idNumberWhole'])[-2:]}"
    assert read["phone"] == "120****1111"


async def test_leaders_see_no_names_and_no_birth_dates(api: Api, place: Place) -> None:
    made = await entered(api, place)
    read = (await api.get(place.leader, f"/persons/{made['id']}")).json()
    assert (read["name"], read["birthDate"]) == ("赵*", None)
    refused(await api.post(place.leader, "/persons/search", {"name": "赵", "grid": place.grid}), 403, "forbidden")
    reveal = {"field": "phone", "purpose": "emergency"}
    refused(await api.post(place.leader, f"/persons/{made['id']}/reveal", reveal), 403, "forbidden")


async def test_an_identity_number_is_registered_once(api: Api, place: Place) -> None:
    made = await entered(api, place)
    household = await api.registered(place.neighbour, place.household(building=place.other_building))
    again = person("赵秀兰", born=BORN, relation="52", sex="9", householdId=household["id"], movedInOn="2026-03-01")
    again["idNumber"] = made["idNumberWhole"]
    refused(await api.post(place.neighbour, "/persons", again), 409, "id-number-registered")


async def test_one_field_is_shown_for_a_purpose_and_the_read_is_kept(api: Api, place: Place, runtime: Runtime) -> None:
    made = await entered(api, place)
    path = f"/persons/{made['id']}/reveal"
    shown = await api.post(place.worker, path, {"field": "id_number", "purpose": "handling_application"})
    assert shown.json()["value"] == made["idNumberWhole"]
    async with runtime.system_session() as session:
        record = await session.execute(
            text(
                "select purpose, fields, post, via from access_record "
                "where :id = any(object_ids) and purpose is not null"
            ),
            {"id": UUID(str(made["id"]))},
        )
        rows = [tuple(row) for row in record]
    post = "resident_service_officer"
    assert rows == [("handling_application", ["id_number"], post, "POST /persons/{person_id}/reveal")]
    refused(await api.post(place.worker, path, {"field": "id_number", "purpose": "curiosity"}), 400, None, "/purpose")
    refused(await api.post(place.worker, path, {"field": "name", "purpose": "emergency"}), 400, None, "/field")
    refused(await api.post(place.neighbour, path, {"field": "phone", "purpose": "emergency"}), 404, "not-found")


@pytest.mark.parametrize(
    "criteria",
    [{"name": "赵秀"}, {"grid": "150204900001001"}, {"birthDate": "1948-11-02"}, {}, {"address": "育才小区16栋"}],
)
async def test_a_search_that_would_list_people_is_refused(api: Api, place: Place, criteria: dict[str, str]) -> None:
    refused(await api.post(place.worker, "/persons/search", criteria), 400, "search-too-broad")


async def test_a_person_is_found_by_what_the_law_allows(api: Api, place: Place) -> None:
    made = await entered(api, place)
    for criteria in (
        {"name": "秀兰", "grid": place.grid},
        {"name": "赵", "birthDate": "1948-11-02"},
        {"name": "赵秀兰", "address": "育才小区16栋1单元"},
        {"idNumber": made["idNumberWhole"]},
        {"idNumber": str(made["idNumberWhole"]).lower()},
    ):
        found = (await api.post(place.worker, "/persons/search", criteria)).json()
        assert [hit["id"] for hit in found["items"]] == [made["id"]], criteria
        assert "*" in found["items"][0]["idNumber"]
        assert found["more"] is False
    assert (await api.post(place.neighbour, "/persons/search", {"idNumber": made["idNumberWhole"]})).json()[
        "items"
    ] == []
    refused(await api.post(place.worker, "/persons/search", {"name": "赵", "address": "栋"}), 400, None, "/address")
    refused(
        await api.post(place.worker, "/persons/search", {"name": "赵", "grid": place.community}), 400, None, "/grid"
    )


async def test_a_search_shows_ten_and_says_that_there_are_more(api: Api, place: Place) -> None:
    many = [person("孙大伟")] + [person("孙小伟", relation="22") for _ in range(11)]
    await api.registered(place.worker, place.household(*many))
    found = (await api.post(place.worker, "/persons/search", {"name": "孙", "grid": place.grid})).json()
    assert (len(found["items"]), found["more"]) == (10, True)


async def test_what_is_known_of_a_person_changes_on_a_version(api: Api, place: Place) -> None:
    made = await entered(api, place)
    path = f"/persons/{made['id']}"
    changed = await api.patch(place.worker, path, {"name": "赵秀蘭", "phone": "12099998888"}, version=1)
    assert (changed.json()["name"], changed.json()["phone"], changed.headers["etag"]) == (
        "赵秀蘭",
        "120****8888",
        '"2"',
    )
    refused(await api.patch(place.worker, path, {"name": "赵"}, version=1), 412, "stale")
    refused(await api.patch(place.worker, path, {"name": None}, version=2), 400, None, "/name")
    refused(await api.patch(place.worker, path, {"populationType": "9"}, version=2), 400, None, "/populationType")
    refused(await api.patch(place.worker, path, {"phone": "1\u0000"}, version=2), 400)
    found = (await api.post(place.worker, "/persons/search", {"name": "秀蘭", "grid": place.grid})).json()
    assert [hit["id"] for hit in found["items"]] == [made["id"]]


async def test_a_person_moves_into_a_household_of_another_grid_through_the_station(api: Api, place: Place) -> None:
    made = await entered(api, place)
    target = await api.registered(place.neighbour, place.household(building=place.other_building))
    move = {"householdId": target["id"], "relationToHead": "52", "movedOn": "2026-04-01"}
    refused(await api.post(place.worker, f"/persons/{made['id']}/moves", move, version=1), 409, "transfer-needed")
    moved = await api.post(place.head, f"/persons/{made['id']}/moves", move, version=1)
    assert moved.status_code == 200, moved.text
    assert moved.json() == {"id": made["id"], "areaCode": place.other_grid, "movedOn": "2026-04-01", "version": 2}
    refused(await api.get(place.worker, f"/persons/{made['id']}"), 404, "not-found")
    assert (await api.get(place.neighbour, f"/persons/{made['id']}")).json()["householdId"] == target["id"]


async def test_a_move_into_nowhere_is_refused(api: Api, place: Place) -> None:
    made = await entered(api, place)
    path = f"/persons/{made['id']}/moves"
    for household in (uuid4(), made["householdId"]):
        move = {"householdId": str(household), "relationToHead": "52", "movedOn": "2026-04-01"}
        refused(await api.post(place.worker, path, move, version=1), 400, None, "/householdId")
    target = await api.registered(place.worker, place.household())
    early = {"householdId": target["id"], "relationToHead": "52", "movedOn": "2026-01-01"}
    refused(await api.post(place.worker, path, early, version=1), 400, None, "/movedOn")
    refused(await api.post(place.worker, path, early | {"relationToHead": "04"}, version=1), 400)
    refused(await api.post(place.leader, path, early, version=1), 403, "forbidden")
    refused(await api.post(place.neighbour, path, early, version=1), 404, "not-found")


async def test_a_household_nobody_lives_in_ends(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    target = await api.registered(place.worker, place.household())
    alone = household["persons"][0]
    move = {"householdId": target["id"], "relationToHead": "52", "movedOn": "2026-04-01"}
    await api.post(place.worker, f"/persons/{alone['id']}/moves", move, version=1)
    ended = (await api.get(place.worker, f"/households/{household['id']}")).json()
    assert ended["dissolvedOn"] == "2026-04-01"
    change = {"phone": "12000004444"}
    refused(await api.patch(place.worker, f"/households/{household['id']}", change, version=2), 409, "household-ended")
    listed = (await api.get(place.worker, f"/households?area={place.grid}")).json()["items"]
    assert [line["id"] for line in listed] == [target["id"]]


async def test_a_household_that_lost_its_head_has_none_until_somebody_names_one(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household(person(), person(relation="12", sex="9")))
    gone = {"leftOn": "2026-05-01"}
    head = household["persons"][0]["id"]
    left = await api.post(place.worker, f"/persons/{head}/departure", gone, version=1)
    assert (left.json()["status"], left.json()["leftOn"], left.json()["householdId"]) == ("left", "2026-05-01", None)
    assert (await api.get(place.worker, f"/households/{household['id']}")).json()["headPersonId"] is None
    refused(await api.post(place.worker, f"/persons/{head}/departure", gone, version=2), 409, "person-has-left")


async def test_whoever_left_is_found_no_more_and_comes_back_with_the_old_record(api: Api, place: Place) -> None:
    made = await entered(api, place)
    await api.post(place.worker, f"/persons/{made['id']}/departure", {"leftOn": "2026-05-01"}, version=1)
    assert (await api.post(place.worker, "/persons/search", {"idNumber": made["idNumberWhole"]})).json()["items"] == []
    household = await api.registered(place.neighbour, place.household(building=place.other_building))
    back = person("赵秀兰", born=BORN, relation="52", sex="9", householdId=household["id"], movedInOn="2026-06-01")
    back["idNumber"] = made["idNumberWhole"]
    returned = await api.post(place.neighbour, "/persons", back)
    assert returned.status_code == 201, returned.text
    assert (returned.json()["id"], returned.json()["status"]) == (made["id"], "present")
    assert returned.json()["areaCode"] == place.other_grid


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["move", "household", "leave", "return"]), min_size=3, max_size=8))
async def test_nobody_lives_in_two_places_and_nobody_is_lost(
    api: Api, place: Place, runtime: Runtime, steps: list[str]
) -> None:
    homes = [await api.registered(place.head, place.household()) for _ in range(2)]
    whole = id_number(BORN)
    homes.append(await api.registered(place.head, place.household(person("钱多多", born=BORN, idNumber=whole))))
    traveller = homes[2]["persons"][0]["id"]
    for number, step in enumerate(steps):
        on = f"2026-0{2 + number // 4}-{1 + number % 4 * 7:02}"
        present = (await api.get(place.head, f"/persons/{traveller}")).json()
        version, at = present["version"], present["householdId"]
        other = next(home["id"] for home in homes[:2] if home["id"] != at)
        if step == "move" and at is not None:
            move = {"householdId": other, "relationToHead": "97", "movedOn": on}
            answer = await api.post(place.head, f"/persons/{traveller}/moves", move, version=version)
        elif step == "leave" and at is not None:
            answer = await api.post(place.head, f"/persons/{traveller}/departure", {"leftOn": on}, version=version)
        elif step == "household" and at is not None:
            household = (await api.get(place.head, f"/households/{at}")).json()
            move = {"dwelling": place.dwelling(id=str(uuid4())), "movedOn": on}
            answer = await api.post(place.head, f"/households/{at}/moves", move, version=household["version"])
        elif at is None:
            back = person("钱多多", born=BORN, relation="97", idNumber=whole, householdId=other, movedInOn=on)
            answer = await api.post(place.head, "/persons", back)
        else:
            continue
        assert answer.status_code in {200, 201}, answer.text
        await _check_stays(runtime, UUID(traveller))


async def _check_stays(runtime: Runtime, person_id: UUID) -> None:
    async with runtime.system_session() as session:
        found = await session.execute(
            text(
                "select o.valid_from, o.valid_to, o.area_code, p.area_code, p.status from occupancy o "
                "join person p on p.id = o.person_id where p.id = :id order by o.valid_from, o.valid_to nulls last"
            ),
            {"id": person_id},
        )
        stays = [tuple(row) for row in found]
    current = [stay for stay in stays if stay[1] is None]
    assert len(current) == (1 if stays[0][4] == "present" else 0)
    assert all(stay[2] == stay[3] for stay in current)
    for before, after in itertools.pairwise(stays):
        assert before[1] <= after[0]


async def test_somebody_from_elsewhere_at_the_window_is_looked_up_with_the_minimum_answer(
    api: Api, place: Place, runtime: Runtime
) -> None:
    made = await entered(api, place)
    elsewhere = actor(Post.WINDOW_CLERK, "150204008015", duty="window")
    asked = {"idNumber": made["idNumberWhole"], "purpose": "handling_application"}
    found = await api.post(elsewhere, "/persons/presence", asked)
    assert found.json() == {"registered": True, "communityCode": place.grid[:12]}
    unknown = await api.post(elsewhere, "/persons/presence", asked | {"idNumber": id_number(date(1990, 1, 1))})
    assert unknown.json() == {"registered": False, "communityCode": None}
    async with runtime.system_session() as session:
        query = text("select count(*) from access_record where actor_id = :who and via = 'POST /persons/presence'")
        assert await session.scalar(query, {"who": elsewhere.id}) == 2
    for nobody in (place.worker, place.leader, place.head):
        refused(await api.post(nobody, "/persons/presence", asked), 403, "forbidden")
    refused(await api.post(elsewhere, "/persons/presence", asked | {"idNumber": "1234567890"}), 400, "invalid-input")
