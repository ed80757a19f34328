"""A new version while records wait: the worker is asked, nothing is loaded anew under his hands, everything arrives."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Playwright
from tests.web.field.conftest import ASSETS
from tests.web.field.lossy import Line, lossy_line
from tests.web.field.phone import REPORT, Phone, until
from tests.web.field.test_offline import my_reports

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
RECORDS = 10
SECOND_SCHEMA = re.compile(r",this\.version\(2\)\.stores\(\{[^}]*\}\)")
DATABASE = "async () => (await indexedDB.databases()).find((each) => each.name === 'grid-field').version / 10"
LOOK = "async () => void (await (await navigator.serviceWorker.getRegistration()).update())"


def version_before(folder: Path) -> Path:
    """The app as it was one version ago: other files under other names, a store without its second schema."""
    shutil.copytree(ASSETS / "field", folder, ignore=shutil.ignore_patterns("*.br", "*.gz"))
    scripts = [*(folder / "assets").glob("*.js")]
    renamed = {path.name: f"{path.stem[:-4]}Old0.js" for path in scripts}
    changed = 0
    for path in [*scripts, folder / "index.html", folder / "sw.js"]:
        text, found = SECOND_SCHEMA.subn("", path.read_text("utf-8"))
        changed += found
        for name, other in renamed.items():
            text = text.replace(name, other)
        path.write_text(re.sub(r'(version:\s*[`"\']|"version":")[0-9a-f]{16}', r"\g<1>00000000000000aa", text), "utf-8")
        path.rename(path.with_name(renamed.get(path.name, path.name)))
    assert changed == 1, "the build has exactly one second schema"
    return folder


@pytest.fixture
def line(town: str) -> Iterator[tuple[str, Line]]:
    """A line to the gateway on which the app can be another one."""
    with lossy_line(town) as made:
        yield made


def test_a_new_version_while_records_wait_asks_first_and_loses_nothing(
    playwright: Playwright, line: tuple[str, Line], worker: httpx.Client, tmp_path: Path
) -> None:
    address, state = line
    prefix = f"更新{tmp_path.stat().st_ino}-"
    state.assets = version_before(tmp_path / "before")
    phone = Phone(playwright, address, tmp_path / "profile").start()
    phone.sign_in()
    page = phone.page
    page.wait_for_function("navigator.serviceWorker.ready")
    page.reload()
    phone.unlock()
    assert page.evaluate(DATABASE) == 1
    state.cut = True
    phone.hold_outbox()
    kept = [page.evaluate(REPORT, f"{prefix}{place}") for place in range(RECORDS)]
    assert phone.ids("queued") == sorted(kept)

    state.assets = None
    page.evaluate("window.notLoadedAnew = true")
    page.evaluate(LOOK)
    page.get_by_text("有新版本").wait_for()
    phone.tab(3)
    page.fill("input[type=search]", "101")
    page.wait_for_timeout(1_000)
    assert page.evaluate("window.notLoadedAnew"), "nobody was asked yet"
    assert page.input_value("input[type=search]") == "101"
    # A screen that was never opened before the update comes out of what the old version keeps.
    phone.tab(4)
    page.get_by_text("意见反馈").wait_for()
    assert page.evaluate("window.notLoadedAnew")

    page.click(".version button")
    page.locator(".pin").wait_for()
    assert not page.evaluate("window.notLoadedAnew")
    phone.unlock()
    assert page.evaluate(DATABASE) == 2
    phone.hold_outbox()
    assert phone.ids("queued") == sorted(kept), "what was kept by the version before is here"
    state.cut = False
    page.evaluate("dispatchEvent(new Event('online'))")
    until(lambda: not phone.ids("queued"))
    assert sorted(each["id"] for each in my_reports(worker, prefix)) == sorted(kept)
    assert sorted(phone.ids("done")) == sorted(kept)
    assert phone.ids("rejected", "conflict") == []
    phone.stop()


def test_another_page_of_the_phone_is_told_that_it_is_the_old_one(
    playwright: Playwright, line: tuple[str, Line], tmp_path: Path
) -> None:
    address, state = line
    state.assets = version_before(tmp_path / "before")
    phone = Phone(playwright, address, tmp_path / "profile").start()
    phone.sign_in()
    phone.page.wait_for_function("navigator.serviceWorker.ready")
    phone.page.reload()
    phone.unlock()
    second = phone.open(page=phone.context.new_page())
    phone.unlock(second)
    state.assets = None
    phone.page.evaluate(LOOK)
    second.get_by_text("有新版本").wait_for()
    second.evaluate("window.notLoadedAnew = true")
    phone.page.click(".version button")
    second.get_by_text("另一个页面已换成新版").wait_for()
    assert second.evaluate("window.notLoadedAnew")
    second.click(".version button")
    phone.unlock(second)
    phone.stop()


def test_the_version_before_uploads_to_the_server_of_today(
    playwright: Playwright, line: tuple[str, Line], worker: httpx.Client, tmp_path: Path
) -> None:
    address, state = line
    prefix = f"旧版{tmp_path.stat().st_ino}-"
    state.assets = version_before(tmp_path / "before")
    phone = Phone(playwright, address, tmp_path / "profile").start()
    phone.sign_in()
    phone.hold_outbox()
    kept = [phone.page.evaluate(REPORT, f"{prefix}{place}") for place in range(3)]
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    until(lambda: not phone.ids("queued"))
    assert sorted(each["id"] for each in my_reports(worker, prefix)) == sorted(kept)
    phone.stop()


@pytest.mark.parametrize("service", ["population", "dispute"])
def test_what_a_server_does_not_know_holds_up_nothing(worker: httpx.Client, service: str) -> None:
    at = "2026-11-25T09:00:00+08:00"
    unknown: dict[str, Any] = {"id": str(uuid4()), "kind": "future.act", "at": at, "body": {"member": 1}}
    strange = {"id": str(uuid4()), "kind": "visit.record", "at": at, "body": {"memberOfTomorrow": [1, {"a": None}]}}
    answer = worker.post(f"/api/{service}/v1/sync", json={"operations": [unknown, strange]})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [each["id"] for each in results] == [unknown["id"], strange["id"]]
    assert {each["result"] for each in results} == {"rejected"}
    assert all(each["code"] and each["title"] for each in results), json.dumps(results, ensure_ascii=False)
