"""A hidden problem, from a phone point to closure by another department."""

from typing import Any

from tests.dispute.conftest import Api, Gis, Place, handler

HANDLER = handler("urban_management")


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
    assert [entry["kind"] for entry in told["entries"]] == [
        "reported",
        "located",
        "dispatched",
        "accepted",
        "handled",
        "verified",
        "closed",
        "rated",
    ]
    assert [entry["number"] for entry in told["entries"]] == list(range(1, told["version"] + 1))


async def test_what_was_not_solved_goes_back_to_the_unit(api: Api, place: Place) -> None:
    case = await _handled(api, place)
    answer = await api.post(
        place.worker,
        f"/cases/{case['id']}/verification",
        {"solved": False, "note": "还是不亮"},
        version=case["version"],
    )
    assert answer.json()["state"] == "handling"
    case = await api.case(HANDLER, case["id"])
    assert case["dispatches"][0]["state"] == "accepted"
    assert (await api.act(HANDLER, case, "handle", {"note": "换了线路"})).status_code == 200


async def _handled(api: Api, place: Place) -> dict[str, Any]:
    case = await api.settled(place.worker, gridCode=place.grid)
    await api.act(HANDLER, case, "accept")
    case = await api.case(HANDLER, case["id"])
    answer = await api.act(HANDLER, case, "handle", {"note": "已处理"})
    assert answer.status_code == 200, answer.text
    return await api.case(place.worker, case["id"])
