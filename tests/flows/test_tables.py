"""(f) A table brings people in, rows go out with a mark and an end, and a campaign is answered from a phone."""

import csv
import hashlib
import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from tests.flows.conftest import COMMUNITY, GRID, Account, SignIn, eventually

from grid_kernel.identifiers import id_check_digit

pytestmark = pytest.mark.timeout(500)
SHANGHAI = ZoneInfo("Asia/Shanghai")
POPULATION = "population/v1"


@pytest.fixture
def head(sign_in: SignIn) -> Account:
    return sign_in("head.dulan")


def fresh_number() -> str:
    """An identity number nobody has: an unassigned prefix, and a day and sequence of this moment."""
    seed = uuid4().int
    born = date(1950, 1, 1) + timedelta(days=seed % 18_000)
    first_17 = f"1502{seed % 9 + 90}{born:%Y%m%d}{seed // 10**6 % 500 * 2 + 1:03}"
    return first_17 + id_check_digit(first_17)


def home_of(head: Account) -> dict[str, Any]:
    """A dwelling of the grid in which somebody lives."""
    household = head.read(f"{POPULATION}/households", area=GRID, limit=1)["items"][0]
    found: dict[str, Any] = head.read(f"{POPULATION}/households/{household['id']}")
    return found


def brought_in(head: Account, table: str, **how: Any) -> dict[str, Any]:
    """Announce, send, read and run a table."""
    data = b"\xef\xbb\xbf" + table.encode()
    said = {"areaCode": COMMUNITY, "filename": "新来的人.csv", "size": len(data)}
    made = head.do("POST", f"{POPULATION}/imports", said | {"sha256": hashlib.sha256(data).hexdigest()})
    path = f"{POPULATION}/imports/{made['id']}"
    sent = head.client.put(f"/api/{path}/parts/0", content=data, headers={"Content-Type": "application/octet-stream"})
    assert sent.status_code == 200, sent.text
    head.do("POST", f"{path}/completion", version=made["version"])

    def stands(state: str) -> Any:
        shown = head.read(path)
        return shown if shown["state"] == state else None

    read = eventually(lambda: stands("read"))
    assert read["dropped"] == ["民族"]
    head.do("POST", f"{path}/runs", {"dryRun": False} | how, version=read["version"])
    done: dict[str, Any] = eventually(lambda: stands("done"))
    return done


def test_whom_a_table_brings_in_is_seen_by_the_worker(head: Account, sign_in: SignIn) -> None:
    home, number = home_of(head), fresh_number()
    name = f"新来{number[6:10]}"
    table = f"房屋编码,姓名,身份证号,与户主关系,民族\n{home['dwelling']['houseCode']},{name},{number},亲属,某族\n"
    done = brought_in(head, table, movedInOn=f"{datetime.now(SHANGHAI):%Y-%m-%d}")
    assert (done["entered"], done["rejected"]) == (1, 0), head.read(f"{POPULATION}/imports/{done['id']}/rejections")
    (brought,) = head.read(f"{POPULATION}/imports/{done['id']}/persons")["items"]
    worker = sign_in("worker.dulan")
    seen = worker.read(f"{POPULATION}/households/{home['id']}")["persons"]
    assert (brought["id"], name) in [(each["id"], each["name"]) for each in seen]
    said = worker.read(f"{POPULATION}/persons/{brought['id']}/provenance")
    assert {each["evidence"] for each in said} == {"bulk_import"}
    again = brought_in(head, table)
    assert (again["entered"], again["known"]) == (0, 1)


def test_rows_go_out_as_a_file_that_says_whose_it_is_and_until_when(head: Account, sign_in: SignIn) -> None:
    asked: dict[str, Any] = {
        "areaCode": GRID,
        "subject": "household",
        "elements": ["address", "head_name", "household_phone"],
    }
    asked |= {"format": "csv", "purpose": "service_list", "reason": "入冬走访名单", "whole": False}
    job = head.do("POST", f"{POPULATION}/exports", asked)
    path = f"{POPULATION}/exports/{job['id']}"
    if job["state"] == "requested":
        leader = sign_in("street.qingshanlu")
        leader.do("POST", f"{path}/decision", {"approved": True}, version=job["version"])
    ready = eventually(lambda: (shown := head.read(path))["state"] == "ready" and shown, 30)
    left = datetime.fromisoformat(ready["expiresAt"]) - datetime.now(SHANGHAI)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    file = head.client.get(f"/api/{path}/file")
    mark, headings, *rows = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    assert mark[0].startswith(rows[0][-1])
    assert ("用途：上门服务名单" in mark[0], headings[:3]) == (True, ["地址", "户主姓名", "户联系电话"])
    assert len(rows) == ready["rows"]
    assert all("****" in row[2] for row in rows if row[2])
    assert sign_in("worker.dulan").get(f"{path}/file").status_code in {403, 404}


def test_a_campaign_is_on_the_phone_answered_by_sync_and_counted_by_grid(head: Account, sign_in: SignIn) -> None:
    worker, today = sign_in("worker.dulan"), datetime.now(SHANGHAI).date()
    word = uuid4().hex[:6]
    fields = [
        {"name": "场所名称"},
        {"name": f"燃气管道{word}", "code": f"gas_pipe_{word}", "kind": "choice", "options": ["完好", "老化"]},
    ]
    last = (today + timedelta(days=20)).isoformat()
    form = {"areaCode": COMMUNITY, "name": f"入冬排查{word}", "subject": "place", "fields": fields, "endsOn": last}
    form |= {"owner": "station-dulan", "reason": "入冬前", "basis": "城镇燃气管理条例"}
    asked = head.do("POST", f"{POPULATION}/forms", form)
    assert (asked["total"], asked["existing"], asked["held"]) == (2, 1, 1)
    leader = sign_in("street.qingshanlu")
    leader.do("POST", f"{POPULATION}/forms/{asked['id']}/decision", {"approved": True}, version=asked["version"])
    planned = {"areaCode": GRID, "kind": "gas", "name": f"燃气排查{word}", "formId": asked["id"]}
    planned |= {"owner": "station-dulan", "basis": "市安委办通知", "startsOn": today.isoformat(), "endsOn": last}
    campaign = head.do("POST", f"{POPULATION}/campaigns", planned | {"selection": {"places": {"of": "buildings"}}})
    assert (campaign["state"], campaign["members"] > 0) == ("running", True)

    def packed() -> Any:
        pack = worker.read(f"{POPULATION}/packs/{GRID}")
        return [each for each in pack["campaigns"] if each["id"] == campaign["id"]]

    (carried,) = packed()
    target = carried["targets"][0]
    assert target["known"]["place_name"] in target["label"]
    body = {"campaignId": campaign["id"], "targetId": target["targetId"], "answers": {f"gas_pipe_{word}": "完好"}}
    operation = {"id": str(uuid4()), "kind": "campaign.answer", "at": datetime.now(SHANGHAI).isoformat(), "body": body}
    for result in ("created", "duplicate"):
        answer = worker.do("POST", f"{POPULATION}/sync", {"operations": [operation]})
        assert [each["result"] for each in answer["results"]] == [result]
    told = head.read(f"{POPULATION}/campaigns/{campaign['id']}")
    assert [(each["areaCode"], each["answered"]) for each in told["grids"]] == [(GRID, 1)]
    ended = head.do("POST", f"{POPULATION}/campaigns/{campaign['id']}/end", version=told["version"])
    assert (ended["state"], packed()) == ("ended", [])
