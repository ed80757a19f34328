"""An own record as population answers it, and a gateway's answers that open it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from tests.web.stub import problem

from grid_kernel.codes import read_table
from population_svc.schemas import OwnCare, OwnRead, OwnRecord, OwnRequest, OwnVisit

CODE, SECRET = "7K3M9QXA", "s" * 43
PROVIDER = "https://id.example/sign-in?state=s1"
OWN = "POST /api/population/v1/own-record"
GIVEN = {"code": "7k3m ９ｑｘａ", "year": "1948", "month": "3", "day": "9"}
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
LABELS = json.loads((files("population_svc") / "labels" / "zh_CN.json").read_text("utf-8"))["enums"]


def record(*, reads: int = 2, visits: int = 1) -> dict[str, Any]:
    """An own record as population answers it."""
    own = OwnRecord(
        name="阿依古丽·买买提",
        sex="2",
        birth_date=date(1948, 3, 9),
        id_document_type="111",
        id_number="150*************21",
        phone="12000001111",
        population_type="1",
        registered_here=True,
        relation_to_head="02",
        address="育才小区16栋1单元101号",
        area_code="150204006019003",
        restricted_on=None,
        care=[_care("consent"), _care("statutory")],
        visits=[OwnVisit(visited_on=date(2026, 11, 1), outcome="done", note=None)] * visits,
        requests=[_request()],
        reads=[_read(place) for place in range(reads)],
        closes_at=NOW + timedelta(minutes=30),
    )
    return own.model_dump(mode="json", by_alias=True)


def _care(kind: str) -> OwnCare:
    on = date(2026, 1, 10)
    entry = {"id": uuid4(), "reason": "elderly_living_alone", "basis": "本人书面同意", "basis_kind": kind}
    entry |= {"guardian": None, "starts_on": on, "expires_on": date(2027, 1, 10), "ended_on": None, "state": "running"}
    return OwnCare.model_validate(entry)


def _request() -> OwnRequest:
    asked = {"id": uuid4(), "kind": "correction", "state": "open", "words": "门牌号不对", "asked_at": NOW}
    return OwnRequest.model_validate(asked | {"due_at": NOW + timedelta(days=21), "decided_at": None, "answer": None})


def _read(place: int) -> OwnRead:
    routine = place % 2 == 0
    purpose = None if routine else "arranging_visit"
    return OwnRead(
        post="resident_service_officer",
        unit="station-019",
        unit_name="都兰社区管理服务站",
        service=False,
        purpose=purpose,
        fields=["name", "birth_date", "phone_masked"] if routine else ["phone"],
        routine=routine,
        times=17 if routine else 1,
        first_on=date(2026, 11, 1),
        last_on=date(2026, 11, 20),
    )


def answers(*, away: bool = False) -> dict[str, Callable[..., Response]]:
    """What a gateway answers whose population knows one code; its identity provider may be away."""

    def table(request: Request, _: Any) -> Response:
        name = request.url.path.rsplit("/", 1)[1]
        return JSONResponse(read_table("population_svc", name).model_dump(by_alias=True))

    def opening(_: Request, given: dict[str, Any]) -> Response:
        if given != {"code": CODE, "birthDate": "1948-03-09"}:
            return problem(404, "own-code-unknown", "没有打开", "查询码或者出生日期不对。")
        return JSONResponse({"secret": SECRET, "closesAt": NOW.isoformat()})

    def signed_in(_: Request, given: dict[str, Any]) -> Response:
        if given != {"ticket": "t1", "state": "s1", "code": "c1"}:
            return problem(403, "own-sign-in-refused", "登录没有完成", "请重新登录，或到社区窗口领取查询码。")
        return JSONResponse({"secret": SECRET, "closesAt": NOW.isoformat()})

    begun = {"address": PROVIDER, "ticket": "t1", "endsAt": NOW.isoformat()}
    told: dict[str, Callable[..., Response]] = {
        "GET /api/population/v1/labels": lambda *_: JSONResponse({"labels": {"enums": LABELS}}),
        OWN: lambda *_: JSONResponse(record()),
        f"{OWN}/openings": opening,
        f"{OWN.replace('POST', 'GET')}/ways": lambda *_: JSONResponse({"signIn": True}),
        f"{OWN}/sign-ins": lambda *_: problem(503, "identity-provider-away", "", "") if away else JSONResponse(begun),
        f"{OWN}/sign-ins/openings": signed_in,
        f"{OWN}/requests": lambda *_: JSONResponse(record()),
        f"{OWN}/withdrawals": lambda *_: JSONResponse(record()),
        f"{OWN}/closing": lambda *_: Response(status_code=204),
    }
    for name in ("sexes", "family_relations", "population_types", "care_reasons"):
        told[f"GET /api/population/v1/code-tables/{name}"] = table
    return told
