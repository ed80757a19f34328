"""(d) The overview of street and district; (e) the same town for a worker of another community: nothing is there."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from tests.flows.conftest import COMMUNITY, DISTRICT, GRID, STREET, Account, SignIn

pytestmark = pytest.mark.timeout(500)


@pytest.mark.parametrize(("login", "area"), [("street.qingshanlu", STREET), ("district", DISTRICT)])
def test_an_area_is_seen_in_the_figures_of_all_four_services(sign_in: SignIn, login: str, area: str) -> None:
    reader = sign_in(login)
    parts = reader.read("gateway/v1/overview", area=area)["parts"]
    if any(part["status"] == "unavailable" for part in parts.values()):  # a machine that has other things to do
        parts = reader.read("gateway/v1/overview", area=area)["parts"]
    assert {name: part["status"] for name, part in parts.items()} == dict.fromkeys(parts, "ok")
    assert set(parts) == {"population", "approval", "dispute", "gis"}
    assert parts["population"]["data"]["total"]["households"]["value"] > 1000
    assert parts["approval"]["data"]["figures"]["open"]["count"] > 0
    assert parts["gis"]["data"]["code"] == area


def test_a_workbench_holds_what_waits_out_of_three_services(sign_in: SignIn) -> None:
    bench = sign_in("head.dulan").read("gateway/v1/workbench")
    assert {name: part["status"] for name, part in bench["parts"].items()} == dict.fromkeys(bench["parts"], "ok")
    assert {item["kind"] for item in bench["items"]} >= {"application", "case"}
    ends = [item["dueAt"] or "9999" for item in bench["items"]]
    assert ends == sorted(ends)
    me = sign_in("head.dulan").read("gateway/v1/me")
    assert [grant["areaName"] for grant in me["grants"]] == ["都兰社区"]


def test_a_street_leader_has_no_overview_of_the_district(sign_in: SignIn) -> None:
    assert sign_in("street.qingshanlu").get("gateway/v1/overview", area=DISTRICT).status_code == 403


def test_a_leader_s_page_shows_the_district_without_javascript(sign_in: SignIn, anybody: Account) -> None:
    page = sign_in("district").client.get("/district")
    assert page.status_code == 200
    assert page.text.count("<path") + page.text.count("<polygon") >= 17
    assert "<script" not in page.text
    assert anybody.client.get("/district", follow_redirects=False).status_code in {302, 303, 401}


def of_dulan(worker: Account) -> Iterator[str]:
    """What a worker of 都兰 sees, one address of each kind."""
    household = worker.read("population/v1/households", area=GRID, limit=1)["items"][0]
    whole = worker.read(f"population/v1/households/{household['id']}")
    yield f"population/v1/households/{household['id']}"
    yield f"population/v1/households/{household['id']}/visits"
    yield f"population/v1/persons/{whole['persons'][0]['id']}"
    yield f"population/v1/dwellings/{whole['dwelling']['id']}"


def test_for_a_worker_of_another_community_nothing_is_there(sign_in: SignIn) -> None:
    dulan, jianhua, head = sign_in("worker.dulan"), sign_in("worker.jianhua"), sign_in("head.dulan")
    for address in of_dulan(dulan):
        assert dulan.get(address).status_code == 200, address
        assert jianhua.get(address).status_code == 404, address
    application = head.read("approval/v1/applications", area=COMMUNITY, limit=1)["items"][0]
    assert jianhua.get(f"approval/v1/applications/{application['id']}").status_code == 404
    case = head.read("dispute/v1/cases", area=COMMUNITY, limit=1)["items"][0]
    assert jianhua.get(f"dispute/v1/cases/{case['id']}").status_code == 404
    assert jianhua.get("population/v1/households", area=COMMUNITY).status_code == 404
    for listed in ("approval/v1/applications", "dispute/v1/cases"):
        assert jianhua.read(listed, area=COMMUNITY)["items"] == []


def test_and_nothing_can_be_changed_there(sign_in: SignIn) -> None:
    dulan, jianhua = sign_in("worker.dulan"), sign_in("worker.jianhua")
    household = dulan.read("population/v1/households", area=GRID, limit=1)["items"][0]
    visit = {"householdId": household["id"], "visitedAt": "2026-11-20T10:00:00+08:00", "outcome": "done"}
    refused = jianhua.send("POST", "population/v1/visits", visit)
    nobody = jianhua.send("POST", "population/v1/visits", visit | {"householdId": str(uuid4())})
    assert refused.status_code == nobody.status_code == 404
    assert refused.json()["detail"] == nobody.json()["detail"], "a household elsewhere is told apart from none"
    change = jianhua.send("PATCH", f"population/v1/households/{household['id']}", {"phone": "12000000000"}, version=1)
    assert change.status_code == 404
    search = {"name": "王", "grid": GRID}
    assert jianhua.do("POST", "population/v1/persons/search", search)["items"] == []
