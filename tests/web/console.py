"""The console in a real Chromium over the real gateway: who enters, how it is looked at, what is done often."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect
from tests.flows.conftest import GRID, Account, SignIn, eventually

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "web/apps/console/src"
ASSETS = ROOT / "gateway/src/gateway/webassets/console"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FORBIDDEN = ("打卡", "签到", "积分", "排名", "排行", "考核", "在线时长", "轨迹", "系统繁忙", "操作失败")
# A synthetic number of the sample kind GB 11643 itself prints.
ID_NUMBER = "11010519491231002X"

SCREENS: dict[str, tuple[str, str]] = {
    "/sign-in": ("nobody", "/sign-in"),
    "/": ("head.dulan", "/"),
    "/window/new": ("window.dulan", "/window/new"),
    "/window/:id?": ("window.dulan", "/window"),
    "/cases/:id?": ("fire", "/cases"),
    "/map/:area?": ("head.dulan", f"/map/{GRID}"),
    "/households": ("head.dulan", f"/households?area={GRID}&reached=false"),
    "/households/:id": ("head.dulan", "/households/{household}"),
    "/:rest(.*)*": ("head.dulan", "/nowhere"),
}
READY = ".work .case-head, .door form, .figures, .intake, .map-panes .grid, .panes .rows, .grid tbody, .g-empty"
HARMLESS = ("GL Driver Message", "401 (Unauthorized)", "Automatic fallback to software WebGL")


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, no download."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed")
    if not (ASSETS / "index.html").exists():
        pytest.skip("the web is not built: make web")
    launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
    yield launched
    launched.close()


Enter = Callable[..., Page]


@pytest.fixture(scope="module")
def sessions(chromium: Browser, town: str) -> Callable[[str], list[Any]]:
    """The cookies of a log-in; everybody signs in once, through the page."""
    known: dict[str, list[Any]] = {"nobody": []}

    def cookies(login: str) -> list[Any]:
        if login not in known:
            context = chromium.new_context(locale="zh-CN")
            page = context.new_page()
            page.goto(f"{town}/console/")
            page.fill("[name=login]", login)
            page.fill("[name=password]", f"qingshan-{login}")
            page.keyboard.press("Enter")
            page.wait_for_selector(".frame")
            known[login] = context.cookies()
            context.close()
        return known[login]

    return cookies


@pytest.fixture
def enter(chromium: Browser, town: str, sessions: Callable[[str], list[Any]]) -> Iterator[Enter]:
    """enter(login, path): the page as this account sees it."""
    contexts: list[BrowserContext] = []

    def opened(
        login: str,
        path: str = "/",
        *,
        size: tuple[int, int] = (1440, 900),
        axe: bool = False,
        dark: bool = False,
        before: Callable[[Page], Any] = lambda _: None,
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, bypass_csp=axe, locale="zh-CN", reduced_motion="reduce"
        )
        contexts.append(context)
        context.add_cookies(sessions(login))
        page = context.new_page()
        page.set_default_timeout(20_000)
        if dark:
            page.add_init_script("localStorage.setItem('grid-dark', 'on')")
        before(page)
        page.goto(f"{town}/console{path}")
        page.wait_for_selector(f"{READY}, .g-problem")
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def household(sign_in: SignIn) -> str:
    """A household of the demo."""
    rows = sign_in("head.dulan").read("population/v1/households", area=GRID, limit=1)
    found: str = rows["items"][0]["id"]
    return found


def axe(page: Page) -> list[Any]:
    # The canvas of the map is looked at by its table twin; its control library's own markup stays in scope.
    found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]][:4]) for one in found]


def refuse(pattern: str, status: int) -> Callable[[Page], Any]:
    body = json.dumps({"code": "unavailable", "title": "服务暂时没有答复", "detail": "请稍后再试。", "traceId": "abc"})

    def answer(route: Route) -> None:
        route.fulfill(status=status, content_type="application/problem+json", body=body)

    return lambda page: page.route(pattern, answer)


def take_in(page: Page) -> None:
    """The whole intake of somebody unknown, with the keyboard alone."""
    expect(page.locator("[name=who]")).to_be_visible()
    page.locator("[name=who]").focus()
    page.keyboard.type(ID_NUMBER)
    expect(page.locator("[name=name]")).to_be_focused()
    page.keyboard.type("云海燕")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("[name=item]")).to_be_focused()
    page.keyboard.type("最低生活保障申请")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".papers input").first).to_be_focused()


def enter_anonymously(page: Page, address: str) -> Page:
    context = page.context.browser
    assert context is not None
    other = context.new_context(locale="zh-CN").new_page()
    other.goto(address)
    return other


def report(worker: Account, title: str) -> dict[str, Any]:
    building = worker.read("gis/v1/buildings", within=GRID, limit=1)["items"][0]["position"]
    point = {"lon": building["lon"], "lat": building["lat"], "crs": "CGCS2000", "accuracyM": 10}
    found: dict[str, Any] = worker.do("POST", "dispute/v1/cases", {"category": "H04", "title": title, "point": point})
    eventually(lambda: worker.read(f"dispute/v1/cases/{found['id']}")["dispatches"])
    return found
