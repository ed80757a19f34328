"""The console over the real gateway with its demo: every route and state, and the flows of the foundation by hand."""

import gzip
import json
import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from tests.flows.conftest import COMMUNITY, SignIn
from tests.web.console import (
    ASSETS,
    FORBIDDEN,
    HARMLESS,
    ROOT,
    SCREENS,
    SOURCES,
    Enter,
    axe,
    chromium,
    enter,
    enter_anonymously,
    household,
    refuse,
    report,
    sessions,
    take_in,
)

__all__ = ["chromium", "enter", "household", "sessions"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(500)]


def test_every_route_is_looked_at() -> None:
    routes = re.findall(r"path: '([^']+)'", (SOURCES / "routes.ts").read_text("utf-8"))
    assert set(routes) == set(SCREENS)


def test_every_label_asked_of_a_service_is_one_it_has() -> None:
    services = {"approval": "approval-svc/src/approval_svc", "dispute": "dispute-svc/src/dispute_svc"}
    services |= {"population": "population-svc/src/population_svc"}
    for path in SOURCES.rglob("*.*"):
        for service, name in re.findall(r"word\('(\w+)', '(\w+)'", path.read_text("utf-8")):
            labels = json.loads((ROOT / services[service] / "labels/zh_CN.json").read_text("utf-8"))
            assert name in labels["enums"], (path.name, service, name)


@pytest.mark.parametrize("route", SCREENS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_and_nothing_forbidden_is_said(
    enter: Enter, household: str, route: str, *, dark: bool
) -> None:
    login, path = SCREENS[route]
    page = enter(login, path.format(household=household), axe=True, dark=dark)
    assert axe(page) == []
    shown = page.inner_text("body")
    assert not [word for word in FORBIDDEN if word in shown]


@pytest.mark.parametrize("route", SCREENS)
def test_nothing_is_cut_off_nothing_comes_from_elsewhere_and_the_policy_is_kept(
    enter: Enter, town: str, household: str, route: str
) -> None:
    asked: list[str] = []
    said: list[str] = []

    def watch(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))

    login, path = SCREENS[route]
    page = enter(login, path.format(household=household), before=watch)
    for width, height in ((1440, 900), (640, 450), (320, 640)):
        page.set_viewport_size({"width": width, "height": height})
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond == 0, width
    assert asked
    assert not [url for url in asked if not url.startswith((town, "blob:", "data:"))]
    assert not [text for text in said if not any(known in text for known in HARMLESS)]


def test_an_open_case_and_an_open_application_pass_axe_too(enter: Enter) -> None:
    for login, path in (("fire", "/cases"), ("window.dulan", "/window")):
        page = enter(login, path, axe=True)
        page.keyboard.press("F2")
        page.wait_for_selector(".work .case-head")
        page.wait_for_load_state("networkidle")
        assert axe(page) == []
        page.click(".top .quiet >> nth=0")
        page.wait_for_selector("dialog[open]")
        assert axe(page) == []


def test_a_block_that_fails_says_so_and_leaves_the_others_alone(enter: Enter) -> None:
    page = enter("head.dulan", before=refuse("**/gateway/v1/workbench?*", 503), axe=True)
    expect(page.locator(".g-problem")).to_contain_text("服务暂时没有答复")
    expect(page.locator(".figures > div")).to_have_count(5)
    expect(page.locator(".bars tbody tr")).to_have_count(10)
    assert axe(page) == []
    page.unroute("**/gateway/v1/workbench?*")
    page.click(".g-problem button")
    expect(page.locator(".tasks li").first).to_be_visible()


def test_who_may_not_see_is_told_whom_to_ask(enter: Enter) -> None:
    page = enter("head.dulan", "/households", before=refuse("**/population/v1/households?*", 403), axe=True)
    expect(page.locator(".g-problem")).to_contain_text("管理员")
    expect(page.locator(".g-problem button")).to_have_count(0)
    assert axe(page) == []


def test_an_empty_queue_says_so(enter: Enter) -> None:
    page = enter("civil", "/cases?queue=unit", axe=True)
    expect(page.locator(".queue .g-empty")).to_contain_text("没有事件")
    assert axe(page) == []


def test_every_number_of_the_workbench_leads_to_its_rows(enter: Enter) -> None:
    page = enter("head.dulan")
    links = page.locator(".figures .value a")
    expect(links).to_have_count(5)
    addresses = [links.nth(place).get_attribute("href") for place in range(5)]
    assert all(address and "area=" in address for address in addresses)
    late = int(re.sub(r"\D", "", page.locator(".figures .note.late a").last.inner_text()))
    page.locator(".figures .note.late a").last.click()
    page.wait_for_selector(".rows li")
    expect(page.locator(".rows li")).to_have_count(late)


def test_every_number_of_the_five_weeks_leads_to_as_many_rows(enter: Enter) -> None:
    page = enter("head.dulan")
    page.wait_for_selector(".weeks td a")
    cells = page.locator(".weeks td a")
    assert cells.count() == 20
    assert page.locator(".weeks svg text").count() == 0
    told = {str(link.get_attribute("href")): int(link.inner_text().replace(",", "")) for link in cells.all()}
    # The running week grows while others report.
    settled = sorted(told.items(), key=lambda each: each[0].rsplit("=", 1)[-1])[:16]
    ours = [(href, count) for href, count in settled if 0 < count <= 50]
    assert {href.split("?")[0] for href, _ in ours} >= {"/console/cases"}
    for href, count in ours[:4] + ours[-4:]:
        page.goto(f"{page.url.split('/console')[0]}{href}")
        page.wait_for_selector(".rows li, .g-empty")
        expect(page.locator(".rows li")).to_have_count(count)
        expect(page.locator(".queues [aria-current]")).to_have_count(1)


def test_what_waits_comes_by_its_limit(enter: Enter) -> None:
    page = enter("head.dulan")
    tags = page.locator(".tasks li .g-tag").all_inner_texts()
    days = [int(found[1]) if (found := re.match(r"超期(\d+)天", tag)) else 0 for tag in tags]
    assert days
    assert all(one >= other for one, other in pairwise(days))


def test_a_clerk_tells_once_takes_the_papers_and_forwards_and_the_department_decides(
    enter: Enter, sign_in: SignIn, town: str
) -> None:
    page = enter("window.dulan", "/window/new")
    take_in(page)
    page.keyboard.press("Space")
    page.locator(".papers input").first.dispatch_event(
        "keydown", {"key": "Enter", "ctrlKey": True, "isComposing": True, "bubbles": True}
    )
    expect(page.locator(".receipt")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".receipt")).to_contain_text("一次性告知书")
    expect(page.locator(".receipt .qr")).to_be_visible()
    number, code = (page.locator(".receipt dd.code").nth(place).inner_text() for place in (0, 1))
    assert re.fullmatch(r"\d{21}", number)
    assert code not in page.url

    page.goto(f"{town}/console/window?state=correction_required")
    page.click(f".rows a:has-text('{number}')")
    page.wait_for_selector(".papers input[type=checkbox]")
    for box in page.locator(".papers input[type=checkbox]").all():
        box.check()
    page.click(".decide button[type=submit]")
    expect(page.locator(".case-head")).to_contain_text("待预审")
    expect(page.locator(".decide .g-button").first).to_have_text("预审通过")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".case-head")).to_contain_text("已交部门")

    civil = enter("civil", "/window?state=forwarded")
    civil.click(f".rows a:has-text('{number}')")
    for text, state in (("受理", "已受理"), ("批准", "已批准"), ("发放结果", "已办结")):
        expect(civil.locator(".decide button[type=submit]")).to_have_text(text)
        civil.keyboard.press("Control+Enter")
        expect(civil.locator(".case-head .g-tag").first).to_contain_text(state)

    resident = enter_anonymously(page, f"{town}/progress?number={number}")
    resident.fill("#code", code)
    resident.click("main .button")
    expect(resident.locator("h1")).to_have_text("最低生活保障申请")
    assert sign_in("window.dulan").read("approval/v1/figures", area=COMMUNITY)["figures"]


def test_a_returning_applicant_types_two_fields(enter: Enter, sign_in: SignIn, household: str) -> None:
    clerk = sign_in("window.dulan")
    person = clerk.read(f"population/v1/households/{household}")["persons"][0]
    page = enter("window.dulan", "/window/new")
    page.fill("[name=who]", f"{person['name']} 003")
    page.keyboard.press("Enter")
    page.click(f".applicant .persons button:has-text('{person['name']}') >> nth=0")
    expect(page.locator(".known")).to_contain_text(person["name"])
    page.fill("[name=item]", "残疾人证残损换新")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    page.click("text=都带了")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".receipt")).to_contain_text(person["name"])
    expect(page.locator(".receipt")).to_contain_text("已交部门")
    page.keyboard.press("F2")
    expect(page.locator("[name=who]")).to_be_focused()


def test_on_paper_the_receipt_stands_alone(enter: Enter) -> None:
    page = enter("window.dulan", "/window/new")
    take_in(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".receipt")
    page.emulate_media(media="print")
    expect(page.locator(".receipt")).to_be_visible()
    for gone in (".side", ".top", ".receipt .buttons"):
        expect(page.locator(gone).first).to_be_hidden()


def test_a_department_accepts_and_handles_the_worker_verifies_and_the_head_closes(
    enter: Enter, sign_in: SignIn
) -> None:
    case = report(sign_in("worker.dulan"), "控制台流程：消防通道堆放杂物")
    page = enter("fire", "/cases")
    page.click(".rows a:has-text('控制台流程') >> nth=0")
    page.goto(re.sub(r"/cases/[^?]+", f"/cases/{case['id']}", page.url))
    expect(page.locator(".decide button[type=submit]")).to_have_text("签收")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".decide button[type=submit]")).to_have_text("反馈处置")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".summary, .g-error").first).to_be_visible()
    page.fill("[name=note]", "已清理，并张贴告示。")
    page.locator("[name=note]").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".case-head .g-tag").first).to_contain_text("待核查")
    for login, text, state in (("worker.dulan", "现场核查", "待结案"), ("head.dulan", "结案", "已结案")):
        page = enter(login, f"/cases/{case['id']}")
        expect(page.locator(".decide button[type=submit]")).to_have_text(text)
        page.keyboard.press("Control+Enter")
        expect(page.locator(".case-head .g-tag").first).to_contain_text(state)


def test_who_was_overtaken_sees_both_versions_and_keeps_what_was_typed(enter: Enter, sign_in: SignIn) -> None:
    case = report(sign_in("worker.dulan"), "控制台冲突：楼道堆放杂物")
    page = enter(
        "fire", f"/cases/{case['id']}", before=lambda page: page.route("**/v1/live*", lambda route: route.abort())
    )
    page.fill("[name=note]", "马上去")
    fire = sign_in("fire")
    dispatch = fire.read(f"dispute/v1/cases/{case['id']}")["dispatches"][0]
    fire.do("POST", f"dispute/v1/dispatches/{dispatch['id']}/accept", {}, version=dispatch["version"])
    page.keyboard.press("Control+Enter")
    expect(page.locator("dialog[open]")).to_contain_text("您看到的")
    expect(page.locator("dialog[open] .changed").first).to_contain_text("处置中")
    page.keyboard.press("Escape")
    expect(page.locator("[name=note]")).to_have_value("马上去")


def test_what_others_do_appears_without_a_reload(enter: Enter, sign_in: SignIn) -> None:
    page = enter("fire", "/cases")
    report(sign_in("worker.dulan"), "控制台即时：疏散楼梯堆物")
    expect(page.locator(".rows a:has-text('控制台即时')").first).to_be_visible(timeout=45_000)


def test_the_map_leads_from_a_grid_to_the_households_not_reached(enter: Enter) -> None:
    page = enter("head.dulan", "/map")
    page.wait_for_selector(".canvas[data-idle]", timeout=60_000)
    row = page.locator(".twin tbody tr").first
    left = int(row.locator("td").nth(1).inner_text())
    row.locator("a").click()
    page.wait_for_selector(".building summary")
    counted = [int(re.sub(r"\D", "", text)) for text in page.locator(".building summary strong").all_inner_texts()]
    assert 0 < sum(counted) <= left
    page.locator(".building summary").first.click()
    expect(page.locator(".building li a").first).to_be_visible()


def test_without_webgl_the_outlines_are_drawn_and_it_says_so(enter: Enter) -> None:
    script = "HTMLCanvasElement.prototype.getContext = () => null"
    page = enter("head.dulan", "/map", axe=True, before=lambda page: page.add_init_script(script))
    expect(page.locator(".map .g-notice")).to_contain_text("简版")
    expect(page.locator(".outline path")).to_have_count(10)
    assert axe(page) == []
    page.locator(".outline a").first.press("Enter")
    page.wait_for_selector(".drawer .building, .drawer .g-empty")


def test_single_keys_can_be_switched_off_and_composing_searches_nothing(enter: Enter) -> None:
    page = enter("head.dulan")
    page.keyboard.press("/")
    expect(page.locator(".search input")).to_be_focused()
    page.locator("h1").click()
    page.evaluate("localStorage.setItem('grid-single-keys', 'off')")
    page.reload()
    page.wait_for_selector(".figures")
    page.keyboard.press("/")
    expect(page.locator(".search input")).not_to_be_focused()
    said = page.evaluate(
        "window.dispatchEvent(new KeyboardEvent('keydown', {key: 'F2', isComposing: true, cancelable: true}))"
    )
    assert said is True


def test_english_is_complete(enter: Enter) -> None:
    page = enter("head.dulan", before=lambda page: page.add_init_script("localStorage.setItem('grid-language', 'en')"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".side")).to_contain_text("Workbench")
    expect(page.locator(".tasks .state").first).not_to_have_text(re.compile(r"[\u4e00-\u9fff]"))


def test_no_route_weighs_more_than_it_may() -> None:
    manifest = json.loads((ASSETS / ".vite/manifest.json").read_text("utf-8"))

    def files(name: str, seen: set[str]) -> set[str]:
        if name in seen:
            return set()
        seen.add(name)
        chunk = manifest[name]
        own = {chunk["file"], *chunk.get("css", ())}
        return own.union(*(files(other, seen) for other in chunk.get("imports", ())))

    for name in manifest:
        if name.startswith("src/screens/"):
            wanted = files(name, set()) | files("index.html", set())
            weight = sum(len(gzip.compress((ASSETS / file).read_bytes(), 9)) for file in wanted)
            assert weight <= 260_000, name
