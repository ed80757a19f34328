"""Every route of the console in every state it can be in: axe finds nothing, and the state says what it is."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.web.console import FORBIDDEN, SCREENS, Enter, axe, chromium, enter, household, refuse, sessions

__all__ = ["chromium", "enter", "household", "sessions"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(500)]

# What a route reads first; without it the page has nothing to show.
READS: dict[str, str] = {
    "/": "**/gateway/v1/workbench?*",
    "/window/:id?": "**/approval/v1/applications?*",
    "/cases/:id?": "**/dispute/v1/cases?*",
    "/map/:area?": "**/population/v1/progress?*",
    "/households": "**/population/v1/households?*",
    "/households/:id": "**/population/v1/households/*",
}
# These read nothing before somebody asks: they have no such states.
STILL = {"/sign-in", "/window/new", "/:rest(.*)*"}
EMPTY: dict[str, tuple[Any, str]] = {
    "/": ({"madeAt": "2026-11-25T09:00:00+08:00", "items": [], "parts": {}}, "都处理完了"),
    "/window/:id?": ({"items": [], "nextCursor": None}, "没有事项"),
    "/cases/:id?": ({"items": [], "nextCursor": None}, "没有事件"),
    "/households": ({"items": [], "nextCursor": None}, "没有符合条件的住户"),
}


def look(page: Page) -> None:
    """No barrier, and no word the house does not use."""
    assert axe(page) == []
    shown = page.inner_text("body")
    assert not [word for word in FORBIDDEN if word in shown]


def answering(pattern: str, body: Any) -> Callable[[Page], Any]:
    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    return lambda page: page.route(pattern, answer)


def place(route: str, household: str) -> tuple[str, str]:
    login, path = SCREENS[route]
    return login, path.format(household=household)


def test_every_route_has_its_states() -> None:
    assert set(READS) | STILL == set(SCREENS)
    assert set(EMPTY) <= set(READS)


@pytest.mark.parametrize("route", READS)
@pytest.mark.parametrize(("status", "said"), [(503, "服务暂时没有答复"), (403, "管理员")], ids=["error", "forbidden"])
def test_what_is_refused_is_said_where_it_is_missing(
    enter: Enter, household: str, route: str, status: int, said: str
) -> None:
    login, path = place(route, household)
    page = enter(login, path, before=refuse(READS[route], status), axe=True)
    expect(page.locator(".g-problem").first).to_contain_text(said)
    expect(page.locator(".side")).to_be_visible()
    look(page)


@pytest.mark.parametrize("route", EMPTY)
def test_where_there_is_nothing_it_says_so(enter: Enter, household: str, route: str) -> None:
    body, said = EMPTY[route]
    login, path = place(route, household)
    page = enter(login, path, before=answering(READS[route], body), axe=True)
    expect(page.locator(".g-empty").first).to_contain_text(said)
    look(page)


@pytest.mark.parametrize("route", READS)
def test_while_it_waits_the_frame_stands_with_its_bones(enter: Enter, household: str, route: str) -> None:
    login, path = place(route, household)
    held: list[Route] = []

    def hold(found: Route) -> None:
        held.append(found)

    page = enter(login, "/nowhere", axe=True, before=lambda page: page.route(READS[route], hold))
    page.goto(page.url.replace("/nowhere", path))
    page.wait_for_selector(".side")
    page.wait_for_selector(".g-skeleton")
    page.wait_for_timeout(400)
    look(page)
    for each in held:
        each.abort()


@pytest.mark.parametrize("route", [route for route in SCREENS if route != "/sign-in"])
def test_the_dialog_of_preferences_opens_over_every_route(enter: Enter, household: str, route: str) -> None:
    login, path = place(route, household)
    page = enter(login, path, axe=True)
    page.click(".top .quiet >> nth=0")
    page.wait_for_selector("dialog[open]")
    look(page)
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


@pytest.mark.parametrize("route", READS)
def test_an_ended_session_is_asked_for_in_place(enter: Enter, household: str, route: str) -> None:
    login, path = place(route, household)
    page = enter(login, path, before=refuse(READS[route], 401), axe=True)
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("登录已过期")
    look(page)
    page.unroute(READS[route])
    dialog.locator("[name=password]").fill(f"qingshan-{login}")
    dialog.locator("button[type=submit]").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".g-problem")).to_have_count(0)


def test_what_was_typed_is_still_there_after_signing_in_again(enter: Enter) -> None:
    page = enter("fire", "/cases?queue=unit")
    page.keyboard.press("F2")
    page.wait_for_selector(".case-head")
    page.fill("[name=note]", "写到一半")
    page.route("**/dispute/v1/dispatches/**", lambda route: route.fulfill(status=401, body="{}"))
    page.locator("[name=note]").focus()
    page.keyboard.press("Control+Enter")
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=password]").fill("qingshan-fire")
    dialog.locator("button[type=submit]").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("[name=note]")).to_have_value("写到一半")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_dialog_of_a_case_passes(enter: Enter, *, dark: bool) -> None:
    seen: set[str] = set()
    for login, path in (("arbiter", "/cases?queue=open"), ("fire", "/cases?queue=unit"), ("head.dulan", "/cases")):
        page = enter(login, path, axe=True, dark=dark)
        page.keyboard.press("F2")
        page.wait_for_selector(".case-head")
        page.wait_for_load_state("networkidle")
        for button in page.locator(".others .g-button").all():
            if (text := button.inner_text()) in seen:
                continue
            seen.add(text)
            button.click()
            page.wait_for_selector("dialog[open] form")
            look(page)
            page.keyboard.press("Escape")
    assert {"派给", "拆分", "要求反馈"} <= seen
