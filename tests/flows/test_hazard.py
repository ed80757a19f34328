"""(c) A hidden problem, from a phone's point in GCJ-02 to its closure by another department."""

from typing import Any

import pytest
from tests.flows.conftest import GRID, Account, SignIn, eventually

from grid_kernel.geo import Crs, from_cgcs2000

pytestmark = pytest.mark.timeout(500)


@pytest.fixture
def point(sign_in: SignIn) -> dict[str, Any]:
    """A building of the worker's grid as a phone with a shifted map sees it."""
    building = sign_in("worker.dulan").read("gis/v1/buildings", within=GRID, limit=1)["items"][0]
    lon, lat = from_cgcs2000(building["position"]["lon"], building["position"]["lat"], Crs.GCJ02)
    return {"lon": lon, "lat": lat, "crs": "GCJ02", "accuracyM": 12}


def report(account: Account, point: dict[str, Any] | None, category: str = "H04") -> dict[str, Any]:
    given = {"category": category, "title": "消防通道堆放杂物", "description": "三单元门口堆放旧家具。", "point": point}
    found: dict[str, Any] = account.do("POST", "dispute/v1/cases", given)
    return found


def test_a_hazard_is_located_routed_handled_verified_and_closed(sign_in: SignIn, point: dict[str, Any]) -> None:
    worker, fire = sign_in("worker.dulan"), sign_in("fire")
    case = report(worker, point)
    address = f"dispute/v1/cases/{case['id']}"
    found = eventually(lambda: (seen := worker.read(address))["dispatches"] and seen)
    assert found["areaCode"] == GRID
    dispatch = found["dispatches"][0]
    assert dispatch["unitCode"] == "fire_rescue"

    taken = fire.do("POST", f"dispute/v1/dispatches/{dispatch['id']}/accept", {}, version=dispatch["version"])
    handled = {"note": "已清理，并张贴告示。"}
    fire.do("POST", f"dispute/v1/dispatches/{dispatch['id']}/handle", handled, version=taken["version"])
    own = fire.send("POST", f"{address}/verification", {"solved": True}, version=fire.read(address)["version"])
    assert own.status_code in {403, 404}
    looked = {"solved": True, "note": "现场已清空。"}
    seen = worker.do("POST", f"{address}/verification", looked, version=worker.read(address)["version"])
    head = sign_in("head.dulan")
    closed = head.do("POST", f"{address}/closure", {"note": "已解决"}, version=seen["version"])
    assert closed["state"] == "closed"
    progress = Account(worker.client).do(
        "POST", "dispute/v1/case-progress", {"caseCode": case["caseCode"], "queryCode": case["queryCode"]}
    )
    assert progress["state"] == "closed"


def test_the_same_numbers_read_as_wgs84_lie_somewhere_else(sign_in: SignIn, point: dict[str, Any]) -> None:
    worker = sign_in("worker.dulan")
    asked = [{"reference": crs, "point": point | {"crs": crs}} for crs in ("GCJ02", "WGS84")]
    answer = worker.send("POST", "gis/v1/locate", {"points": asked})
    assert answer.status_code == 200, answer.text
    right, wrong = (row["gridCode"] for row in answer.json()["points"])
    assert right == GRID
    assert wrong != GRID


def test_a_problem_without_a_place_waits_on_a_list_somebody_works_through(sign_in: SignIn) -> None:
    worker, arbiter = sign_in("worker.dulan"), sign_in("arbiter")
    case = report(worker, {"lon": 109.0, "lat": 40.0, "crs": "CGCS2000", "accuracyM": 5})
    listed = arbiter.read("dispute/v1/cases", queue="undispatched", limit=100)["items"]
    assert case["id"] in {row["id"] for row in listed}
    version = arbiter.read(f"dispute/v1/cases/{case['id']}")["version"]
    given = {"unitCode": "fire_rescue", "note": "按描述派给消防"}
    sent = arbiter.do("POST", f"dispute/v1/cases/{case['id']}/dispatches", given, version=version)
    assert sent["unitCode"] == "fire_rescue" or sent["dispatches"][0]["unitCode"] == "fire_rescue"


def test_a_guide_may_report_and_sees_the_own_report_and_no_person(sign_in: SignIn, point: dict[str, Any]) -> None:
    guide = sign_in("guide.dulan")
    case = report(guide, point, "H06")
    assert case["id"] in {row["id"] for row in guide.read("dispute/v1/my-reports")["items"]}
    assert guide.get("population/v1/households", area=GRID).status_code in {403, 404}
    assert guide.get(f"dispute/v1/cases/{case['id']}").status_code == 404
