"""What the register says to others: identifiers, codes, areas and times, and never a person's data."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, person

from grid_kernel import ask, clock
from grid_kernel.ask import Refused
from grid_kernel.auth import Actor
from grid_kernel.contracts.population import FACTS, FIND_PERSON, AskFacts, FindByIdNumber
from grid_kernel.errors import InvalidInput
from grid_kernel.runtime import Runtime
from population_svc.events import find_person, tell_facts

CANARY = "金丝雀"
APPROVAL = Actor.system("approval")


async def said_about(runtime: Runtime, *ids: str) -> list[dict[str, Any]]:
    async with runtime.system_session() as session:
        bodies = (await session.execute(text("select body from outbox order by position"))).scalars().all()
    events = [orjson.loads(body) for body in bodies]
    return [event for event in events if event["aggregateid"] in ids]


async def test_every_step_is_said_once_and_in_order(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household(person(), person(relation="12", sex="9")))
    await api.visited(place.worker, household)
    target = await api.registered(place.neighbour, place.household(building=place.other_building))
    head, spouse = (each["id"] for each in household["persons"])
    move = {"householdId": target["id"], "relationToHead": "97", "movedOn": "2026-04-01"}
    await api.post(place.head, f"/persons/{head}/moves", move, version=1)
    await api.post(place.worker, f"/persons/{spouse}/departure", {"leftOn": "2026-05-01"}, version=1)
    said = await said_about(runtime, household["id"], head, spouse)
    told = [(event["type"].removeprefix("grid.population.").removesuffix(".v1"), event["sequence"]) for event in said]
    assert told == [
        ("household.formed", 1),
        ("person.registered", 1),
        ("person.registered", 1),
        ("household.visited", 2),
        ("person.moved", 2),
        ("person.left", 2),
        ("household.dissolved", 4),
    ]
    moved = next(event for event in said if event["type"] == "grid.population.person.moved.v1")
    assert (moved["data"]["areaCode"], moved["data"]["fromAreaCode"]) == (place.other_grid, place.grid)


async def test_no_event_carries_a_person(api: Api, place: Place, runtime: Runtime) -> None:
    canary = person(CANARY, phone="12077778888")
    household = await api.registered(place.worker, place.household(canary, phone="12066667777"))
    whom = household["persons"][0]["id"]
    await api.visited(place.worker, household)
    care = {"personId": whom, "reason": "severe_disability_care", "basis": CANARY, "startsOn": "2026-01-10"}
    entry = (await api.post(place.worker, "/care-entries", care)).json()
    await api.post(place.worker, f"/care-entries/{entry['id']}/end", {"endedOn": "2026-02-01"}, version=1)
    await api.post(place.worker, f"/persons/{whom}/departure", {"leftOn": "2026-05-01"}, version=1)
    async with runtime.system_session() as session:
        bodies = (await session.execute(text("select body from outbox"))).scalars().all()
        audit = (await session.execute(text("select row_to_json(a)::text from audit_entry a"))).scalars().all()
        access = (await session.execute(text("select row_to_json(a)::text from access_record a"))).scalars().all()
    everything = b"".join(bytes(body) for body in bodies).decode() + "".join(audit) + "".join(access)
    for secret in (CANARY, canary["idNumber"], canary["phone"], "12066667777", "severe_disability_care", "育才小区"):
        assert secret not in everything
    assert whom in everything


async def test_nothing_is_said_of_what_was_refused(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household())
    before = len(await said_about(runtime, household["id"]))
    visit = {"householdId": household["id"], "visitedAt": clock.now().isoformat(), "outcome": "done"}
    await api.post(place.leader, "/visits", visit)
    assert len(await said_about(runtime, household["id"])) == before


async def test_another_service_learns_whether_and_where(api: Api, place: Place, runtime: Runtime) -> None:
    born = person()
    household = await api.registered(place.worker, place.household(born))
    whom = household["persons"][0]["id"]
    asked = FindByIdNumber(id_number=born["idNumber"], purpose="pre_review")
    found = await find_person(runtime, APPROVAL, asked, clock.now())
    assert (str(found.person_id), found.community_code) == (whom, place.community)
    async with runtime.system_session() as session:
        record = await session.execute(
            text("select actor_id, purpose, via, fields from access_record where :id = any(object_ids)"),
            {"id": UUID(whom)},
        )
        assert [tuple(row) for row in record] == [("approval", "pre_review", "ask find-person", ["id"])]
    nobody = FindByIdNumber(id_number="150204198102280011", purpose="pre_review")
    assert (await find_person(runtime, APPROVAL, nobody, clock.now())).person_id is None
    with pytest.raises(InvalidInput):
        await find_person(runtime, APPROVAL, FindByIdNumber(id_number="1502", purpose="x"), clock.now())


async def test_another_service_learns_the_facts_it_asked_for(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household(person(registeredHere=True), person(relation="22")))
    whom = UUID(household["persons"][0]["id"])
    asked = AskFacts(person_id=whom, facts=("lives_here", "household_size", "age"), purpose="pre_review")
    told = (await tell_facts(runtime, APPROVAL, asked, clock.now())).values
    assert (told["lives_here"], told["household_size"]) == (True, 2)
    assert isinstance(told["age"], int)
    assert told["age"] >= 46
    unknown = AskFacts(person_id=UUID(int=1), facts=("age",), purpose="pre_review")
    assert (await tell_facts(runtime, APPROVAL, unknown, clock.now())).values == {"age": None}


async def test_care_is_told_only_where_the_person_agreed_to_it(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household())
    whom = household["persons"][0]["id"]
    agreed = {"personId": whom, "reason": "elderly_living_alone", "basis": "本人意愿", "startsOn": "2026-01-10"}
    by_law = agreed | {"reason": "disability", "basis": "残疾人证", "basisKind": "statutory"}
    for entry in (agreed, by_law):
        assert (await api.post(place.worker, "/care-entries", entry)).status_code == 201
    asked = AskFacts(person_id=UUID(whom), facts=("months_lived_here", "consented_care_reasons"), purpose="pre_review")
    told = (await tell_facts(runtime, APPROVAL, asked, clock.now())).values
    assert told["consented_care_reasons"] == ["elderly_living_alone"]
    assert isinstance(told["months_lived_here"], int)
    assert told["months_lived_here"] >= 10


async def test_a_service_that_may_not_ask_is_refused_over_the_bus(runtime: Runtime) -> None:
    await runtime.bus.connected.wait()
    with pytest.raises(Refused) as refusal:
        await ask.ask(runtime, FIND_PERSON, FindByIdNumber(id_number="150204198102280011", purpose="x"))
    assert (refusal.value.status, refusal.value.code) == (403, "forbidden")
    with pytest.raises(Refused):
        await ask.ask(runtime, FACTS, AskFacts(person_id=UUID(int=1), facts=("age",), purpose="x"))
