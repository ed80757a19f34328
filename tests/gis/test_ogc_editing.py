"""OGC API – Features Part 4: things, service points and roads written by HTTP, each on the version that was seen."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from shapely.geometry import Point, mapping, shape

from gis_svc.ogc.collections import COLLECTIONS
from grid_kernel.auth import Actor, Post
from grid_kernel.testing import Tokens, actor

from .conftest import Surfaces

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
Ask = Any


@pytest.fixture
def ask(client: httpx.AsyncClient, tokens: Tokens) -> Ask:
    """Ask the OGC API as somebody."""

    async def asked(who: Actor | None, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {} if who is None else {"Authorization": f"Bearer {tokens.of(who)}"}
        return await client.request(method, f"/ogc{path}", headers=headers | options.pop("headers", {}), **options)

    return asked


@pytest.fixture
def place(community: str, grids: Surfaces) -> Point:
    """A point in a community of a test's own."""
    spot: Point = grids[min(code for code in grids if code.startswith(community))].representative_point()
    return spot


@pytest.fixture
def officer(community: str) -> Actor:
    return actor(Post.RESIDENT_SERVICE_OFFICER, community)


def hydrant(at: Any, **more: Any) -> dict[str, Any]:
    properties = {"kind": "fire_hydrant", "name": "小区东门消火栓", "state": "in_use", **more}
    return {"type": "Feature", "geometry": mapping(at), "properties": properties}


async def test_a_thing_is_entered_read_changed_and_removed(ask: Ask, officer: Actor, place: Point) -> None:
    made = await ask(officer, "POST", "/collections/things/items", json=hydrant(place, maintainer="消防救援站"))
    assert (made.status_code, made.headers["etag"]) == (201, '"1"'), made.text
    address = made.headers["location"].partition("/ogc")[2]
    feature = (await ask(officer, "GET", address)).json()
    assert feature["properties"]["areaCode"].startswith(officer.grants[0].area)
    assert shape(feature["geometry"]).equals_exact(place, 1e-7)
    changed = await ask(
        officer,
        "PATCH",
        address,
        json={"type": "Feature", "properties": {"state": "damaged"}},
        headers={"If-Match": '"1"'},
    )
    assert (changed.status_code, changed.headers["etag"]) == (204, '"2"'), changed.text
    feature = (await ask(officer, "GET", address)).json()
    assert (feature["properties"]["state"], feature["properties"]["maintainer"]) == ("damaged", "消防救援站")
    # What was read may be sent back as it is.
    again = await ask(officer, "PUT", address, json=feature, headers={"If-Match": '"2"'})
    assert again.status_code == 204, again.text
    assert (await ask(officer, "DELETE", address, headers={"If-Match": '"2"'})).status_code == 412
    assert (await ask(officer, "DELETE", address, headers={"If-Match": '"3"'})).status_code == 204
    assert (await ask(officer, "GET", address)).status_code == 404


async def test_a_change_must_say_which_version_it_changes(ask: Ask, officer: Actor, place: Point) -> None:
    made = await ask(officer, "POST", "/collections/things/items", json=hydrant(place))
    address = made.headers["location"].partition("/ogc")[2]
    for method in ("PUT", "PATCH", "DELETE"):
        answer = await ask(officer, method, address, json=hydrant(place))
        assert (answer.status_code, answer.json()["code"]) == (428, "version-required")


async def test_a_thing_may_be_entered_in_another_system(ask: Ask, officer: Actor, place: Point) -> None:
    turned = Point(place.y, place.x)
    headers = {"Content-Crs": f"<{EPSG}4490>"}
    made = await ask(officer, "POST", "/collections/things/items", json=hydrant(turned), headers=headers)
    feature = (await ask(officer, "GET", made.headers["location"].partition("/ogc")[2])).json()
    assert shape(feature["geometry"]).equals_exact(place, 1e-7)


@pytest.mark.parametrize("collection", ["things", "service-points", "roads"])
async def test_nobody_unknown_and_no_stranger_writes(ask: Ask, place: Point, collection: str) -> None:
    kind = {"things": "fire_hydrant", "service-points": "station", "roads": "path"}[collection]
    at: Any = place if collection != "roads" else place.buffer(1e-4).exterior.segmentize(1)
    body = {"type": "Feature", "geometry": mapping(at), "properties": {"kind": kind, "name": "某处"}}
    if collection == "roads":
        body["geometry"] = {"type": "LineString", "coordinates": list(at.coords)}
    path = f"/collections/{collection}/items"
    assert (await ask(None, "POST", path, json=body)).status_code == 401
    stranger = actor(Post.RESIDENT_SERVICE_OFFICER, "150204999999")
    assert (await ask(stranger, "POST", path, json=body)).status_code == 403
    leader = actor(Post.DISTRICT_LEADER, "150204")
    allowed = await ask(actor(Post.SYSTEM_ADMIN, "150204"), "POST", path, json=body)
    assert allowed.status_code == 201, allowed.text
    assert (await ask(leader, "GET", allowed.headers["location"].partition("/ogc")[2])).status_code == 200


async def test_a_foreign_thing_is_not_there(ask: Ask, officer: Actor, place: Point) -> None:
    made = await ask(officer, "POST", "/collections/things/items", json=hydrant(place))
    address = made.headers["location"].partition("/ogc")[2]
    stranger = actor(Post.STATION_HEAD, "150204999999")
    assert (await ask(stranger, "GET", address)).status_code == 404
    for method in ("PUT", "DELETE"):
        answer = await ask(stranger, method, address, json=hydrant(place), headers={"If-Match": '"1"'})
        assert answer.status_code == 404


async def test_service_points_are_read_by_everybody_and_kept_by_the_station(
    ask: Ask, community: str, place: Point
) -> None:
    station = {"type": "Feature", "geometry": mapping(place), "properties": {"kind": "station", "name": "便民服务站"}}
    officer, head = actor(Post.RESIDENT_SERVICE_OFFICER, community), actor(Post.STATION_HEAD, community)
    assert (await ask(officer, "POST", "/collections/service-points/items", json=station)).status_code == 403
    made = await ask(head, "POST", "/collections/service-points/items", json=station)
    stranger = actor(Post.RESIDENT_SERVICE_OFFICER, "150204999999")
    assert (await ask(stranger, "GET", made.headers["location"].partition("/ogc")[2])).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"type": "Feature", "geometry": None, "properties": {"kind": "fire_hydrant", "name": "x"}}, "/geometry"),
        (
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {}},
            "/properties/kind",
        ),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}, "/properties"),
        ({"type": "Point"}, "/type"),
        ([], "/type"),
        (hydrant(Point(1, 2)), "/geometry"),
        (hydrant(Point(109.87, 40.66), kind="ufo"), "/properties/kind"),
        (hydrant(Point(109.87, 40.66), score=3), "/properties/score"),
        (hydrant(Point(109.87, 40.66), nextInspectionOn=1), "/properties/nextInspectionOn"),
        ({**hydrant(Point(1, 2)), "geometry": {"type": "Point", "coordinates": ["a", 2]}}, "/geometry"),
        ({**hydrant(Point(1, 2)), "geometry": {"type": "Point", "coordinates": [1e308, 2]}}, "/geometry"),
    ],
)
async def test_what_is_no_thing_is_refused_where_it_is_wrong(ask: Ask, body: Any, pointer: str) -> None:
    answer = await ask(actor(Post.SYSTEM_ADMIN, "150204"), "POST", "/collections/things/items", json=body)
    assert answer.status_code == 400, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def house(at: Any, **more: Any) -> dict[str, Any]:
    properties = {
        "name": "育才小区16栋",
        "compound": "育才小区",
        "kind": "residential",
        "floors": 6,
        "entrances": 3,
        **more,
    }
    return {"type": "Feature", "geometry": mapping(at), "properties": properties}


async def test_a_building_is_registered_and_changed_on_the_version_that_was_seen(
    ask: Ask, officer: Actor, place: Point, community: str
) -> None:
    made = await ask(
        officer, "POST", "/collections/buildings/items", json=house(place.buffer(1e-4, cap_style="square"))
    )
    assert (made.status_code, made.headers["etag"]) == (201, '"1"'), made.text
    address = made.headers["location"].partition("/ogc")[2]
    read = await ask(officer, "GET", address)
    feature = read.json()
    assert feature["properties"]["buildingNo"] == "0001"
    assert feature["properties"]["gridCode"].startswith(community)
    # What was read may be sent back, changed, as it is.
    feature["properties"]["floors"] = 7
    changed = await ask(officer, "PUT", address, json=feature, headers={"If-Match": read.headers["etag"]})
    assert (changed.status_code, changed.headers["etag"]) == (204, '"2"'), changed.text
    patch = {"type": "Feature", "properties": {"name": "育才小区十八栋"}, "geometry": mapping(place)}
    assert (await ask(officer, "PATCH", address, json=patch, headers={"If-Match": '"1"'})).status_code == 412
    assert (await ask(officer, "PATCH", address, json=patch, headers={"If-Match": '"2"'})).status_code == 204
    feature = (await ask(officer, "GET", address)).json()
    assert (feature["geometry"]["type"], feature["properties"]["floors"]) == ("Point", 7)
    away = {"type": "Feature", "properties": {}, "geometry": mapping(Point(place.x + 0.2, place.y))}
    refused = await ask(officer, "PATCH", address, json=away, headers={"If-Match": '"3"'})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/geometry")
    kept = await ask(officer, "DELETE", address, headers={"If-Match": '"3"'})
    assert (kept.status_code, kept.headers["allow"]) == (405, "GET, HEAD, OPTIONS, PUT, PATCH")


async def test_a_building_is_no_strangers_to_change(ask: Ask, officer: Actor, place: Point) -> None:
    made = await ask(officer, "POST", "/collections/buildings/items", json=house(place))
    address = made.headers["location"].partition("/ogc")[2]
    stranger = actor(Post.STATION_HEAD, "150204999999")
    reader = actor(Post.STREET_LEADER, officer.grants[0].area)
    for who, status in ((None, 401), (stranger, 404), (reader, 403)):
        answer = await ask(who, "PUT", address, json=house(place), headers={"If-Match": '"1"'})
        assert answer.status_code == status, answer.text
    assert (await ask(stranger, "POST", "/collections/buildings/items", json=house(place))).status_code == 403
    for body, pointer in (
        (house(place, kind="castle"), "/properties/kind"),
        (house(place, buildingNo="0099"), "/properties/buildingNo"),
        (house(place, floors=0), "/properties/floors"),
        ({**house(place), "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}, "/geometry"),
    ):
        answer = await ask(officer, "PUT", address, json=body, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer), answer.text


async def test_a_grid_is_redrawn_and_a_park_drawn_and_closed(
    ask: Ask, community: str, grids: Surfaces, leader: Actor
) -> None:
    code = min(c for c in grids if c.startswith(community))
    address = f"/collections/grids/items/{code}"
    read = await ask(leader, "GET", address)
    feature = read.json()
    feature["properties"]["name"] = "东门网格"
    sent = {k: v for k, v in feature.items() if k != "geometry"}
    changed = await ask(leader, "PATCH", address, json=sent, headers={"If-Match": read.headers["etag"]})
    assert (changed.status_code, changed.headers["etag"]) == (204, '"2"'), changed.text
    assert (await ask(leader, "GET", address)).json()["properties"]["name"] == "东门网格"
    assert (await ask(leader, "DELETE", address, headers={"If-Match": '"2"'})).status_code == 405
    outline = grids[code].representative_point().buffer(2e-4)
    park = {
        "type": "Feature",
        "geometry": mapping(outline),
        "properties": {"parentCode": community, "name": "创业园", "kind": "park"},
    }
    officer = actor(Post.RESIDENT_SERVICE_OFFICER, community)
    assert (await ask(officer, "POST", "/collections/special-grids/items", json=park)).status_code == 403
    made = await ask(leader, "POST", "/collections/special-grids/items", json=park)
    assert made.status_code == 201, made.text
    address = made.headers["location"].partition("/ogc")[2]
    assert (await ask(officer, "GET", address)).json()["properties"]["kind"] == "park"
    assert (await ask(leader, "DELETE", address, headers={"If-Match": '"1"'})).status_code == 204
    assert (await ask(leader, "GET", address)).status_code == 404


async def test_many_who_change_one_grid_and_its_houses_at_once_never_wait_for_each_other(
    ask: Ask, community: str, grids: Surfaces, leader: Actor, officer: Actor, place: Point
) -> None:
    code = min(c for c in grids if c.startswith(community))
    made = await ask(officer, "POST", "/collections/buildings/items", json=house(place))
    address = made.headers["location"].partition("/ogc")[2]
    outline = mapping(grids[code])

    async def redraw(number: int) -> int:
        body = {"type": "Feature", "properties": {"name": f"第{number}次"}, "geometry": outline}
        answer = await ask(leader, "PATCH", f"/collections/grids/items/{code}", json=body, headers={"If-Match": '"1"'})
        return answer.status_code

    async def move(number: int) -> int:
        body = house(Point(place.x + number * 1e-6, place.y), name=f"育才小区{number}栋")
        return (await ask(officer, "PUT", address, json=body, headers={"If-Match": '"1"'})).status_code

    answers = await asyncio.gather(*(each(number) for number in range(1, 6) for each in (redraw, move)))
    assert sorted(answers) == [204] * 2 + [412] * 8


async def test_a_community_is_renamed_and_drawn_where_the_topology_allows(
    ask: Ask, community: str, grids: Surfaces, leader: Actor
) -> None:
    address = f"/collections/communities/items/{community}"
    read = await ask(leader, "GET", address)
    feature = read.json()
    held = {"If-Match": read.headers["etag"]}
    half = shape(feature["geometry"]).buffer(-1e-4)
    lost = await ask(leader, "PUT", address, json=feature | {"geometry": mapping(half)}, headers=held)
    assert (lost.status_code, lost.json()["code"]) == (409, "areas-outside"), lost.text
    feature["properties"]["name"] = "新名社区"
    renamed = await ask(leader, "PUT", address, json=feature, headers=held)
    assert renamed.status_code == 204, renamed.text
    now = await ask(leader, "GET", address)
    assert now.json()["properties"]["name"] == "新名社区"
    assert shape(now.json()["geometry"]).equals_exact(shape(feature["geometry"]), 1e-7)
    assert now.headers["etag"] == renamed.headers["etag"] != read.headers["etag"]
    before = await ask(leader, "GET", f"{address}?datetime=2025-01-01")
    assert before.json()["properties"]["name"] != "新名社区"
    patch = {"type": "Feature", "properties": {"name": "再改"}}
    assert (await ask(leader, "PATCH", address, json=patch, headers=held)).status_code == 412
    for who, status in ((None, 401), (actor(Post.STATION_HEAD, community), 403)):
        assert (await ask(who, "PATCH", address, json=patch, headers=held)).status_code == status
    kept = await ask(leader, "DELETE", address, headers={"If-Match": now.headers["etag"]})
    assert (kept.status_code, kept.json()["code"]) == (405, "not-removable")


async def test_a_community_is_entered_under_the_code_of_the_register(
    ask: Ask, community: str, grids: Surfaces, leader: Actor
) -> None:
    spot = max((surface.bounds[2], surface.bounds[1]) for code, surface in grids.items() if code.startswith(community))
    outline = Point(spot[0], 41.5).buffer(1e-3)
    new = {"type": "Feature", "id": "150204901997", "geometry": mapping(outline), "properties": {"name": "新设社区"}}
    path = "/collections/communities/items"
    outside = await ask(leader, "POST", path, json=new)
    assert (outside.status_code, outside.json()["code"]) == (409, "areas-outside"), outside.text
    for body, pointer in (
        (new | {"id": community}, "/id"),
        (new | {"id": "150204"}, "/id"),
        (new | {"properties": {}}, "/properties/name"),
        (new | {"properties": {"name": "x", "parentCode": "150204901998"}}, "/properties/parentCode"),
    ):
        refused = await ask(leader, "POST", path, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, pointer), refused.text
    street = {**new, "id": "150204902", "properties": {"name": "新设街道"}}
    refused = await ask(actor(Post.STATION_HEAD, community), "POST", "/collections/streets/items", json=street)
    assert refused.status_code == 403


async def test_each_collection_says_what_may_be_done_with_it_and_refuses_the_rest(ask: Ask, place: Point) -> None:
    admin = actor(Post.SYSTEM_ADMIN, "150204")
    for name, collection in COLLECTIONS.items():
        whole = await ask(admin, "OPTIONS", f"/collections/{name}/items")
        one = await ask(admin, "OPTIONS", f"/collections/{name}/items/x")
        assert whole.status_code == one.status_code == 204
        allowed = set(whole.headers["allow"].split(", ")) | set(one.headers["allow"].split(", "))
        assert {"GET", "HEAD", "OPTIONS"} <= allowed
        assert ("POST" in allowed, "PUT" in allowed) == (collection.editable, collection.editable)
        path = f"/collections/{name}/items/{uuid4()}"
        for method in {"PUT", "PATCH", "DELETE"} - allowed:
            refused = await ask(admin, method, path, json=hydrant(place), headers={"If-Match": '"1"'})
            assert refused.status_code == 405, name
            assert refused.headers["allow"] == one.headers["allow"]
    assert (await ask(None, "OPTIONS", "/collections/things/items")).status_code == 401


async def test_what_is_worked_out_or_imported_is_not_written_here(ask: Ask, place: Point) -> None:
    admin = actor(Post.SYSTEM_ADMIN, "150204")
    for collection in ("districts", "visit-coverage", "case-density"):
        answer = await ask(admin, "POST", f"/collections/{collection}/items", json=hydrant(place))
        assert (answer.status_code, answer.json()["code"]) == (405, "read-only-layer")
    assert (await ask(admin, "POST", "/collections/no/items", json=hydrant(place))).status_code == 404
    missing = f"/collections/things/items/{uuid4()}"
    assert (await ask(admin, "DELETE", missing, headers={"If-Match": '"1"'})).status_code == 404
