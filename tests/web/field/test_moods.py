"""What a screen is like when something is not as usual: waiting, empty, refused, without a line, full, ended."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Playwright
from tests.web.field.lossy import Line, lossy_line
from tests.web.field.phone import LOGIN, PIN, Phone
from tests.web.field.test_screens import GRID, at_start, beyond, household, touch, violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PACK = f"/api/population/v1/packs/{GRID}"
REFUSAL = json.dumps(
    {
        "type": "urn:grid:problem:x",
        "status": 503,
        "code": "x",
        "title": "现在不能用",
        "detail": "请稍后再试。",
        "traceId": "1",
    }
).encode()
DRESS = """mood => {
  document.documentElement.classList.remove('dark', 'large')
  document.documentElement.classList.add(mood)
}"""
FULL = """() => {
  const put = IDBObjectStore.prototype.put
  IDBObjectStore.prototype.put = function (...given) {
    if (this.name === 'entries') throw new DOMException('full', 'QuotaExceededError')
    return put.apply(this, given)
  }
}"""


@pytest.fixture
def line(town: str) -> Iterator[tuple[str, Line]]:
    """A line to the gateway that answers as a test says."""
    with lossy_line(town) as made:
        yield made


@pytest.fixture
def phone(playwright: Playwright, line: tuple[str, Line], tmp_path: Path) -> Iterator[Phone]:
    """A phone on that line, into whose pages axe may be put."""
    made = Phone(playwright, line[0], tmp_path).start(bypass_csp=True, reduced_motion="reduce")
    yield made
    made.stop()


def fits_everybody(page: Page) -> None:
    """By day, dark and in large letters: nothing axe finds, nothing that sticks out."""
    for mood in ("day", "dark", "large"):
        page.evaluate(DRESS, mood)
        assert violations(page) == [], mood
    assert beyond(page) == {}


def enter(phone: Phone) -> Page:
    """Sign in and choose a PIN, whatever comes then."""
    page = phone.open()
    page.fill("input[name=login]", LOGIN)
    page.fill("input[name=password]", f"qingshan-{LOGIN}")
    page.click("button[type=submit]")
    for _ in range(2):
        page.locator(".pin:not([aria-busy=true])").wait_for()
        page.fill(".pin", PIN)
        page.wait_for_timeout(150)
    return page


def test_the_first_download_says_how_large_it_is_and_what_it_took(phone: Phone, line: tuple[str, Line]) -> None:
    line[1].slow[PACK] = 4
    page = enter(phone)
    page.get_by_text("全网格的名单不到100KB").wait_for()
    fits_everybody(page)
    page.get_by_text("名单已存到本机").wait_for()


def test_a_list_that_cannot_be_read_says_why_and_offers_to_try_again(phone: Phone, line: tuple[str, Line]) -> None:
    line[1].instead[PACK] = (503, REFUSAL)
    page = enter(phone)
    page.get_by_text("现在不能用").wait_for()
    fits_everybody(page)
    line[1].instead.clear()
    page.click("main button:has-text('重试')")
    page.locator(".standing").wait_for()


def test_a_phone_that_never_had_a_line_says_where_to_go(phone: Phone, line: tuple[str, Line]) -> None:
    line[1].instead[PACK] = (503, REFUSAL)
    page = enter(phone)
    page.get_by_text("现在不能用").wait_for()
    phone.context.set_offline(True)
    page.get_by_text("请到有信号的地方打开一次").wait_for()
    fits_everybody(page)
    phone.context.set_offline(False)


def test_nothing_due_offers_those_not_reached(phone: Phone, line: tuple[str, Line], worker: httpx.Client) -> None:
    pack = worker.get(PACK).json() | {"plan": []}
    line[1].instead[PACK] = (200, json.dumps(pack).encode())
    page = enter(phone)
    page.get_by_text("今天没有到期的户").wait_for()
    fits_everybody(page)
    page.click("main a:has-text('还没到过')")
    page.locator(".plain .g-row").first.wait_for()


def offline(page: Page, *_: Any) -> None:
    page.context.set_offline(True)
    page.get_by_text("离线").first.wait_for()


OFFLINE: dict[str, Callable[[Page], Any]] = {
    "today": lambda _: None,
    "household": household,
    "map": touch(1),
    "report": touch(2),
    "find": touch(3),
    "me": touch(4),
    "waiting": lambda page: page.click(".upload-state"),
    "reports": lambda page: [touch(2)(page), page.click("main a:has-text('我上报的')")],
    "case": lambda page: page.click(".tasks a.line"),
}


def test_every_screen_without_a_line_can_be_read_by_everybody(phone: Phone, line: tuple[str, Line]) -> None:
    phone.sign_in()
    page = phone.page
    page.wait_for_timeout(1_000)
    offline(page)
    for name, reach in OFFLINE.items():
        at_start(page)
        if name == "case" and not page.locator(".tasks a.line").count():
            continue
        reach(page)
        page.wait_for_timeout(200)
        fits_everybody(page)
        at_start(page)
    page.context.set_offline(False)


def test_a_full_phone_says_how_much_waits_and_keeps_what_was_typed(phone: Phone) -> None:
    phone.sign_in()
    page = phone.page
    page.evaluate(FULL)
    page.click(".building button.g-button >> nth=0")
    page.click("dialog label:has-text('家中无人')")
    page.click("dialog .stay button")
    page.get_by_text("手机空间不够").wait_for()
    fits_everybody(page)
    assert page.locator("dialog input:checked").count() >= 1
    page.click("dialog a:has-text('先上传')")
    page.locator(".upload-facts").wait_for()


def test_reports_that_cannot_be_read_and_an_ended_session_are_said(phone: Phone, line: tuple[str, Line]) -> None:
    phone.sign_in()
    page = phone.page
    line[1].instead["/api/dispute/v1/my-reports"] = (503, REFUSAL)
    page.click("nav.tabs a >> nth=2")
    page.click("main a:has-text('我上报的')")
    page.get_by_text("现在不能用").wait_for()
    fits_everybody(page)
    line[1].instead["/api/gateway/v1/me"] = (401, REFUSAL)
    page.reload()
    page.locator(".pin").fill(PIN)
    page.get_by_text("本机名单已清除").wait_for()
    fits_everybody(page)
