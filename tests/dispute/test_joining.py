"""并案, 拆分, 延期, 挂账: done or decided by the centre, told on every timeline, refused to everybody else."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from tests.dispute.conftest import HANDLER, Api, Place, acts_of, handler, said_of

from dispute_svc import commands
from dispute_svc.models import Extension, column
from grid_kernel import clock
from grid_kernel.clock import end_of, today
from grid_kernel.runtime import Runtime

SOON = today(clock.now()) + timedelta(days=30)


async def pair(api: Api, place: Place, state: str = "handling") -> tuple[dict[str, Any], dict[str, Any]]:
    """A case in a state, and an open one about the same matter, as the arbiter sees them."""
    double = await api.in_state(place, state)
    stays = await api.settled(place.worker, gridCode=place.grid)
    return await api.case(place.arbiter, double["id"]), await api.case(place.arbiter, stays["id"])


@pytest.mark.parametrize("state", ["dispatched", "handling"])
async def test_a_double_ends_as_merged_and_its_unit_is_let_go(
    api: Api, place: Place, runtime: Runtime, state: str
) -> None:
    double, stays = await pair(api, place, state)
    body = {"into": stays["id"], "note": "同一盏灯"}
    done = await api.post(place.arbiter, f"/cases/{double['id']}/merge", body, version=double["version"])
    assert (done.status_code, done.json()["state"], done.json()["outcome"]) == (200, "closed", "merged")
    merged, kept = await api.case(place.arbiter, double["id"]), await api.case(place.arbiter, stays["id"])
    assert merged["mergedInto"] == stays["id"]
    assert {d["state"] for d in merged["dispatches"]} == {"withdrawn"}
    assert (merged["entries"][-1]["kind"], merged["entries"][-1]["reason"]) == ("merged", kept["caseCode"])
    assert (kept["entries"][-1]["kind"], kept["entries"][-1]["reason"]) == ("absorbed", merged["caseCode"])
    assert kept["state"] == "dispatched"
    assert (await api.get(HANDLER, f"/cases/{double['id']}")).status_code == 404
    async with runtime.system_session() as session:
        assert (await session.execute(acts_of(double["id"]))).scalars().all()[-1] == "case.merged"
        assert (await session.execute(said_of(double["id"]))).all()[-1].subject == "grid.dispute.case.closed.v1"


async def test_who_reported_the_double_still_sees_what_became_of_it(api: Api, place: Place) -> None:
    receipt = await api.report(place.worker, gridCode=place.grid)
    double = await api.until(place.worker, receipt["id"], lambda case: case["locatedAt"] is not None)
    stays = await api.settled(place.worker, gridCode=place.grid)
    path = f"/cases/{double['id']}/merge"
    assert (await api.post(place.arbiter, path, {"into": stays["id"]}, version=double["version"])).status_code == 200
    progress = {"caseCode": receipt["caseCode"], "queryCode": receipt["queryCode"]}
    told = (await api.client.post("/v1/case-progress", json=progress)).json()
    assert (told["state"], told["outcome"]) == ("closed", "merged")


@pytest.mark.parametrize("state", ["objected", "handled", "verified", "closed"])
async def test_what_waits_for_the_arbiter_or_was_handled_is_not_merged(api: Api, place: Place, state: str) -> None:
    double, stays = await pair(api, place, state)
    path = f"/cases/{double['id']}/merge"
    refused = await api.post(place.arbiter, path, {"into": stays["id"]}, version=double["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "case-move-not-allowed")


async def test_a_merge_is_refused_as_the_rules_say(api: Api, place: Place) -> None:
    double, stays = await pair(api, place)
    path, version = f"/cases/{double['id']}/merge", double["version"]

    async def code(who: Any, into: str, at: int = version) -> tuple[int, str]:
        answer = await api.post(who, path, {"into": into}, version=at)
        return answer.status_code, answer.json()["code"]

    ended = await api.in_state(place, "closed")
    hidden = await api.settled(place.worker, gridCode=place.grid, category="H03")
    elsewhere = Place()
    foreign = await api.settled(elsewhere.worker, gridCode=elsewhere.grid)
    assert await code(place.worker, stays["id"]) == (403, "may-not-dispatch")
    assert await code(HANDLER, stays["id"]) == (403, "may-not-dispatch")
    assert await code(elsewhere.arbiter, stays["id"]) == (404, "not-found")
    for into in (double["id"], ended["id"], hidden["id"]):
        assert await code(place.arbiter, into) == (409, "cannot-merge")
    for into in (foreign["id"], str(uuid4())):
        assert await code(place.arbiter, into) == (400, "invalid-input")
    assert await code(place.arbiter, stays["id"], version + 1) == (412, "stale")
    assert (await api.client.post(f"/v1{path}", json={"into": stays["id"]})).status_code == 401
    assert (await api.case(place.arbiter, double["id"]))["version"] == version


async def test_another_matter_is_split_off_and_goes_its_own_way(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handling", reporter={"name": "王小明", "contact": "12812345678"})
    body = {"category": "H04", "title": "灯杆下堆放易燃物"}
    path = f"/cases/{case['id']}/splits"
    done = await api.post(place.arbiter, path, body)
    assert done.status_code == 201, done.text
    part = await api.until(place.arbiter, done.json()["id"], lambda each: each["locatedAt"] is not None)
    assert (part["splitFrom"], part["areaCode"], part["state"]) == (case["id"], place.grid, "dispatched")
    assert [d["unitCode"] for d in part["dispatches"]] == ["fire_rescue"]
    assert part["entries"][0]["reason"] == case["caseCode"]
    assert part["reporter"] is None
    source = await api.case(place.arbiter, case["id"])
    assert (source["entries"][-1]["kind"], source["entries"][-1]["reason"]) == ("split", part["caseCode"])
    assert source["state"] == "handling"


async def test_a_split_is_refused_as_the_rules_say(api: Api, place: Place) -> None:
    case = await api.in_state(place, "closed")
    path, body = f"/cases/{case['id']}/splits", {"category": "H04", "title": "另一件"}
    assert (await api.post(place.arbiter, path, body)).json()["code"] == "case-ended"
    assert (await api.post(place.worker, path, body)).status_code == 403
    assert (await api.post(Place().arbiter, path, body)).status_code == 404
    assert (await api.client.post(f"/v1{path}", json=body)).status_code == 401
    still = await api.in_state(place, "handling")
    refused = await api.post(place.arbiter, f"/cases/{still['id']}/splits", body | {"category": "Z99"})
    assert refused.json()["errors"][0]["pointer"] == "/category"


async def asked(api: Api, place: Place, **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A case whose unit has asked for time, and what it asked."""
    case = await api.in_state(place, "handling")
    done = await api.act(HANDLER, case, "extensions", {"until": SOON.isoformat(), "note": "等材料"} | body)
    assert done.status_code == 201, done.text
    return await api.case(place.arbiter, case["id"]), done.json()


@pytest.mark.parametrize("kind", ["extension", "deferral"])
async def test_time_that_is_granted_moves_the_end_and_the_calendar_leaves_it(
    api: Api, place: Place, runtime: Runtime, kind: str
) -> None:
    case, wanted = await asked(api, place, kind=kind)
    queue = (await api.get(place.arbiter, "/cases", queue="extensions", area=place.grid)).json()["items"]
    assert [row["id"] for row in queue] == [case["id"]]
    assert case["extensions"] == [wanted]
    path = f"/extensions/{wanted['id']}/decision"
    done = await api.post(place.street_leader, path, {"approved": True}, version=1)
    assert (done.status_code, done.json()["state"], done.json()["kind"]) == (200, "approved", kind)
    await commands.follow_calendar(runtime, clock.now())
    case = await api.case(HANDLER, case["id"])
    end = end_of(SOON)
    assert datetime.fromisoformat(case["dueAt"]) == datetime.fromisoformat(case["dispatches"][0]["dueAt"]) == end
    assert [e["kind"] for e in case["entries"][-2:]] == ["extension_asked", "extension_approved"]
    again = await api.post(place.arbiter, path, {"approved": True}, version=2)
    assert again.json()["code"] == "objection-already-decided"


async def test_time_that_is_refused_changes_nothing_but_is_told(api: Api, place: Place) -> None:
    case, wanted = await asked(api, place)
    path = f"/extensions/{wanted['id']}/decision"
    assert (await api.post(place.arbiter, path, {"approved": False}, version=1)).status_code == 400
    done = await api.post(place.arbiter, path, {"approved": False, "note": "可以先安排临时照明"}, version=1)
    assert done.json()["state"] == "refused"
    after = await api.case(HANDLER, case["id"])
    assert (after["dueAt"], after["entries"][-1]["note"]) == (case["dueAt"], "可以先安排临时照明")


async def test_nobody_but_the_centre_decides_about_time_and_never_for_the_own_unit(api: Api, place: Place) -> None:
    case, wanted = await asked(api, place)
    path, body = f"/extensions/{wanted['id']}/decision", {"approved": True}
    for who, status in ((place.worker, 403), (HANDLER, 403), (Place().arbiter, 404), (handler("police"), 404)):
        assert (await api.post(who, path, body, version=1)).status_code == status
    own = place.arbiter.model_copy(
        update={"grants": (*place.arbiter.grants, HANDLER.grants[0].model_copy(update={"area": place.street}))}
    )
    assert (await api.post(own, path, body, version=1)).json()["code"] == "may-not-extend"
    assert (await api.post(place.arbiter, path, body, version=2)).status_code == 412
    assert (await api.client.post(f"/v1{path}", json=body)).status_code == 401
    assert (await api.case(HANDLER, case["id"]))["extensions"][0]["state"] == "open"


async def test_a_unit_asks_once_for_a_later_end_while_it_works(api: Api, place: Place) -> None:
    case, _ = await asked(api, place)
    body = {"until": SOON.isoformat(), "note": "再等等"}
    assert (await api.act(HANDLER, case, "extensions", body)).json()["code"] == "extension-already-asked"
    assert (await api.act(handler("police"), case, "extensions", body)).status_code == 404
    sent = await api.in_state(place, "dispatched")
    assert (await api.act(HANDLER, sent, "extensions", body)).json()["code"] == "case-move-not-allowed"
    working = await api.in_state(place, "handling")
    for until in (today(clock.now()), today(clock.now()) + timedelta(days=1)):
        refused = await api.act(HANDLER, working, "extensions", body | {"until": until.isoformat()})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/until")
    assert (await api.act(HANDLER, working, "extensions", {"until": SOON.isoformat()})).status_code == 400


async def test_a_request_that_was_overtaken_is_not_granted(api: Api, place: Place) -> None:
    case, wanted = await asked(api, place)
    assert (await api.act(HANDLER, case, "handle", {"note": "已经修好"})).status_code == 200
    path = f"/extensions/{wanted['id']}/decision"
    assert (await api.post(place.arbiter, path, {"approved": True}, version=1)).json()[
        "code"
    ] == "case-move-not-allowed"


async def test_standard_replies_are_a_code_table_in_both_languages(api: Api) -> None:
    rows = (await api.client.get("/v1/code-tables/standard_replies")).json()["rows"]
    assert len({row["code"] for row in rows}) == len(rows) > 5
    assert all(row["name_zh"] and row["name_en"] for row in rows)


async def test_the_database_alone_keeps_requests_for_time_apart(api: Api, place: Place, runtime: Runtime) -> None:
    case, _ = await asked(api, place)
    requests = select(column(Extension.id)).where(column(Extension.case_id) == UUID(case["id"]))
    assert len(await runtime.reads(place.worker).fetch(requests)) == 1
    for who in (place.neighbour, Place().arbiter, place.guide):
        assert await runtime.reads(who).fetch(requests) == []
