"""Staff sign in and out; what goes to the gateway, and what comes back."""

import httpx
import pytest
from tests.web.conftest import site_over
from tests.web.stub import COOKIE, SECRET, Gateway, problem

SIGN_IN = "POST /api/gateway/v1/session"
GIVEN = {"login": "District", "password": "right"}


async def test_signing_in_leads_to_the_page_that_was_wanted(resident: httpx.AsyncClient) -> None:
    page = await resident.post("/sign-in", data=GIVEN | {"next": "/district?area=150204006"})
    assert page.status_code == 303
    assert page.headers["location"] == "/district?area=150204006"


async def test_only_the_session_cookie_of_the_gateway_is_passed_on(resident: httpx.AsyncClient) -> None:
    page = await resident.post("/sign-in", data=GIVEN)
    assert page.headers.get_list("set-cookie") == [f"{COOKIE}={SECRET}; HttpOnly; Path=/; SameSite=lax"]


async def test_the_cookie_of_one_visitor_is_never_sent_for_another(gateway: Gateway) -> None:
    site = site_over(gateway)
    headers = {"sec-fetch-site": "same-origin"}
    for sign_in in (True, False):
        transport = httpx.ASGITransport(app=site)
        async with httpx.AsyncClient(transport=transport, base_url="http://site", headers=headers) as client:
            if sign_in:
                await client.post("/sign-in", data=GIVEN)
            else:
                assert (await client.get("/district")).status_code == 303
    assert "cookie" not in gateway.asked[-1][2]


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"])
async def test_nobody_is_sent_to_another_site(resident: httpx.AsyncClient, wanted: str) -> None:
    page = await resident.post("/sign-in", data=GIVEN | {"next": wanted})
    assert page.headers["location"] == "/district"
    assert "evil" not in (await resident.get("/sign-in", params={"next": wanted})).text


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "http://evil.example"}]
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
async def test_a_form_of_another_site_is_refused(gateway: Gateway, headers: dict[str, str], path: str) -> None:
    transport = httpx.ASGITransport(app=site_over(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        page = await client.post(path, data=GIVEN, headers=headers)
    assert page.status_code == 403
    assert "从本站" in page.text
    assert not gateway.asked


async def test_a_form_of_our_own_site_is_taken_by_its_origin(gateway: Gateway) -> None:
    transport = httpx.ASGITransport(app=site_over(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        page = await client.post("/sign-in", data=GIVEN, headers={"origin": "http://site"})
    assert page.status_code == 303
    assert gateway.asked[-1][2]["x-grid-request"]


async def test_a_wrong_password_is_never_shown_again(resident: httpx.AsyncClient) -> None:
    page = await resident.post("/sign-in", data=GIVEN | {"password": "hunter-two-wrong"})
    assert page.status_code == 401
    assert "登录名或密码不对" in page.text
    assert "hunter-two-wrong" not in page.text


async def test_the_second_factor_is_asked_for_when_it_is_needed(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    assert "动态口令" not in (await resident.get("/sign-in")).text
    gateway.instead[SIGN_IN] = lambda *_: problem(401, "second-factor-required", "还需要动态口令", "…")
    page = await resident.post("/sign-in", data=GIVEN)
    assert 'autocomplete="one-time-code"' in page.text
    del gateway.instead[SIGN_IN]
    assert (await resident.post("/sign-in", data=GIVEN | {"totp": " 123456 ", "asked": "yes"})).status_code == 303
    assert gateway.asked[-1][3] == {"login": "district", "password": "right", "totp": "123456"}


async def test_a_locked_account_says_how_long(resident: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.instead[SIGN_IN] = lambda *_: problem(429, "login-locked", "暂时不能登录", "…", **{"Retry-After": "61"})
    page = await resident.post("/sign-in", data=GIVEN)
    assert page.status_code == 429
    assert "请等2分钟再试" in page.text


async def test_signing_out_ends_the_session_here_and_there(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    page = await leader.post("/sign-out")
    assert page.headers["location"] == "/"
    assert f"{COOKIE}=" in page.headers["set-cookie"]
    assert "Max-Age=0" in page.headers["set-cookie"]
    assert gateway.asked[-1][:2] == ("DELETE", "/api/gateway/v1/session")
    assert gateway.asked[-1][2]["cookie"] == f"{COOKIE}={SECRET}"


async def test_of_a_request_only_what_was_agreed_goes_on(leader: httpx.AsyncClient, gateway: Gateway) -> None:
    leader.cookies.set("tracker", "x")
    sent = {"x-request-id": "r-1", "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", "authorization": "Bearer x"}
    await leader.get("/district", headers=sent | {"x-forwarded-for": "1.2.3.4", "accept-language": "en"})
    seen = gateway.asked[0][2]
    assert seen["cookie"] == f"{COOKIE}={SECRET}"
    assert (seen["x-request-id"], seen["traceparent"], seen["accept-language"]) == ("r-1", sent["traceparent"], "en")
    assert not {"authorization", "x-forwarded-for", "origin", "sec-fetch-site"} & seen.keys()
