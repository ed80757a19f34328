"""Pictures of a running demo, for the documents and for looking: `python -m tests.web.pictures ADDRESS FOLDER`."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

SIZES = {"desktop": (1440, 900), "phone": (390, 844), "small-phone": (320, 640)}
LARGEST_BYTES = 200_000
Step = Callable[[Page, str], None]


def receipts(address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two applications taken in at the window: one sent on to its department, one to be corrected."""
    with httpx.Client(base_url=f"{address}/api", headers={"X-Grid-Request": "1"}, timeout=30) as clerk:
        login = {"login": "window.dulan", "password": "qingshan-window.dulan"}
        clerk.post("/gateway/v1/session", json=login).raise_for_status()
        found = []
        for key in ("picture-forwarded", "picture-corrected"):
            applicant = {"name": "云海燕", "idNumber": "11010519491231002X"}
            new = {"itemCode": "SA002", "areaCode": "150204006019", "applicant": applicant, "materials": [{"seq": 1}]}
            taken = clerk.post("/approval/v1/applications", json=new, headers={"Idempotency-Key": key}).json()
            here = f"/approval/v1/applications/{taken['id']}"
            if key == "picture-forwarded":
                clerk.post(f"{here}/pre-review", json={"passed": True}, headers={"If-Match": '"1"'})
                clerk.post(f"{here}/forward", headers={"If-Match": '"2"'})
            else:
                missing = {"deficiencies": ["收入证明原件，由单位盖章", "户口簿首页和本人页复印件"]}
                clerk.post(f"{here}/correction-notice", json=missing, headers={"If-Match": '"1"'})
            found.append((taken["receiptNumber"], taken["queryCode"]))
        return found[0], found[1]


def looking_up(receipt: tuple[str, str]) -> Step:
    """Type number and code."""

    def look_up(page: Page, address: str) -> None:
        page.goto(f"{address}/progress")
        page.fill("#number", receipt[0])
        page.fill("#code", receipt[1])
        page.click("main .button")

    return look_up


def going(path: str) -> Step:
    """Open an address."""
    return lambda page, address: page.goto(address + path) and None


def for_residents(address: str) -> dict[str, Step]:
    """What nobody needs an account for."""
    forwarded, corrected = receipts(address)
    return {
        "home": going("/"),
        "progress-form": going(f"/progress?number={forwarded[0]}"),
        "progress": looking_up(forwarded),
        "progress-correction": looking_up(corrected),
        "progress-not-found": looking_up((forwarded[0], "XXXXXXXX")),
        "sign-in": going("/sign-in"),
        "missing": going("/nowhere"),
        "docs": going("/docs"),
        "docs-service": going("/docs/approval#forwardApplication"),
    }


FOR_LEADERS: dict[str, Step] = {
    "district": going("/district"),
    "street": going("/district?area=150204006"),
    "community": going("/district?area=150204006019"),
    "grid": going("/district?area=150204006019003"),
    "late-cases": going("/district/lists?of=cases&area=150204&queue=late&restricted=false"),
    "households": going("/district/lists?of=households&area=150204006019&quarter=2026Q4&state=no_answer"),
    "forbidden": going("/district?area=150202"),
}


def save(page: Page, target: Path, *, whole: bool) -> None:
    """Write a picture, with fewer colours as long as it is too large."""
    taken = Image.open(BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    taken = taken.crop((0, 0, taken.width, min(taken.height, 3 * taken.width)))
    for colours in (256, 128, 64, 32):
        taken.quantize(colours).save(target, optimize=True)
        if target.stat().st_size < LARGEST_BYTES:
            return


@contextmanager
def _page(chromium: Browser, address: str, size: tuple[int, int], *, large: bool = False) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    if large:
        context.add_cookies([{"name": "grid-letters", "value": "large", "url": address}])
    yield context.new_page()
    context.close()


def take(address: str, folder: Path) -> None:
    """All pictures at all sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    residents = for_residents(address)
    with sync_playwright() as playwright:
        found = shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for size, pixels in SIZES.items():
            with _page(chromium, address, pixels) as page:
                for name, step in residents.items():
                    step(page, address)
                    save(page, folder / f"{name}-{size}.png", whole=name != "docs-service")
                page.goto(f"{address}/sign-in")
                page.fill("#login", "district")
                page.fill("#password", "qingshan-district")
                page.click("main .button")
                for name, step in FOR_LEADERS.items():
                    step(page, address)
                    save(page, folder / f"{name}-{size}.png", whole=name != "households")
        with _page(chromium, address, SIZES["phone"], large=True) as page:
            for name in ("home", "progress-form", "progress"):
                residents[name](page, address)
                save(page, folder / f"{name}-large-letters.png", whole=True)
        chromium.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
