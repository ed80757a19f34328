"""A campaign on the phone: a home and a place are asked what nobody knew, and the form is gone at its end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import expect
from tests.flows.conftest import COMMUNITY, GRID, Account, SignIn, eventually
from tests.web.field.phone import Phone

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
POPULATION = "population/v1"
Campaigns = dict[str, dict[str, Any]]


@pytest.fixture
def campaigns(sign_in: SignIn) -> Iterator[Campaigns]:
    """One campaign over households and one over buildings, begun before the phone looks."""
    head, leader, word = sign_in("head.dulan"), sign_in("street.qingshanlu"), uuid4().hex[:6]
    made = {subject: _begun(head, leader, subject, word) for subject in ("household", "place")}
    yield made
    for campaign in made.values():
        path = f"{POPULATION}/campaigns/{campaign['id']}"
        if (shown := head.read(path))["state"] == "running":
            head.do("POST", f"{path}/end", version=shown["version"])


def _begun(head: Account, leader: Account, subject: str, word: str) -> dict[str, Any]:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    last = (today + timedelta(days=20)).isoformat()
    known = "户主姓名" if subject == "household" else "场所名称"
    pipe = {
        "name": f"管道{word}{subject}",
        "code": f"pipe_{word}_{subject}",
        "kind": "choice",
        "options": ["完好", "老化"],
    }
    form = {"areaCode": COMMUNITY, "name": "排查表", "subject": subject, "endsOn": last, "owner": "station-dulan"}
    form |= {"reason": "入冬前", "basis": "条例", "fields": [{"name": known}, pipe | {"required": True}]}
    asked = head.do("POST", f"{POPULATION}/forms", form)
    leader.do("POST", f"{POPULATION}/forms/{asked['id']}/decision", {"approved": True}, version=asked["version"])
    planned = {"areaCode": GRID, "kind": "gas", "name": f"{subject}排查{word}", "formId": asked["id"], "basis": "通知"}
    planned |= {"owner": "station-dulan", "startsOn": today.isoformat(), "endsOn": last}
    planned |= {"selection": {"places": {"of": "buildings"}}} if subject == "place" else {}
    begun: dict[str, Any] = head.do("POST", f"{POPULATION}/campaigns", planned)
    return begun


def answered(sign_in: SignIn, campaign: dict[str, Any]) -> int:
    return int(sign_in("head.dulan").read(f"{POPULATION}/campaigns/{campaign['id']}")["answered"])


def fill(phone: Phone) -> None:
    """Only what nobody knew is asked: say that it is in order."""
    dialog = phone.page.locator("dialog[open]")
    expect(dialog.locator(".fields .g-field, .fields fieldset")).to_have_count(1)
    dialog.locator("label:has-text('完好')").click()
    dialog.locator("button[type=submit]").click()


def test_a_home_and_a_place_are_asked_and_the_form_is_gone_at_its_end(
    campaigns: Campaigns, phone: Phone, sign_in: SignIn, worker: httpx.Client
) -> None:
    page, (home, place) = phone.page, (campaigns["household"], campaigns["place"])
    page.reload()
    phone.unlock()
    section = page.locator("section.building", has_text=place["name"])
    expect(section.locator("h2")).to_contain_text(str(place["members"]))
    section.locator("button").first.click()
    fill(phone)
    eventually(lambda: answered(sign_in, place) == 1, 40)
    line = page.locator(".building a.line >> nth=0")
    expect(line).to_contain_text("专项排查")
    line.click()
    page.locator("button", has_text=home["name"]).click()
    fill(phone)
    eventually(lambda: answered(sign_in, home) == 1, 40)
    expect(page.locator("button", has_text=home["name"])).to_have_count(0)
    head = sign_in("head.dulan")
    for campaign in (home, place):
        path = f"{POPULATION}/campaigns/{campaign['id']}"
        head.do("POST", f"{path}/end", version=head.read(path)["version"])
    phone.tab(0)
    page.reload()
    phone.unlock()
    expect(page.locator("h2", has_text=place["name"])).to_have_count(0)
    carried = worker.get(f"/api/{POPULATION}/packs/{GRID}").json()["campaigns"]
    assert not {home["id"], place["id"]} & {each["id"] for each in carried}
