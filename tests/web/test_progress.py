"""A resident looks up how far an application has come."""

import httpx
import pytest
from starlette.responses import JSONResponse, Response
from tests.web.conftest import PHONE, site_over
from tests.web.stub import CODE, NUMBER, Gateway, application, problem

LOOK_UP = "POST /api/approval/v1/progress"
GIVEN = {"number": NUMBER, "code": CODE}


async def test_one_sentence_says_what_is_next_and_by_when(resident: httpx.AsyncClient) -> None:
    page = await resident.post("/progress", data=GIVEN)
    assert page.status_code == 200
    assert "区民政局正在办理，最晚12月14日办完。" in page.text
    assert "12月14日 周一" in page.text
    assert [page.text.index(step) for step in ("申请已提交", "社区预审通过", "区民政局已受理")] == sorted(
        page.text.index(step) for step in ("申请已提交", "社区预审通过", "区民政局已受理")
    )


async def test_a_code_typed_with_spaces_full_width_and_small_letters_is_understood(resident: httpx.AsyncClient) -> None:
    page = await resident.post("/progress", data={"number": f" {NUMBER} ", "code": "7k3m ９ｑｘａ"})
    assert page.status_code == 200


async def test_a_qr_code_prefills_the_number_and_nothing_else(resident: httpx.AsyncClient) -> None:
    page = await resident.get("/progress", params={"number": NUMBER, "code": CODE})
    assert NUMBER in page.text
    assert CODE not in page.text


async def test_no_address_of_the_page_carries_number_or_code(resident: httpx.AsyncClient) -> None:
    page = await resident.post("/progress", data=GIVEN)
    links = [part.split('"')[0] for part in page.text.split('href="')[1:]]
    assert links
    assert not [link for link in links if NUMBER in link or CODE in link]


async def test_not_found_says_where_the_number_is_and_whom_to_call(resident: httpx.AsyncClient) -> None:
    page = await resident.post("/progress", data=GIVEN | {"code": "WRONG"})
    assert page.status_code == 404
    assert "受理编号在右上角" in page.text
    assert PHONE in page.text
    assert NUMBER in page.text
    assert "WRONG" not in page.text


async def test_what_is_left_out_is_named_at_its_field(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    page = await resident.post("/progress", data={"number": NUMBER})
    assert page.status_code == 400
    assert "请填写查询码" in page.text
    assert not gateway.asked


async def test_too_many_wrong_codes_say_how_long_to_wait(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead[LOOK_UP] = lambda *_: problem(429, "progress-locked", "请稍后再查", "…", **{"Retry-After": "841"})
    page = await resident.post("/progress", data=GIVEN)
    assert page.status_code == 429
    assert "请等15分钟再试" in page.text
    assert PHONE in page.text


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_service_that_is_down_leaves_a_telephone_and_a_number(
    resident: httpx.AsyncClient, gateway: Gateway, status: int
) -> None:
    gateway.instead[LOOK_UP] = lambda *_: Response("<html>", status)
    page = await resident.post("/progress", data=GIVEN, headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"})
    assert page.status_code == 503
    assert PHONE in page.text
    assert "ab" * 16 in page.text
    assert NUMBER in page.text


async def test_without_a_telephone_residents_are_sent_to_their_station(gateway: Gateway) -> None:
    transport = httpx.ASGITransport(app=site_over(gateway, phone=None))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        assert "便民服务站" in (await client.get("/")).text


async def test_missing_papers_are_listed_and_lateness_is_said(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    late = application("correction_required", deficiencies=["收入证明原件", "户口簿复印件"], overdue=True)
    gateway.instead[LOOK_UP] = lambda *_: JSONResponse(late)
    page = await resident.post("/progress", data=GIVEN)
    assert "收入证明原件" in page.text
    assert "户口簿复印件" in page.text
    assert "已经超过" in page.text


async def test_a_finished_application_is_rated_once(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead[LOOK_UP] = lambda *_: JSONResponse(application("completed", mayRate=True))
    page = await resident.post("/progress", data=GIVEN)
    assert "非常满意" in page.text
    unchosen = await resident.post("/progress/rating", data=GIVEN)
    assert "请选择一项" in unchosen.text
    rated = await resident.post("/progress/rating", data=GIVEN | {"grade": "2"})
    assert "评价已经收到" in rated.text
    assert gateway.asked[-1][3] == {"receiptNumber": NUMBER, "queryCode": CODE, "grade": 2}


async def test_looking_up_needs_no_session_and_sends_none(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    await leader.post("/progress", data=GIVEN)
    assert "cookie" not in gateway.asked[-1][2]


async def test_an_endless_form_is_not_read(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    page = await resident.post("/progress", data={"number": "1" * 100_000, "code": CODE})
    assert page.status_code == 413
    assert not gateway.asked
