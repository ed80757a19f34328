"""Claim and transfer between grids: both agree, nobody is lost, nobody counts twice."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.population.conftest import Api, Place, locate, person, refused

from grid_kernel import clock
from grid_kernel.contracts.gis import GridSplit
from grid_kernel.runtime import Runtime
from population_svc import commands
from population_svc.events import on_grid_changed

from tests.population.conftest import hearing  # isort: skip

TODAY = clock.today(clock.now())


async def asked(api: Api, place: Place, home: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A household the worker gives to the neighbour's grid."""
    entry = {"householdId": home["id"], "toGrid": place.other_grid, "movedOn": TODAY.isoformat()} | more
    answer = await api.post(place.worker, "/transfers", entry)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def claimed(api: Api, place: Place, born: dict[str, Any], *, whole: bool = True, **more: Any) -> dict[str, Any]:
    """What the neighbour claims by an identity number."""
    home = {"dwelling": place.dwelling(place.other_building)} if whole else more
    entry = {"idNumber": born["idNumber"], "wholeHousehold": whole, "movedOn": TODAY.isoformat()} | home
    answer = await api.post(place.neighbour, "/claims", entry)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def packed(api: Api, place: Place) -> tuple[dict[str, Any], dict[str, Any]]:
    """The packs of both grids."""
    own = await api.get(place.worker, f"/packs/{place.grid}")
    other = await api.get(place.neighbour, f"/packs/{place.other_grid}")
    return own.json(), other.json()


def homes(pack: dict[str, Any]) -> list[str]:
    return [each["id"] for each in pack["households"]]


async def test_a_transfer_needs_the_other_grid(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household(person(), person(relation="12")))
    transfer = await asked(api, place, home)
    assert (transfer["kind"], transfer["state"], transfer["awaits"]) == ("transfer", "open", place.other_grid)
    before, after = await packed(api, place)
    assert (homes(before), homes(after)) == ([home["id"]], [])
    assert [each["householdId"] for each in after["arriving"]] == [home["id"]]
    path = f"/transfers/{transfer['id']}"
    shown = (await api.get(place.neighbour, path)).json()
    assert len(shown["persons"]) == 2
    where = {"dwelling": place.dwelling(place.other_building)}
    refused(await api.post(place.worker, f"{path}/acceptance", where, version=1), 403, "forbidden")
    refused(await api.post(place.neighbour, f"{path}/acceptance", {}, version=1), 400, None, "/dwellingId")
    accepted = await api.post(place.neighbour, f"{path}/acceptance", where, version=1)
    assert accepted.status_code == 200, accepted.text
    assert (accepted.json()["state"], accepted.json()["awaits"]) == ("accepted", None)
    before, after = await packed(api, place)
    assert (homes(before), homes(after), after["arriving"]) == ([], [home["id"]], [])
    assert len(after["households"][0]["persons"]) == 2
    refused(await api.post(place.neighbour, f"{path}/refusal", {"reason": "not_here"}, version=2), 409)


async def test_a_claim_tells_nothing_until_the_giving_grid_agrees(api: Api, place: Place) -> None:
    born = person("李四")
    home = await api.registered(place.worker, place.household(born))
    claim = await claimed(api, place, born)
    path = f"/transfers/{claim['id']}"
    seen = await api.get(place.neighbour, path)
    assert (seen.json()["persons"], seen.json()["address"]) == ([], None)
    assert "李四" not in seen.text
    assert [each["name"] for each in (await api.get(place.worker, path)).json()["persons"]] == ["李四"]
    listed = await api.get(place.worker, f"/transfers?area={place.grid}&side=giving&state=open")
    assert [each["id"] for each in listed.json()["items"]] == [claim["id"]]
    accepted = await api.post(place.worker, f"{path}/acceptance", {}, version=1)
    assert accepted.status_code == 200, accepted.text
    assert (await api.get(place.neighbour, f"/households/{home['id']}")).json()["areaCode"] == place.other_grid


async def test_one_person_is_claimed_into_a_household(api: Api, place: Place) -> None:
    son = person("李小", relation="20")
    home = await api.registered(place.worker, place.household(person(), son))
    target = await api.registered(place.neighbour, place.household(building=place.other_building))
    claim = await claimed(api, place, son, whole=False, householdId=target["id"], relationToHead="20")
    accepted = await api.post(place.worker, f"/transfers/{claim['id']}/acceptance", {}, version=1)
    assert accepted.status_code == 200, accepted.text
    assert len((await api.get(place.worker, f"/households/{home['id']}")).json()["persons"]) == 1
    assert len((await api.get(place.neighbour, f"/households/{target['id']}")).json()["persons"]) == 2


async def test_a_refused_transfer_leaves_everybody_where_they_are(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    transfer = await asked(api, place, home)
    again = {"householdId": home["id"], "toGrid": place.other_grid, "movedOn": TODAY.isoformat()}
    refused(await api.post(place.worker, "/transfers", again), 409, "transfer-running")
    path = f"/transfers/{transfer['id']}/refusal"
    refused(await api.post(place.neighbour, path, {"reason": "because"}, version=1), 400, None, "/reason")
    assert (await api.post(place.neighbour, path, {"reason": "not_here"}, version=1)).json()["refusal"] == "not_here"
    assert (await api.get(place.worker, f"/households/{home['id']}")).json()["areaCode"] == place.grid
    taken_back = await asked(api, place, home)
    withdrawal = f"/transfers/{taken_back['id']}/withdrawal"
    refused(await api.post(place.neighbour, withdrawal, {}, version=1), 403, "forbidden")
    assert (await api.post(place.worker, withdrawal, {}, version=1)).json()["state"] == "withdrawn"


async def test_three_working_days_of_silence_go_to_the_station_head(api: Api, place: Place, runtime: Runtime) -> None:
    born = person()
    home = await api.registered(place.worker, place.household(born))
    claim = await claimed(api, place, born)
    path = f"/transfers/{claim['id']}"
    due = datetime.fromisoformat(claim["dueAt"])
    calendar = await runtime.calendar()
    assert len(calendar.working_days(TODAY + timedelta(1), due.date() + timedelta(1))) == 3
    async with runtime.system_session() as session:
        await commands.hand_silent_to_heads(session, now=due - timedelta(minutes=1))
    assert (await api.get(place.worker, path)).json()["state"] == "open"
    async with runtime.system_session() as session:
        await commands.hand_silent_to_heads(session, now=due + timedelta(minutes=1))
    waiting = await api.get(place.head, f"/transfers?area={place.community}&state=with_head")
    assert claim["id"] in [each["id"] for each in waiting.json()["items"]]
    refused(await api.post(place.worker, f"{path}/acceptance", {}, version=2), 403, "forbidden")
    assert (await api.post(place.head, f"{path}/acceptance", {}, version=2)).json()["state"] == "accepted"
    assert (await api.get(place.neighbour, f"/households/{home['id']}")).status_code == 200


async def test_the_taking_worker_may_visit_meanwhile(api: Api, place: Place) -> None:
    born = person()
    home = await api.registered(place.worker, place.household(born))
    visit = {"householdId": home["id"], "visitedAt": clock.now().isoformat(), "outcome": "done"}
    refused(await api.post(place.neighbour, "/visits", visit), 404, "not-found")
    claim = await claimed(api, place, born)
    early = await api.visited(place.neighbour, home)
    assert early["areaCode"] == place.other_grid
    own, other = [
        (await api.get(place.head, f"/progress?area={each}")).json()["total"] for each in (place.grid, place.other_grid)
    ]
    assert (own["households"]["value"], own["visited"]["value"]) == (1, 0)
    assert (other["households"]["value"], other["visited"]["value"]) == (0, 0)
    await api.post(place.worker, f"/transfers/{claim['id']}/acceptance", {}, version=1)
    own, other = [
        (await api.get(place.head, f"/progress?area={each}")).json()["total"] for each in (place.grid, place.other_grid)
    ]
    assert (own["households"]["value"], own["visited"]["value"]) == (0, 0)
    assert (other["households"]["value"], other["visited"]["value"]) == (1, 1)


async def test_who_left_meanwhile_is_not_moved_and_the_transfer_lapses(
    api: Api, place: Place, runtime: Runtime
) -> None:
    home = await api.registered(place.worker, place.household())
    transfer = await asked(api, place, home)
    left = {"leftOn": TODAY.isoformat()}
    await api.post(place.worker, f"/persons/{home['persons'][0]['id']}/departure", left, version=1)
    where = {"dwelling": place.dwelling(place.other_building)}
    path = f"/transfers/{transfer['id']}"
    refused(await api.post(place.neighbour, f"{path}/acceptance", where, version=1), 409, "transfer-overtaken")
    async with runtime.system_session() as session:
        await commands.hand_silent_to_heads(session, now=clock.now())
    assert (await api.get(place.worker, path)).json()["state"] == "lapsed"


async def test_a_transfer_follows_a_split_of_the_giving_grid(api: Api, place: Place, runtime: Runtime) -> None:
    born = person()
    await api.registered(place.worker, place.household(born))
    claim = await claimed(api, place, born)
    fresh = f"{place.community}009"
    split = GridSplit(
        aggregate_id=uuid4(),
        sequence=2,
        occurred_at=clock.now(),
        area_code=place.community,
        predecessors=(place.grid,),
        successors=(fresh,),
        effective_on=TODAY,
        buildings={place.building: fresh},
        building_versions={place.building: 2},
    )
    async with runtime.system_session() as session:
        await on_grid_changed(session, split, hearing())
    assert (await api.get(place.head, f"/transfers/{claim['id']}")).json()["fromAreaCode"] == fresh


async def test_only_those_concerned_see_a_transfer(api: Api, place: Place, runtime: Runtime) -> None:
    home = await api.registered(place.worker, place.household())
    transfer = await asked(api, place, home)
    path = f"/transfers/{transfer['id']}"
    stranger = Place()
    await locate(runtime, stranger.building, stranger.grid)
    for who, status in ((None, 401), (stranger.worker, 404), (place.guide, 403), (place.leader, 403)):
        refused(await api.get(who, path), status)
    refused(await api.post(stranger.worker, f"{path}/acceptance", {}, version=1), 404, "not-found")
    refused(await api.post(place.leader, f"{path}/refusal", {"reason": "not_here"}, version=1), 403, "forbidden")
    refused(await api.get(place.worker, f"/transfers?area={stranger.grid}"), 404, "not-found")
    assert (await api.get(stranger.worker, "/transfers")).json()["items"] == []
    entry = {"householdId": home["id"], "toGrid": place.grid, "movedOn": TODAY.isoformat()}
    refused(await api.post(place.worker, "/transfers", entry), 400, None, "/toGrid")
    refused(await api.post(stranger.worker, "/transfers", entry), 404, "not-found")
    nobody = {"idNumber": person()["idNumber"], "wholeHousehold": True, "movedOn": TODAY.isoformat()}
    home_there = {"dwelling": place.dwelling(place.other_building)}
    refused(await api.post(place.neighbour, "/claims", nobody | home_there), 400, None, "/idNumber")
    refused(await api.post(place.neighbour, "/claims", nobody), 400)


STEP = st.sampled_from(["give", "claim", "accept", "refuse", "withdraw", "silence", "visit", "move"])


@pytest.mark.timeout(120)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEP, st.integers(0, 2)), min_size=4, max_size=14))
async def test_nobody_is_lost_and_nobody_is_double(api: Api, runtime: Runtime, steps: list[tuple[str, int]]) -> None:
    place = Place()
    await locate(runtime, place.building, place.grid)
    await locate(runtime, place.other_building, place.other_grid, no="0017")
    people = [person(), person(), person()]
    made = [await api.registered(place.worker, place.household(each)) for each in people]
    running: dict[int, dict[str, Any]] = {}
    for step, which in steps:
        await _step(api, place, runtime, step, which, people, made, running)
        own, other = await packed(api, place)
        assert sorted(homes(own) + homes(other)) == sorted(each["id"] for each in made)
        counted = [
            (await api.get(place.head, f"/progress?area={a}")).json()["total"] for a in (place.grid, place.other_grid)
        ]
        assert sum(each["households"]["value"] for each in counted) == len(made)
        assert (counted[0]["households"]["value"], counted[1]["households"]["value"]) == (
            len(homes(own)),
            len(homes(other)),
        )
        assert (
            len({each["id"] for pack in (own, other) for home in pack["households"] for each in home["persons"]}) == 3
        )
    async with runtime.system_session() as session:
        lived = await session.execute(
            text(
                "select person_id, count(*) from occupancy "
                "where valid_to is null and household_id = any(:ids) group by 1"
            ),
            {"ids": [UUID(each["id"]) for each in made]},
        )
        assert [number for _, number in lived] == [1, 1, 1]


async def _step(
    api: Api, place: Place, runtime: Runtime, step: str, which: int, people: Any, made: Any, running: Any
) -> None:
    """One thing somebody tries; it may be refused."""
    home, transfer = made[which], running.get(which)
    day = TODAY.isoformat()
    there = {"dwelling": place.dwelling(place.other_building)}
    if step == "give":
        body = {"householdId": home["id"], "toGrid": place.other_grid, "movedOn": day}
        answer = await api.post(place.worker, "/transfers", body)
        running[which] = answer.json() if answer.status_code == 201 else transfer
    elif step == "claim":
        body = {"idNumber": people[which]["idNumber"], "wholeHousehold": True, "movedOn": day} | there
        answer = await api.post(place.neighbour, "/claims", body)
        running[which] = answer.json() if answer.status_code == 201 else transfer
    elif step == "visit":
        body = {"householdId": home["id"], "visitedAt": clock.now().isoformat(), "outcome": "done"}
        await api.post(place.neighbour, "/visits", body)
    elif step == "move":
        now = (await api.get(place.head, f"/households/{home['id']}")).json()
        await api.post(place.head, f"/households/{home['id']}/moves", there | {"movedOn": day}, version=now["version"])
    elif step == "silence":
        async with runtime.system_session() as session:
            await commands.hand_silent_to_heads(session, now=clock.now() + timedelta(days=20))
    elif transfer:
        path = f"/transfers/{transfer['id']}"
        seen = (await api.get(place.head, path)).json()
        own = transfer["kind"] == "transfer"
        who = place.head if seen["state"] == "with_head" else place.neighbour if own else place.worker
        asker = place.worker if own else place.neighbour
        body = {"accept": there if own else {}, "refuse": {"reason": "not_here"}, "withdraw": {}}[step]
        verb = {"accept": "acceptance", "refuse": "refusal", "withdraw": "withdrawal"}[step]
        answer = await api.post(asker if step == "withdraw" else who, f"{path}/{verb}", body, version=seen["version"])
        assert answer.status_code in {200, 409}, answer.text
