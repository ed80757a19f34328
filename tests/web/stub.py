"""The outer border of the pages: a gateway that answers what the real one was seen to answer."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from tests.contracts import house

ROOT = Path(__file__).parents[2]
COOKIE = "grid"
SECRET = "a-session-secret"
NUMBER, CODE = "150204202611160000031", "7K3M9QXA"
QUARTER = "2026Q4"
Answer = Callable[[Request, dict[str, Any]], Response]

_GRIDS = json.loads((ROOT / "gis-svc/src/gis_svc/data/grids.geojson").read_text("utf-8"))["features"]
_DIVISIONS = (ROOT / "gis-svc/src/gis_svc/data/divisions.csv").read_text("utf-8").splitlines()[1:]
NAMES = {line.split(",")[0]: line.split(",")[1] for line in _DIVISIONS}
NAMES |= {grid["properties"]["code"]: grid["properties"]["name"] for grid in _GRIDS}
SETTLED = ("150204006019", "150204008015")
"""The communities in which somebody lives."""


def problem(status: int, code: str, title: str, detail: str, **headers: str) -> Response:
    """A refusal, RFC 9457."""
    body = {"type": f"urn:grid:{code}", "status": status, "code": code, "title": title, "detail": detail}
    return JSONResponse(body | {"traceId": "0af7651916cd43dd8448eb211c80319c"}, status, headers)


def grids(within: str) -> dict[str, Any]:
    """The grids of an area as gis answers them."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": grid["properties"] | {"centre": _centre(grid)},
                "geometry": grid["geometry"],
            }
            for grid in _GRIDS
            if grid["properties"]["code"].startswith(within)
        ],
    }


def _centre(grid: dict[str, Any]) -> list[float]:
    ring = grid["geometry"]["coordinates"][0]
    return [sum(point[axis] for point in ring) / len(ring) for axis in (0, 1)]


def _figure(value: int, area: str, **conditions: str) -> dict[str, Any]:
    given = {"area": area, "quarter": QUARTER, **conditions}
    return {"value": value, "query": "/households?" + "&".join(f"{name}={text}" for name, text in given.items())}


def progress_of_area(code: str, households: int, visited: int) -> dict[str, Any]:
    """One area in the quarterly round."""
    rest = households - visited
    parts = {"contacted": rest // 6, "declined": rest // 12, "noAnswer": rest // 4}
    states = {"contacted": "contacted", "declined": "declined", "noAnswer": "no_answer"}
    return {
        "areaCode": code,
        "households": _figure(households, code, presence="living"),
        "visited": _figure(visited, code, state="visited"),
        **{name: _figure(value, code, state=states[name]) for name, value in parts.items()},
        "notAttempted": _figure(rest - sum(parts.values()), code, state="not_attempted"),
        "coveragePercent": visited * 1000 // households / 10 if households else 0.0,
        "target": households * 90 // 100,
        "onTrack": True,
        "forecast": households,
    }


def population(area: str) -> dict[str, Any]:
    """The quarter of an area and of its grids."""
    codes = [grid["properties"]["code"] for grid in _GRIDS]
    codes = [code for code in codes if code.startswith(area) and code[:12] in SETTLED]
    households = {code: 380 + int(code[-3:]) * 7 % 90 for code in codes}
    visited = {code: all_ * (18 + place * 23 % 80) // 100 for place, (code, all_) in enumerate(households.items())}
    parts = [progress_of_area(code, households[code], visited[code]) for code in codes]
    return {
        "areaCode": area,
        "quarter": QUARTER,
        "asOf": "2026-11-23",
        "rule": {"coveragePercent": 90, "monthlyMinimum": 80},
        "total": progress_of_area(area, sum(households.values()), sum(visited.values())),
        "grids": [] if len(area) == 15 else parts,
    }


def approval(area: str) -> dict[str, Any]:
    """Applications of an area in numbers."""
    numbers = {"open": 131, "desk": 42, "due-today": 5, "late": 7, "ended-this-month": 64}
    rows = {name: f"/api/approval/v1/applications?queue={name}&area={area}" for name in numbers}
    figures = {name: {"count": count, "rows": rows[name]} for name, count in numbers.items()}
    return {"areaCode": area, "figures": figures}


def dispute(area: str) -> dict[str, Any]:
    """Cases of an area in numbers."""
    numbers = {"open": 58, "undispatched": 4, "late": 3, "to-verify": 11, "objected": 2, "closed-this-month": 37}
    query = f"/cases?area={area}&queue={{}}&restricted=false"
    return {
        "areaCode": area,
        "figures": [
            {"name": name, "count": count, "restrictedCount": None, "query": query.format(name)}
            for name, count in numbers.items()
        ],
    }


def part(data: dict[str, Any] | None, status: str = "ok", age: float | None = 0) -> dict[str, Any]:
    """One part of the overview."""
    return {"status": status, "source": "/api/…", "ageSeconds": age, "data": data}


def overview(area: str) -> dict[str, Any]:
    """One area out of all services."""
    parts = {"population": part(population(area)), "approval": part(approval(area)), "dispute": part(dispute(area))}
    made_at = "2026-11-23T16:45:00+08:00"
    return {
        "areaCode": area,
        "madeAt": made_at,
        "parts": parts | {"gis": part({"code": area, "name": NAMES.get(area)})},
    }


_ITEM = "城乡居民最低生活保障"


def application(state: str = "accepted", **more: Any) -> dict[str, Any]:
    """Where an application stands, for whoever holds its receipt."""
    return {
        "receiptNumber": NUMBER,
        "itemName": _ITEM,
        "state": state,
        "stateText": "已受理，办理中",
        "nextStep": "区民政局正在办理，最晚12月14日办完。",
        "dueAt": "2026-12-14T18:00:00+08:00",
        "dueText": "自2026年11月16日起20个工作日，周末和法定节假日不算，到2026年12月14日止。",
        "overdue": False,
        "deficiencies": [],
        "steps": [
            {"at": "2026-11-16T09:12:00+08:00", "text": "申请已提交", "reason": None},
            {"at": "2026-11-16T15:40:00+08:00", "text": "社区预审通过", "reason": None},
            {"at": "2026-11-17T10:05:00+08:00", "text": "已交区民政局", "reason": None},
            {"at": "2026-11-18T11:30:00+08:00", "text": "区民政局已受理", "reason": None},
        ],
        "mayRate": False,
        **more,
    }


def _late_rows(kind: str) -> list[dict[str, Any]]:
    now = datetime.now(UTC).replace(microsecond=0)
    titles = (
        "5号楼消防通道堆放杂物",
        "育才路路口井盖破损",
        "楼道照明不亮",
        "小区东门夜间噪声",
        "树枝搭在电线上",
        "墙皮脱落",
    )
    rows = []
    for place in range(3 if kind == "case" else 6):
        common = {
            "id": f"0197e1a0-0000-7000-8000-00000000000{place}",
            "areaCode": f"{SETTLED[place % 2]}00{place + 1}",
            "dueAt": (now - timedelta(days=place * 2, hours=5)).isoformat(),
        }
        if kind == "case":
            reported = {"caseCode": f"15020420261116{place:07}", "title": titles[place], "state": "handling"}
            rows.append(common | reported | {"leadUnit": "fire_rescue", "reportedAt": now.isoformat(), "late": True})
        else:
            received = {"receiptNumber": f"15020420261116{place:07}", "itemName": _ITEM, "state": "accepted"}
            rows.append(common | received | {"unitCode": "civil_affairs", "submittedAt": now.isoformat()})
    return rows


def _households() -> list[dict[str, Any]]:
    return [
        {
            "address": f"育才小区16栋{place % 4 + 1}单元{place // 4 + 1}0{place % 2 + 1}",
            "areaCode": f"{SETTLED[0]}003",
            "presence": "living",
            "headName": "王建国",
            "phone": "138****0000",
            "visitState": ("visited", "no_answer", "not_attempted")[place % 3],
            "visitCount": place % 3,
            "lastVisitedOn": "2026-10-16" if place % 3 else None,
        }
        for place in range(50)
    ]


def page(items: list[dict[str, Any]], cursor: str | None = None) -> Response:
    """Some rows."""
    return JSONResponse({"items": items, "nextCursor": cursor})


ME = {
    "accountId": "0197e1a0-0000-7000-8000-000000000009",
    "login": "district",
    "displayName": "李娜",
    "grants": [{"post": "district_leader", "areaCode": "150204", "unitCode": None, "duty": None}],
    "duty": None,
    "areas": ["150204"],
    "secondFactor": False,
}
LABELS = {
    "population": {
        "presence": {"living": "常住"},
        "visit_state": {"visited": "本季度已入户", "no_answer": "去过，无人", "not_attempted": "还没有去过"},
    },
    "dispute": {"CaseState": {"handling": "处置中"}},
    "approval": {"state": {"accepted": "已受理，办理中"}},
}
UNITS = [{"code": "fire_rescue", "name": "区消防救援大队"}, {"code": "civil_affairs", "name": "区民政局"}]


class Gateway:
    """Answers; `instead` replaces an answer, `asked` keeps what was asked."""

    def __init__(self) -> None:
        self.instead: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self._answers: dict[str, Answer] = {
            "GET /api/gateway/v1/me": lambda _, __: JSONResponse(ME),
            "GET /api/gateway/v1/overview": lambda _, q: JSONResponse(overview(q["area"])),
            "GET /api/gateway/v1/units": lambda _, __: page(UNITS),
            "GET /api/gis/v1/grids": lambda _, q: JSONResponse(grids(q["within"])),
            "GET /api/gis/v1/areas": lambda _, __: page([{"code": c, "name": n} for c, n in NAMES.items()]),
            "GET /api/dispute/v1/cases": lambda _, __: page(_late_rows("case")),
            "GET /api/approval/v1/applications": lambda _, __: page(_late_rows("application")),
            "GET /api/population/v1/households": lambda _, q: page(
                _households(), None if "cursor" in q else "next-one"
            ),
            "POST /api/approval/v1/progress": self._progress,
            "POST /api/approval/v1/progress/rating": lambda _, __: JSONResponse(application("completed")),
            "POST /api/gateway/v1/session": self._sign_in,
            "DELETE /api/gateway/v1/session": lambda _, __: Response(status_code=204),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        body = await request.body()
        given = json.loads(body) if body else dict(request.query_params)
        self.asked.append((request.method, request.url.path, dict(request.headers), given))
        await self._answer(request, given)(scope, receive, send)

    def _answer(self, request: Request, given: dict[str, Any]) -> Response:
        key = f"{request.method} {request.url.path}"
        signed_in = f"{COOKIE}={SECRET}" in request.headers.get("cookie", "")
        if found := self.instead.get(key):
            return found(request, given)
        service = request.url.path.split("/")[2]
        if key.endswith("/labels"):
            return JSONResponse({"language": "zh-CN", "labels": {"enums": LABELS.get(service, {})}})
        if key.endswith("/openapi.json"):
            return JSONResponse(house.openapi(service))
        if request.method == "GET" and not signed_in:
            return problem(401, "unauthenticated", "尚未登录", "请先登录，或重新登录后再试。")
        return self._answers[key](request, given)

    @staticmethod
    def _progress(_: Request, given: dict[str, Any]) -> Response:
        if given != {"receiptNumber": NUMBER, "queryCode": CODE}:
            return problem(404, "progress-not-found", "没有找到", "请核对。")
        return JSONResponse(application())

    @staticmethod
    def _sign_in(_: Request, given: dict[str, Any]) -> Response:
        if given["password"] != "right":
            return problem(401, "login-failed", "登录名或密码不对", "请核对后再试；连续五次不对，要等一会儿。")
        response = JSONResponse(ME)
        response.set_cookie(COOKIE, SECRET, path="/", httponly=True, samesite="lax")
        response.set_cookie("other", "value")
        return response
