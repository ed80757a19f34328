"""What phones did without a signal: any order, any repetition and any delay give the same state."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.dispute.conftest import HANDLER, Api, Gis, Place, handler

from grid_kernel import clock
from grid_kernel.auth import Actor
from grid_kernel.runtime import Runtime
from grid_kernel.types import uuid7

LAMP = {"category": "H06", "title": "路灯不亮"}


def operation(kind: str, body: dict[str, Any], *, target: str | None = None, at: datetime | None = None) -> Any:
    """An act as a phone keeps it."""
    moment = at or clock.now() - timedelta(hours=30)
    made = {"id": str(uuid7()), "kind": kind, "at": moment.isoformat(), "body": body}
    return made | ({"targetId": target} if target else {})


async def sent(api: Api, who: Actor, *operations: Any) -> list[dict[str, Any]]:
    answer = await api.post(who, "/sync", {"operations": operations})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [each["id"] for each in results] == [each["id"] for each in operations]
    return list(results)


async def test_a_report_made_without_a_signal_comes_back_with_its_code_and_its_unit(
    api: Api, place: Place, gis: Gis
) -> None:
    made = operation("case.report", LAMP)
    async with gis.answering():
        made["body"] |= {"point": gis.puts(place.grid)}
        done, again = (await sent(api, place.worker, made))[0], (await sent(api, place.worker, made))[0]
    assert (done["result"], again["result"]) == ("created", "duplicate")
    assert done["server"]["id"] == made["id"]
    assert (done["server"]["state"], done["server"]["unitCode"]) == ("dispatched", "urban_management")
    assert again["server"] == done["server"]  # the query code too: the first answer may have been lost
    assert again["version"] == done["version"] == 1
    case = await api.case(place.worker, made["id"])
    assert datetime.fromisoformat(case["reportedAt"]) == datetime.fromisoformat(made["at"])
    first = case["entries"][0]
    assert datetime.fromisoformat(first["at"]) == datetime.fromisoformat(made["at"])
    assert datetime.fromisoformat(first["recordedAt"]) > datetime.fromisoformat(made["at"]) + timedelta(hours=29)
    progress = {"caseCode": done["server"]["caseCode"], "queryCode": done["server"]["queryCode"]}
    assert (await api.client.post("/v1/case-progress", json=progress)).status_code == 200


async def test_without_gis_a_report_is_kept_and_waits_for_its_unit(api: Api, place: Place) -> None:
    point = {"lon": 109.8, "lat": 40.6, "crs": "GCJ02"}
    done = (await sent(api, place.worker, operation("case.report", LAMP | {"point": point})))[0]
    assert (done["result"], done["server"]["state"], done["server"]["unitCode"]) == ("created", "reported", None)


async def test_each_act_is_answered_for_itself(api: Api, place: Place) -> None:
    seen = await api.settled(place.worker, gridCode=place.grid)
    foreign = await api.settled(Place().worker, gridCode=Place().grid)
    results = await sent(
        api,
        place.worker,
        operation("case.add", {"note": "更严重了"}, target=seen["id"]),
        operation("case.add", {"note": "更严重了"}, target=foreign["id"]),
        operation("case.add", {"note": ""}, target=seen["id"]),
        operation("case.add", {"note": "没有对象"}),
        operation("case.report", {"category": "Z99", "title": "x"}),
        operation("case.dance", {}),
        operation("case.report", LAMP | {"gridCode": place.grid}),
    )
    told = [(each["result"], each["code"]) for each in results]
    assert told == [
        ("created", None),
        ("rejected", "not-found"),
        ("rejected", "invalid-input"),
        ("rejected", "invalid-input"),
        ("rejected", "invalid-input"),
        ("rejected", "unknown-operation"),
        ("created", None),
    ]
    assert [each["errors"][0]["pointer"] for each in results[2:5]] == ["/note", "/targetId", "/category"]
    assert all(each["title"] for each in results if each["code"])
    assert results[1]["server"] is None


async def test_a_report_is_done_before_what_refers_to_it(api: Api, place: Place) -> None:
    report = operation("case.report", LAMP | {"gridCode": place.grid})
    addition = operation("case.add", {"note": "还有一处"}, target=report["id"])
    added, reported = await sent(api, place.worker, addition, report)
    assert (added["result"], reported["result"]) == ("created", "created")


async def test_an_identifier_belongs_to_one_act_of_one_account(api: Api, place: Place) -> None:
    made = operation("case.report", LAMP | {"gridCode": place.grid})
    await sent(api, place.worker, made)
    stolen = (await sent(api, place.neighbour, made))[0]
    assert (stolen["result"], stolen["code"], stolen["server"]) == ("rejected", "operation-taken", None)
    other = (await sent(api, place.worker, made | {"kind": "case.add", "targetId": made["id"]}))[0]
    assert other["code"] == "operation-taken"
    online = await api.report(Place().worker, gridCode=Place().grid)
    assert (await sent(api, place.worker, made | {"id": online["id"]}))[0]["code"] == "operation-taken"


async def test_a_verification_made_without_a_signal_counts_if_nothing_was_handled_since(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handled")
    before = operation("case.verify", {"solved": True}, target=case["id"])
    late = (await sent(api, place.worker, before))[0]
    assert (late["result"], late["code"], late["server"]["state"]) == ("conflict", "case-moved-on", "handled")
    after = operation("case.verify", {"solved": True, "note": "修好了"}, target=case["id"], at=clock.now())
    done = (await sent(api, place.worker, after))[0]
    assert (done["result"], done["server"]["state"]) == ("created", "verified")
    assert (await sent(api, place.worker, after))[0]["result"] == "duplicate"


async def test_who_handled_a_case_does_not_verify_it_without_a_signal_either(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    refused = operation("case.verify", {"solved": True}, target=case["id"])
    assert (await sent(api, HANDLER, refused))[0]["code"] == "may-not-verify"
    assert (await sent(api, handler("police"), refused))[0]["code"] == "not-found"


async def test_solved_on_the_spot_gives_way_to_a_unit_that_has_begun(api: Api, place: Place) -> None:
    begun = await api.in_state(place, "handling")
    note = {"note": "扫掉了"}
    late = (await sent(api, place.worker, operation("case.resolve", note, target=begun["id"])))[0]
    assert (late["result"], late["server"]["state"]) == ("conflict", "handling")
    fresh = await api.settled(place.worker, gridCode=place.grid)
    done = (await sent(api, place.worker, operation("case.resolve", note, target=fresh["id"])))[0]
    assert (done["result"], done["server"]["state"]) == ("created", "closed")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
async def test_a_wrong_clock_of_a_phone_blocks_nothing(api: Api, place: Place, at: str) -> None:
    made = operation("case.report", LAMP | {"gridCode": place.grid}) | {"at": at}
    assert (await sent(api, place.worker, made))[0]["result"] == "created"
    reported = datetime.fromisoformat((await api.case(place.worker, made["id"]))["reportedAt"])
    assert abs(reported - clock.now()) < timedelta(minutes=1)


async def test_what_cannot_be_read_is_refused_as_a_whole(api: Api, place: Place) -> None:
    one = operation("case.report", LAMP)
    assert (await api.client.post("/v1/sync", json={"operations": [one]})).status_code == 401
    for bad in ({}, {"operations": []}, {"operations": [one] * 101}, {"operations": [one | {"id": "x"}]}):
        assert (await api.post(place.worker, "/sync", bad)).status_code == 400


async def test_two_tabs_that_send_the_same_at_once_make_one(api: Api, place: Place, runtime: Runtime) -> None:
    made = [operation("case.report", LAMP | {"gridCode": place.grid}) for _ in range(5)]
    both = await asyncio.gather(*(sent(api, place.worker, *made) for _ in range(2)))
    for pair in zip(*both, strict=True):
        assert sorted(each["result"] for each in pair) == ["created", "duplicate"]
    async with runtime.system_session() as session:
        found = await session.scalar(
            text("select count(*) from gov_case where id = any(:ids)"), {"ids": [UUID(each["id"]) for each in made]}
        )
    assert found == 5


def day_of_a_worker(place: Place, reports: int) -> list[Any]:
    """Reports, what was added to each, and every third solved on the spot: what a phone holds after a day outside."""
    made = []
    began = clock.now() - timedelta(hours=9)
    for number in range(reports):
        at = began + timedelta(minutes=number)
        body = LAMP | {"title": f"第{number}盏", "gridCode": place.grid}
        made.append(report := operation("case.report", body, at=at))
        for more in range(number % 3 + 1):
            note = {"note": f"补充{more}"}
            made.append(operation("case.add", note, target=report["id"], at=at + timedelta(seconds=more + 1)))
        if number % 3 == 0:
            solved = operation("case.resolve", {"note": "当场换好"}, target=report["id"], at=at + timedelta(seconds=30))
            made.append(solved)
    return made


async def delivered(api: Api, who: Actor, acts: Sequence[Any], seed: int, deliveries: int) -> None:
    """Send so many acts in pieces, shuffled and repeated; then whatever is still in the queue, until it is empty."""
    chance = random.Random(seed)
    waiting = {each["id"] for each in acts}
    stream = [*acts, *chance.choices(acts, k=deliveries - len(acts))]
    chance.shuffle(stream)
    while stream:
        size = chance.randint(1, 100)
        piece, stream = list({each["id"]: each for each in stream[:size]}.values()), stream[size:]
        results = await sent(api, who, *piece)
        waiting -= {each["id"] for each in results if each["result"] in ("created", "duplicate")}
        if not stream:
            stream = [each for each in acts if each["id"] in waiting]


async def outcome(api: Api, place: Place) -> dict[str, Any]:
    """Everything there is in a place afterwards, without what differs between two days by nature."""
    rows = (await api.get(place.worker, "/cases", limit="100")).json()["items"]
    found = {}
    for row in rows:
        case = await api.case(place.worker, row["id"])
        said = sorted((e["kind"], e["note"] or "") for e in case["entries"])
        live = sorted(d["state"] for d in case["dispatches"])
        found[case["title"]] = (case["state"], case["outcome"], said, live, case["version"])
    return found


async def test_a_thousand_shuffled_and_repeated_acts_give_the_state_of_a_quiet_day(api: Api) -> None:
    quiet, wild = Place(), Place()
    await delivered(api, quiet.worker, acts := day_of_a_worker(quiet, 42), seed=0, deliveries=len(acts))
    wanted = await outcome(api, quiet)
    assert len(wanted) == 42
    assert sum(state == "closed" for state, *_ in wanted.values()) == 14
    await delivered(api, wild.worker, day_of_a_worker(wild, 42), seed=uuid4().int % 10_000, deliveries=1000)
    assert await outcome(api, wild) == wanted
