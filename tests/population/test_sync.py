"""What phones kept is taken over once, in whatever order, however often and late it comes."""

import asyncio
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, hearing, locate, person, refused

from grid_kernel import clock
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.contracts.gis import BuildingLocated
from grid_kernel.runtime import Runtime
from population_svc.events import on_building_located
from population_svc.merging import Clash, Merge, merge

NOW = clock.now()
TODAY = today(NOW)
PHONE = "12000001111"


def operation(kind: str, target: str | None = None, *, at: datetime = NOW, **body: Any) -> dict[str, Any]:
    given = {"id": str(uuid4()), "kind": kind, "at": at.isoformat(), "body": body}
    return given | ({"targetId": target} if target else {})


def visit(household: str, outcome: str = "done", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    body = {"householdId": household, "visitedAt": at.isoformat(), "outcome": outcome}
    return operation("visit.record", at=at, **body | more)


async def sent(api: Api, who: Actor, *operations: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await api.post(who, "/sync", {"operations": list(operations)})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [each["id"] for each in results] == [each["id"] for each in operations]
    return results


def test_members_merge_by_what_their_maker_had() -> None:
    present = {"phone": "2", "name": "周"}
    assert merge({"name": "赵"}, {"name": "周"}, present, current=False) == Merge({"name": "赵"}, ())
    assert merge({"phone": "3"}, {"phone": "1"}, present, current=True) == Merge({}, (Clash("phone", "3", "2"),))
    assert merge({"phone": "2"}, {"phone": "1"}, present, current=False) == Merge({}, ())
    assert merge({"phone": "3"}, {}, present, current=True).changes == {"phone": "3"}
    assert merge({"phone": "3"}, {"phone": "1"}, present, current=False, outdated={"phone"}) == Merge({}, ())
    assert merge({"phone": "3"}, {}, present, current=False).clashes == (Clash("phone", "3", "2"),)


async def test_each_operation_is_answered_by_itself(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    good, foreign = visit(home["id"]), visit(str(uuid4()))
    wrong, unknown = visit(home["id"], "liked"), operation("person.delete", home["id"])
    results = await sent(api, place.worker, wrong, foreign, unknown, good)
    assert [each["result"] for each in results] == ["rejected", "rejected", "rejected", "created"]
    assert [each["code"] for each in results] == ["invalid-input", "not-found", "invalid-input", None]
    assert results[0]["errors"][0]["pointer"] == "/outcome"
    assert results[1]["title"] == "没有找到"
    assert results[3]["version"] == 2
    again = await sent(api, place.worker, good)
    assert [(each["result"], each["version"]) for each in again] == [("duplicate", 2)]
    listed = (await api.get(place.worker, f"/households/{home['id']}/visits")).json()["items"]
    assert [each["id"] for each in listed] == [good["id"]]


async def test_who_may_not_sends_nothing(api: Api, place: Place) -> None:
    asked = {"operations": [visit(str(uuid4()))]}
    refused(await api.post(None, "/sync", asked), 401)
    for who in (place.guide, place.leader):
        refused(await api.post(who, "/sync", asked), 403, "forbidden")
    for bad in ({}, {"operations": []}, {"operations": [{}]}, {"operations": [visit("x")] * 101}):
        refused(await api.post(place.worker, "/sync", bad), 400)


async def test_nobody_answers_for_the_operation_of_another(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    mine = visit(home["id"])
    await sent(api, place.worker, mine)
    assert (await sent(api, place.collector, mine))[0]["code"] == "already-recorded"


async def test_two_tabs_at_once_record_one_visit(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    same = visit(home["id"])
    answers = await asyncio.gather(*(sent(api, place.worker, same) for _ in range(4)))
    assert sorted(each[0]["result"] for each in answers) == ["created", "duplicate", "duplicate", "duplicate"]
    assert {each[0]["version"] for each in answers} == {2}


async def test_what_was_done_long_ago_still_counts(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    late = visit(home["id"], at=NOW - timedelta(days=300))
    assert (await sent(api, place.worker, late))[0]["result"] == "created"
    listed = (await api.get(place.worker, f"/households/{home['id']}/visits")).json()["items"]
    assert listed[0]["visitedOn"] == today(NOW - timedelta(days=300)).isoformat()
    assert datetime.fromisoformat(listed[0]["recordedAt"]) >= NOW


async def test_disjoint_members_merge_and_the_same_member_is_shown_with_both_values(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    who = home["persons"][0]["id"]
    await api.patch(place.clerk, f"/persons/{who}", {"phone": "12099990000"}, version=1)
    name = operation("person.change", who, name="王晓明", base={"name": "王小明"}) | {"baseVersion": 1}
    phone = operation("person.change", who, phone="12088880000", base={"phone": PHONE})
    merged, clashed = await sent(api, place.worker, name, phone)
    assert (merged["result"], merged["version"]) == ("created", 3)
    assert (clashed["result"], clashed["version"]) == ("conflict", 3)
    assert clashed["conflicts"] == [{"member": "phone", "phone": "12088880000", "server": "12099990000"}]
    assert (clashed["server"]["name"], clashed["server"]["phone"]) == ("王晓明", "12099990000")
    decided = operation("person.change", who, phone="12088880000", base={"phone": "12099990000"})
    assert (await sent(api, place.worker, decided))[0]["result"] == "created"
    unbased = operation("person.change", who, phone="12077770000") | {"baseVersion": 1}
    assert (await sent(api, place.worker, unbased))[0]["result"] == "conflict"


async def test_the_dwelling_and_the_household_clash_in_their_own_shape(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    stale = {"phone": "12000000009"}
    household = operation("household.change", home["id"], phone="12011112222", base=stale)
    dwelling = operation("dwelling.change", home["dwelling"]["id"], use="02", base={"use": "03"})
    first, second = await sent(api, place.worker, household, dwelling)
    assert first["conflicts"] == [{"member": "phone", "phone": "12011112222", "server": "12000001111"}]
    assert first["server"]["persons"][0]["id"] == home["persons"][0]["id"]
    assert (second["conflicts"][0]["server"], second["server"]["use"]) == ("01", "01")
    bad_base = operation("dwelling.change", home["dwelling"]["id"], use="02", base={"use": "three"})
    assert (await sent(api, place.worker, bad_base))[0]["errors"][0]["pointer"] == "/base/use"
    aimless = operation("dwelling.change", use="02")
    assert (await sent(api, place.worker, aimless))[0]["errors"][0]["pointer"] == "/targetId"


async def test_what_was_seen_last_stands(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    hour = timedelta(hours=1)
    away = operation("household.change", home["id"], at=NOW - hour, presence="registered_only", base={})
    gone, found = visit(home["id"], "moved", NOW - 2 * hour), visit(home["id"], "done", NOW - 3 * hour)
    assert [each["result"] for each in await sent(api, place.worker, away, gone, found)] == ["created"] * 3
    assert (await api.get(place.worker, f"/households/{home['id']}")).json()["presence"] == "registered_only"


async def test_people_enter_move_and_leave_offline(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household(person(), person(relation="12")))
    other = await api.registered(place.worker, place.household())
    born = person("王新", relation="20", householdId=home["id"], movedInOn=TODAY.isoformat())
    entered = operation("person.register", **born)
    new = operation("household.register", **place.household())
    member = home["persons"][1]["id"]
    moved = operation("person.move", member, householdId=other["id"], relationToHead="30", movedOn=TODAY.isoformat())
    moved["body"]["base"] = {"householdId": home["id"]}
    results = await sent(api, place.worker, entered, new, moved)
    assert [each["result"] for each in results] == ["created"] * 3
    assert (await api.get(place.worker, f"/persons/{entered['id']}")).json()["name"] == "王新"
    assert (await api.get(place.worker, f"/households/{new['id']}")).status_code == 200
    elsewhere = operation("person.departure", member, leftOn=TODAY.isoformat()) | {"baseVersion": 1}
    clashed = (await sent(api, place.worker, elsewhere))[0]
    assert (clashed["result"], clashed["conflicts"][0]["member"]) == ("conflict", "householdId")
    leaves = operation("person.departure", member, leftOn=TODAY.isoformat(), base={"householdId": other["id"]})
    assert (await sent(api, place.worker, leaves))[0]["result"] == "created"
    to = {"dwelling": place.dwelling(), "movedOn": TODAY.isoformat(), "base": {"dwellingId": other["dwelling"]["id"]}}
    assert (await sent(api, place.worker, operation("household.move", other["id"], **to)))[0]["result"] == "created"
    assert (await sent(api, place.worker, operation("household.move", other["id"], **to)))[0]["result"] == "conflict"
    twice = operation("person.register", **born)
    assert (await sent(api, place.worker, twice))[0]["server"]["id"] == entered["id"]
    elsewhere = operation("person.register", **born | {"householdId": other["id"], "name": "王新新"})
    assert (await sent(api, place.worker, elsewhere))[0]["code"] in {"id-number-registered", "household-ended"}


async def test_a_grid_split_while_the_phone_was_offline_loses_nothing(api: Api, place: Place, runtime: Runtime) -> None:
    beside, third = uuid4(), f"{place.community}003"
    await locate(runtime, beside, place.grid, no="0018")
    home = await api.registered(place.worker, place.household())
    seen = visit(home["id"], at=clock.now())
    called = operation(
        "person.change", home["persons"][0]["id"], at=clock.now(), phone="12055550000", base={"phone": PHONE}
    )
    split = BuildingLocated(
        aggregate_id=place.building,
        sequence=2,
        occurred_at=clock.now(),
        area_code=third,
        building_no="0016",
    )
    async with runtime.system_session() as session:
        await on_building_located(session, split, hearing())
    results = await sent(api, place.worker, seen, called)
    assert [each["result"] for each in results] == ["created", "created"]
    listed = (await api.get(place.head, f"/households/{home['id']}/visits")).json()["items"]
    assert [(each["areaCode"], each["workerId"]) for each in listed] == [(third, place.worker.id)]
    assert (await sent(api, place.neighbour, visit(home["id"])))[0]["code"] == "not-found"


async def test_a_visit_before_a_move_belongs_to_where_it_was(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    yesterday = NOW - timedelta(days=1)
    to = {"dwelling": place.dwelling(place.other_building), "movedOn": TODAY.isoformat()}
    assert (await api.post(place.head, f"/households/{home['id']}/moves", to, version=1)).status_code == 200
    late = visit(home["id"], at=yesterday)
    assert (await sent(api, place.worker, late))[0]["result"] == "created"
    listed = (await api.get(place.head, f"/households/{home['id']}/visits")).json()["items"]
    assert [(each["areaCode"], each["gridCodeThen"]) for each in listed] == [(place.grid, place.grid)]


async def test_a_child_entered_on_two_phones_is_shown_to_the_second(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    child = person("王新", relation="20", idNumber=None, householdId=home["id"], movedInOn=TODAY.isoformat())
    first = operation("person.register", **child)
    assert (await sent(api, place.worker, first))[0]["result"] == "created"
    again = operation("person.register", **child)
    clashed = (await sent(api, place.collector, again))[0]
    assert (clashed["result"], clashed["server"]["id"]) == ("conflict", first["id"])
    other = operation("person.register", **child, base={"distinctFrom": first["id"]})
    assert (await sent(api, place.collector, other))[0]["result"] == "created"


class Phone:
    """A morning in 25 homes: 1,000 operations, of which some build on others, and what they must come to."""

    def __init__(self, homes: list[dict[str, Any]], dice: random.Random) -> None:
        self.dice, self.operations = dice, list[dict[str, Any]]()
        self.expected: dict[str, Any] = {"visits": Counter(), "persons": {}, "households": {}, "dwellings": {}}
        self._minutes = 0
        for home in homes:
            self._go_through(home)

    def _at(self) -> datetime:
        self._minutes += 1
        return NOW - timedelta(days=20) + timedelta(minutes=self._minutes)

    def _chain(self, kind: str, target: str, member: str, had: Any, values: list[Any]) -> Any:
        for value in values:
            change = {member: value, "base": {member: had}}
            self.operations.append(operation(kind, target, at=self._at(), **change))
            had = value
        return had

    def _go_through(self, home: dict[str, Any]) -> None:
        household, who, dwelling = home["id"], home["persons"][0]["id"], home["dwelling"]["id"]
        presence = "living"
        for number in range(24):
            outcome = self.dice.choice(["done", "no_answer", "moved", "telephone", "declined"])
            self.operations.append(visit(household, outcome, self._at()))
            self.expected["visits"][household, outcome] += 1
            presence = {"done": "living", "moved": "reported_moved"}.get(outcome, presence)
            if number == 12:
                self.operations.append(
                    operation("household.change", household, at=self._at(), presence="registered_only", base={})
                )
                presence = "registered_only"
        phones = [f"12{self.dice.randrange(10**9):09}" for _ in range(6)]
        phone = self._chain("person.change", who, "phone", PHONE, phones[:4])
        kind = self._chain("person.change", who, "populationType", "1", ["2", "1", "3"])
        called = self._chain("household.change", household, "phone", PHONE, phones[4:])
        use = self._chain("dwelling.change", dwelling, "use", "01", ["02", "01"])
        area = self._chain("dwelling.change", dwelling, "areaM2", None, [61.5, 62.5])
        child = person(relation="20", idNumber=None, householdId=household, movedInOn=TODAY.isoformat())
        for name in ("王新", "王心"):
            self.operations.append(operation("person.register", at=self._at(), **child | {"name": name}))
        self.expected["persons"][who] = (phone, kind)
        self.expected["households"][household] = (presence, called, 3)
        self.expected["dwellings"][dwelling] = (use, area)

    async def deliver(self, api: Api, who: Actor) -> Counter[str]:
        """Send everything shuffled and a third of it twice, two tabs at once; then again what clashed."""
        queue = [*self.operations, *self.dice.sample(self.operations, len(self.operations) // 3)]
        answers: Counter[str] = Counter()
        while queue:
            self.dice.shuffle(queue)
            batches = [queue[start : start + 50] for start in range(0, len(queue), 50)]
            clashed: list[dict[str, Any]] = []
            for pair in zip(batches[::2], [*batches[1::2], None], strict=False):
                for batch in await asyncio.gather(*(self._send(api, who, each) for each in pair if each)):
                    answers.update(result["result"] for _, result in batch)
                    clashed += [asked for asked, result in batch if result["result"] == "conflict"]
            queue = clashed
        return answers

    async def _send(
        self, api: Api, who: Actor, batch: list[dict[str, Any]]
    ) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        return list(zip(batch, await sent(api, who, *batch), strict=True))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [20261124])
async def test_a_thousand_operations_in_any_order_end_the_same(
    api: Api, place: Place, runtime: Runtime, seed: int
) -> None:
    homes = [await api.registered(place.head, place.household()) for _ in range(25)]
    phone = Phone(homes, random.Random(seed))
    assert len(phone.operations) == 1000
    answers = await phone.deliver(api, place.worker)
    assert answers["created"] == 1000
    assert answers["rejected"] == 0
    assert await _state(runtime, [UUID(home["id"]) for home in homes]) == phone.expected


async def _state(runtime: Runtime, households: list[UUID]) -> dict[str, Any]:
    """What the register says of these homes."""
    given = {"ids": households}
    sealed = runtime.keys
    async with runtime.system_session() as session:
        visits = await session.execute(
            text("select household_id, outcome from visit where household_id = any(:ids)"), given
        )
        people = await session.execute(
            text(
                "select p.id, p.phone, p.population_type from person p join household h on h.head_person_id = p.id "
                "where h.id = any(:ids)"
            ),
            given,
        )
        homes = await session.execute(
            text(
                "select h.id, h.presence, h.phone, h.dwelling_id, d.use, d.area_m2, (select count(*) from occupancy o "
                "where o.household_id = h.id and o.valid_to is null) as lived from household h "
                "join dwelling d on d.id = h.dwelling_id where h.id = any(:ids)"
            ),
            given,
        )
        rows = homes.all()

        def read(number: bytes) -> str:
            return sealed.decrypt(number, "population.phone").decode()

        return {
            "visits": Counter((str(row.household_id), row.outcome) for row in visits),
            "persons": {str(row.id): (read(row.phone), row.population_type) for row in people},
            "households": {str(row.id): (row.presence, read(row.phone), row.lived) for row in rows},
            "dwellings": {str(row.dwelling_id): (row.use, float(row.area_m2)) for row in rows},
        }
