"""Every screen of 社工E通 in its sizes and moods: nothing axe finds, nothing cut off, nothing from elsewhere."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Playwright, expect
from tests.flows.conftest import SignIn
from tests.web.console import report
from tests.web.field.phone import LOGIN, PIN, Phone, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
WEB = Path(__file__).parents[3] / "web/apps/field/src"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = [(390, 844), (360, 640), (320, 640), (640, 450)]
FINGER, LARGE_FINGER, SECONDS, TOUCHES = 44, 60, 12, 3
SHANGHAI = ZoneInfo("Asia/Shanghai")
GRID = "150204006019003"


@dataclass(frozen=True)
class Screen:
    """How to reach one state of one screen from the list of today."""

    route: str
    reach: Callable[[Page], Any]


def touch(place: int) -> Callable[[Page], Any]:
    return lambda page: page.click(f"nav.tabs a >> nth={place}")


def then(*steps: Callable[[Page], Any]) -> Callable[[Page], Any]:
    return lambda page: [step(page) for step in steps]


def press(selector: str) -> Callable[[Page], Any]:
    return lambda page: page.click(selector)


household = press(".building a.line >> nth=0")
other = press(".building button[aria-haspopup=dialog] >> nth=0")
keep = press("dialog .fields button.wide")
send = press("dialog button[type=submit]")


def empty_day(page: Page) -> None:
    page.fill("dialog input[type=date]", "")


def seek(page: Page) -> None:
    page.fill("dialog input[type=search]", "101")


def pin(page: Page) -> None:
    page.locator(".place .building-shape").first.wait_for()
    page.locator(".place .grid-map").click(position={"x": 150, "y": 120})


SCREENS = {
    "today": Screen("/", lambda _: None),
    "visit": Screen("/", press(".building .g-button >> nth=0")),
    "visit, more": Screen("/", then(press(".building .g-button >> nth=0"), press("dialog summary"))),
    "visit, nothing chosen": Screen("/", then(press(".building .g-button >> nth=0"), press("dialog .stay button"))),
    "household": Screen("/households/:id", household),
    "household, change": Screen("/households/:id", then(household, press(".summary .g-button:has-text('修改')"))),
    "person, change": Screen("/households/:id", then(household, press("[aria-label^='修改'] >> nth=0"))),
    "line": Screen("/", other),
    "line, later": Screen("/", then(other, press("dialog button:has-text('改天再来')"))),
    "line, later refused": Screen("/", then(other, press("dialog button:has-text('改天再来')"), empty_day, keep)),
    "line, not today": Screen("/", then(other, press("dialog button:has-text('今天不走这户')"), keep)),
    "elsewhere": Screen("/", press("button:has-text('换一片')")),
    "case": Screen("/cases/:id", press(".tasks a.line")),
    "case, refused": Screen("/cases/:id", then(press(".tasks a.line"), press("main .g-button.wide"))),
    "household, new person": Screen("/households/:id", then(household, press("button:has-text('添人')"))),
    "household, new person refused": Screen("/households/:id", then(household, press("button:has-text('添人')"), send)),
    "household, all leave": Screen("/households/:id", then(household, press("button:has-text('整户搬走')"), send)),
    "person, leaves": Screen(
        "/households/:id",
        then(
            household,
            press("[aria-label*='不住这里'] >> nth=0"),
            press("dialog label:has-text('搬到本网格')"),
            seek,
            send,
        ),
    ),
    "report, on the map": Screen("/report", then(touch(2), press("label:has-text('点地图')"), pin)),
    "map": Screen("/map", then(touch(1), lambda page: page.locator(".building-shape").first.wait_for())),
    "report": Screen("/report", touch(2)),
    "report, urgent": Screen("/report", then(touch(2), press(".g-checks label >> nth=0"))),
    "report, refused": Screen("/report", then(touch(2), press("main .g-button.wide"))),
    "reports": Screen("/reports", then(touch(2), press("main a:has-text('我上报的')"))),
    "find": Screen("/find", touch(3)),
    "find, found": Screen("/find", then(touch(3), lambda page: page.fill("input[type=search]", "王"))),
    "find, nothing": Screen("/find", then(touch(3), lambda page: page.fill("input[type=search]", "qqq"))),
    "find, not reached": Screen("/find", then(touch(3), press("main label:has-text('本季还没到过')"))),
    "me": Screen("/me", touch(4)),
    "me, wipe": Screen("/me", then(touch(4), press("main .g-button.danger"))),
    "me, PIN": Screen("/me", then(touch(4), press("main .g-button:has-text('修改')"))),
    "feedback": Screen("/feedback", then(touch(4), press("main a:has-text('意见反馈')"))),
    "waiting": Screen("/waiting", press(".upload-state")),
}
ELSEWHERE = {"/sign-in", "/pin", "/waiting/:id", "/:path(.*)*"}  # looked at in tests of their own


def at_start(page: Page) -> None:
    """Today, with nothing open."""
    for _ in range(3):
        page.keyboard.press("Escape")
    page.evaluate("document.documentElement.classList.remove('large', 'dark')")
    page.set_viewport_size({"width": 390, "height": 844})
    if page.locator("nav.tabs a >> nth=0").get_attribute("aria-current") != "page":
        page.click("nav.tabs a >> nth=0")
    page.locator(".building").first.wait_for()


@pytest.fixture(scope="module")
def seen(playwright: Playwright, town: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    """A phone into whose pages axe may be put."""
    made = Phone(playwright, town, tmp_path_factory.mktemp("seen")).start(bypass_csp=True, reduced_motion="reduce")
    made.sign_in()
    yield made
    made.stop()


def violations(page: Page) -> list[Any]:
    found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]


def beyond(page: Page) -> dict[str, int]:
    """Pixels that stick out at the side, for each size, usual and large."""
    found = {}
    for large in (False, True):
        page.evaluate("large => document.documentElement.classList.toggle('large', large)", large)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            if out := page.evaluate(script):
                found[f"{width}{' large' if large else ''}"] = out
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("document.documentElement.classList.remove('large')")
    return found


SMALL = """least => [...document.querySelectorAll('a, button, summary, select, input, textarea, label:has(input)')]
  .filter((one) => !one.matches('label input, .leaflet-container *, .g-field label') && one.getClientRects().length)
  .filter((one) => one.getBoundingClientRect().height < least - 0.5).map((one) => one.outerHTML.slice(0, 200))"""


def test_every_screen_is_looked_at() -> None:
    routes = re.findall(r"path: '([^']+)'", (WEB / "router.ts").read_text("utf-8"))
    assert len(routes) >= 12
    assert set(routes) == {screen.route for screen in SCREENS.values()} | ELSEWHERE


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_can_be_read_by_everybody_and_fits(seen: Phone, name: str) -> None:
    page = seen.page
    at_start(page)
    SCREENS[name].reach(page)
    page.wait_for_timeout(150)
    assert violations(page) == []
    assert page.evaluate(SMALL, FINGER) == []
    page.evaluate("document.documentElement.classList.add('dark')")
    assert violations(page) == []
    page.evaluate("document.documentElement.classList.replace('dark', 'large')")
    assert page.evaluate(SMALL, LARGE_FINGER) == []
    assert violations(page) == []
    assert beyond(page) == {}


def test_the_door_can_be_read_by_everybody_and_fits(playwright: Playwright, town: str, tmp_path: Path) -> None:
    phone = Phone(playwright, town, tmp_path).start(bypass_csp=True)
    page = phone.open()
    page.fill("input[name=login]", LOGIN)
    page.fill("input[name=password]", "wrong")
    page.keyboard.press("Enter")
    page.locator(".g-problem").wait_for()
    assert violations(page) == []
    assert beyond(page) == {}
    page.fill("input[name=password]", f"qingshan-{LOGIN}")
    page.keyboard.press("Enter")
    page.fill(".pin", "123456")
    page.get_by_text("太好猜了").wait_for()
    assert violations(page) == []
    assert page.evaluate(SMALL, FINGER) == []
    assert beyond(page) == {}
    phone.stop()


def test_a_visit_takes_three_touches_and_no_twelve_seconds(phone: Phone, worker: httpx.Client) -> None:
    page = phone.page
    at_start(page)
    page.evaluate("window.touches = 0; addEventListener('pointerdown', () => { window.touches += 1 }, true)")
    line = page.locator(".building .g-row >> nth=0")
    place = line.locator("a.line").get_attribute("href") or ""
    began = time.monotonic()
    line.locator("button.g-button").click()
    page.click("dialog label:has-text('已入户')")
    page.click("dialog .stay button")
    page.get_by_text("已存本机").wait_for()
    assert time.monotonic() - began < SECONDS
    assert page.evaluate("window.touches") == TOUCHES
    visited = place.rsplit("/", 1)[-1]
    phone.hold_outbox()
    entry = phone.page.evaluate("async () => (await window.outbox.list('queued', 'done')).at(-1)")
    assert entry["group"] == visited
    until(lambda: not phone.ids("queued"), 30)
    known = worker.get(f"/api/population/v1/households/{visited}/visits").json()["items"]
    assert [each["id"] for each in known].count(entry["id"]) == 1


def count(page: Page) -> int:
    found = re.search(r"\d+", page.locator(".list-head h2").text_content() or "")
    return int(found[0]) if found else 0


def test_a_line_is_put_off_and_comes_back_on_its_day(playwright: Playwright, town: str, tmp_path: Path) -> None:
    phone = Phone(playwright, town, tmp_path).start()
    phone.sign_in()
    page = phone.page
    before, figures = count(page), page.locator(".standing").text_content()
    line = page.locator(".building .g-row >> nth=0")
    place = line.locator("a.line").get_attribute("href") or ""
    line.locator("a.line").dispatch_event("contextmenu")
    page.click("dialog button:has-text('改天再来')")
    tomorrow = (datetime.now(SHANGHAI) + timedelta(days=1)).date().isoformat()
    page.fill("dialog input[type=date]", tomorrow)
    page.click("dialog .fields button.wide")
    until(lambda: count(page) == before - 1, 5)
    assert page.locator(".standing").text_content() == figures, "what is put off still counts"
    page.reload()
    phone.unlock()
    page.locator(".recorded .g-row", has_text="改到").wait_for()
    assert count(page) == before - 1
    page.clock.install(time=time.time() + 86_400)
    page.reload()
    phone.unlock()
    page.locator(f".building a[href='{place}']").wait_for()
    assert page.locator(".recorded .g-row", has_text="改到").count() == 0
    phone.stop()


def test_a_household_is_left_out_today_with_a_reason_and_put_back(seen: Phone) -> None:
    page = seen.page
    at_start(page)
    before = count(page)
    other(page)
    page.click("dialog button:has-text('今天不走这户')")
    page.click("dialog .fields button.wide")
    page.get_by_text("选一个原因").wait_for()
    page.click("dialog label:has-text('本人说今天不方便')")
    page.click("dialog .fields button.wide")
    until(lambda: count(page) == before - 1, 5)
    page.locator(".recorded", has_text="本人说今天不方便").get_by_text("放回今天").click()
    until(lambda: count(page) == before, 5)


def test_a_call_is_recorded_with_a_line_and_made_without_one(seen: Phone, town: str) -> None:
    page = seen.page
    for place in range(5):
        at_start(page)
        page.click(f".building a.line >> nth={place}")
        page.locator(".summary").wait_for()
        if page.locator(".summary button:has-text('打电话')").count():
            break
    with page.expect_request("**/households/*/call") as asked:
        page.click(".summary button:has-text('打电话')")
    answer = asked.value.response()
    assert answer is not None
    assert answer.status == 200
    number = answer.json()["phone"]
    calls = len([url for url in seen.asked if url.endswith("/call")])
    seen.context.set_offline(True)
    page.evaluate("Object.defineProperty(navigator, 'onLine', { get: () => false, configurable: true })")
    page.click(".summary button:has-text('打电话')")
    page.wait_for_timeout(300)
    assert len([url for url in seen.asked if url.endswith("/call")]) == calls
    assert number
    seen.context.set_offline(False)
    # This page is behind the browser's question which program shall call: it takes no more touches.
    seen.page = seen.context.new_page()
    seen.page.set_default_timeout(20_000)
    page.close()
    seen.open()
    seen.unlock()
    seen.page.locator(".building").first.wait_for()


def handled(sign_in: SignIn) -> str:
    """The id of a case of the grid that its unit says it has dealt with: somebody is to go and look."""
    case, fire = report(sign_in("worker.dulan"), "到现场看：消防通道堆放杂物"), sign_in("fire")
    dispatch = fire.read(f"dispute/v1/cases/{case['id']}")["dispatches"][0]
    path = f"dispute/v1/dispatches/{dispatch['id']}"
    taken = fire.do("POST", f"{path}/accept", {}, version=dispatch["version"])
    fire.do("POST", f"{path}/handle", {"note": "已清理。"}, version=taken["version"])
    return str(case["id"])


def test_a_case_is_looked_at_on_the_spot_and_arrives(phone: Phone, worker: httpx.Client, sign_in: SignIn) -> None:
    page = phone.page
    place = f"/field/cases/{handled(sign_in)}"
    phone.open()
    phone.unlock()
    page.click(f".tasks a.line[href='{place}']")
    page.click("label:has-text('没解决')")
    page.click("main .g-button.wide")
    page.get_by_text("写一句还差什么").wait_for()
    page.fill("main textarea", "夜里十一点仍在施工")
    page.click("main .g-button.wide")
    phone.hold_outbox()
    until(lambda: not phone.ids("queued"), 30)
    case = worker.get(f"/api/dispute/v1/cases/{place.rsplit('/', 1)[-1]}").json()
    assert case["state"] == "handling"
    assert case["entries"][-1]["note"] == "夜里十一点仍在施工"
    page.locator(".building").first.wait_for()
    assert page.locator(f".tasks a[href='{place}']").count() == 0


def living(worker: httpx.Client, household: str) -> list[str]:
    homes = worker.get(f"/api/population/v1/packs/{GRID}").json()["households"]
    return [each["name"] for home in homes if home["id"] == household for each in home["persons"]]


def test_a_person_is_added_and_leaves_again(phone: Phone, worker: httpx.Client) -> None:
    page = phone.page
    at_start(page)
    household(page)
    page.locator(".summary").wait_for()
    place = page.url.rsplit("/", 1)[-1]
    name = f"新{time.time_ns() % 10**6}"
    page.click("button:has-text('添人')")
    page.fill("dialog input[type=text] >> nth=0", name)
    page.click("dialog label:has-text('女性')")
    page.fill("dialog input[type=date] >> nth=0", "2026-11-01")
    page.select_option("dialog select", index=3)
    page.click("dialog label:has-text('户籍人口')")
    send(page)
    page.locator(".line strong", has_text=name).wait_for()
    phone.hold_outbox()
    until(lambda: not phone.ids("queued"), 30)
    assert phone.ids("rejected", "conflict") == []
    assert name in living(worker, place)
    page.click(f"[aria-label='{name}不住这里了']")
    page.click("dialog label:has-text('迁出青山区')")
    send(page)
    until(lambda: name not in living(worker, place), 30)


def test_a_visit_can_be_taken_back_before_it_is_sent(phone: Phone) -> None:
    page = phone.page
    at_start(page)
    phone.hold_outbox()
    before = len(phone.ids("queued", "done"))
    page.click(".building .g-row button >> nth=0")
    page.click("dialog label:has-text('家中无人')")
    page.click("dialog .stay button")
    page.click(".g-toast button")
    page.get_by_text("已撤回").wait_for()
    assert len(phone.ids("queued", "done")) == before


def test_figures_count_what_waits_and_never_go_back(phone: Phone) -> None:
    page = phone.page
    at_start(page)
    figure = lambda: int((page.locator(".standing b >> nth=1").text_content() or "").replace(",", ""))  # noqa: E731
    before = figure()
    fresh = page.locator(".building .g-row", has_text="本季还没入户")
    fresh.first.locator("button.g-button").click()
    page.click("dialog label:has-text('已入户')")
    page.click("dialog .stay button")
    until(lambda: figure() == before + 1, 10)
    phone.hold_outbox()
    until(lambda: not phone.ids("queued"), 30)
    page.wait_for_timeout(1_500)
    assert figure() >= before + 1


def test_a_visit_with_the_keyboard_alone(phone: Phone) -> None:
    page = phone.page
    at_start(page)
    page.locator(".building .g-row button >> nth=0").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    for _ in range(10):
        if page.evaluate("document.activeElement.type") == "radio":
            break
        page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.locator("dialog input:checked")).to_have_value("no_answer")
    for _ in range(10):
        if page.evaluate("document.activeElement.closest('.stay') !== null"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("已存本机").wait_for()


def test_a_report_says_where_it_goes_and_arrives(phone: Phone, worker: httpx.Client) -> None:
    page = phone.page
    at_start(page)
    phone.tab(2)
    page.click("label:has-text('消防安全')")
    page.click("main .place .g-button")
    page.get_by_text("已附位置，误差约12米").wait_for()
    title = f"消防通道堆物 {time.time_ns()}"
    page.locator(".g-field input[maxlength='200']").fill(title)
    expect(page.locator(".goes-to strong")).to_contain_text("消防")
    page.click("main .g-button.wide")
    until(lambda: title in [each["title"] for each in worker.get("/api/dispute/v1/my-reports").json()["items"]], 30)
    page.locator(".line", has_text=title).wait_for()
    page.locator(".line", has_text=title).locator("small", has_text="消防").wait_for()


def test_what_was_typed_is_a_draft_after_going_back(phone: Phone) -> None:
    page = phone.page
    at_start(page)
    phone.tab(2)
    page.locator(".g-field input[maxlength='200']").fill("路灯不亮")
    page.go_back()
    page.click(".upload-state")
    page.click("a:has-text('路灯不亮')")
    expect(page.locator(".g-field input[maxlength='200']")).to_have_value("路灯不亮")
    phone.hold_outbox()
    page.evaluate(
        "async () => { for (const each of await window.outbox.list('draft')) await window.outbox.takeBack(each.id) }"
    )


def test_a_field_changed_on_both_sides_is_decided_by_the_worker(seen: Phone, worker: httpx.Client) -> None:
    page = seen.page
    at_start(page)
    page.click(".building a.line >> nth=0")
    page.locator(".summary").wait_for()
    place = page.url.rsplit("/", 1)[-1]
    api = f"/api/population/v1/households/{place}"
    there = worker.get(api).json()
    change = worker.patch(api, json={"phone": "04721234567"}, headers={"If-Match": f'"{there["version"]}"'})
    assert change.status_code == 200, change.text
    page.click(".summary .g-button:has-text('修改')")
    page.locator("dialog input[type=text] >> nth=0").fill("04727654321")
    page.click("dialog button[type=submit]")
    page.locator(".upload-state.attention").wait_for(timeout=30_000)
    page.click(".upload-state")
    page.click("a:has-text('去处理')")
    assert violations(page) == []
    assert beyond(page) == {}
    page.click("label:has-text('04727654321')")
    page.click("main .g-button.wide")
    until(lambda: worker.get(api).json()["phone"] != change.json()["phone"], 30)
    at_start(page)


def test_nothing_comes_from_elsewhere_and_the_policy_is_kept(phone: Phone, town: str) -> None:
    page = phone.page
    for screen in ("today", "household", "map", "report", "find", "me", "waiting"):
        at_start(page)
        SCREENS[screen].reach(page)
        page.wait_for_timeout(200)
    assert len(phone.asked) > 20
    assert not [url for url in phone.asked if not url.startswith((town, "blob:", "data:"))]
    assert not [text for text in phone.complaints if "Content Security Policy" in text]


def test_a_pack_is_small_and_read_at_once(phone: Phone, worker: httpx.Client) -> None:
    headers = {"Accept-Encoding": "gzip"}
    with worker.stream("GET", f"/api/population/v1/packs/{GRID}", headers=headers) as answer:
        assert sum(len(part) for part in answer.iter_raw()) <= 80 * 1024
    phone.open()
    phone.page.locator(".pin").wait_for()
    phone.page.fill(".pin", PIN)
    began = time.monotonic()
    phone.page.locator(".building").first.wait_for()
    assert time.monotonic() - began < 3, "PIN, key and 400 households in clear"


def test_nobody_is_asked_for_a_track_or_a_score(worker: httpx.Client) -> None:
    words = (WEB.parents[2] / "packages/i18n/src/field.zh-CN.json").read_text("utf-8")
    assert not re.search("打卡|签到|积分|排名|排行|考核|轨迹|时长", words)
    code = "".join(path.read_text("utf-8") for path in WEB.rglob("*.ts"))
    assert "watchPosition" not in code
    for service in ("population", "dispute", "gateway"):
        document = worker.get(f"/api/{service}/v1/openapi.json").json()
        names = " ".join([*document["paths"], *document["components"]["schemas"]]).lower()
        assert not re.search(r"track|check-?in|ranking|leaderboard|onlinetime|score", names), service
