"""Progress by the two codes of the receipt, without an account."""

from datetime import timedelta

import pytest
from tests.dispute.conftest import Api, Place, handler

from dispute_svc import commands, rules
from dispute_svc.schemas import ProgressIn
from grid_kernel import clock
from grid_kernel.runtime import Runtime


async def look_up(api: Api, case_code: str, query_code: str) -> tuple[int, dict[str, object]]:
    body = {"caseCode": case_code, "queryCode": query_code}
    answer = await api.client.post("/v1/case-progress", json=body)
    return answer.status_code, answer.json()


async def test_the_two_codes_show_how_far_it_has_come_and_no_names(api: Api, place: Place) -> None:
    body = {"gridCode": place.grid, "description": "住户王小明说", "reporter": {"name": "王小明"}}
    receipt = await api.report(place.worker, **body)
    await api.until(place.worker, receipt["id"], lambda case: case["state"] == "dispatched")
    status, told = await look_up(api, receipt["caseCode"], receipt["queryCode"])
    assert (status, told["state"], told["leadUnit"], told["category"]) == (200, "dispatched", "urban_management", "H06")
    assert [step["kind"] for step in told["steps"]] == ["reported", "located", "dispatched"]  # type: ignore[attr-defined]
    assert "王小明" not in str(told)
    assert place.worker.id not in str(told)


async def test_a_code_typed_by_hand_is_understood(api: Api, place: Place) -> None:
    receipt = await api.report(place.worker)
    typed = f" {receipt['queryCode'][:4].lower()}-{receipt['queryCode'][4:].lower()} "
    assert (await look_up(api, receipt["caseCode"], typed))[0] == 200


async def test_the_matter_of_a_restricted_case_is_not_named(api: Api, place: Place) -> None:
    receipt = await api.report(place.worker, category="H03", gridCode=place.grid)
    await api.until(place.worker, receipt["id"], lambda case: case["state"] == "dispatched")
    _, told = await look_up(api, receipt["caseCode"], receipt["queryCode"])
    assert (told["category"], told["leadUnit"], told["state"]) == (None, None, "dispatched")
    assert handler("ethnic_religious_affairs").units()[0] not in str(told)


async def test_a_wrong_code_and_an_unknown_case_look_the_same(api: Api, place: Place) -> None:
    receipt = await api.report(place.worker)
    status, wrong = await look_up(api, receipt["caseCode"], "AAAA2222")
    assert (status, wrong["code"]) == (404, "progress-not-found")
    status, unknown = await look_up(api, "1" * 21, "AAAA2222")
    assert {**wrong, "traceId": None} == {**unknown, "traceId": None}


async def test_five_wrong_codes_lock_the_look_up_for_a_quarter_hour(api: Api, place: Place, runtime: Runtime) -> None:
    receipt, other = await api.report(place.worker), await api.report(place.worker)
    for _ in range(5):
        assert (await look_up(api, receipt["caseCode"], "AAAA2222"))[0] == 404
    body = {"caseCode": receipt["caseCode"], "queryCode": receipt["queryCode"]}
    locked = await api.client.post("/v1/case-progress", json=body)
    assert (locked.status_code, locked.json()["code"]) == (429, "too-many-wrong-codes")
    assert 0 < int(locked.headers["retry-after"]) <= 900
    assert "15" in locked.json()["detail"]
    assert (await look_up(api, other["caseCode"], other["queryCode"]))[0] == 200
    given = ProgressIn(case_code=receipt["caseCode"], query_code=receipt["queryCode"])
    with pytest.raises(rules.TooManyWrongCodes):
        await commands.look_up_progress(runtime, given, now=clock.now() + timedelta(minutes=14))
    told = await commands.look_up_progress(runtime, given, now=clock.now() + timedelta(minutes=16))
    assert told.case_code == receipt["caseCode"]


async def test_a_right_code_forgets_the_wrong_ones(api: Api, place: Place) -> None:
    receipt = await api.report(place.worker)
    for _ in range(3):
        for _ in range(4):
            await look_up(api, receipt["caseCode"], "AAAA2222")
        assert (await look_up(api, receipt["caseCode"], receipt["queryCode"]))[0] == 200


@pytest.mark.parametrize(
    "body", [{}, {"caseCode": "1", "queryCode": "AAAA2222"}, {"caseCode": "1" * 21, "queryCode": "A"}]
)
async def test_codes_of_the_wrong_shape_are_refused(api: Api, body: dict[str, str]) -> None:
    assert (await api.client.post("/v1/case-progress", json=body)).status_code == 400


async def test_an_urgent_report_says_what_to_dial_first(api: Api, place: Place) -> None:
    assert (await api.report(place.worker, category="H04", emergency=True))["emergencyNumber"] == "119"
    assert (await api.report(place.worker, category="H01", emergency=True))["emergencyNumber"] == "110"
    assert (await api.report(place.worker, category="H04"))["emergencyNumber"] is None
