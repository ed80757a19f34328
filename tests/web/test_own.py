"""A resident reads the own record, who looked at it, and asks for something; works without JavaScript."""

import re

import httpx
import pytest
from starlette.responses import JSONResponse
from tests.web.own import CODE, GIVEN, OWN, PROVIDER, SECRET, answers, record
from tests.web.stub import Gateway, problem


@pytest.fixture
def gateway() -> Gateway:
    """A gateway whose population knows one code."""
    made = Gateway()
    made.instead = answers()
    return made


async def opened(resident: httpx.AsyncClient) -> httpx.Response:
    """The page of the own record."""
    answer = await resident.post("/mine", data=GIVEN)
    assert answer.status_code == 303, answer.text
    return await resident.get("/mine")


async def test_the_code_of_the_window_opens_the_own_record(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    assert 'name="code"' in (await resident.get("/mine")).text
    answer = await resident.post("/mine", data=GIVEN)
    cookie = answer.headers["set-cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    page = await resident.get("/mine")
    for word in ("阿依古丽·买买提", "150*************21", "育才小区16栋1单元101号", "独居老人", "户主", "户籍人口"):
        assert word in page.text
    told = [given for _, path, _, given in gateway.asked if path.endswith("/own-record")]
    assert told == [{"secret": SECRET}]


async def test_the_identity_provider_opens_the_own_record_without_a_code(
    resident: httpx.AsyncClient, gateway: Gateway
) -> None:
    assert 'href="/mine/sign-in"' in (await resident.get("/mine")).text
    away = await resident.get("/mine/sign-in")
    assert (away.status_code, away.headers["location"]) == (303, PROVIDER)
    assert "samesite=lax" in away.headers["set-cookie"].lower()
    back = await resident.get("/mine/signed-in?state=s1&code=c1")
    assert back.status_code == 200, back.text
    assert 'url=/mine"' in back.text
    for given in ("c1", "s1", "t1", SECRET):
        assert not re.findall(rf"(?:href|action|url)=[^>]*{given}\b", back.text)
    assert not any(cookie.endswith("-ticket") for cookie in resident.cookies)
    assert "阿依古丽·买买提" in (await resident.get("/mine")).text
    again = await resident.get("/mine/signed-in?state=s1&code=c1")
    assert (again.status_code, "登录没有完成" in again.text) == (400, True)


async def test_a_sign_in_that_failed_leads_back_to_the_code(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    stopped = await resident.get("/mine/signed-in?error=access_denied&state=s1")
    assert (stopped.status_code, 'name="code"' in stopped.text) == (400, True)
    await resident.get("/mine/sign-in")
    refused = await resident.get("/mine/signed-in?state=s1&code=c2")
    assert (refused.status_code, "请重新登录" in refused.text) == (403, True)
    assert not resident.cookies
    gateway.instead[f"{OWN}/sign-ins"] = lambda *_: problem(503, "identity-provider-away", "不可用", "请稍后再试。")
    assert (await resident.get("/mine/sign-in")).status_code == 503
    gateway.instead[f"{OWN.replace('POST', 'GET')}/ways"] = lambda *_: JSONResponse({"signIn": False})
    assert "/mine/sign-in" not in (await resident.get("/mine")).text


async def test_who_looked_is_told_without_a_name(resident: httpx.AsyncClient) -> None:
    text = (await opened(resident)).text
    assert "都兰社区管理服务站" in text
    assert "日常工作，17 次" in text
    assert "约定走访" in text
    assert "看了：电话" in text
    assert "resident_service_officer" not in text


async def test_no_address_carries_code_pass_or_date(resident: httpx.AsyncClient) -> None:
    text = (await opened(resident)).text
    links = re.findall(r'(?:href|action)="([^"]*)"', text)
    assert not [link for link in links if CODE in link or SECRET in link or "1948" in link]
    assert SECRET not in text


async def test_a_wrong_code_says_what_to_do(resident: httpx.AsyncClient) -> None:
    page = await resident.post("/mine", data=GIVEN | {"code": "AAAAAAAA"})
    assert page.status_code == 404
    assert "查询码或者出生日期不对" in page.text
    assert "AAAAAAAA" not in page.text
    assert 'value="1948"' in page.text
    for missing in ({"code": ""}, {"month": "13"}, {"day": ""}):
        assert "没有填完整" in (await resident.post("/mine", data=GIVEN | missing)).text


async def test_something_is_asked_for_and_a_consent_withdrawn(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    text = (await opened(resident)).text
    assert "最晚 2026-12-15 答复" in text
    assert text.count("撤回同意") == 1, "what rests on a statute is not withdrawn"
    entry = re.findall(r'name="entry" value="([^"]+)"', text)[0]
    assert (await resident.post("/mine/withdrawals", data={"entry": entry})).status_code == 303
    sent = {"kind": "correction", "words": "门牌号是 102"}
    assert (await resident.post("/mine/requests", data=sent)).status_code == 303
    bodies = {path.rsplit("/", 1)[1]: given for _, path, _, given in gateway.asked}
    assert bodies["withdrawals"] == {"secret": SECRET, "careEntryId": entry}
    assert bodies["requests"] == {"secret": SECRET, **sent}


async def test_a_refusal_is_told_on_the_page(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    await opened(resident)
    gateway.instead[f"{OWN}/requests"] = lambda *_: problem(400, "invalid-input", "填写有误", "请写明哪一项。")
    page = await resident.post("/mine/requests", data={"kind": "correction", "words": ""})
    assert page.status_code == 400
    assert "请写明哪一项" in page.text
    assert "阿依古丽·买买提" in page.text


async def test_after_half_an_hour_it_is_closed(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    await opened(resident)
    gateway.instead[OWN] = lambda *_: problem(404, "own-record-closed", "已经关闭", "请重新领取查询码。")
    page = await resident.get("/mine")
    assert "已经关闭" in page.text
    assert "阿依古丽" not in page.text
    assert "grid-own" not in resident.cookies
    gateway.instead[OWN] = lambda *_: problem(503, "unavailable", "暂时不可用", "…")
    resident.cookies.set("grid-own", SECRET)
    assert (await resident.get("/mine")).status_code == 503


async def test_it_is_closed_on_a_shared_computer(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    await opened(resident)
    assert (await resident.post("/mine/closing")).headers["location"] == "/"
    assert "grid-own" not in resident.cookies
    assert [path for _, path, _, _ in gateway.asked if path.endswith("/closing")]


async def test_another_site_cannot_send_these_forms(resident: httpx.AsyncClient) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    for path in ("/mine", "/mine/requests", "/mine/withdrawals", "/mine/closing"):
        assert (await resident.post(path, data=GIVEN, headers=foreign)).status_code == 403


async def test_a_long_record_is_a_small_page(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead[OWN] = lambda *_: JSONResponse(record(reads=300, visits=50))
    page = await opened(resident)
    assert "还有 260 条更早的记录" in page.text
    assert len(page.content) < 25_000
    assert "<script" not in page.text
