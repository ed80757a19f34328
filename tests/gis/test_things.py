"""Things are looked after, with photographs; what is inside a home is kept while its resident agrees, and no longer."""

import base64
import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from shapely.geometry import Point, mapping
from sqlalchemy import text

from gis_svc import commands
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces
from .drawings import building, inside

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TODAY = clock.today(clock.now())
YESTERDAY, NEXT_YEAR = TODAY - timedelta(days=1), TODAY + timedelta(days=365)


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


@pytest.fixture
def officer(community: str) -> Actor:
    return actor(Post.RESIDENT_SERVICE_OFFICER, community)


@pytest.fixture
async def lift(client: httpx.AsyncClient, tokens: Tokens, officer: Actor, community: str, grids: Surfaces) -> str:
    """A lift in a grid of a test's own: its id."""
    spot = grids[min(code for code in grids if code.startswith(community))].representative_point()
    properties = {"kind": "lift", "name": "3号楼电梯", "nextInspectionOn": str(YESTERDAY)}
    body = {"type": "Feature", "geometry": mapping(Point(spot)), "properties": properties}
    answer = await client.post("/ogc/collections/things/items", json=body, headers=tokens.headers(officer))
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].rpartition("/")[2]


@pytest.fixture
def feature_of(client: httpx.AsyncClient, tokens: Tokens, officer: Actor) -> Any:
    async def read(thing: str) -> Any:
        answer = await client.get(f"/ogc/collections/things/items/{thing}", headers=tokens.headers(officer))
        return answer.json()

    return read


def found(**more: Any) -> dict[str, Any]:
    return {"inspectedOn": str(TODAY), "result": "ok", "nextInspectionOn": str(NEXT_YEAR), **more}


async def test_an_inspection_sets_the_state_and_the_next_day_and_leaves_photographs(
    send: Send, feature_of: Any, officer: Actor, lift: str
) -> None:
    due = (await send(officer, "GET", "/things/due")).json()["items"]
    assert [each["id"] for each in due] == [lift]
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    assert (await send(officer, "PUT", f"/attachments/{sha256}", content=PICTURE)).status_code == 200
    path = f"/things/{lift}/inspections"
    body = found(result="defect", note="门关不严", attachments=[sha256], nextInspectionOn=str(TODAY))
    made = await send(officer, "POST", path, json=body, headers=key() | {"If-Match": '"1"'})
    assert made.status_code == 201, made.text
    feature = await feature_of(lift)
    assert (feature["properties"]["state"], feature["properties"]["nextInspectionOn"]) == ("damaged", str(TODAY))
    picture = await send(officer, "GET", f"/things/{lift}/attachments/{sha256}")
    assert (picture.status_code, picture.content[:4]) == (200, b"\x89PNG")
    stranger = actor(Post.STATION_HEAD, "150204999999")
    assert (await send(stranger, "GET", f"/things/{lift}/attachments/{sha256}")).status_code == 404
    assert (await send(officer, "GET", f"/things/{lift}/attachments/{'0' * 64}")).status_code == 404
    again = await send(officer, "POST", path, json=found(), headers=key() | {"If-Match": '"2"'})
    assert again.status_code == 201, again.text
    history = (await send(officer, "GET", path)).json()
    assert [each["result"] for each in history] == ["ok", "defect"]
    assert (await send(officer, "GET", "/things/due")).json()["items"] == []


async def test_a_thing_has_photographs_of_its_own(send: Send, officer: Actor, lift: str) -> None:
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    path, seen = f"/things/{lift}/photos", {"If-Match": '"1"'}
    shown = await send(officer, "PUT", path, json={"photos": ["no"]}, headers=seen)
    assert (shown.status_code, shown.json()["errors"][0]["pointer"]) == (400, "/photos/0")
    assert (await send(officer, "PUT", f"/attachments/{sha256}", content=PICTURE)).status_code == 200
    for who, status in ((None, 401), (actor(Post.STATION_HEAD, "150204999999"), 404)):
        assert (await send(who, "PUT", path, json={"photos": [sha256]}, headers=seen)).status_code == status
    shown = await send(officer, "PUT", path, json={"photos": [sha256, sha256]}, headers=seen)
    assert (shown.status_code, shown.json()["photos"]) == (200, [sha256]), shown.text
    assert (await send(officer, "PUT", path, json={"photos": []}, headers=seen)).status_code == 412
    assert (await send(officer, "GET", f"/things/{lift}")).json()["photos"] == [sha256]
    picture = await send(officer, "GET", f"/things/{lift}/attachments/{sha256}")
    assert (picture.status_code, picture.content[:4]) == (200, b"\x89PNG")


async def test_an_inspection_is_refused_where_it_cannot_be(send: Send, officer: Actor, lift: str) -> None:
    path = f"/things/{lift}/inspections"
    for body, pointer in (
        (found(inspectedOn=str(NEXT_YEAR)), "/inspectedOn"),
        (found(nextInspectionOn=str(YESTERDAY)), "/nextInspectionOn"),
        (found(result="great"), "/result"),
    ):
        answer = await send(officer, "POST", path, json=body, headers=key() | {"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer), answer.text
    reader = actor(Post.STREET_LEADER, officer.grants[0].area)
    stranger = actor(Post.STATION_HEAD, "150204999999")
    for who, status in ((None, 401), (reader, 403), (stranger, 404)):
        assert (await send(who, "POST", path, json=found(), headers=key() | {"If-Match": '"1"'})).status_code == status
    assert (await send(officer, "POST", path, json=found(), headers=key())).status_code == 428
    assert (await send(officer, "POST", path, json=found(), headers=key() | {"If-Match": '"9"'})).status_code == 412


@pytest.fixture
async def home(send: Send, officer: Actor, community: str, grids: Surfaces) -> dict[str, Any]:
    """A check that may be recorded in a building of a test's own."""
    at = inside(grids[min(code for code in grids if code.startswith(community))])
    made = await send(officer, "POST", "/buildings", json=building(at), headers=key())
    return {
        "buildingId": made.json()["id"],
        "dwellingId": str(uuid4()),
        "consent": {"form": "signed", "agreedOn": str(YESTERDAY)},
        "checkedOn": str(TODAY),
        "appliances": [
            {"kind": "gas_hose", "state": "defect", "note": "软管老化"},
            {"kind": "gas_alarm", "state": "missing"},
        ],
    }


async def test_a_check_in_a_home_is_kept_encrypted_until_its_consent_ends(
    send: Send, runtime: Runtime, officer: Actor, home: dict[str, Any]
) -> None:
    made = await send(officer, "POST", "/home-checks", json=home, headers=key())
    assert made.status_code == 201, made.text
    check = made.json()
    assert check["expiresOn"] == str(TODAY.replace(year=TODAY.year + 1))
    assert check["appliances"][0]["note"] == "软管老化"
    async with runtime.system_session() as session:
        stored = (
            await session.execute(text("select appliances from home_check where id = :id"), {"id": check["id"]})
        ).scalar_one()
        seen = "select count(*) from access_record where object_kind = 'home_check' and :id = any(object_ids)"
        assert "软管老化".encode() not in stored
        assert b"gas_hose" not in stored
    assert (await send(officer, "GET", f"/home-checks/{check['id']}")).json() == check
    assert [c["id"] for c in (await send(officer, "GET", "/home-checks")).json()["items"]] == [check["id"]]
    async with runtime.system_session() as session:
        assert (await session.execute(text(seen), {"id": check["id"]})).scalar_one() == 2
        # A year passes.
        await session.execute(
            text("update home_check set checked_on = :c, expires_on = :e where id = :id"),
            {"c": YESTERDAY, "e": TODAY, "id": check["id"]},
        )
    assert (await send(officer, "GET", f"/home-checks/{check['id']}")).status_code == 404
    assert (await send(officer, "GET", "/home-checks")).json()["items"] == []
    assert await commands.forget_expired(runtime, clock.now()) >= 1
    async with runtime.system_session() as session:
        left = await session.execute(text("select count(*) from home_check where id = :id"), {"id": check["id"]})
        assert left.scalar_one() == 0


async def test_who_agrees_no_longer_leaves_nothing_behind(
    send: Send, runtime: Runtime, officer: Actor, home: dict[str, Any]
) -> None:
    check = (await send(officer, "POST", "/home-checks", json=home, headers=key())).json()
    path = f"/home-checks/{check['id']}"
    assert (await send(officer, "DELETE", path)).status_code == 428
    assert (await send(officer, "DELETE", path, headers={"If-Match": '"2"'})).status_code == 412
    assert (await send(officer, "DELETE", path, headers={"If-Match": '"1"'})).status_code == 204
    assert (await send(officer, "GET", path)).status_code == 404
    async with runtime.system_session() as session:
        left = await session.execute(text("select count(*) from home_check where id = :id"), {"id": check["id"]})
        acts = "select count(*) from audit_entry where action = 'home-check.withdrawn' and object_id = :id"
        assert left.scalar_one() == 0
        assert (await session.execute(text(acts), {"id": check["id"]})).scalar_one() == 1


async def test_without_a_consent_that_holds_nothing_of_a_home_is_kept(
    send: Send, officer: Actor, home: dict[str, Any]
) -> None:
    later, older = str(NEXT_YEAR), str(TODAY - timedelta(days=60))
    for change, pointer in (
        ({"consent": {"form": "signed", "agreedOn": later}}, "/consent/agreedOn"),
        ({"consent": {"form": "signed", "agreedOn": older}}, "/consent/agreedOn"),
        ({"consent": {"form": "none", "agreedOn": str(TODAY)}}, "/consent/form"),
        ({"checkedOn": later}, "/checkedOn"),
        ({"expiresOn": str(TODAY + timedelta(days=800))}, "/expiresOn"),
        ({"expiresOn": str(TODAY)}, "/expiresOn"),
        ({"checkedOn": "0001-01-01"}, "/checkedOn"),
        ({"checkedOn": "9999-12-31"}, "/checkedOn"),
        ({"appliances": []}, "/appliances"),
        ({"appliances": [{"kind": "television", "state": "ok"}]}, "/appliances/0/kind"),
    ):
        answer = await send(officer, "POST", "/home-checks", json=home | change, headers=key())
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer), answer.text
    del home["consent"]
    assert (await send(officer, "POST", "/home-checks", json=home, headers=key())).status_code == 400


async def test_only_those_who_look_after_the_grid_see_into_homes(
    send: Send, officer: Actor, home: dict[str, Any]
) -> None:
    check = (await send(officer, "POST", "/home-checks", json=home, headers=key())).json()
    area = officer.grants[0].area
    leader, admin = actor(Post.STREET_LEADER, area), actor(Post.SYSTEM_ADMIN, "150204")
    stranger = actor(Post.RESIDENT_SERVICE_OFFICER, "150204999999")
    for seeing in (leader, admin, stranger):
        assert (await send(seeing, "GET", f"/home-checks/{check['id']}")).status_code == 404
        assert (await send(seeing, "GET", "/home-checks")).json()["items"] == []
    asking: list[tuple[Actor | None, int]] = [(None, 401), (leader, 403), (stranger, 404)]
    for who, status in asking:
        assert (await send(who, "POST", "/home-checks", json=home, headers=key())).status_code == status


async def test_things_and_checks_follow_their_grid_when_it_is_split(
    send: Send, feature_of: Any, officer: Actor, leader: Actor, lift: str, home: dict[str, Any], grids: Surfaces
) -> None:
    check = (await send(officer, "POST", "/home-checks", json=home, headers=key())).json()
    code = min(c for c in grids if c.startswith(officer.grants[0].area))
    west, _, east, _ = grids[code].bounds
    middle = grids[code].representative_point().y
    line = [[west - 0.001, middle + 2e-5], [east + 0.001, middle + 2e-5]]
    cut = {"cut": {"geometry": {"type": "LineString", "coordinates": line}, "crs": "CGCS2000"}}
    split = await send(leader, "POST", f"/grids/{code}/split", json=cut, headers=key() | {"If-Match": '"1"'})
    assert split.status_code == 201, split.text
    successors = {each["code"] for each in split.json()["successors"]}
    assert (await feature_of(lift))["properties"]["areaCode"] in successors
    assert (await send(officer, "GET", f"/home-checks/{check['id']}")).json()["areaCode"] in successors
