"""Pictures of 社工E通 for docs/screens.md, of a running demo: `python -m tests.web.field.pictures ADDRESS FOLDER`."""

import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from tests.web.field.phone import Phone
from tests.web.field.test_screens import at_start, household, other, pin, press, seek, then, touch

GAP, GROUND = 16, "#C9D3D8"
COLOURS = 128
HERE = {"longitude": 109.8895, "latitude": 40.6791, "accuracy": 12}
Reach = Callable[[Page], object]


def written(page: Page) -> None:
    """A report that is nearly sent."""
    page.click("label:has-text('消防安全')")
    page.click("main .place .g-button")
    page.get_by_text("已附位置").wait_for()
    page.locator(".g-field input[maxlength='200']").fill("5号楼消防通道堆着旧家具")
    page.locator(".goes-to").scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)


def sent(page: Page) -> None:
    """The answer to a report."""
    page.click("main .g-button.wide")
    page.locator(".line small", has_text="查询码").wait_for(timeout=30_000)


def drawn(page: Page) -> None:
    """The map of the whole grid."""
    page.locator(".building-shape").first.wait_for()


SHEETS: dict[str, dict[str, Reach]] = {
    "field-day": {
        "today": lambda _: None,
        "line": then(
            press(".building button[aria-haspopup=dialog] >> nth=1"), press("dialog button:has-text('今天不走这户')")
        ),
        "visit": then(press(".building .g-button >> nth=0"), press("dialog label:has-text('已入户')")),
        "case": press(".tasks a.line"),
    },
    "field-report": {
        "map": then(touch(1), drawn),
        "pin": then(touch(2), press("label:has-text('点地图')"), pin),
        "report": then(touch(2), written),
        "answer": sent,
    },
    "field-household": {
        "household": household,
        "new": then(household, press("button:has-text('添人')")),
        "leaves": then(
            household, press("[aria-label*='不住这里'] >> nth=0"), press("dialog label:has-text('搬到本网格')"), seek
        ),
        "elsewhere": press("button:has-text('换一片')"),
    },
}
SMALL: dict[str, tuple[str, Reach]] = {
    "today": ("", lambda _: None),
    "large": ("large", lambda _: None),
    "large line": ("large", other),
    "dark": ("dark", then(press(".building .g-button >> nth=0"), press("dialog label:has-text('家中无人')"))),
    "dark household": ("dark", household),
}


def side_by_side(taken: list[bytes], target: Path) -> None:
    """One picture of several, with few colours."""
    images = [Image.open(BytesIO(each)).convert("RGB") for each in taken]
    width = sum(image.width for image in images) + GAP * (len(images) - 1)
    sheet = Image.new("RGB", (width, max(image.height for image in images)), GROUND)
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + GAP
    sheet.quantize(COLOURS).save(target, optimize=True)


def take(address: str, folder: Path) -> None:
    """All of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        phone = Phone(playwright, address, Path(profile))
        phone.start(permissions=["geolocation"], geolocation=HERE, reduced_motion="reduce")
        phone.sign_in()
        phone.page.wait_for_timeout(1_000)
        for name, shots in SHEETS.items():
            taken = []
            for shot, reach in shots.items():
                if shot != "answer":
                    at_start(phone.page)
                reach(phone.page)
                phone.page.wait_for_timeout(900)
                taken.append(phone.page.screenshot())
            side_by_side(taken, folder / f"{name}.png")
        small(phone, folder / "field-moods.png")
        phone.stop()


def small(phone: Phone, target: Path) -> None:
    """The narrowest phone, in large letters and dark."""
    page, taken = phone.page, []
    for mood, reach in SMALL.values():
        at_start(page)
        page.set_viewport_size({"width": 320, "height": 640})
        if mood:
            page.evaluate("mood => document.documentElement.classList.add(mood)", mood)
        page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
        reach(page)
        page.wait_for_timeout(700)
        taken.append(page.screenshot())
    side_by_side(taken, target)


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
