"""(a) A worker visits a household, updates it, and the progress of the grid follows."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.flows.conftest import GRID, Account, SignIn

pytestmark = pytest.mark.timeout(500)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def worker(sign_in: SignIn) -> Account:
    return sign_in("worker.dulan")


@pytest.fixture
def household(worker: Account) -> dict[str, Any]:
    """A household of the grid nobody reached this quarter."""
    found: dict[str, Any] = worker.read("population/v1/households", area=GRID, reached="false", limit=1)["items"][0]
    return found


def test_a_visit_counts_once_however_often_it_is_sent(worker: Account, household: dict[str, Any]) -> None:
    before = worker.read("population/v1/progress", area=GRID)["total"]["visited"]["value"]
    at = (datetime.now(SHANGHAI) - timedelta(minutes=1)).isoformat()
    visit = {"householdId": household["id"], "visitedAt": at, "outcome": "done"}
    worker.do("POST", "population/v1/visits", visit)
    assert worker.read("population/v1/progress", area=GRID)["total"]["visited"]["value"] == before + 1
    later = visit | {"visitedAt": datetime.now(SHANGHAI).isoformat()}
    worker.do("POST", "population/v1/visits", later)
    assert worker.read("population/v1/progress", area=GRID)["total"]["visited"]["value"] == before + 1
    visits = worker.read(f"population/v1/households/{household['id']}/visits")["items"]
    assert [row["outcome"] for row in visits[:2]] == ["done", "done"]


def test_nobody_home_is_an_honest_result_that_does_not_count(worker: Account, household: dict[str, Any]) -> None:
    before = worker.read("population/v1/progress", area=GRID)["total"]["visited"]["value"]
    visit = {"householdId": household["id"], "visitedAt": datetime.now(SHANGHAI).isoformat(), "outcome": "no_answer"}
    worker.do("POST", "population/v1/visits", visit)
    assert worker.read("population/v1/progress", area=GRID)["total"]["visited"]["value"] == before


def test_a_telephone_is_corrected_and_shown_masked(worker: Account, household: dict[str, Any]) -> None:
    address = f"population/v1/households/{household['id']}"
    known = worker.read(address)
    changed = worker.do("PATCH", address, {"phone": "12000001234"}, version=known["version"])
    assert changed["version"] > known["version"]
    assert worker.read(address)["phone"] == "120****1234"
    assert worker.send("PATCH", address, {"phone": "12000009999"}, version=known["version"]).status_code == 412


def test_one_number_of_one_person_is_revealed_with_a_purpose(worker: Account, household: dict[str, Any]) -> None:
    person = worker.read(f"population/v1/households/{household['id']}")["persons"][0]
    assert "*" in person["idNumber"]
    address = f"population/v1/persons/{person['id']}/reveal"
    assert worker.send("POST", address, {"field": "id_number"}).status_code == 400
    shown = worker.do("POST", address, {"field": "id_number", "purpose": "handling_application"})["value"]
    assert shown.startswith("150299")
    assert (shown[:3], shown[-2:]) == (person["idNumber"][:3], person["idNumber"][-2:])


def test_the_progress_says_what_is_left_and_where_its_numbers_are(worker: Account) -> None:
    total = worker.read("population/v1/progress", area=GRID)["total"]
    living, visited = total["households"]["value"], total["visited"]["value"]
    assert 0 < visited < living
    rows = worker.get(f"population/v1{total['visited']['query']}")
    assert rows.status_code == 200
    assert rows.json()["items"]
