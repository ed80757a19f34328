"""A hidden problem, from a phone point to closure by another department."""

import pytest
from tests.dispute.conftest import HANDLER, Api, Gis, Place, acts_of, at_district, handler, said_of

from grid_kernel.auth import Post


async def test_a_point_becomes_a_closed_and_rated_case(api: Api, place: Place, gis: Gis) -> None:
    async with gis.answering():
        case = await api.settled(place.worker, point=gis.puts(place.grid), description="楼道口的路灯三天不亮")
    assert (case["state"], case["areaCode"], case["leadUnit"]) == ("dispatched", place.grid, "urban_management")
    assert place.grid in case["routing"]["explanation"]

    accepted = await api.act(HANDLER, case, "accept")
    assert accepted.status_code == 200, accepted.text
    assert accepted.headers["etag"] == '"2"'
    case = await api.case(HANDLER, case["id"])
    assert (await api.act(HANDLER, case, "handle", {"note": "已更换灯泡"})).status_code == 200

    case = await api.case(place.worker, case["id"])
    seen = await api.post(place.worker, f"/cases/{case['id']}/verification", {"solved": True}, version=case["version"])
    assert seen.json()["state"] == "verified"
    closed = await api.post(place.station_head, f"/cases/{case['id']}/closure", version=seen.json()["version"])
    assert closed.json()["outcome"] == "solved"
    rated = await api.post(place.worker, f"/cases/{case['id']}/rating", {"grade": 1}, version=closed.json()["version"])
    assert rated.json()["state"] == "rated"

    told = await api.case(place.worker, case["id"])
    kinds = ["reported", "located", "dispatched", "accepted", "handled", "verified", "closed", "rated"]
    assert [entry["kind"] for entry in told["entries"]] == kinds
    assert [entry["number"] for entry in told["entries"]] == list(range(1, told["version"] + 1))


async def test_the_timeline_says_who_when_why_and_on_which_spot(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handled")
    spot = {"lon": 109.9, "lat": 40.6, "crs": "CGCS2000", "accuracyM": 8}
    body = {"solved": False, "note": "还是不亮", "point": spot}
    await api.post(place.worker, f"/cases/{case['id']}/verification", body, version=case["version"])
    reported, *_, handled, returned = (await api.case(place.worker, case["id"]))["entries"]
    assert (handled["post"], handled["unit"], handled["note"]) == ("department_handler", "urban_management", "已处理")
    assert (returned["kind"], returned["note"], returned["lon"], returned["accuracyM"]) == (
        "returned",
        "还是不亮",
        109.9,
        8.0,
    )
    assert reported["post"] == "resident_service_officer"


async def test_what_was_not_solved_goes_back_to_the_unit(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handled")
    body = {"solved": False, "note": "还是不亮"}
    answer = await api.post(place.worker, f"/cases/{case['id']}/verification", body, version=case["version"])
    assert answer.json()["state"] == "handling"
    case = await api.case(HANDLER, case["id"])
    assert (case["dispatches"][0]["state"], case["dispatches"][0]["handledAt"]) == ("accepted", None)
    assert (await api.act(HANDLER, case, "handle", {"note": "换了线路"})).status_code == 200


async def test_an_objection_that_is_right_sends_the_case_elsewhere_and_both_figures_show_it(
    api: Api, place: Place
) -> None:
    case = await api.settled(place.worker, gridCode=place.grid, category="H02", title="占道经营")
    first = handler("market_supervision")
    objection = (await api.act(first, case, "object", {"reason": "not_our_duty", "note": "属城管"})).json()
    body = {"rerouteTo": "urban_management", "note": "由城管处理"}
    decided = await api.post(place.arbiter, f"/objections/{objection['id']}/decision", body, version=1)
    assert (decided.status_code, decided.json()["state"]) == (200, "rerouted")
    assert (await api.get(first, f"/cases/{case['id']}")).status_code == 404
    told = await api.case(HANDLER, case["id"])
    assert (told["state"], told["leadUnit"]) == ("dispatched", "urban_management")
    assert [(o["unitCode"], o["reroutedTo"]) for o in told["objections"]] == [
        ("market_supervision", "urban_management")
    ]


async def test_an_objection_that_is_wrong_lets_the_dispatch_and_its_clock_stand(api: Api, place: Place) -> None:
    case = await api.in_state(place, "objected")
    objection = case["objections"][0]
    path = f"/objections/{objection['id']}/decision"
    decided = await api.post(place.arbiter, path, {"note": "属城管职责"}, version=objection["version"])
    assert decided.json()["state"] == "upheld"
    told = await api.case(HANDLER, case["id"])
    assert (told["state"], told["dispatches"][0]["state"], told["dueAt"]) == ("dispatched", "sent", case["dueAt"])


async def test_the_leading_unit_waits_for_the_one_beside_it(api: Api, place: Place) -> None:
    case = await api.in_state(place, "handling")
    other = handler("property_management")
    body = {"unitCode": "property_management", "role": "co", "note": "物业配合断电"}
    added = await api.post(place.arbiter, f"/cases/{case['id']}/dispatches", body)
    assert added.status_code == 201, added.text
    waiting = await api.act(HANDLER, await api.case(HANDLER, case["id"]), "handle", {"note": "好了"})
    assert (waiting.status_code, waiting.json()["code"]) == (409, "co-units-pending")
    path = f"/dispatches/{added.json()['id']}"
    assert (await api.post(other, f"{path}/accept", version=1)).status_code == 200
    assert (await api.post(other, f"{path}/handle", {"note": "已断电"}, version=2)).status_code == 200
    handled = await api.act(HANDLER, await api.case(HANDLER, case["id"]), "handle", {"note": "好了"})
    assert handled.status_code == 200, handled.text


async def test_a_worker_reports_and_solves_in_one_step_and_it_still_counts(api: Api, place: Place) -> None:
    receipt = await api.report(place.worker, gridCode=place.grid, selfResolution={"note": "已把井盖放好"})
    assert receipt["state"] == "closed"
    case = await api.until(place.worker, receipt["id"], lambda case: case["locatedAt"] is not None)
    assert (case["outcome"], case["areaCode"], case["dispatches"]) == ("self_resolved", place.grid, [])
    assert [entry["kind"] for entry in case["entries"]] == ["reported", "self_resolved", "located"]
    listed = await api.get(place.station_head, "/cases", queue="closed-this-month", area=place.grid)
    assert [row["id"] for row in listed.json()["items"]] == [receipt["id"]]


async def test_what_is_solved_on_the_spot_before_the_unit_began_is_taken_back(api: Api, place: Place) -> None:
    case = await api.in_state(place, "dispatched")
    body = {"note": "已处理"}
    done = await api.post(place.worker, f"/cases/{case['id']}/self-resolution", body, version=case["version"])
    assert done.json()["outcome"] == "self_resolved"
    assert (await api.get(HANDLER, f"/cases/{case['id']}")).status_code == 404


async def test_what_no_rule_covers_is_worked_by_hand(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid, category="O99", title="建议增设休息椅")
    assert (case["state"], case["routing"]["routed"]) == ("reported", "no_rule")
    queue = await api.get(place.street_leader, "/cases", queue="undispatched")
    assert case["id"] in [row["id"] for row in queue.json()["items"]]
    body = {"unitCode": f"office-{place.street}", "limit": {"amount": 3, "unit": "working_day"}}
    given = await api.post(place.street_leader, f"/cases/{case['id']}/dispatches", body)
    assert given.status_code == 201, given.text
    assert "3" in given.json()["clock"]
    queue = await api.get(place.street_leader, "/cases", queue="undispatched")
    assert case["id"] not in [row["id"] for row in queue.json()["items"]]


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "工作日"), ("en", "working days")])
async def test_a_clock_says_why_it_ends_when_it_does(api: Api, place: Place, language: str, word: str) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    path = f"/v1/dispatches/{case['dispatches'][0]['id']}"
    headers = api.tokens.headers(HANDLER) | {"Accept-Language": language}
    answer = (await api.client.get(path, headers=headers)).json()
    assert word in answer["clock"]
    assert not answer["late"]


async def test_every_act_is_in_the_audit_and_every_step_on_the_bus(api: Api, place: Place) -> None:
    case = await api.in_state(place, "closed")
    runtime = api.client.runtime  # type: ignore[attr-defined]
    reads = runtime.system_reads()
    from_audit = await reads.fetch(acts_of(case["id"]))
    assert [row["action"] for row in from_audit] == [f"case.{entry['kind']}" for entry in case["entries"]]
    subjects = [row["subject"] for row in await reads.fetch(said_of(case["id"]))]
    verbs = ["reported", "located", "dispatched", "accepted", "handled", "verified", "closed"]
    assert subjects == [f"grid.dispute.case.{verb}.v1" for verb in verbs]


async def test_the_district_sees_the_queue_of_what_could_not_be_placed(api: Api, place: Place) -> None:
    receipt = await api.report(place.worker)
    await api.until(place.worker, receipt["id"], lambda case: case["routing"] is not None)
    queue = await api.get(at_district(Post.DISTRICT_LEADER), "/cases", queue="undispatched", limit="100")
    assert receipt["id"] in [row["id"] for row in queue.json()["items"]]
