"""A request for every operation, made from its schema: what it names exists in the worker's grid."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
from tests.contracts import house
from tests.contracts.town import GRID, NEXT_GRID, VILLAGE, Town

from grid_kernel import clock
from grid_kernel.auth import Actor
from grid_kernel.identifiers import id_check_digit

Json = Any
_ID_NUMBER = "15029919800517001" + id_check_digit("15029919800517001")
_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# What a member of this name holds, wherever it occurs.
_BY_NAME: dict[str, Json] = {
    "areaCode": GRID,
    "areaPrefix": GRID,
    "grid_code": GRID,
    "area": GRID,
    "within": GRID,
    "communityCode": VILLAGE,
    "community": VILLAGE,
    "itemCode": "SA001",
    "category": "H06",
    "sex": "1",
    "relationToHead": "02",
    "populationType": "1",
    "birthDate": "1980-05-17",
    "idNumber": _ID_NUMBER,
    "reason": "elderly_living_alone",
    "kind": "residential",
    "unitCode": "civil_affairs",
    "receiptNumber": "1502041234567",
    "phone": "12000001111",
    "login": "somebody.new",
    "lon": 109.9,
    "lat": 40.65,
    "coordinates": [[[109.9, 40.65], [109.901, 40.65], [109.901, 40.651], [109.9, 40.65]]],
    "type": "Polygon",
    "crs": "CGCS2000",
    "persons": [
        {"name": "王小明", "sex": "1", "birthDate": "1980-05-17", "relationToHead": "02", "populationType": "1"}
    ],
    "version": 999,
    "name": "dwelling_uses",
    "weekFrom": "2026-11-23",
    "day": "2026-11-24",
    "sha256": hashlib.sha256(_PICTURE).hexdigest(),
    "code": GRID,
}
_NOBODY = "00000000-0000-7000-8000-00000000dead"
# Where the required members alone say nothing; `...` stands for what is known to exist.
_BODIES: dict[str, Json] = {
    "signIn": {"login": "nobody.there", "password": "not-the-password"},
    "registerHousehold": {"dwellingId": ..., "formedOn": "2026-11-20", "persons": _BY_NAME["persons"]},
    "moveHousehold": {"dwellingId": ..., "movedOn": "2026-11-20"},
    "mergeGrids": {"grids": [{"code": GRID, "version": 999}, {"code": NEXT_GRID, "version": 999}]},
    "splitHousehold": {"relations": {_NOBODY: "01"}, "splitOn": "2026-11-20"},
    "mergeHouseholds": {"householdId": ..., "relations": {_NOBODY: "02"}, "mergedOn": "2026-11-20"},
    "askTransfer": {"householdId": ..., "toGrid": NEXT_GRID, "movedOn": "2026-11-20"},
    "claim": {
        "idNumber": _ID_NUMBER,
        "wholeHousehold": False,
        "householdId": ...,
        "relationToHead": "20",
        "movedOn": "2026-11-20",
    },
    "openSignedIn": {"ticket": "A", "state": "A" * 43, "code": "A"},
    "openOwnRecord": {"code": "AAAAAAAA", "birthDate": "1980-05-17"},
    "readOwnRecord": {"secret": "A" * 43},
    "askOfOwnRecord": {"secret": "A" * 43, "kind": "restriction"},
    "withdrawOwnConsent": {"secret": "A" * 43, "careEntryId": _NOBODY},
    "closeOwnRecord": {"secret": "A" * 43},
    "proposeSecrecy": {
        "personId": ...,
        "unit": "office-x",
        "since": "2026-11-20",
        "until": "2026-12-20",
        "basis": "刑事诉讼法第54条",
    },
    "registerOrganization": {
        "kind": "enterprise",
        "name": "育才超市",
        "grid": GRID,
        "address": "长青路1号",
        "openedOn": "2026-11-20",
    },
    "searchOrganizations": {"name": "超市"},
    "changeOrganization": {"name": "育才超市"},
    "registerTeam": {
        "areaCode": GRID,
        "kind": "repair",
        "name": "维修队",
        "hours": "8:00",
        "members": 3,
        "formedOn": "2026-11-20",
    },
    "changeTeam": {"hours": "9:00"},
    "takeSeat": {
        "communityCode": VILLAGE,
        "body": "culture",
        "personId": ...,
        "since": "2026-11-20",
        "until": "2027-11-20",
    },
    "publishDocument": {"communityCode": VILLAGE, "kind": "notice", "title": "公告", "body": "停水"},
    "correctPerson": {"name": "王小明", "evidence": "document_shown"},
    "planCampaign": {
        "areaCode": VILLAGE,
        "kind": "gas",
        "name": "燃气排查",
        "formId": _NOBODY,
        "owner": "office-x",
        "basis": "通知",
        "startsOn": "2026-11-20",
        "endsOn": "2026-12-20",
    },
    "answerCampaign": {"targetId": _NOBODY, "answers": {"gas_hose": "完好"}},
    "matchForm": {"subject": "person", "fields": [{"name": "姓名"}]},
    "askForForm": {
        "areaCode": VILLAGE,
        "name": "燃气排查表",
        "subject": "household",
        "fields": [{"name": "姓名"}],
        "owner": "office-x",
        "reason": "入冬前",
        "basis": "通知",
        "endsOn": "2027-12-20",
    },
    "askForExport": {
        "areaCode": VILLAGE,
        "subject": "person",
        "elements": ["name"],
        "purpose": "reporting",
        "reason": "季度上报",
    },
    "setCheck": {"areaCode": GRID, "kind": "person", "member": "name", "validFrom": "2099-01-01"},
    "refuseTransfer": {"reason": "not_here"},
    "openDoor": {"token": "A" * 16},
    "changeHousehold": {"phone": "12000001112"},
    "changePerson": {"phone": "12000001112"},
    "changeDwelling": {"address": "长青路1号"},
    "searchPersons": {"idNumber": _ID_NUMBER},
    "changeGrid": {"name": "第一网格"},
    "findInside": {
        "of": "buildings",
        "bbox": {"west": 109.9, "south": 40.6, "east": 110, "north": 40.7, "crs": "WGS84"},
    },
    "addAddress": {"text": "老纺织厂家属院5号楼"},
    "adoptOutline": {"source": "survey"},
    "splitGrid": {
        "cut": {"geometry": {"type": "LineString", "coordinates": [[109.9, 40.6], [110, 40.7]]}, "crs": "WGS84"}
    },
    "registerUnit": {"code": "office-x", "kind": "department", "name": "某处", "areaCode": GRID},
    "changeUnit": {"name": "某处", "phone": "12000001111", "active": True},
    "confirmSecondFactor": {"code": "000000"},
    "findNearbyCases": {"point": {"lon": 109.9, "lat": 40.65, "crs": "CGCS2000", "accuracyM": 100}},
    "decideExtension": {"approved": True},
    "addToCase": {"note": "还有一处"},
    "objectToDispatch": {"reason": "not_our_duty"},
    "decideApplication": {"approved": True},
    "acceptApplication": {"accepted": True},
    "requireCorrection": {"deficiencies": ["近期照片"]},
    "withdrawApplication": {"reason": "不办了"},
    "lookUpProgress": {"caseCode": "1" * 21, "queryCode": "AAAAAAAA", "receiptNumber": "1502041234567"},
}


@dataclass(frozen=True)
class Request:
    """One operation, ready to be sent by anybody."""

    service: str
    operation: str
    method: str
    url: str
    query: dict[str, Any]
    body: Json

    def send(self, client: httpx.Client) -> httpx.Response:
        """Send it with a fresh key, on version 1."""
        headers = {"Idempotency-Key": uuid4().hex, "If-Match": '"1"'}
        if isinstance(self.body, bytes):
            return client.request(self.method, self.url, params=self.query, headers=headers, content=self.body)
        return client.request(self.method, self.url, params=self.query, headers=headers, json=self.body)


class Requests:
    """Makes requests that name what lies in the worker's grid."""

    def __init__(self, town: Town, finder: Actor) -> None:
        self._known = _existing(town) | _found(town, finder)

    def of(self, service: str) -> list[Request]:
        """One request per operation of a service."""
        document = house.openapi(service)
        return [
            self._request(service, document, path, method, body)
            for path, item in document["paths"].items()
            for method, body in item.items()
        ]

    def _request(self, service: str, document: Json, path: str, method: str, operation: Json) -> Request:
        parameters = operation.get("parameters", [])
        known = _BY_NAME | self._known | self._known.get(service, {})
        url = path
        for each in (each for each in parameters if each["in"] == "path"):
            url = url.replace(
                "{" + each["name"] + "}", str(known.get(each["name"]) or _sample(document, each["schema"], known))
            )
        query = {
            each["name"]: known.get(each["name"]) or _sample(document, each["schema"], known)
            for each in parameters
            if each["in"] == "query" and each["required"]
        }
        return Request(service, operation["operationId"], method, url, query, self._body(document, operation, known))

    def _body(self, document: Json, operation: Json, known: dict[str, Json]) -> Json:
        content = operation.get("requestBody", {}).get("content", {})
        if "application/octet-stream" in content:
            return _PICTURE
        if "application/json" not in content:
            return None
        schema = content["application/json"]["schema"]
        given = _BODIES.get(operation["operationId"])
        if operation["operationId"] == "syncCases":
            act = {"kind": "case.add", "targetId": known["case_id"], "body": {"note": "还有一处"}}
            return {"operations": [{"id": str(uuid4()), "at": clock.now().isoformat()} | act]}
        if given is None:
            return _sample(document, schema, known)
        allowed = _resolved(document, schema)["properties"]
        return {name: known[name] if value is ... else value for name, value in given.items() if name in allowed}


def _existing(town: Town) -> dict[str, Json]:
    household = next(row for row in town.rows("population/households") if row["area_code"] == GRID)
    account = next(row for row in town.rows("gateway/accounts") if row["login"] == "worker.dulan")
    case = next(row for row in town.rows("dispute/cases") if _is_dispatched(row))
    application = next(row for row in town.rows("approval/applications") if row["community_code"] == VILLAGE)
    post = next(row for row in town.rows("gateway/posts") if row["area_code"] == GRID)
    cared_for = next(row for row in town.rows("population/care") if _grid_of(town, row["household_id"]) == GRID)
    today = clock.today(clock.now())
    return {
        "household_id": household["id"],
        "householdId": household["id"],
        "person_id": household["head_person_id"],
        "personId": cared_for["person_id"],
        "dwelling_id": household["dwelling_id"],
        "dwellingId": household["dwelling_id"],
        "case_id": case["id"],
        "application_id": application["id"],
        "account_id": account["id"],
        "accountId": account["id"],
        "post_id": post["id"],
        "building_id": next(row["id"] for row in town.rows("gis/buildings") if row["area_code"] == GRID),
        "expiresOn": (today + timedelta(days=100)).isoformat(),
        "validFrom": (today + timedelta(days=1)).isoformat(),
        "cared_for": cared_for["household_id"],
        "gateway": {"code": "civil_affairs"},
        "approval": {"code": "SA001", "name": "service_themes"},
        "gis": {"name": "area_kinds"},
        "dispute": {"name": "case_kinds"},
    }


def _grid_of(town: Town, household_id: str) -> str:
    found: str = next(row["area_code"] for row in town.rows("population/households") if row["id"] == household_id)
    return found


def _is_dispatched(case: Json) -> bool:
    return case["area_code"] == GRID and case["category"] == "H01" and bool(case["steps"])


def _found(town: Town, finder: Actor) -> dict[str, Json]:
    """What only the services know: identifiers they gave."""
    known = _existing(town)
    with town.client("population", finder) as population, town.client("dispute", finder) as dispute:
        entries = population.get(f"/households/{known['cared_for']}/care-entries").raise_for_status().json()
        case = dispute.get(f"/cases/{known['case_id']}").raise_for_status().json()
        rules = dispute.get("/routing-rules").raise_for_status().json()
    return {
        "entry_id": _items(entries)[0]["id"],
        "dispatch_id": case["dispatches"][0]["id"],
        "rule_id": _items(rules)[0]["id"],
    }


def _items(answer: Json) -> list[Json]:
    found: list[Json] = answer if isinstance(answer, list) else answer["items"]
    return found


def _sample(document: Json, schema: Json, known: dict[str, Json]) -> Json:
    """The least a schema accepts."""
    schema = _resolved(document, schema)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", [])
        return {
            name: known[name] if name in known else _sample(document, schema["properties"][name], known)
            for name in required
        }
    if kind == "array":
        return [_sample(document, schema["items"], known)]
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    return True if kind == "boolean" else _text(schema)


def _text(schema: Json) -> str:
    match schema.get("format"):
        case "date":
            return date(2026, 11, 20).isoformat()
        case "date-time":
            return clock.now().isoformat()
        case "uuid":
            return str(uuid4())
    least = int(schema.get("minLength", 1))
    return "某" * max(least, 12 if schema.get("format") == "password" else 1)


def _resolved(document: Json, schema: Json) -> Json:
    if "$ref" in schema:
        return _resolved(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if isinstance(kinds := schema.get("type"), list):
        return schema | {"type": kinds[0]}
    for combination in ("anyOf", "oneOf", "allOf"):
        if combination in schema:
            return _resolved(document, schema[combination][0])
    return schema
