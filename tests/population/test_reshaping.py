"""Deaths, partial dates of birth, households that split and become one: nobody is lost, nobody lives twice."""

from datetime import timedelta
from typing import Any

from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.clock import today

TODAY = today(clock.now())
DAY = TODAY.isoformat()


async def lives(api: Api, place: Place, household: str) -> list[str]:
    return [each["id"] for each in (await api.get(place.head, f"/households/{household}")).json()["persons"]]


async def test_a_death_ends_home_and_care_and_keeps_the_record(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household(person(), person(relation="10", sex="9")))
    gone, stays = (each["id"] for each in home["persons"])
    entry = {"personId": gone, "reason": "disability", "basis": "残疾人证", "startsOn": "2026-01-10"}
    assert (await api.post(place.worker, "/care-entries", entry)).status_code == 201
    path = f"/persons/{gone}/death"
    refused(await api.post(place.worker, path, {"diedOn": "2999-01-01"}, version=1), 400, None, "/diedOn")
    died = await api.post(place.worker, path, {"diedOn": DAY}, version=1)
    assert (died.json()["status"], died.json()["leftOn"], died.json()["householdId"]) == ("deceased", DAY, None)
    assert await lives(api, place, home["id"]) == [stays]
    care = (await api.get(place.worker, f"/households/{home['id']}/care-entries")).json()
    assert [each["endReason"] for each in care] == ["died"]
    assert (await api.get(place.worker, f"/households/{home['id']}")).json()["headPersonId"] is None
    refused(await api.post(place.worker, path, {"diedOn": DAY}, version=2), 409, "person-has-left")
    before = (await api.get(place.worker, f"/counts?area={place.grid}&asOf=2026-02-01")).json()
    assert before["persons"] == 2


async def test_a_date_of_birth_may_be_known_in_part(api: Api, place: Place) -> None:
    old = person(born=TODAY.replace(year=1931, month=1, day=1), idNumber=None, birthPrecision="year")
    home = await api.registered(place.worker, place.household(old))
    assert home["persons"][0]["birthPrecision"] == "year"
    wrong = old | {"birthDate": "1931-05-01"}
    refused(await api.post(place.worker, "/households", place.household(wrong)), 400, None, "/persons/0/birthDate")


async def test_a_household_splits_in_the_same_dwelling_or_into_another(api: Api, place: Place) -> None:
    people = (person(), person(relation="10", sex="9"), person("王新", relation="20"))
    home = await api.registered(place.worker, place.household(*people))
    first, second, third = (each["id"] for each in home["persons"])
    path = f"/households/{home['id']}/splits"
    split = {"relations": {second: "02", third: "20"}, "splitOn": DAY, "phone": "12066660000"}
    refused(await api.post(place.worker, path, split | {"relations": {second: "10"}}, version=1), 400)
    everybody = {first: "02", second: "10", third: "20"}
    refused(await api.post(place.worker, path, split | {"relations": everybody}, version=1), 400, None, "/relations")
    refused(await api.post(place.worker, path, split, version=9), 412, "stale")
    fresh = (await api.post(place.worker, path, split, version=1)).json()
    assert (fresh["dwelling"]["id"], fresh["headPersonId"]) == (home["dwelling"]["id"], second)
    assert sorted(each["id"] for each in fresh["persons"]) == sorted([second, third])
    assert await lives(api, place, home["id"]) == [first]
    away = {"relations": {third: "02"}, "splitOn": DAY, "dwelling": place.dwelling()}
    alone = (await api.post(place.worker, f"/households/{fresh['id']}/splits", away, version=fresh["version"])).json()
    assert alone["dwelling"]["id"] != home["dwelling"]["id"]
    assert await lives(api, place, fresh["id"]) == [second]


async def test_two_households_become_one_and_the_other_ends(api: Api, place: Place) -> None:
    into = await api.registered(place.worker, place.household())
    other = await api.registered(place.worker, place.household(person(), person("王新", relation="20")))
    head, child = (each["id"] for each in other["persons"])
    path = f"/households/{into['id']}/mergers"
    merger: dict[str, Any] = {"householdId": other["id"], "relations": {head: "10", child: "30"}, "mergedOn": DAY}
    refused(
        await api.post(place.worker, path, merger | {"relations": {head: "10"}}, version=1), 400, None, "/relations"
    )
    merged = await api.post(place.worker, path, merger, version=1)
    assert {each["id"] for each in merged.json()["persons"]} >= {head, child}
    assert (await api.get(place.worker, f"/households/{other['id']}")).json()["dissolvedOn"] == DAY
    again = await api.post(place.worker, path, merger, version=merged.json()["version"])
    refused(again, 409, "household-ended")
    counted = (await api.get(place.worker, f"/counts?area={place.grid}")).json()
    assert (counted["households"], counted["persons"]) == (1, 3)
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    counted = (await api.get(place.worker, f"/counts?area={place.grid}&asOf={yesterday}")).json()
    assert (counted["households"], counted["persons"]) == (2, 3)
