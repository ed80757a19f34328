"""One application from the window to its rating, as the people concerned do it."""

import httpx
from sqlalchemy import text
from tests.approval.conftest import CIVIL, CLERK, HEALTH, LEADER, Desk

from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens


async def test_an_application_is_corrected_forwarded_decided_looked_up_and_rated(
    desk: Desk, client: httpx.AsyncClient, tokens: Tokens
) -> None:
    received = await desk.submit(materials=[{"seq": 1}])
    assert received["state"] == "submitted"
    assert len(received["queryCode"]) == 8
    assert {paper["name"] for paper in received["missing"]} >= {"收入证明"}
    look = {"receiptNumber": received["receiptNumber"], "queryCode": received["queryCode"]}

    told = await desk.act("correction-notice", CLERK, {"deficiencies": ["收入证明", "户口本复印件"]})
    assert told.json()["state"] == "correction_required"
    progress = (await client.post("/v1/progress", json=look)).json()
    assert progress["deficiencies"] == ["收入证明", "户口本复印件"]
    assert "补齐" in progress["nextStep"]

    assert (await desk.act("correction", CLERK, {"materials": [{"seq": 1}, {"seq": 4}]})).json()["state"] == "submitted"
    await desk.to("accepted")
    page = (await desk.read(CIVIL)).json()
    masked = page["applicant"]
    assert masked["name"] == "王建国"
    assert (masked["idNumber"][:3], masked["idNumber"][-2:]) == ("110", "2X")
    assert "19491231" not in str(page)
    assert masked["phone"].endswith("****5678") or masked["phone"] == "120****0000"
    assert [clock["kind"] for clock in page["clocks"] if clock["stoppedAt"] is None] == ["promised"]
    assert "工作日" in page["clocks"][-1]["explanation"]

    assert (await desk.act("suspension", CIVIL, {"procedure": "household_economic_check"})).json()["dueAt"] is None
    assert (await desk.act("resumption", CIVIL)).json()["dueAt"] is not None
    assert (await desk.act("decision", CIVIL, {"approved": True})).json()["state"] == "approved"
    assert (await desk.act("completion", CLERK)).json()["state"] == "completed"

    progress = (await client.post("/v1/progress", json=look)).json()
    assert progress["mayRate"] is True
    assert [step["text"] for step in progress["steps"]][:3] == ["申请已提交", "一次性告知要补正的材料", "材料已补正"]
    assert "王建国" not in str(progress)
    rated = await client.post("/v1/progress/rating", json=look | {"grade": 2})
    assert rated.json()["mayRate"] is False
    again = await client.post("/v1/progress/rating", json=look | {"grade": 5})
    assert (again.status_code, again.json()["code"]) == (409, "application-already-rated")


async def test_a_unit_sees_what_was_forwarded_to_it_and_nothing_else(desk: Desk) -> None:
    await desk.submit()
    assert (await desk.read(CIVIL)).status_code == 404
    await desk.to("forwarded")
    assert (await desk.read(CIVIL)).status_code == 200
    assert (await desk.read(HEALTH)).status_code == 404
    assert (await desk.read(LEADER)).status_code == 200


async def test_the_figures_of_an_area_lead_to_their_rows(desk: Desk, client: httpx.AsyncClient, tokens: Tokens) -> None:
    await desk.submit()
    answer = await client.get("/v1/figures", params={"area": "150204006"}, headers=tokens.headers(LEADER))
    figures = answer.json()["figures"]
    assert figures["open"]["count"] >= 1
    rows = figures["desk"]["rows"].removeprefix("/api/approval")
    listed = await client.get(f"{rows}&limit=100", headers=tokens.headers(LEADER))
    assert len(listed.json()["items"]) == min(figures["desk"]["count"], 100)


async def test_no_event_carries_who_applied(desk: Desk, runtime: Runtime) -> None:
    await desk.submit()
    await desk.to("completed")
    async with runtime.system_session() as session:
        for canary in ("王建国", "11010519491231002X", "12012345678"):
            query = text("select count(*) from outbox where convert_from(body, 'utf8') like :canary")
            assert await session.scalar(query, {"canary": f"%{canary}%"}) == 0
