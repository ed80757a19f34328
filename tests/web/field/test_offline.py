"""100 reports with photos, no line, a line that loses half its replies, two tabs, kill -9: none lost, none doubled."""

import io
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Error, Playwright
from tests.web.field.lossy import Line, lossy_line
from tests.web.field.phone import REPORT, STORED, Phone, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]
RECORDS, BY_HAND = 100, 3


@pytest.fixture
def line(town: str) -> Iterator[tuple[str, Line]]:
    """A line to the gateway that can be made bad."""
    with lossy_line(town) as made:
        yield made


def picture(place: int) -> bytes:
    """A photo with a place and a camera written into it."""
    image = Image.effect_noise((2400, 1800), 40 + place).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "Camera of somebody"
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=70, exif=exif)
    return kept.getvalue()


def report_by_hand(phone: Phone, title: str, place: int) -> None:
    page = phone.page
    phone.tab(2)
    photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture(place)}
    page.set_input_files(".take input >> nth=1", [photo])  # type: ignore[list-item]  # a dict is a FilePayload
    page.locator(".photos img").wait_for()
    page.click("label:has-text('设施市容')")
    page.click("label:has-text('不选点')")
    page.locator(".g-field input[maxlength='200']").fill(title)
    page.click("main .g-button.wide")
    page.get_by_text(title).wait_for()


def my_reports(worker: httpx.Client, prefix: str) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        answer = worker.get("/api/dispute/v1/my-reports", params=query).json()
        found += [each for each in answer["items"] if each["title"].startswith(prefix)]
        cursor = answer["nextCursor"]
        if not cursor:
            return found


def started_again(phone: Phone) -> Phone:
    phone.start()
    phone.open()
    phone.unlock()
    phone.hold_outbox()
    return phone


def test_nothing_is_lost_and_nothing_doubled(
    playwright: Playwright, line: tuple[str, Line], worker: httpx.Client, tmp_path: Path
) -> None:
    address, state = line
    prefix = f"离线{tmp_path.stat().st_ino}-"
    phone = Phone(playwright, address, tmp_path).start()
    phone.sign_in()
    signed_in = time.monotonic()
    phone.page.wait_for_function("navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready")
    phone.page.wait_for_timeout(500)
    state.cut = True
    for place in range(BY_HAND):
        report_by_hand(phone, f"{prefix}{place}", place)
    phone.hold_outbox()
    for place in range(BY_HAND, RECORDS // 2):
        phone.page.evaluate(REPORT, f"{prefix}{place}")
    # Chromium writes its cookies down every 30 seconds.
    phone.page.wait_for_timeout(max(0, 31 - (time.monotonic() - signed_in)) * 1000)
    phone.kill()
    with suppress(Error):
        phone.stop()

    phone = started_again(phone)
    kept = phone.ids("queued")
    assert len(kept) == RECORDS // 2, "what was stored before kill -9 is there after it"
    for place in range(RECORDS // 2, RECORDS):
        kept.append(phone.page.evaluate(REPORT, f"{prefix}{place}"))
    assert my_reports(worker, prefix) == []

    state.cut, state.lose_every = False, 2
    other = phone.open(page=phone.context.new_page())
    phone.unlock(other)
    phone.contact()
    phone.hold_outbox()
    until(lambda: len(my_reports(worker, prefix)) >= 1)
    phone.kill()
    with suppress(Error):
        phone.stop()

    phone = started_again(phone)
    second = phone.open(page=phone.context.new_page())
    phone.unlock(second)
    phone.contact()
    phone.hold_outbox()
    hurry = "dispatchEvent(new Event('online'))"
    until(lambda: [page.evaluate(hurry) for page in (phone.page, second)] and not phone.ids("queued"), 180)
    arrived = my_reports(worker, prefix)
    assert sorted(each["id"] for each in arrived) == sorted(kept)
    assert sorted(each["title"] for each in arrived) == sorted(f"{prefix}{place}" for place in range(RECORDS))
    assert sorted(phone.ids("done")) == sorted(kept)
    assert phone.ids("rejected", "conflict", "draft") == []
    assert state.lost >= 10
    photos_are_clean(worker, [each["id"] for each in arrived if each["title"] == f"{prefix}0"])
    phone.stop()


def photos_are_clean(worker: httpx.Client, ids: list[str]) -> None:
    """The photo arrived small, and nothing of camera or place with it."""
    for each in ids:
        case = worker.get(f"/api/dispute/v1/my-reports/{each}").json()
        found = [entry for entry in case["entries"] if entry.get("attachments")] if "entries" in case else []
        digests = case.get("attachments") or [digest for entry in found for digest in entry["attachments"]]
        assert len(digests) == 1
        answer = worker.get(f"/api/dispute/v1/cases/{each}/attachments/{digests[0]}")
        with Image.open(io.BytesIO(answer.content)) as image:
            assert max(image.size) <= 1600
            assert not image.getexif()


def test_a_phone_is_of_use_without_a_line_and_locks_itself(
    playwright: Playwright, line: tuple[str, Line], tmp_path: Path
) -> None:
    address, state = line
    phone = Phone(playwright, address, tmp_path).start()
    phone.sign_in()
    phone.page.wait_for_timeout(500)
    state.cut = True
    phone.open()
    assert phone.page.locator(".standing").count() == 0, "a page loaded anew is locked"
    phone.page.fill(".pin", "314159")
    phone.page.get_by_text("还可以试4次").wait_for()
    phone.unlock()
    phone.page.locator(".building .g-button").first.wait_for()
    assert not [text for text in phone.complaints if "Content Security Policy" in text]
    readable = phone.page.evaluate(STORED)
    assert readable[0] > 300
    assert "name" not in readable[1]
    assert "phone" not in readable[1]
    for _ in range(5):
        phone.page.reload()
        if phone.page.locator(".pin").count() == 0:
            phone.page.wait_for_timeout(400)
        if "sign-in" in phone.page.url:
            break
        phone.page.fill(".pin", "999999")
        phone.page.wait_for_timeout(700)
    phone.page.get_by_text("本机名单已清除").wait_for()
    phone.stop()
