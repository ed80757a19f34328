"""The flows of the foundation through the real pages: E通, the console for department and window, the progress page."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Playwright, expect
from tests.web.console import Enter, chromium, enter, enter_anonymously, household, sessions, take_in
from tests.web.field.conftest import worker
from tests.web.field.lossy import Line, lossy_line
from tests.web.field.phone import Phone, until

__all__ = ["chromium", "enter", "household", "sessions", "worker"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(500)]


@pytest.fixture
def line(town: str) -> Iterator[tuple[str, Line]]:
    """A line to the gateway that can be cut."""
    with lossy_line(town) as made:
        yield made


def reported_without_a_signal(phone: Phone, state: Line, title: str) -> None:
    """A worker meets blocked stairs where there is no line; it is sent when there is one."""
    phone.sign_in()
    phone.page.wait_for_function("navigator.serviceWorker.ready")
    phone.page.wait_for_timeout(500)
    state.cut = True
    page = phone.page
    phone.tab(2)
    page.click("label:has-text('消防安全')")
    page.click("label:has-text('不选点')")
    page.locator(".g-field input[maxlength='200']").fill(title)
    expect(page.locator(".goes-to strong")).to_contain_text("消防")
    page.click("main .g-button.wide")
    page.get_by_text(title).wait_for()
    state.cut = False
    page.evaluate("dispatchEvent(new Event('online'))")


def step(page: Page, text: str, note: str = "") -> None:
    """Choose one step of a case and send it."""
    expect(page.locator(".decide button[type=submit]")).to_have_text(text)
    if note:
        page.fill("[name=note]", note)
    page.locator(".decide button[type=submit]").click()


def test_a_hazard_goes_from_the_phone_through_the_department_to_its_end(
    playwright: Playwright, line: tuple[str, Line], worker: httpx.Client, enter: Enter, tmp_path: Path
) -> None:
    address, state = line
    title = f"楼道堆物，离线上报 {tmp_path.stat().st_ino}"
    phone = Phone(playwright, address, tmp_path).start()
    try:
        reported_without_a_signal(phone, state, title)
        known = "/api/dispute/v1/my-reports"
        until(lambda: title in [each["title"] for each in worker.get(known).json()["items"]], 60)
        case = next(each for each in worker.get(known).json()["items"] if each["title"] == title)
        department = enter("fire", "/cases?queue=unit")
        department.goto(re.sub(r"/cases.*", f"/cases/{case['id']}", department.url))
        expect(department.locator(".case-head")).to_contain_text(title)
        step(department, "签收")
        step(department, "反馈处置", "已清理通道。")
        expect(department.locator(".case-head .g-tag").first).to_contain_text("待核查")
        step(enter("worker.dulan", f"/cases/{case['id']}"), "现场核查")
        head = enter("head.dulan", f"/cases/{case['id']}")
        step(head, "结案")
        expect(head.locator(".case-head .g-tag").first).to_contain_text("已结案")
        until(lambda: worker.get(f"{known}/{case['id']}").json()["state"] == "closed", 20)
        phone.page.click("nav.tabs a >> nth=2")
        phone.page.click("main a:has-text('我上报的')")
        phone.page.locator(".line", has_text=title).wait_for()
    finally:
        phone.stop()


def test_an_application_goes_from_the_window_through_the_department_to_the_resident(enter: Enter, town: str) -> None:
    clerk = enter("window.dulan", "/window/new")
    take_in(clerk)
    clerk.click("text=都带了")
    clerk.keyboard.press("Control+Enter")
    number, code = (clerk.locator(".receipt dd.code").nth(place).inner_text() for place in (0, 1))
    resident = enter_anonymously(clerk, f"{town}/progress?number={number}")
    resident.fill("#code", code)
    resident.click("main .button")
    expect(resident.locator("main")).to_contain_text("民政局")
    department = enter("civil", f"/window?receipt={number}")
    for text in ("受理", "批准", "发放结果"):
        expect(department.locator(".decide button[type=submit]")).to_have_text(text)
        department.keyboard.press("Control+Enter")
    expect(department.locator(".case-head .g-tag").first).to_contain_text("已办结")
    resident = enter_anonymously(clerk, f"{town}/progress?number={number}")
    resident.fill("#code", code)
    resident.click("main .button")
    expect(resident.locator("h1")).to_have_text("最低生活保障申请")
    expect(resident.locator("main")).to_contain_text("办结")
