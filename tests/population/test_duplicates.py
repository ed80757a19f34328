"""Records that may be one person are shown with reasons; one of them stays, and it can be as if nothing had been."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel.runtime import Runtime


def twins(**more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return person("周小文", **more), person("周小文", idNumber=None, **more)


async def seen(api: Api, place: Place, *households: str) -> list[Any]:
    """What everybody sees of these homes, without the count of their changes."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items() if name != "version"}
        return [plain(each) for each in value] if isinstance(value, list) else value

    paths = [f"/households/{each}{more}" for each in households for more in ("", "/care-entries")]
    return [plain((await api.get(place.worker, path)).json()) for path in paths]


async def pairs(api: Api, place: Place) -> list[dict[str, Any]]:
    answer = await api.get(place.worker, f"/duplicates?area={place.grid}")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def test_pairs_are_proposed_with_what_they_have_in_common(api: Api, place: Place) -> None:
    one, other = twins()
    first = await api.registered(place.worker, place.household(one))
    second = await api.registered(place.worker, place.household(other))
    await api.registered(place.worker, place.household(person("周小文"), person("赵小文", relation="10")))
    found = await pairs(api, place)
    ids = {first["persons"][0]["id"], second["persons"][0]["id"]}
    pair = next(each for each in found if {each["first"]["id"], each["second"]["id"]} == ids)
    assert pair["reasons"] == ["same_name", "same_birth_date", "same_phone", "number_missing"]
    apart = {"firstId": pair["second"]["id"], "secondId": pair["first"]["id"]}
    assert (await api.post(place.worker, "/duplicates/distinct", apart)).status_code == 204
    assert all({each["first"]["id"], each["second"]["id"]} != ids for each in await pairs(api, place))
    refused(await api.get(place.leader, f"/duplicates?area={place.grid}"), 403, "forbidden")
    refused(await api.get(place.neighbour, f"/duplicates?area={place.grid}"), 404, "not-found")
    refused(await api.post(place.neighbour, "/duplicates/distinct", apart), 404, "not-found")


async def test_two_with_different_numbers_are_never_proposed(api: Api, place: Place) -> None:
    for _ in range(2):
        await api.registered(place.worker, place.household(person("周小文")))
    assert await pairs(api, place) == []


async def test_a_merger_says_so_and_refuses_what_makes_no_sense(api: Api, place: Place, runtime: Runtime) -> None:
    one, other = twins()
    kept = (await api.registered(place.worker, place.household(one)))["persons"][0]["id"]
    gone = (await api.registered(place.worker, place.household(other)))["persons"][0]["id"]
    path = f"/persons/{kept}/mergers"
    refused(await api.post(place.worker, path, {"mergedId": kept}, version=1), 400, None, "/mergedId")
    refused(await api.post(place.leader, path, {"mergedId": gone}, version=1), 403, "forbidden")
    merged = await api.post(place.worker, path, {"mergedId": gone}, version=1)
    assert merged.status_code == 201, merged.text
    assert (await api.get(place.worker, f"/persons/{gone}")).json()["status"] == "merged"
    found = (await api.post(place.worker, "/persons/search", {"name": "周小文", "grid": place.grid})).json()["items"]
    assert [each["id"] for each in found] == [kept]
    refused(await api.post(place.worker, path, {"mergedId": gone}, version=2), 409, "person-has-left")
    undo = f"/person-mergers/{merged.json()['id']}/undo"
    assert (await api.post(place.worker, undo, {}, version=1)).status_code == 200
    refused(await api.post(place.worker, undo, {}, version=2), 409, "already-undone")
    async with runtime.system_session() as session:
        said = await session.execute(
            text("select count(*) from outbox where subject like '%merged%' and convert_from(body, 'UTF8') like :id"),
            {"id": f"%{gone}%"},
        )
    assert said.scalar_one() == 1


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(together=st.booleans(), alone=st.booleans(), care=st.sets(st.sampled_from(["disability", "empty_nest_elderly"])))
async def test_an_undone_merger_is_as_if_nothing_had_been(
    api: Api, place: Place, together: bool, alone: bool, care: set[str]
) -> None:
    one, other = twins()
    company = [] if alone else [person("王伴", relation="10")]
    if together:
        home = await api.registered(place.worker, place.household(one, other | {"relationToHead": "12"}))
        kept, gone, homes = home["persons"][0]["id"], home["persons"][1]["id"], [home["id"]]
        if home["persons"][0]["idNumber"] is None:
            kept, gone = gone, kept
    else:
        first = await api.registered(place.worker, place.household(one))
        second = await api.registered(place.worker, place.household(other, *company))
        head = second["headPersonId"]
        kept, gone, homes = first["persons"][0]["id"], head, [first["id"], second["id"]]
    for reason in care:
        entry = {"personId": gone, "reason": reason, "basis": "本人意愿", "startsOn": "2026-01-10"}
        assert (await api.post(place.worker, "/care-entries", entry)).status_code == 201
    before = await seen(api, place, *homes)
    merged = await api.post(place.worker, f"/persons/{kept}/mergers", {"mergedId": gone}, version=1)
    assert merged.status_code == 201, merged.text
    assert await seen(api, place, *homes) != before
    undone = await api.post(place.worker, f"/person-mergers/{merged.json()['id']}/undo", {}, version=1)
    assert undone.status_code == 200, undone.text
    assert await seen(api, place, *homes) == before


@pytest.mark.parametrize("who", ["guide", "neighbour"])
async def test_nobody_else_undoes_a_merger(api: Api, place: Place, who: str) -> None:
    one, other = twins()
    kept = (await api.registered(place.worker, place.household(one)))["persons"][0]["id"]
    gone = (await api.registered(place.worker, place.household(other)))["persons"][0]["id"]
    merged = (await api.post(place.worker, f"/persons/{kept}/mergers", {"mergedId": gone}, version=1)).json()
    undo = f"/person-mergers/{merged['id']}/undo"
    refused(await api.post(getattr(place, who), undo, {}, version=1), 404, "not-found")
