"""What holds for every page: languages, letters, headers, errors, and the reference."""

import logging
import re

import httpx
import pytest
from starlette.responses import Response
from tests.web.stub import Gateway

PATHS = ["/", "/progress", "/mine", "/sign-in", "/docs", "/docs/approval", "/nowhere"]


@pytest.mark.parametrize("path", PATHS)
async def test_every_page_is_guarded_by_its_headers(resident: httpx.AsyncClient, path: str) -> None:
    headers = (await resident.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
async def test_no_page_names_another_host(resident: httpx.AsyncClient, path: str) -> None:
    text = (await resident.get(path)).text
    loads = re.findall(r'<(?:link|img|script|iframe|form)[^>]*(?:href|src|action)="([^"]*)"', text)
    assert not [address for address in loads if not address.startswith("/")]


async def test_chinese_unless_english_is_preferred(resident: httpx.AsyncClient) -> None:
    assert 'lang="zh-CN"' in (await resident.get("/", headers={"accept-language": "fr, zh;q=0.5, en;q=0.4"})).text
    english = await resident.get("/", headers={"accept-language": "en-GB, zh;q=0.5"})
    assert "What you can do here" in english.text
    assert english.headers["content-language"] == "en"


async def test_a_chosen_language_stays(resident: httpx.AsyncClient) -> None:
    await resident.get("/?lang=en")
    assert "Receipt number" in (await resident.get("/progress")).text
    assert "受理编号" in (await resident.get("/progress?lang=zh")).text
    assert "受理编号" in (await resident.get("/progress")).text


async def test_the_other_language_keeps_the_place(leader: httpx.AsyncClient) -> None:
    text = (await leader.get("/district?area=150204006")).text
    assert 'href="/district?area=150204006&amp;lang=en"' in text


async def test_large_letters_are_chosen_once_and_lead_back(resident: httpx.AsyncClient) -> None:
    answer = await resident.post("/letters", data={"size": "large", "back": "/progress"})
    assert answer.headers["location"] == "/progress"
    assert 'class="large ' in (await resident.get("/")).text
    await resident.post("/letters", data={"size": "usual", "back": "//evil.example"})
    assert 'class="large ' not in (await resident.get("/")).text


async def test_a_file_is_kept_for_ever_under_an_address_of_its_content(resident: httpx.AsyncClient) -> None:
    address = re.findall(r'href="(/static/[^"]+\.css)"', (await resident.get("/")).text)[0]
    answer = await resident.get(address)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    assert (await resident.get(re.sub(r"[0-9a-f]{12}", "0" * 12, address))).status_code == 404
    assert (await resident.get("/static/x/..%2f..%2fapp.py")).status_code == 404


async def test_a_page_that_breaks_says_a_number_to_quote(
    resident: httpx.AsyncClient, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.instead["POST /api/approval/v1/progress"] = lambda *_: Response("{}", media_type="application/json")
    with caplog.at_level(logging.CRITICAL):
        answer = await resident.post("/progress", data={"number": "1", "code": "2"})
    assert answer.status_code == 500
    assert "页面出了差错" in answer.text
    assert re.search(r"编号 [0-9a-f]{32}", answer.text)
    assert "content-security-policy" in answer.headers


async def test_what_a_visitor_writes_is_never_markup(resident: httpx.AsyncClient) -> None:
    text = (await resident.get("/progress", params={"number": '"><script>x</script>'})).text
    assert "<script" not in text.lower()
    assert "<script" not in (await resident.get("/<script>")).text.lower()


@pytest.mark.parametrize("service", ["population", "approval", "gis", "dispute", "gateway"])
async def test_every_operation_of_a_service_is_in_the_reference(
    resident: httpx.AsyncClient, gateway: Gateway, service: str
) -> None:
    text = (await resident.get(f"/docs/{service}")).text
    document = (
        await httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway)).get(
            f"http://gateway/api/{service}/v1/openapi.json"
        )
    ).json()
    operations = [one for item in document["paths"].values() for one in item.values() if "operationId" in one]
    assert operations
    for operation in operations:
        assert f'id="{operation["operationId"]}"' in text
    assert text.count("curl ") == len(operations)


async def test_the_reference_shows_what_goes_in_what_comes_out_and_what_is_refused(resident: httpx.AsyncClient) -> None:
    text = (await resident.get("/docs/approval")).text
    article = text.split('id="forwardApplication"')[1].split("</article>")[0]
    assert "/api/approval/v1/applications/{application_id}/forward" in article
    assert "If-Match" in article
    assert "409" in article
    assert "curl -X POST" in article


async def test_a_service_that_is_away_leaves_the_rest_of_the_reference(
    resident: httpx.AsyncClient, gateway: Gateway
) -> None:
    gateway.instead["GET /api/gis/v1/openapi.json"] = lambda *_: Response(status_code=503)
    contents = await resident.get("/docs")
    assert contents.status_code == 200
    assert "暂时连不上" in contents.text
    assert (await resident.get("/docs/gis")).status_code == 503
    assert (await resident.get("/docs/nothing")).status_code == 404
