"""A phone that was lost or signed out elsewhere: its list goes at the next contact, what waits still arrives."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Playwright
from tests.web.field.lossy import Line, lossy_line
from tests.web.field.phone import LOGIN, REPORT, STORED, Phone, until
from tests.web.field.test_offline import my_reports

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
COOKIES_ARE_WRITTEN_MS = 31_000


@pytest.fixture
def line(town: str) -> Iterator[tuple[str, Line]]:
    """A line to the gateway that can be cut."""
    with lossy_line(town) as made:
        yield made


def end_session_elsewhere(phone: Phone, address: str) -> None:
    cookies = {each["name"]: each["value"] for each in phone.context.cookies(address)}
    answer = httpx.delete(f"{address}/api/gateway/v1/session", cookies=cookies, headers={"X-Grid-Request": "1"})
    assert answer.status_code == 204


def test_a_session_that_was_ended_takes_the_list_and_leaves_what_waits(
    playwright: Playwright, town: str, line: tuple[str, Line], worker: httpx.Client, tmp_path: Path
) -> None:
    address, state = line
    prefix = f"收回{tmp_path.stat().st_ino}-"
    phone = Phone(playwright, address, tmp_path).start()
    phone.sign_in()
    page = phone.page
    page.wait_for_timeout(500)
    state.cut = True
    phone.hold_outbox()
    kept = [page.evaluate(REPORT, f"{prefix}{place}") for place in range(3)]
    assert page.evaluate(STORED)[0] > 300
    end_session_elsewhere(phone, town)
    assert page.locator(".standing").is_visible(), "without a contact nothing is known of it"

    state.cut = False
    page.evaluate("dispatchEvent(new Event('online'))")
    page.get_by_text("本机名单已清除").wait_for()
    page.get_by_text("还没上传的记录都在").wait_for()
    assert page.evaluate(STORED)[0] == 0
    page.reload()
    page.locator("input[name=password]").wait_for()
    assert my_reports(worker, prefix) == []
    page.fill("input[name=login]", LOGIN)
    page.fill("input[name=password]", f"qingshan-{LOGIN}")
    page.click("button[type=submit]")
    page.locator(".pin").wait_for()
    until(lambda: sorted(each["id"] for each in my_reports(worker, prefix)) == sorted(kept), 60)
    phone.stop()


def test_five_wrong_pins_end_the_session_too(playwright: Playwright, town: str, tmp_path: Path) -> None:
    phone = Phone(playwright, town, tmp_path).start()
    phone.sign_in()
    page = phone.page
    page.reload()
    for _ in range(5):
        page.locator(".pin:not([aria-busy=true])").wait_for()
        page.fill(".pin", "999999")
        page.wait_for_timeout(900)
    page.get_by_text("本机名单已清除").wait_for()
    page.reload()
    page.locator("input[name=password]").wait_for()
    assert page.locator(".pin").count() == 0, "a new PIN alone opens nothing"
    status = page.evaluate("async () => (await fetch('/api/gateway/v1/me')).status")
    assert status == 401
    phone.stop()


def test_a_worker_stays_signed_in_when_the_phone_ends_the_browser(
    playwright: Playwright, town: str, worker: httpx.Client, tmp_path: Path
) -> None:
    phone = Phone(playwright, town, tmp_path).start()
    phone.sign_in()
    phone.page.wait_for_timeout(COOKIES_ARE_WRITTEN_MS)
    phone.kill()
    phone.start()
    phone.open()
    phone.unlock()
    phone.hold_outbox()
    title = f"重启{tmp_path.stat().st_ino}"
    phone.page.evaluate(REPORT, title)
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    until(lambda: my_reports(worker, title), 30)
    assert phone.page.locator(".standing").is_visible()
    phone.stop()
