"""Change, check, publish: where an area asks for it, a second person looks before a change counts."""

from datetime import timedelta
from typing import Any

from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.testing import actor

TODAY = clock.today(clock.now())


async def checked(api: Api, place: Place, member: str, kind: str = "person") -> dict[str, Any]:
    """A member that is checked in the place from today on."""
    entry = {"areaCode": place.community, "kind": kind, "member": member, "validFrom": TODAY.isoformat()}
    answer = await api.post(place.leader, "/check-settings", entry)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def waiting(api: Api, place: Place, state: str = "waiting") -> list[dict[str, Any]]:
    """The changes of the place in a state."""
    answer = await api.get(place.head, f"/pending-changes?area={place.community}&state={state}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_a_checked_member_waits_and_the_others_count_at_once(api: Api, place: Place) -> None:
    await checked(api, place, "name")
    made = (await api.registered(place.worker, place.household(person("王小明"))))["persons"][0]
    path = f"/persons/{made['id']}"
    both = {"name": "王晓明", "phone": "12000007777", "evidence": "document_shown", "effectiveOn": "2026-03-01"}
    changed = await api.patch(place.worker, path, both, version=1)
    assert (changed.json()["name"], changed.json()["phone"]) == ("王小明", "120****7777")
    assert changed.json()["waiting"] == ["name"]
    held = await waiting(api, place)
    assert [(each["objectId"], each["changes"], each["evidence"]) for each in held] == [
        (made["id"], {"name": "王晓明"}, "document_shown")
    ]
    decision = f"/pending-changes/{held[0]['id']}/decision"
    for who, status in ((None, 401), (place.worker, 403), (place.clerk, 403), (place.neighbour, 404)):
        refused(await api.post(who, decision, {}, version=1), status)
    refused(await api.post(place.head, decision, {"refusal": "no"}, version=1), 400, None, "/refusal")
    refused(await api.post(place.head, decision, {}, version=7), 412)
    assert (await api.post(place.head, decision, {}, version=1)).json()["state"] == "published"
    assert (await api.get(place.worker, path)).json()["name"] == "王晓明"
    refused(await api.post(place.head, decision, {}, version=2), 409, "change-decided")
    told = {each["member"]: each for each in (await api.get(place.worker, f"{path}/provenance")).json()}
    assert (told["name"]["post"], told["name"]["evidence"]) == ("resident_service_officer", "document_shown")


async def test_a_refused_change_leaves_everything_as_it_was(api: Api, place: Place) -> None:
    await checked(api, place, "name")
    made = (await api.registered(place.worker, place.household(person("王小明"))))["persons"][0]
    await api.patch(place.worker, f"/persons/{made['id']}", {"name": "王晓明"}, version=1)
    held = await waiting(api, place)
    no = {"refusal": "evidence_missing"}
    answer = await api.post(place.head, f"/pending-changes/{held[0]['id']}/decision", no, version=1)
    assert (answer.json()["state"], answer.json()["refusal"]) == ("refused", "evidence_missing")
    assert (await api.get(place.worker, f"/persons/{made['id']}")).json()["name"] == "王小明"
    assert [each["id"] for each in await waiting(api, place, "refused")] == [held[0]["id"]]


async def test_households_and_dwellings_wait_too(api: Api, place: Place) -> None:
    await checked(api, place, "phone", "household")
    await checked(api, place, "address", "dwelling")
    home = await api.registered(place.worker, place.household())
    where = home["dwelling"]["id"]
    same = await api.patch(place.worker, f"/households/{home['id']}", {"phone": "12000001111"}, version=1)
    assert same.status_code == 200
    await api.patch(place.worker, f"/households/{home['id']}", {"phone": "12000009999"}, version=same.json()["version"])
    await api.patch(place.worker, f"/dwellings/{where}", {"address": "育才小区16栋东门"}, version=1)
    for held in await waiting(api, place):
        answer = await api.post(place.head, f"/pending-changes/{held['id']}/decision", {}, version=1)
        assert answer.status_code == 200, answer.text
    after = (await api.get(place.worker, f"/households/{home['id']}")).json()
    assert (after["dwelling"]["address"], after["phone"]) == ("育才小区16栋东门", "120****9999")


async def test_who_checks_needs_nobody_to_check_and_never_checks_the_own(api: Api, place: Place) -> None:
    await checked(api, place, "name")
    made = (await api.registered(place.worker, place.household(person("王小明"))))["persons"][0]
    path = f"/persons/{made['id']}"
    assert (await api.patch(place.head, path, {"name": "王晓明"}, version=1)).json()["name"] == "王晓明"
    before = actor(Post.RESIDENT_SERVICE_OFFICER, place.grid, identifier="one-account")
    promoted = actor(Post.STATION_HEAD, place.community, identifier="one-account")
    await api.patch(before, path, {"name": "王大明"}, version=2)
    held = await waiting(api, place)
    refused(await api.post(promoted, f"/pending-changes/{held[0]['id']}/decision", {}, version=1), 403, "forbidden")


async def test_what_is_checked_is_set_by_area_and_day(api: Api, place: Place) -> None:
    made = (await api.registered(place.worker, place.household(person("王小明"))))["persons"][0]
    later = {"areaCode": place.grid, "kind": "person", "member": "name"}
    later |= {"validFrom": (TODAY + timedelta(days=1)).isoformat()}
    refused(await api.post(place.head, "/check-settings", later), 403, "forbidden")
    refused(await api.post(place.leader, "/check-settings", later | {"member": "presence"}), 400, None, "/member")
    refused(
        await api.post(place.leader, "/check-settings", later | {"validFrom": "2026-01-01"}), 400, None, "/validFrom"
    )
    assert (await api.post(place.leader, "/check-settings", later)).status_code == 201
    refused(await api.post(place.leader, "/check-settings", later), 409, "already-recorded")
    path = f"/persons/{made['id']}"
    assert (await api.patch(place.worker, path, {"name": "王晓明"}, version=1)).json()["name"] == "王晓明"
    setting = await checked(api, place, "name")
    assert (await api.patch(place.worker, path, {"name": "王大明"}, version=2)).json()["name"] == "王晓明"
    end = f"/check-settings/{setting['id']}/end"
    refused(await api.post(place.head, end, {}, version=1), 403, "forbidden")
    assert (await api.post(place.leader, end, {}, version=1)).json()["validTo"] == TODAY.isoformat()
    refused(await api.post(place.leader, end, {}, version=2), 409, "setting-ended")
    now = (await api.get(place.worker, path)).json()
    assert (await api.patch(place.worker, path, {"name": "王二"}, version=now["version"])).json()["name"] == "王二"
    listed = (await api.get(place.worker, f"/check-settings?area={place.grid}")).json()
    assert {each["id"] for each in listed} >= {setting["id"]}
    refused(await api.get(place.neighbour, f"/check-settings?area={place.grid}"), 404, "not-found")
    refused(await api.get(place.leader, f"/pending-changes?area={place.grid}"), 403, "forbidden")
