"""(b) A resident's application from the window to the decision, with a correction in between."""

import re

import pytest
from tests.flows.conftest import COMMUNITY, STREET, Account, SignIn, eventually

pytestmark = pytest.mark.timeout(500)
APPLICANT = {"name": "云海燕", "idNumber": "11010519491231002X", "phone": "12011112222"}


def test_an_application_walks_from_the_window_to_the_decision(sign_in: SignIn, anybody: Account) -> None:
    clerk, civil = sign_in("window.dulan"), sign_in("civil")
    item = clerk.read("approval/v1/items", words="最低生活保障申请")["items"][0]
    given = {"itemCode": item["code"], "areaCode": COMMUNITY, "applicant": APPLICANT, "materials": [{"seq": 1}]}
    taken = clerk.do("POST", "approval/v1/applications", given)
    address, version = f"approval/v1/applications/{taken['id']}", taken["version"]
    receipt = {"receiptNumber": taken["receiptNumber"], "queryCode": taken["queryCode"]}
    assert civil.get(address).status_code == 404

    early = clerk.send("POST", f"{address}/forward", version=version)
    assert (early.status_code, early.json()["code"]) == (409, "application-not-pre-reviewed")
    missing = [paper["name"] for paper in taken["missing"]]
    told = clerk.do("POST", f"{address}/correction-notice", {"deficiencies": missing}, version=version)
    progress = anybody.do("POST", "approval/v1/progress", receipt)
    assert progress["deficiencies"] == missing
    assert APPLICANT["name"] not in str(progress)

    papers = [{"seq": paper["seq"]} for paper in item["materials"]]
    moved = clerk.do("POST", f"{address}/correction", {"materials": papers}, version=told["version"])
    moved = clerk.do("POST", f"{address}/pre-review", {"passed": True}, version=moved["version"])
    moved = clerk.do("POST", f"{address}/forward", version=moved["version"])
    assert moved["unitCode"] == "civil_affairs"

    seen = civil.read(address)
    assert seen["missing"] == []
    moved = civil.do("POST", f"{address}/acceptance", {"accepted": True}, version=seen["version"])
    explanation = next(c["explanation"] for c in civil.read(address)["clocks"] if c["kind"] == "promised")
    assert re.search(r"25\s*个工作日", explanation)
    moved = civil.do("POST", f"{address}/decision", {"approved": True}, version=moved["version"])
    clerk.do("POST", f"{address}/completion", version=moved["version"])

    progress = anybody.do("POST", "approval/v1/progress", receipt)
    assert progress["state"] == "completed"
    assert len(progress["steps"]) >= 8
    rated = anybody.do("POST", "approval/v1/progress/rating", receipt | {"grade": 1})
    assert rated["mayRate"] is False
    assert anybody.send("POST", "approval/v1/progress", receipt | {"queryCode": "ABCDEFGH"}).status_code == 404


def test_a_resident_looks_it_up_on_a_page_without_javascript(sign_in: SignIn, anybody: Account) -> None:
    clerk = sign_in("window.dulan")
    given = {"itemCode": "SA002", "areaCode": COMMUNITY, "applicant": APPLICANT}
    taken = clerk.do("POST", "approval/v1/applications", given)
    form = {"number": taken["receiptNumber"], "code": taken["queryCode"]}
    headers = {"Sec-Fetch-Site": "same-origin"}
    page = anybody.client.post("/progress", data=form, headers=headers)
    assert page.status_code == 200
    assert "最低生活保障申请" in page.text
    assert APPLICANT["name"] not in page.text
    assert "<script" not in page.text


def test_an_applicant_of_the_register_is_found_there_without_copying(sign_in: SignIn) -> None:
    worker, clerk = sign_in("worker.dulan"), sign_in("window.dulan")
    household = worker.read("population/v1/households", area=f"{COMMUNITY}003", limit=1)["items"][0]
    person = worker.read(f"population/v1/households/{household['id']}")["persons"][0]
    purpose = {"field": "id_number", "purpose": "handling_application"}
    shown = worker.do("POST", f"population/v1/persons/{person['id']}/reveal", purpose)
    applicant = {"name": person["name"], "idNumber": shown["value"]}
    given = {"itemCode": "SA002", "areaCode": COMMUNITY, "applicant": applicant}
    taken = clerk.do("POST", "approval/v1/applications", given)
    address = f"approval/v1/applications/{taken['id']}"
    assert eventually(lambda: clerk.read(address)["applicant"]["personId"]) == person["id"]


def test_what_is_late_is_counted_and_each_count_has_its_rows(sign_in: SignIn) -> None:
    leader = sign_in("street.qingshanlu")
    figures = leader.read("approval/v1/figures", area=STREET)["figures"]
    for name, figure in figures.items():
        rows = leader.client.get(f"{figure['rows']}&limit=100").json()["items"]
        assert len(rows) == min(figure["count"], 100), name
    assert figures["late"]["count"] > 0
