"""(e) A resident at the window reads the own record; (f) a household changes the grid with both grids agreeing."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from tests.flows.conftest import COMMUNITY, GRID, Account, SignIn

pytestmark = pytest.mark.timeout(500)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEXT_GRID = f"{COMMUNITY}001"


def somebody(worker: Account) -> dict[str, Any]:
    """A person of the worker's grid with an identity number."""
    for row in worker.read("population/v1/households", area=GRID, limit=20)["items"]:
        for person in worker.read(f"population/v1/households/{row['id']}")["persons"]:
            if person["idNumber"] and person["idDocumentType"] == "111":
                return dict(person)
    raise AssertionError("nobody with a number")


def test_a_resident_reads_who_looked_and_asks_for_a_correction(sign_in: SignIn, town: str) -> None:
    worker, window, head = sign_in("worker.dulan"), sign_in("window.dulan"), sign_in("head.dulan")
    person = somebody(worker)
    asked = {"field": "id_number", "purpose": "correcting_data"}
    number = worker.do("POST", f"population/v1/persons/{person['id']}/reveal", asked)["value"]
    assert worker.send("POST", "population/v1/own-codes", {"idNumber": number}).status_code == 403
    code = window.do("POST", "population/v1/own-codes", {"idNumber": number})["code"]
    year, month, day = person["birthDate"].split("-")
    with httpx.Client(base_url=town, headers={"Sec-Fetch-Site": "same-origin"}, timeout=30) as browser:
        opened = browser.post("/mine", data={"code": code, "year": year, "month": month, "day": day})
        assert opened.status_code == 303, opened.text
        page = browser.get("/mine")
        assert person["name"] in page.text
        assert "核对更正信息" in page.text
        assert "居民服务员" in page.text
        assert "worker.dulan" not in page.text
        assert len(page.content) < 25_000
        assert browser.post("/mine", data={"code": code, "year": year, "month": month, "day": day}).status_code == 404
        sent = browser.post("/mine/requests", data={"kind": "correction", "words": "门牌号写错了"})
        assert sent.status_code == 303
        listed = head.read("population/v1/data-requests", area=COMMUNITY, state="open")["items"]
        mine = next(row for row in listed if row["personId"] == person["id"])
        refusal = {"granted": False, "answer": "与门牌一致"}
        head.do("POST", f"population/v1/data-requests/{mine['id']}/decision", refusal, version=mine["version"])
        assert "与门牌一致" in browser.get("/mine").text
        browser.post("/mine/closing")
        assert person["name"] not in browser.get("/mine").text


def test_a_household_changes_the_grid_and_counts_once(sign_in: SignIn) -> None:
    worker, head = sign_in("worker.dulan"), sign_in("head.dulan")

    def counted() -> tuple[int, int]:
        own, other = (head.read("population/v1/counts", area=area)["households"] for area in (GRID, NEXT_GRID))
        return own, other

    before = counted()
    home = worker.read("population/v1/households", area=GRID, reached="false", limit=5)["items"][-1]
    target = head.read("population/v1/dwellings", area=NEXT_GRID, limit=1)["items"][0]
    today = datetime.now(SHANGHAI).date().isoformat()
    move = {"dwellingId": target["id"], "movedOn": today}
    address = f"population/v1/households/{home['id']}"
    assert worker.send("POST", f"{address}/moves", move, version=home["version"]).status_code == 409
    given = {"householdId": home["id"], "toGrid": NEXT_GRID, "movedOn": today}
    transfer = worker.do("POST", "population/v1/transfers", given)
    assert counted() == before
    own = worker.send("POST", f"population/v1/transfers/{transfer['id']}/acceptance", {}, version=1)
    assert own.status_code == 403
    accepted = head.do(
        "POST", f"population/v1/transfers/{transfer['id']}/acceptance", {"dwellingId": target["id"]}, version=1
    )
    assert accepted["state"] == "accepted"
    assert counted() == (before[0] - 1, before[1] + 1)
    assert worker.get(address).status_code == 404
    assert head.read(address)["areaCode"] == NEXT_GRID
