"""The pictures of docs/screens.md from a running demo: `python -m tests.web.console_pictures ADDRESS docs/images`."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from tests.web.pictures import save

SIZE = {"width": 1440, "height": 900}
ID_NUMBER = "11010519491231002X"


def workbench(page: Page) -> None:
    page.wait_for_selector(".weeks")


def take_in(page: Page) -> None:
    page.fill("[name=who]", ID_NUMBER)
    page.wait_for_selector("[name=name]")
    page.fill("[name=name]", "云海燕")
    for place, name in enumerate(("最低生活保障申请", "残疾人证残损换新")):
        page.fill("[name=item]", name)
        page.wait_for_selector("[role=option]")
        page.focus("[name=item]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".papers")
        if not place:
            page.click("text=都带了")
            page.click("text=再办一项")
    page.locator(".papers input[type=checkbox]").first.check()


def receipt(page: Page) -> None:
    take_in(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".receipt")
    page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")


def window(page: Page) -> None:
    page.keyboard.press("F2")
    page.wait_for_selector(".papers")
    page.locator(".decide label", has_text="要补正").click()
    page.wait_for_selector(".wrong-papers input")
    page.locator(".wrong-papers input").first.check()
    page.click("text=核对人口库")
    page.wait_for_selector(".facts-asked dd")


def cases(page: Page) -> None:
    page.keyboard.press("F2")
    page.wait_for_selector(".case-head")


def dialog(page: Page) -> None:
    cases(page)
    page.locator(".others .g-button", has_text="并案").click()
    page.wait_for_selector("dialog[open] form")


def one_map(page: Page) -> None:
    page.wait_for_selector(".canvas[data-idle]", timeout=60_000)
    page.locator(".building summary").first.click()


PICTURES: dict[str, tuple[str, str, Callable[[Page], None]]] = {
    "console-workbench": ("head.dulan", "/", workbench),
    "console-intake": ("window.dulan", "/window/new", take_in),
    "console-receipt": ("window.dulan", "/window/new", receipt),
    "console-window": ("window.dulan", "/window", window),
    "console-cases": ("fire", "/cases", cases),
    "console-dialog": ("arbiter", "/cases?queue=open", dialog),
    "console-map": ("head.dulan", "/map/150204006019003", one_map),
}


def picture(chromium: Browser, address: str, name: str, folder: Path) -> None:
    """One picture, as the account it belongs to."""
    login, path, reach = PICTURES[name]
    context = chromium.new_context(viewport=SIZE, locale="zh-CN", reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/console/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", f"qingshan-{login}")
    page.keyboard.press("Enter")
    page.wait_for_selector(".frame")
    page.goto(f"{address}/console{path}")
    page.wait_for_load_state("networkidle")
    reach(page)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    save(page, folder / f"{name}.png", whole=False)
    context.close()


def take(address: str, folder: Path) -> None:
    """All of them."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for name in PICTURES:
            picture(chromium, address, name, folder)
        chromium.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
