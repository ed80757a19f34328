"""Every page and state in a real Chromium: nothing axe finds, nothing cut off, nothing loaded from elsewhere."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, expect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.web import own
from tests.web.conftest import site_over
from tests.web.stub import CODE, COOKIE, NUMBER, SECRET, Gateway, application, overview, page, part, problem

pytestmark = pytest.mark.browser
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"wide": (1440, 900), "phone": (390, 844), "narrow": (320, 640), "zoomed": (640, 450)}
FINGER, LARGE_FINGER = 44, 60
ME, OVERVIEW = "GET /api/gateway/v1/me", "GET /api/gateway/v1/overview"
PROGRESS, SESSION = "POST /api/approval/v1/progress", "POST /api/gateway/v1/session"


@dataclass(frozen=True)
class State:
    """One state of one page: how to reach it, and what the gateway answers on the way."""

    path: str
    do: Callable[[Page], Any] = lambda _: None
    instead: dict[str, Any] = field(default_factory=dict)


def look_up(page: Page) -> None:
    page.fill("#number", NUMBER)
    page.fill("#code", CODE)
    page.click("main .button")


def sign_in(page: Page) -> None:
    page.fill("#login", "district")
    page.fill("#password", "wrong")
    page.click("main .button")


def open_own(page: Page, code: str = own.CODE) -> None:
    for name, text in (own.GIVEN | {"code": code}).items():
        page.fill(f"[name={name}]", text)
    page.click("main .button")


def answer(body: Any) -> Callable[..., Response]:
    return lambda *_: JSONResponse(body)


def refused(status: int, code: str, **headers: str) -> Callable[..., Response]:
    return lambda *_: problem(status, code, "还需要动态口令", "请核对后再试。", **headers)


AWAY = {name: part(None, "unavailable", None) for name in ("population", "approval", "dispute", "gis")}
HELD_UP = application("correction_required", deficiencies=["收入证明原件", "户口簿复印件"], overdue=True)
REASON = {"at": "2026-11-20T09:00:00+08:00", "text": "一次性告知要补正的材料", "reason": "收入证明缺单位盖章。"}
DONE = application("completed", mayRate=True)
STATES = {
    "home": State("/"),
    "form": State("/progress"),
    "progress": State("/progress", look_up),
    "progress late": State("/progress", look_up, {PROGRESS: answer(HELD_UP | {"steps": [*HELD_UP["steps"], REASON]})}),
    "progress done": State("/progress", look_up, {PROGRESS: answer(DONE)}),
    "nothing typed": State("/progress", lambda page: page.click("main .button")),
    "not found": State("/progress", look_up, {PROGRESS: refused(404, "progress-not-found")}),
    "locked": State("/progress", look_up, {PROGRESS: refused(429, "progress-locked", **{"Retry-After": "800"})}),
    "down": State("/progress", look_up, {PROGRESS: lambda *_: Response(status_code=503)}),
    "sign-in": State("/sign-in"),
    "wrong password": State("/sign-in", sign_in),
    "second factor": State("/sign-in", sign_in, {SESSION: refused(401, "second-factor-required")}),
    "own code": State("/mine", instead=own.answers()),
    "own sign-in away": State("/mine/sign-in", instead=own.answers(away=True)),
    "own signed in": State("/mine/signed-in", instead=own.answers()),
    "own record": State("/mine", open_own, own.answers()),
    "own code wrong": State("/mine", lambda page: open_own(page, "AAAAAAAA"), own.answers()),
    "own code not typed": State("/mine", lambda page: page.click("main .button"), own.answers()),
    "missing": State("/nowhere"),
    "broken": State("/progress", look_up, {PROGRESS: answer({})}),
    "district": State("/district"),
    "street": State("/district?area=150204006"),
    "community": State("/district?area=150204006019"),
    "grid": State("/district?area=150204006019003"),
    "parts away": State("/district", instead={OVERVIEW: answer(overview("150204") | {"parts": AWAY})}),
    "forbidden": State("/district", instead={OVERVIEW: refused(403, "forbidden")}),
    "gateway away": State("/district", instead={ME: lambda *_: Response(status_code=503)}),
    "cases": State("/district/lists?of=cases&area=150204&queue=late"),
    "applications": State("/district/lists?of=applications&area=150204&queue=late"),
    "households": State("/district/lists?of=households&area=150204006019&quarter=2026Q4&state=visited"),
    "empty list": State(
        "/district/lists?of=cases&area=150204", instead={"GET /api/dispute/v1/cases": lambda *_: page([])}
    ),
    "reference": State("/docs"),
    "reference of a service": State("/docs/population"),
}
RESIDENTS = (
    "home",
    "form",
    "progress",
    "progress done",
    "not found",
    "nothing typed",
    "own code",
    "own record",
    "sign-in",
    "missing",
)


@pytest.fixture(scope="module")
def behind() -> Gateway:
    """What stands behind the pages."""
    return Gateway()


@pytest.fixture(scope="module")
def address(behind: Gateway) -> Iterator[str]:
    """The pages, served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(site_over(behind), port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, no download."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed")
    launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
    yield launched
    launched.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, address: str, behind: Gateway) -> Iterator[Open]:
    """open_page(name of the state, size, large letters): the page, and whatever it complained of or asked elsewhere."""
    contexts = []

    def opened(name: str, size: str = "wide", *, large: bool = False, script: bool = True, axe: bool = False) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script, bypass_csp=axe, locale="zh-CN"
        )
        contexts.append(context)
        cookies = {COOKIE: SECRET} | ({"grid-letters": "large"} if large else {})
        context.add_cookies([{"name": key, "value": value, "url": address} for key, value in cookies.items()])
        page = context.new_page()
        state = STATES[name]
        behind.instead.clear()
        behind.instead.update(state.instead)
        page.goto(address + state.path)
        state.do(page)
        page.wait_for_load_state("load")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_every_route_is_looked_at(behind: Gateway) -> None:
    routes = {route.path for route in site_over(behind).routes if isinstance(route, Route) and "GET" in route.methods}
    looked_at = {state.path.partition("?")[0] for state in STATES.values()}
    assert routes - {"/static/{digest}/{name}", "/favicon.ico", "/docs/{service}"} <= looked_at


@pytest.mark.parametrize(("size", "large"), [("wide", False), ("narrow", True)], ids=["usual", "narrow and large"])
@pytest.mark.parametrize("name", STATES)
def test_axe_finds_nothing(open_page: Open, name: str, size: str, *, large: bool) -> None:
    page = open_page(name, size, large=large, axe=True)
    found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
    assert not [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("name", STATES)
def test_nothing_is_cut_off_at_the_side(open_page: Open, name: str) -> None:
    page = open_page(name)
    for large in (False, True):
        page.evaluate("large => document.documentElement.classList.toggle('large', large)", large)
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert beyond == 0, (width, large)


@pytest.mark.parametrize("name", RESIDENTS)
def test_a_finger_hits_what_can_be_touched(open_page: Open, name: str) -> None:
    script = """least => [...document
        .querySelectorAll('a, button, summary, label:has(input), input:not([type=hidden])')]
        .filter(one => !one.matches('.skip, label input') && one.getClientRects().length)
        .filter(one => one.getBoundingClientRect().height < least).map(one => one.outerHTML)"""
    assert open_page(name, "phone").evaluate(script, FINGER) == []
    main = script.replace("'a, button, summary", "'main .button, main a, main summary")
    assert open_page(name, "phone", large=True).evaluate(main, LARGE_FINGER) == []


@pytest.mark.parametrize("name", STATES)
def test_nothing_comes_from_elsewhere_and_the_policy_is_kept(open_page: Open, address: str, name: str) -> None:
    page = open_page(name)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address + STATES[name].path)
    page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if not url.startswith(address)]
    assert not [text for text in said if "Content Security Policy" in text]


def test_a_resident_finds_out_without_a_script(open_page: Open) -> None:
    page = open_page("home", "phone", script=False)
    page.click("main .button")
    look_up(page)
    expect(page.locator("h1")).to_have_text("城乡居民最低生活保障")
    assert CODE not in page.url
    page.click("text=长辈版")
    expect(page.locator("html")).to_have_class("large ")


def test_a_resident_reads_the_own_record_without_a_script(open_page: Open) -> None:
    page = open_page("own code", "phone", script=False)
    open_own(page)
    expect(page.locator("main")).to_contain_text("都兰社区管理服务站")
    assert own.CODE not in page.url


def test_a_resident_finds_out_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page("form")
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(page.locator("#number")).to_be_focused()
    page.keyboard.type(NUMBER)
    page.keyboard.press("Tab")
    page.keyboard.type(CODE)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("城乡居民最低生活保障")


def test_a_resident_rates_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page("progress done")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator("[name=grade]:focus").count():
            break
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=grade] >> nth=1")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_contain_text("评价已经收到")


def test_a_leader_signs_in_reads_and_signs_out_without_a_script(open_page: Open, address: str) -> None:
    page = open_page("home", script=False)
    page.context.clear_cookies()
    page.goto(f"{address}/district?area=150204006019")
    page.fill("#login", "district")
    page.fill("#password", "right")
    page.click("main .button")
    expect(page.locator("h1")).to_have_text("都兰社区")
    page.click("td a >> nth=0")
    expect(page.locator("h1")).to_have_text("住户")
    page.click("text=退出")
    page.goto(f"{address}/district")
    expect(page.locator("h1")).to_have_text("工作人员登录")


def test_on_paper_only_what_is_read_is_printed(open_page: Open) -> None:
    page = open_page("progress")
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".foot ul")).to_be_hidden()
    expect(page.locator(".bar form")).to_be_hidden()
