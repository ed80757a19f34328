"""The list of actions in a case is the truth: what is offered is accepted, what is not offered is refused."""

from datetime import timedelta
from typing import Any

import pytest
from tests.dispute.conftest import HANDLER, Api, Place, acts_of, at_district, handler, said_of

from dispute_svc.rules import Action
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import today
from grid_kernel.runtime import Runtime

SOON = (today(clock.now()) + timedelta(days=40)).isoformat()
STATES = ["reported", "dispatched", "objected", "handling", "asking", "handled", "verified", "closed", "void"]
ROUTES: dict[Action, tuple[str, dict[str, Any]]] = {
    Action.ACCEPT: ("dispatches/{}/accept", {}),
    Action.HANDLE: ("dispatches/{}/handle", {"note": "已处理"}),
    Action.OBJECT: ("dispatches/{}/object", {"reason": "limit_too_short"}),
    Action.EXTEND: ("dispatches/{}/extensions", {"until": SOON, "note": "等材料"}),
    Action.REMIND: ("dispatches/{}/reminders", {"note": "请反馈进展"}),
    Action.TRANSFER: ("dispatches/{}/transfer", {"unitCode": "housing"}),
    Action.DECIDE_OBJECTION: ("objections/{}/decision", {"note": "维持"}),
    Action.DECIDE_EXTENSION: ("extensions/{}/decision", {"approved": True}),
    Action.VERIFY: ("cases/{}/verification", {"solved": True}),
    Action.CLOSE: ("cases/{}/closure", {}),
    Action.DISPATCH: ("cases/{}/dispatches", {"unitCode": "housing"}),
    Action.RESOLVE: ("cases/{}/self-resolution", {"note": "当场解决"}),
    Action.MERGE: ("cases/{}/merge", {}),
    Action.SPLIT: ("cases/{}/splits", {"category": "H06", "title": "另一件事"}),
    Action.VOID: ("cases/{}/voidance", {"note": "误报"}),
    Action.REOPEN: ("cases/{}/reopening", {"note": "又坏了"}),
    Action.WITHDRAW: ("cases/{}/withdrawal", {}),
    Action.RATE: ("cases/{}/rating", {"grade": 1}),
    Action.DISCLOSE: ("cases/{}/contact-disclosures", {"purpose": "回访"}),
    Action.ADD: ("cases/{}/additions", {"note": "还有一处"}),
}
UNVERSIONED = {Action.REMIND, Action.DISPATCH, Action.SPLIT, Action.DISCLOSE, Action.ADD}
REPORTER = {"name": "云先生", "contact": "13800001111"}


async def in_state(api: Api, place: Place, state: str) -> dict[str, Any]:
    """A case in a state, as its arbiter sees it; `asking`: its unit asked for time."""
    if state == "reported":
        # No rule sends matters of this kind: a person of the centre does.
        case = await api.settled(place.worker, gridCode=place.grid, category="O99", reporter=REPORTER)
    elif state == "void":
        case = await api.in_state(place, "dispatched", reporter=REPORTER)
        path = f"/cases/{case['id']}/voidance"
        assert (await api.post(place.arbiter, path, {"note": "误报"}, version=case["version"])).status_code == 200
    else:
        case = await api.in_state(place, "handling" if state == "asking" else state, reporter=REPORTER)
    if state == "asking":
        case = await api.case(HANDLER, case["id"])
        assert (await api.act(HANDLER, case, "extensions", {"until": SOON, "note": "等材料"})).status_code == 201
    return await api.case(place.arbiter, case["id"])


def targets(case: dict[str, Any], action: Action) -> list[tuple[str, int]]:
    """Every row an action could be done to."""
    kind = ROUTES[action][0].split("/")[0]
    rows = [case] if kind == "cases" else case[kind]
    return [(row["id"], row["version"]) for row in rows]


async def try_it(api: Api, who: Actor, action: Action, target: str, version: int, other: str, state: str) -> int:
    path, body = ROUTES[action]
    sent = body | ({"into": other} if action is Action.MERGE else {})
    if action is Action.DISPATCH:
        sent["role"] = "lead" if state == "reported" else "co"
    kept = None if action in UNVERSIONED else version
    return (await api.post(who, f"/{path.format(target)}", sent, version=kept)).status_code


@pytest.mark.parametrize("state", STATES)
async def test_what_is_not_offered_is_refused_and_what_is_offered_is_accepted(
    api: Api, place: Place, state: str
) -> None:
    case, other = await in_state(api, place, state), await api.settled(place.worker, gridCode=place.grid)
    people = [place.worker, place.neighbour, place.station_head, place.street_leader, place.arbiter, place.mediator]
    people += [HANDLER, handler("housing"), at_district(Post.DISTRICT_LEADER)]
    offered_to: dict[Action, Actor] = {}
    for who in people:
        answer = await api.get(who, f"/cases/{case['id']}")
        actions = answer.json()["actions"] if answer.status_code == 200 else []
        offered = {(each["action"], each["target"]) for each in actions}
        for action in Action:
            for target, version in targets(case, action):
                if (action, target) not in offered:
                    got = await try_it(api, who, action, target, version, other["id"], state)
                    assert got in (403, 404, 409), (action, got)
                elif action not in UNVERSIONED:
                    # The permission is there; only the version is not.
                    assert await try_it(api, who, action, target, version + 50, other["id"], state) == 412, action
        for each in actions:
            offered_to.setdefault(Action(each["action"]), who)
    assert (await api.case(place.arbiter, case["id"]))["version"] == case["version"]
    for action, who in offered_to.items():
        fresh = await in_state(api, place, state)
        read = (await api.get(who, f"/cases/{fresh['id']}")).json()
        offer = next(each for each in read["actions"] if each["action"] == action)
        got = await try_it(api, who, action, offer["target"], offer["version"], other["id"], state)
        assert got in (200, 201), (action, got)


async def test_a_reopened_case_is_back_with_its_unit_and_everybody_hears_it(
    api: Api, place: Place, runtime: Runtime
) -> None:
    case = await api.in_state(place, "closed")
    path = f"/cases/{case['id']}/reopening"
    assert (await api.post(HANDLER, path, {"note": "又坏了"}, version=case["version"])).status_code == 403
    assert (await api.post(place.worker, path, {}, version=case["version"])).status_code == 400
    done = await api.post(place.worker, path, {"note": "又坏了"}, version=case["version"])
    assert (done.status_code, done.json()["state"], done.json()["outcome"]) == (200, "handling", None)
    again = await api.case(HANDLER, case["id"])
    assert [each["action"] for each in again["actions"]] == ["handle", "extend", "add"]
    assert (again["closedAt"], again["entries"][-1]["kind"]) == (None, "reopened")
    async with runtime.system_session() as session:
        assert (await session.execute(acts_of(case["id"]))).scalars().all()[-1] == "case.reopened"
        assert (await session.execute(said_of(case["id"]))).all()[-1].subject == "grid.dispute.case.reopened.v1"


async def test_the_reporter_takes_back_a_report_and_nobody_else_does(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handling")
    path = f"/cases/{case['id']}/withdrawal"
    for other in (HANDLER, place.station_head, place.arbiter):
        assert (await api.post(other, path, {}, version=case["version"])).status_code == 404
    assert (await api.post(place.worker, path, {}, version=case["version"])).json()["outcome"] == "withdrawn"
    assert (await api.get(HANDLER, f"/cases/{case['id']}")).status_code == 404


async def test_an_own_report_far_away_offers_what_a_reporter_may_do_and_no_more(api: Api, place: Place) -> None:
    elsewhere = Place()
    case = await api.settled(place.worker, gridCode=elsewhere.grid)
    assert [each["action"] for each in case["actions"]] == ["withdraw", "add"]


async def test_a_reminder_stands_in_the_time_line_with_its_words(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handling")
    dispatch = next(each for each in case["dispatches"] if each["state"] == "accepted")
    path = f"/dispatches/{dispatch['id']}/reminders"
    assert (await api.post(place.mediator, path, {"note": "?"})).status_code == 404
    assert (await api.post(place.station_head, path, {"note": "居民在等"})).status_code == 201
    told = (await api.case(HANDLER, case["id"]))["entries"][-1]
    assert (told["kind"], told["note"], told["dispatchId"]) == ("reminded", "居民在等", dispatch["id"])


async def test_the_centre_gives_a_part_to_another_unit_with_a_clock_of_its_own(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handling")
    part = next(each for each in case["dispatches"] if each["state"] == "accepted")
    path, version = f"/dispatches/{part['id']}/transfer", part["version"]
    assert (await api.post(HANDLER, path, {"unitCode": "housing"}, version=version)).status_code == 403
    unknown = await api.post(place.arbiter, path, {"unitCode": HANDLER.units()[0]}, version=version)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "already-with-unit")
    done = await api.post(place.arbiter, path, {"unitCode": "housing", "note": "属房管"}, version=version)
    assert (done.status_code, done.json()["state"]) == (200, "sent")
    now = await api.case(place.arbiter, case["id"])
    assert (now["state"], now["leadUnit"], now["entries"][-1]["kind"]) == ("dispatched", "housing", "transferred")
    assert (await api.get(HANDLER, f"/cases/{case['id']}")).status_code == 404
