"""Every route refuses the anonymous, the stranger, the wrong state, the bad input and the stale version."""

from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest
from tests.dispute.conftest import HANDLER, Api, Place, handler


class Act(NamedTuple):
    """A changing route: who may do it in which state, and what is sent."""

    who: str
    state: str
    part: str
    verb: str
    body: dict[str, Any]
    bad: dict[str, Any]
    pointer: str
    wrong_state: str


ACTS = {
    "accept": Act("unit", "dispatched", "dispatches", "accept", {}, {"note": ""}, "/note", "handling"),
    "object": Act(
        "unit", "dispatched", "dispatches", "object", {"reason": "other"}, {"reason": "lazy"}, "/reason", "handling"
    ),
    "handle": Act("unit", "handling", "dispatches", "handle", {"note": "好了"}, {}, "/note", "dispatched"),
    "decide": Act("arbiter", "objected", "objections", "decision", {"note": "维持"}, {}, "/note", "decided"),
    "verify": Act(
        "worker", "handled", "cases", "verification", {"solved": True}, {"solved": "?"}, "/solved", "dispatched"
    ),
    "close": Act("station_head", "verified", "cases", "closure", {}, {"why": "x"}, "/why", "handled"),
    "resolve": Act("worker", "dispatched", "cases", "self-resolution", {"note": "好了"}, {}, "/note", "handling"),
    "rate": Act("worker", "closed", "cases", "rating", {"grade": 2}, {"grade": 6}, "/grade", "verified"),
}
acts = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


async def prepared(api: Api, place: Place, act: Act, state: str) -> tuple[str, int, Any]:
    """The address of an act on a case in a state, the present version, and who may do it."""
    case = await api.in_state(place, "objected" if state == "decided" else state)
    if state == "decided":
        path = f"/objections/{case['objections'][0]['id']}/decision"
        assert (await api.post(place.arbiter, path, {"note": "维持"}, version=1)).status_code == 200
        case = await api.case(place.worker, case["id"])
    row = case if act.part == "cases" else case[act.part][0]
    who = HANDLER if act.who == "unit" else getattr(place, act.who)
    return f"/{act.part}/{row['id']}/{act.verb}", row["version"], who


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] != answer.json()["code"]
    return answer.status_code, answer.json()["code"]


@acts
async def test_an_act_is_refused_to_whoever_may_not_and_done_once(api: Api, place: Place, act: Act) -> None:
    path, version, who = await prepared(api, place, act, act.state)
    anonymous = await api.client.post(f"/v1{path}", json=act.body)
    assert code(anonymous) == (401, "unauthenticated")
    for stranger in (Place().worker, Place().arbiter, place.guide, handler("police")):
        assert code(await api.post(stranger, path, act.body, version=version)) == (404, "not-found")
    assert code(await api.post(who, path, act.body)) == (428, "version-required")
    assert code(await api.post(who, path, act.body, version=version + 1)) == (412, "stale")
    refused = await api.post(who, path, act.bad, version=version)
    assert code(refused) == (400, "invalid-input")
    assert act.pointer in [error["pointer"] for error in refused.json()["errors"]]

    done = await api.post(who, path, act.body, version=version)
    assert done.status_code == 200, done.text
    assert done.headers["etag"] == f'"{done.json()["version"]}"'
    assert code(await api.post(who, path, act.body, version=version)) == (412, "stale")


@acts
async def test_an_act_is_refused_in_a_state_that_does_not_allow_it(api: Api, place: Place, act: Act) -> None:
    path, version, who = await prepared(api, place, act, act.wrong_state)
    answer = await api.post(who, path, act.body, version=version)
    assert answer.status_code == 409, answer.text
    assert code(answer)[1] in ("case-move-not-allowed", "objection-already-decided")


@acts
async def test_an_act_on_nothing_finds_nothing(api: Api, place: Place, act: Act) -> None:
    who = HANDLER if act.who == "unit" else getattr(place, act.who)
    path = f"/{act.part}/{uuid4()}/{act.verb}"
    assert code(await api.post(who, path, act.body, version=1)) == (404, "not-found")
    assert code(await api.post(who, f"/{act.part}/x/{act.verb}", act.body, version=1)) == (400, "invalid-input")


@pytest.mark.parametrize(
    ("act", "who", "refusal"),
    [
        ("accept", "worker", "not-of-the-unit"),
        ("accept", "street_leader", "not-of-the-unit"),
        ("handle", "arbiter", "not-of-the-unit"),
        ("decide", "street_leader", "not-the-arbiter"),
        ("decide", "unit", "not-the-arbiter"),
        ("verify", "unit", "may-not-verify"),
        ("verify", "street_leader", "may-not-verify"),
        ("close", "unit", "may-not-close"),
        ("resolve", "unit", "may-not-resolve"),
        ("resolve", "street_leader", "may-not-resolve"),
    ],
)
async def test_who_sees_a_case_may_not_do_everything_with_it(
    api: Api, place: Place, act: str, who: str, refusal: str
) -> None:
    path, version, _ = await prepared(api, place, ACTS[act], ACTS[act].state)
    actor = HANDLER if who == "unit" else getattr(place, who)
    assert code(await api.post(actor, path, ACTS[act].body, version=version)) == (403, refusal)


async def test_who_handled_a_case_does_not_verify_it(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid, category="O99", title="楼道清扫")
    body = {"unitCode": f"station-{place.community}"}
    assert (await api.post(place.street_leader, f"/cases/{case['id']}/dispatches", body)).status_code == 201
    for verb, note in (("accept", {}), ("handle", {"note": "已清扫"})):
        case = await api.case(place.worker, case["id"])
        assert (await api.act(place.worker, case, verb, note)).status_code == 200
    case = await api.case(place.worker, case["id"])
    path = f"/cases/{case['id']}/verification"
    for who in (place.worker, place.station_head):
        answer = await api.post(who, path, {"solved": True}, version=case["version"])
        assert code(answer) == (403, "verifier-handled")


async def test_a_verification_that_fails_says_why(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handled")
    path = f"/cases/{case['id']}/verification"
    assert code(await api.post(place.worker, path, {"solved": False}, version=case["version"]))[0] == 400


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/category"),
        ({"category": "H06"}, "/title"),
        ({"category": "X77", "title": "x"}, "/category"),
        ({"category": "h6", "title": "x"}, "/category"),
        ({"category": "H06", "title": " "}, "/title"),
        ({"category": "H06", "title": "a\u0000b"}, ""),
        ({"category": "H06", "title": "x", "gridCode": "150204"}, "/gridCode"),
        ({"category": "H06", "title": "x", "ethnicity": "x"}, "/ethnicity"),
        ({"category": "H06", "title": "x", "point": {"lon": 109.9, "lat": 40.6}}, "/point/crs"),
        ({"category": "H06", "title": "x", "point": {"lon": 200, "lat": 40.6, "crs": "WGS84"}}, "/point/lon"),
        (
            {
                "category": "H06",
                "title": "x",
                "point": {"lon": 1, "lat": 4, "crs": "WGS84", "capturedAt": "2026-01-01T08:00:00"},
            },
            "/point/capturedAt",
        ),
        ({"category": "H06", "title": "x", "reporter": {"contact": "abc"}}, "/reporter/contact"),
        ({"category": "H06", "title": "x", "attachments": ["../etc/passwd"]}, "/attachments/0"),
        ({"category": "H06", "title": "x", "buildingId": str(uuid4())}, ""),
    ],
)
async def test_a_report_that_cannot_be_understood_names_what_is_wrong(
    api: Api, place: Place, body: dict[str, Any], pointer: str
) -> None:
    answer = await api.post(place.worker, "/cases", body)
    assert code(answer) == (400, "invalid-input")
    assert pointer in "".join(error["pointer"] for error in answer.json()["errors"])


async def test_only_a_worker_reports_what_is_solved_already(api: Api, place: Place) -> None:
    body = {"category": "H06", "title": "x", "selfResolution": {"note": "好了"}}
    assert code(await api.post(HANDLER, "/cases", body)) == (403, "may-not-resolve")


async def test_a_report_sent_twice_is_stored_once(api: Api, place: Place) -> None:
    body = {"category": "H06", "title": "路灯"}
    key = uuid4().hex
    first, second = [await api.post(place.worker, "/cases", body, key=key) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert len((await api.get(place.worker, "/my-reports")).json()["items"]) == 1
    other = await api.post(place.worker, "/cases", body | {"title": "井盖"}, key=key)
    assert code(other) == (422, "idempotency-key-reused")
    headers = api.tokens.headers(place.worker)
    del headers["Idempotency-Key"]
    missing = await api.client.post("/v1/cases", json=body, headers=headers)
    assert code(missing) == (400, "invalid-input")


async def test_a_dispatch_by_hand_is_refused_where_it_does_not_fit(api: Api, place: Place) -> None:
    waiting = await api.settled(place.worker, gridCode=place.grid, category="O99")
    path = f"/cases/{waiting['id']}/dispatches"
    assert code(await api.post(place.station_head, path, {"unitCode": "police"})) == (403, "may-not-dispatch")
    assert code(await api.post(Place().arbiter, path, {"unitCode": "police"})) == (404, "not-found")
    assert code(await api.post(place.arbiter, path, {"unitCode": "?"}))[0] == 400
    assert (
        code(await api.post(place.arbiter, path, {"unitCode": "police", "limit": {"amount": 0, "unit": "day"}}))[0]
        == 400
    )
    assert (await api.post(place.arbiter, path, {"unitCode": "police"})).status_code == 201
    assert code(await api.post(place.arbiter, path, {"unitCode": "housing"})) == (409, "case-move-not-allowed")
    assert code(await api.post(place.arbiter, path, {"unitCode": "police", "role": "co"})) == (409, "already-with-unit")
    closed = await api.in_state(place, "closed")
    path = f"/cases/{closed['id']}/dispatches"
    assert code(await api.post(place.arbiter, path, {"unitCode": "police", "role": "co"}))[0] == 409


@pytest.mark.parametrize(
    "path",
    [
        "/cases",
        "/my-reports",
        "/figures?area=150204",
        "/routing-rules",
        "/routing/dry-run?category=H01&area=150204",
        "/categories",
        f"/cases/{uuid4()}",
        f"/dispatches/{uuid4()}",
        f"/my-reports/{uuid4()}",
    ],
)
async def test_nothing_is_read_without_a_token(api: Api, path: str) -> None:
    assert code(await api.client.get(f"/v1{path}")) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/cases?queue=everything", "#/query/queue"),
        ("/cases?cursor=%2B%2B", "#/query/cursor"),
        ("/cases?cursor=WzEsMl0", "#/query/cursor"),
        ("/cases?limit=101", "#/query/limit"),
        ("/cases?area=12", "#/query/area"),
        ("/cases?state=lost", "#/query/state"),
        ("/figures", "#/query/area"),
        ("/routing/dry-run?category=H99&area=150204", "#/query/category"),
    ],
)
async def test_a_question_that_cannot_be_understood_names_what_is_wrong(
    api: Api, place: Place, path: str, pointer: str
) -> None:
    answer = await api.client.get(f"/v1{path}", headers=api.tokens.headers(place.worker))
    assert code(answer) == (400, "invalid-input")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_list_is_read_page_by_page_without_gaps_and_repeats(api: Api, place: Place) -> None:
    reported = [(await api.settled(place.worker, gridCode=place.grid))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get(place.worker, "/cases", limit="2", area=place.grid, **cursor)).json()
        seen += [row["id"] for row in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == reported[::-1]


@pytest.mark.parametrize(
    ("state", "queue", "who"),
    [
        ("dispatched", "mine", "worker"),
        ("dispatched", "open", "worker"),
        ("dispatched", "unit", "unit"),
        ("objected", "objected", "arbiter"),
        ("handled", "to-verify", "worker"),
        ("verified", "to-close", "station_head"),
        ("closed", "closed-this-month", "street_leader"),
    ],
)
async def test_a_queue_holds_what_waits_for_its_people(
    api: Api, place: Place, state: str, queue: str, who: str
) -> None:
    case = await api.in_state(place, state)
    await api.in_state(place, "handling" if state != "handling" else "closed")
    actor = HANDLER if who == "unit" else getattr(place, who)
    rows = (await api.get(actor, "/cases", queue=queue, area=place.grid)).json()["items"]
    assert case["id"] in [row["id"] for row in rows]
    others = {row["state"] for row in rows if row["id"] != case["id"]}
    assert others <= ({"handling"} if queue in ("mine", "open", "unit") else set())
