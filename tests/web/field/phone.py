"""A worker's phone: Chromium on a profile of its own, and what a worker does with it."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import BrowserContext, Page, Playwright, expect

LOGIN, PIN = "worker.dulan", "271828"
SIZE = {"width": 390, "height": 844}
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
# The module of the app that holds the queue: the same one the page runs, found by what it can do.
OUTBOX = """async () => {
  for (const { name } of performance.getEntriesByType('resource')) {
    if (!name.endsWith('.js') || name.endsWith('sw.js')) continue
    const found = Object.values(await import(name)).find((each) => typeof each?.takeBack === 'function')
    if (found) return (window.outbox = found), true
  }
  return false
}"""
REPORT = """async (title) => {
  const canvas = new OffscreenCanvas(320, 240), pen = canvas.getContext('2d')
  for (let x = 0; x < 320; x += 8) for (let y = 0; y < 240; y += 8) {
    pen.fillStyle = `hsl(${Math.random() * 360} 60% 50%)`; pen.fillRect(x, y, 8, 8)
  }
  const photo = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 })
  return window.outbox.report({ category: 'H06', title, channel: 'field', gridCode: '150204006019003' }, title, [photo])
}"""
STORED = """async () => {
  const answer = (request) => new Promise((done) => { request.onsuccess = () => done(request.result) })
  const store = await answer(indexedDB.open('grid-field'))
  const rows = await answer(store.transaction('rows').objectStore('rows').getAll())
  return [rows.length, JSON.stringify(rows.map(({ sealed, ...rest }) => rest))]
}"""


class Phone:
    """A phone over one profile; it can be killed and started again."""

    def __init__(self, playwright: Playwright, address: str, profile: Path) -> None:
        self.playwright, self.address, self.profile = playwright, address, profile
        self.context: BrowserContext
        self.page: Page
        self.complaints: list[str] = []
        self.asked: list[str] = []

    def start(self, **options: Any) -> "Phone":
        """Switch it on."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=shutil.which("chromium"),
            args=ARGUMENTS,
            **{"viewport": SIZE, "locale": "zh-CN", "service_workers": "allow", **options},
        )
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.context.on("console", lambda message: self.complaints.append(message.text))
        self.page = self.context.pages[0]
        self.page.set_default_timeout(20_000)
        return self

    def stop(self) -> None:
        """Switch it off."""
        self.context.close()

    def kill(self) -> None:
        """SIGKILL to every process of this browser, without a moment to tidy up."""
        mine = f"--user-data-dir={self.profile}"
        for process in psutil.process_iter(["cmdline"]):
            if mine in (process.info["cmdline"] or []):
                os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.5)

    def open(self, path: str = "", page: Page | None = None) -> Page:
        """Go to a screen."""
        page = page or self.page
        page.goto(f"{self.address}/field/{path}")
        return page

    def sign_in(self) -> None:
        """Sign in, choose a PIN, wait for the list."""
        page = self.open() if self.page.url == "about:blank" else self.page
        page.fill("input[name=login]", LOGIN)
        page.fill("input[name=password]", f"qingshan-{LOGIN}")
        page.click("button[type=submit]")
        for _ in range(2):
            page.locator(".pin:not([aria-busy=true])").wait_for()
            expect(page.locator(".pin")).to_have_value("")
            page.fill(".pin", PIN)
            page.wait_for_timeout(100)
        page.locator(".standing").wait_for()

    def contact(self) -> None:
        """Reach the server. A browser killed soon after its sign-in has not written the session down: sign in anew."""
        self.page.evaluate("dispatchEvent(new Event('online'))")
        self.page.wait_for_timeout(1_500)
        if "sign-in" in self.page.url:
            self.sign_in()

    def unlock(self, page: Page | None = None, pin: str = PIN) -> None:
        """Enter the PIN."""
        page = page or self.page
        page.fill(".pin", pin)
        page.locator("nav.tabs").wait_for()

    def tab(self, place: int) -> None:
        """Touch one of the five at the bottom."""
        self.page.click(f"nav.tabs a >> nth={place}")

    def hold_outbox(self) -> None:
        """Get hold of the app's own queue."""
        assert self.page.evaluate(OUTBOX)

    def ids(self, *states: str) -> list[str]:
        """Ids of what is in the queue in these states."""
        found = self.page.evaluate(
            "async (states) => (await window.outbox.list(...states)).map((each) => each.id)", list(states)
        )
        return [str(each) for each in found]


def until(holds: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)
