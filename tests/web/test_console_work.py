"""What a centre, a department and a window do all day, by hand on the real pages."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.flows.conftest import GRID, SignIn
from tests.web.console import Enter, chromium, enter, household, report, sessions, take_in

__all__ = ["chromium", "enter", "household", "sessions"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(500)]

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture to send along."""
    path = tmp_path / "photo.png"
    path.write_bytes(DOT)
    return path


def other(page: Page, text: str) -> Any:
    """The dialog of one of the further actions."""
    page.locator(".others .g-button", has_text=re.compile(f"^{text}$")).click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("form")).to_be_visible()
    return dialog


def test_the_centre_reminds_adds_a_unit_and_gives_the_case_to_another(enter: Enter, sign_in: SignIn) -> None:
    case = report(sign_in("worker.dulan"), "中心办理：消防通道被占")
    page = enter("arbiter", f"/cases/{case['id']}")
    dialog = other(page, "要求反馈")
    dialog.locator("[name=note]").fill("居民在等，请今天答复。")
    dialog.locator("button[type=submit]").click()
    expect(page.locator(".line")).to_contain_text("居民在等")
    dialog = other(page, "派给")
    dialog.locator("[name=unit]").select_option("housing")
    dialog.locator("button[type=submit]").click()
    expect(page.locator(".units tbody tr")).to_have_count(2)
    expect(page.locator(".units")).to_contain_text("协办")
    page.locator(".others .g-button", has_text="转部门").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=target]").select_option(label="青山区消防救援大队")
    dialog.locator("[name=unit]").select_option("health")
    dialog.locator("button[type=submit]").click()
    expect(page.locator(".units .gone")).to_contain_text("消防救援大队")
    expect(page.locator(".case-head .g-tag").first).to_contain_text("待签收")


def test_two_reports_of_one_matter_are_merged_and_two_matters_are_split(enter: Enter, sign_in: SignIn) -> None:
    worker = sign_in("worker.dulan")
    double, stays = report(worker, "并案：同一处杂物之一"), report(worker, "并案：同一处杂物之二")
    page = enter("arbiter", f"/cases/{double['id']}")
    expect(page.locator(".near")).to_contain_text("并案：同一处杂物之二")
    dialog = other(page, "并案")
    dialog.locator("label", has_text="并案：同一处杂物之二").click()
    dialog.locator("[name=note]").fill("同一堆杂物")
    dialog.locator("button[type=submit]").click()
    expect(page.locator(".work")).to_contain_text("已并入这一件")
    page.goto(page.url.replace(double["id"], stays["id"]))
    expect(page.locator(".line")).to_contain_text("另一件并入")
    dialog = other(page, "拆分")
    dialog.locator("[name=category]").select_option("H06")
    dialog.locator("[name=title]").fill("拆分：路灯也不亮")
    dialog.locator("button[type=submit]").click()
    code = dialog.locator(".answer").inner_text()
    assert re.fullmatch(r"\d{21}", code)
    dialog.locator("button", has_text="关闭").last.click()
    expect(page.locator(".line")).to_contain_text(code)


def test_a_unit_asks_for_time_with_a_standard_reply_and_the_centre_grants_it(enter: Enter, sign_in: SignIn) -> None:
    case = report(sign_in("worker.dulan"), "延期：需要配件")
    page = enter("fire", f"/cases/{case['id']}")
    page.locator(".decide label", has_text="签收").first.click()
    page.locator(".decide button[type=submit]").click()
    expect(page.locator(".case-head .g-tag").first).to_contain_text("处置中")
    dialog = other(page, "申请延期")
    dialog.locator("[name=reply]").select_option(index=1)
    dialog.locator("[name=until]").fill("2027-03-01")
    dialog.locator("button[type=submit]").click()
    expect(page.locator(".work")).to_contain_text("申请延期，到 3月1日")
    centre = enter("arbiter", f"/cases/{case['id']}")
    expect(centre.locator(".decide button[type=submit]")).to_have_text("审批延期")
    centre.locator(".decide button[type=submit]").click()
    expect(centre.locator(".line")).to_contain_text("同意延期或挂账")
    expect(centre.locator(".units .g-tag").first).to_contain_text("3月1日")


def test_a_limit_is_objected_to_and_the_arbiter_gives_another(enter: Enter, sign_in: SignIn) -> None:
    case = report(sign_in("worker.dulan"), "异议：一天不够")
    page = enter("fire", f"/cases/{case['id']}")
    page.locator(".decide label", has_text="提出异议").click()
    page.locator(".decide label", has_text="办理时限不合理").click()
    page.locator(".decide button[type=submit]").click()
    expect(page.locator(".case-head .g-tag").first).to_contain_text("有异议")
    centre = enter("arbiter", f"/cases/{case['id']}")
    centre.fill("[name=amount]", "10")
    centre.fill("[name=note]", "给十个工作日。")
    centre.locator(".decide button[type=submit]").click()
    expect(centre.locator(".case-head .g-tag").first).to_contain_text("待签收")
    expect(centre.locator(".units")).to_contain_text("10个工作日")


def test_a_photo_goes_along_and_is_seen_and_a_closed_case_is_reopened(
    enter: Enter, sign_in: SignIn, photo: Path
) -> None:
    case = report(sign_in("worker.dulan"), "照片：处置前后")
    fire = sign_in("fire")
    part = fire.read(f"dispute/v1/cases/{case['id']}")["dispatches"][0]
    fire.do("POST", f"dispute/v1/dispatches/{part['id']}/accept", {}, version=part["version"])
    page = enter("fire", f"/cases/{case['id']}")
    page.locator("[name=reply]").select_option(index=1)
    page.locator(".photo-field input").set_input_files(photo)
    expect(page.locator(".photo-field img")).to_be_visible()
    page.locator(".decide button[type=submit]").click()
    expect(page.locator(".line .photos img")).to_be_visible()
    drawn = page.locator(".line .photos img").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert drawn == 1
    for login, state in (("worker.dulan", "待结案"), ("head.dulan", "已结案")):
        page = enter(login, f"/cases/{case['id']}")
        page.locator(".decide button[type=submit]").click()
        expect(page.locator(".case-head .g-tag").first).to_contain_text(state)
    dialog = other(page, "重新办理")
    dialog.locator("button[type=submit]").click()
    expect(dialog.locator(".g-error")).to_contain_text("原因")
    dialog.locator("[name=note]").fill("又堆起来了")
    dialog.locator("button[type=submit]").click()
    expect(page.locator(".case-head .g-tag").first).to_contain_text("处置中")


def test_the_contact_is_shown_for_a_reason_to_who_calls_back_and_to_no_department(
    enter: Enter, sign_in: SignIn
) -> None:
    worker = sign_in("worker.dulan")
    reporter = {"name": "云先生", "contact": "13800001111"}
    body = {"category": "H04", "title": "联系方式：楼道堆物", "gridCode": GRID, "reporter": reporter}
    case = worker.do("POST", "dispute/v1/cases", body)
    page = enter("arbiter", f"/cases/{case['id']}")
    expect(page.locator(".facts")).to_contain_text("138****1111")
    dialog = other(page, "看联系方式")
    dialog.locator("[name=note]").fill("电话回访")
    dialog.locator("button[type=submit]").click()
    expect(dialog.locator(".answer")).to_have_text("13800001111")
    page = enter("fire", f"/cases/{case['id']}")
    expect(page.locator(".work")).not_to_contain_text("1111")
    expect(page.locator(".others .g-button", has_text="看联系方式")).to_have_count(0)


def test_a_restricted_case_has_no_place_on_a_map_and_is_in_nobody_elses_queue(enter: Enter, sign_in: SignIn) -> None:
    body = {"category": "H03", "title": "限制知悉：登记", "gridCode": GRID}
    case = sign_in("worker.dulan").do("POST", "dispute/v1/cases", body)
    page = enter("arbiter", f"/cases/{case['id']}")
    expect(page.locator(".work")).to_contain_text("不上图")
    expect(page.locator(".place")).to_have_count(0)
    expect(page.locator(".facts a")).to_have_count(0)
    page = enter("head.dulan", f"/cases/{case['id']}")
    expect(page.locator(".g-problem").first).to_be_visible()
    expect(page.locator(".case-head")).to_have_count(0)


def test_the_place_is_drawn_when_somebody_opens_it(enter: Enter, sign_in: SignIn) -> None:
    case = report(sign_in("worker.dulan"), "位置：看在哪里")
    page = enter("head.dulan", f"/cases/{case['id']}")
    assert page.evaluate("performance.getEntriesByType('resource').filter(r => /mapping-/.test(r.name)).length") == 0
    page.click(".place summary")
    page.wait_for_selector(".place .canvas[data-idle]", timeout=60_000)
    expect(page.locator(".place .dot.spot")).to_be_visible()
    script = "HTMLCanvasElement.prototype.getContext = () => null"
    page = enter("head.dulan", f"/cases/{case['id']}", before=lambda page: page.add_init_script(script))
    page.click(".place summary")
    expect(page.locator(".place .outline path").first).to_be_visible()


def test_two_items_of_one_person_are_taken_in_at_once_with_a_scan_and_one_sheet(enter: Enter, photo: Path) -> None:
    page = enter("window.dulan", "/window/new")
    take_in(page)
    page.locator(".papers input[type=checkbox]").first.check()
    page.locator(".paper .photo-field input").first.set_input_files(photo)
    expect(page.locator(".paper .photo-field img")).to_be_visible()
    page.click("text=再办一项")
    expect(page.locator("[name=item]")).to_be_focused()
    page.keyboard.type("残疾人证残损换新")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    page.click("text=都带了")
    page.keyboard.press("Control+Enter")
    sheet = page.locator(".receipt")
    expect(sheet).to_have_count(1)
    expect(sheet.locator(".one")).to_have_count(2)
    expect(sheet.locator(".qr")).to_have_count(2)
    numbers = [text for text in sheet.locator("dd.code").all_inner_texts() if re.fullmatch(r"\d{21}", text)]
    assert len(set(numbers)) == 2

    page.goto(re.sub(r"/window/new.*", "/window", page.url))
    page.fill("[name=receipt]", numbers[0][-8:])
    page.keyboard.press("Enter")
    expect(page.locator(".case-head .code")).to_have_text(numbers[0])
    expect(page.locator(".paper .photos img")).to_be_visible()


def test_what_is_wrong_with_a_paper_is_told_in_standard_words_and_one_line(enter: Enter) -> None:
    page = enter("window.dulan", "/window/new")
    take_in(page)
    page.click("text=都带了")
    page.locator(".intake label", has_text="先收下").click()
    page.keyboard.press("Control+Enter")
    number = page.locator(".receipt dd.code").first.inner_text()
    page.goto(re.sub(r"/window/new.*", f"/window?receipt={number}", page.url))
    page.locator(".decide label", has_text="要补正").click()
    page.locator(".wrong-papers input").first.check()
    page.fill("[name=line]", "请下午带来。")
    notice = page.locator(".decide .g-notice li")
    expect(notice).to_have_count(2)
    page.click(".decide button[type=submit]")
    expect(page.locator(".case-head .g-tag").first).to_contain_text("补正")
    page.click("text=看回执")
    expect(page.locator(".receipt")).to_contain_text("请下午带来。")


def test_the_register_is_asked_for_what_it_knows_and_its_silence_stops_nobody(enter: Enter, sign_in: SignIn) -> None:
    clerk = sign_in("window.dulan")
    rows = clerk.read("approval/v1/applications", queue="desk", limit=50)["items"]
    read = (clerk.read(f"approval/v1/applications/{row['id']}") for row in rows)
    known = next(one for one in read if one["applicant"]["personId"])
    page = enter("window.dulan", f"/window/{known['id']}")
    page.route("**/facts", lambda route: route.abort())
    page.click("text=核对人口库")
    expect(page.locator(".facts-asked .g-problem")).to_be_visible()
    page.unroute("**/facts")
    page.click("text=核对人口库")
    expect(page.locator(".facts-asked dd").first).to_have_text(re.compile(r"^\d+$"))


def test_a_receipt_is_given_although_the_next_step_fails(enter: Enter) -> None:
    page = enter("window.dulan", "/window/new")
    page.route("**/applications/*/forward", lambda route: route.abort())
    take_in(page)
    page.click("text=都带了")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".receipt")).to_contain_text("最低生活保障申请")
    expect(page.locator(".g-notice.late")).to_contain_text("回执照常有效")
    page.unroute("**/applications/*/forward")
    number = page.locator(".receipt dd.code").first.inner_text()
    page.goto(re.sub(r"/window/new.*", f"/window?receipt={number}", page.url))
    expect(page.locator(".decide button[type=submit]")).to_have_text("交给部门")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".case-head .g-tag").first).to_contain_text("已交部门")


def test_a_place_is_found_and_layers_can_be_switched(enter: Enter) -> None:
    page = enter("head.dulan", "/map")
    page.wait_for_selector(".canvas[data-idle]", timeout=60_000)
    page.fill("[name=place]", "都兰新村1栋")
    page.keyboard.press("Enter")
    page.locator(".find .answers button").first.click()
    expect(page.locator(".dot.spot")).to_be_visible()
    expect(page.locator(".building[open]")).to_have_count(1)
    for name in ("网格", "楼栋", "覆盖", "设施", "事件"):
        box = page.locator(".layers label", has_text=name).locator("input")
        before = box.is_checked()
        box.click()
        assert box.is_checked() is not before
    expect(page.locator(".canvas .dot:not(.spot)")).to_have_count(0)


@pytest.mark.parametrize(
    ("login", "menu"),
    [
        ("head.dulan", ["工作台", "窗口预审", "事件处置", "住户", "一张图"]),
        ("fire", ["工作台", "事项办理", "事件处置"]),
        ("arbiter", ["工作台", "事件处置"]),
        ("guide.dulan", ["工作台"]),
    ],
)
def test_the_menu_holds_what_the_account_may_do(enter: Enter, login: str, menu: list[str]) -> None:
    page = enter(login)
    assert page.locator(".side li").all_inner_texts() == menu


def test_a_case_that_ended_is_not_late(enter: Enter) -> None:
    page = enter("head.dulan", "/cases?queue=closed-this-month")
    expect(page.locator(".rows li").first).to_be_visible()
    expect(page.locator(".rows .g-tag")).to_have_count(0)
