"""Buildings over HTTP: the point decides the grid, the community gives the number; listed by area and by box."""

from typing import Any
from uuid import uuid4

import pytest

from gis_svc import commands, topology
from gis_svc.location import Places
from gis_svc.schemas import BuildingIn
from grid_kernel import clock, geo
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.geo import Crs
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor

from .conftest import Send, Surfaces
from .drawings import across, building, drawn, inside, point


def first_of(community: str, grids: Surfaces) -> str:
    return min(code for code in grids if code.startswith(community))


def head_of(community: str) -> Actor:
    return actor(Post.STATION_HEAD, community)


async def test_a_building_stands_in_the_grid_of_its_point_and_gets_the_next_number(
    send: Send, community: str, grids: Surfaces
) -> None:
    code = first_of(community, grids)
    at = inside(grids[code], accuracyM=4.5, source="field_survey")
    answers = [await send(head_of(community), "POST", "/buildings", json=building(at, road="青山路")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    one, two = (answer.json() for answer in answers)
    assert (one["areaCode"], one["communityCode"], one["version"]) == (code, community, 1)
    assert [one["buildingNo"], two["buildingNo"]] == ["0001", "0002"]
    assert one["addressText"].startswith("青山区")
    assert one["addressText"].endswith("青山路育才小区16栋")
    assert (one["accuracyM"], one["pointSource"], one["pointCrs"]) == (4.5, "field_survey", "CGCS2000")
    assert answers[0].headers["etag"] == '"1"'


async def test_a_building_is_never_put_into_a_grid_another_process_has_just_ended(
    send: Send, leader: Actor, runtime: Runtime, places: Places, community: str, grids: Surfaces
) -> None:
    code = first_of(community, grids)
    body = {"cut": drawn(across(grids[code]))}
    split = await send(leader, "POST", f"/grids/{code}/split", json=body, headers={"If-Match": '"1"'})
    new = BuildingIn.model_validate(building(inside(grids[code])))
    async with runtime.app_session(head_of(community)) as session:
        made = await commands.register(session, head_of(community), places, new, now=clock.now())
    assert made.area_code in [area["code"] for area in split.json()["successors"]]


async def test_ground_in_no_grid_still_belongs_to_its_community(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = first_of(community, grids)
    kept, free = topology.cut(grids[code], across(grids[code]))
    await send(leader, "PATCH", f"/grids/{code}", json={"outline": drawn(kept)}, headers={"If-Match": '"1"'})
    made = await send(head_of(community), "POST", "/buildings", json=building(inside(free)))
    assert made.json()["areaCode"] == community


async def test_a_point_of_another_map_lands_in_the_right_grid(send: Send, community: str, grids: Surfaces) -> None:
    code = first_of(community, grids)
    here = grids[code].representative_point()
    lon, lat = geo.from_cgcs2000(here.x, here.y, Crs.GCJ02)
    answer = await send(head_of(community), "POST", "/buildings", json=building(point(lon, lat, "GCJ02")))
    stored = answer.json()
    assert (stored["areaCode"], stored["pointCrs"]) == (code, "GCJ02")
    assert geo.distance_m(stored["position"]["lon"], stored["position"]["lat"], here.x, here.y) < 0.01


async def test_id_number_address_and_footprint_may_be_given(send: Send, community: str, grids: Surfaces) -> None:
    code, wanted = first_of(community, grids), str(uuid4())
    footprint = grids[code].representative_point().buffer(2e-4)
    given = {"id": wanted, "buildingNo": "0420", "addressText": "青山路1号", "footprint": drawn(footprint)}
    answer = await send(head_of(community), "POST", "/buildings", json=building(inside(grids[code]), **given))
    made = answer.json()
    assert (made["id"], made["buildingNo"], made["addressText"]) == (wanted, "0420", "青山路1号")
    assert made["footprint"]["type"] == "Polygon"
    assert (await send(head_of(community), "GET", f"/buildings/{wanted}")).json() == made
    again = await send(head_of(community), "POST", "/buildings", json=building(inside(grids[code]), buildingNo="0420"))
    assert (again.status_code, again.json()["code"]) == (409, "building-number-taken")
    following = await send(head_of(community), "POST", "/buildings", json=building(inside(grids[code])))
    assert following.json()["buildingNo"] == "0421"


async def test_the_worker_of_one_grid_gets_numbers_other_grids_have_not_taken(
    send: Send, community: str, grids: Surfaces
) -> None:
    one, other = sorted(code for code in grids if code.startswith(community))[:2]
    await send(head_of(community), "POST", "/buildings", json=building(inside(grids[other])))
    officer = actor(Post.RESIDENT_SERVICE_OFFICER, one)
    answer = await send(officer, "POST", "/buildings", json=building(inside(grids[one])))
    assert (answer.status_code, answer.json()["buildingNo"]) == (201, "0002")
    taken = await send(officer, "POST", "/buildings", json=building(inside(grids[one]), buildingNo="0001"))
    assert taken.status_code == 409
    elsewhere = await send(officer, "POST", "/buildings", json=building(inside(grids[other])))
    assert elsewhere.status_code == 403


async def test_a_registration_sent_twice_with_one_key_makes_one_building(
    send: Send, community: str, grids: Surfaces
) -> None:
    headers, head = {"Idempotency-Key": uuid4().hex}, head_of(community)
    body = building(inside(grids[first_of(community, grids)]))
    first, second = [await send(head, "POST", "/buildings", json=body, headers=headers) for _ in range(2)]
    assert first.content == second.content
    assert len((await send(head, "GET", "/buildings")).json()["items"]) == 1
    other = await send(head, "POST", "/buildings", json=body | {"floors": 9}, headers=headers)
    assert other.status_code == 422


async def test_buildings_are_listed_page_by_page_and_by_area(send: Send, community: str, grids: Surfaces) -> None:
    one, other = sorted(code for code in grids if code.startswith(community))[:2]
    head = head_of(community)
    for code in (one, other, one, other, one):
        await send(head, "POST", "/buildings", json=building(inside(grids[code])))
    numbers: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await send(head, "GET", f"/buildings?limit=2{cursor}")).json()
        numbers += [item["buildingNo"] for item in page["items"]]
        cursor = f"&cursor={page['nextCursor']}" if page["nextCursor"] else None
    assert numbers == ["0001", "0002", "0003", "0004", "0005"]
    listed = (await send(head, "GET", f"/buildings?within={one}")).json()["items"]
    assert [item["buildingNo"] for item in listed] == ["0001", "0003", "0005"]


async def test_a_map_shows_the_buildings_of_its_box(send: Send, community: str, grids: Surfaces) -> None:
    head = head_of(community)
    codes = sorted(code for code in grids if code.startswith(community))[:3]
    for code in codes:
        await send(head, "POST", "/buildings", json=building(inside(grids[code])))
    for code in codes:
        at = grids[code].representative_point()
        box = f"{at.x - 1e-5},{at.y - 1e-5},{at.x + 1e-5},{at.y + 1e-5}"
        found = (await send(head, "GET", f"/buildings?bbox={box}")).json()["items"]
        assert [item["areaCode"] for item in found] == [code]
    just_beside = f"{at.x + 2e-7},{at.y - 1e-5},{at.x + 1e-5},{at.y + 1e-5}"
    assert (await send(head, "GET", f"/buildings?bbox={just_beside}")).json()["items"] == []


async def test_buildings_of_another_community_do_not_exist(send: Send, community: str, grids: Surfaces) -> None:
    made = await send(
        head_of(community), "POST", "/buildings", json=building(inside(grids[first_of(community, grids)]))
    )
    stranger = actor(Post.STATION_HEAD, "150204101213")
    assert (await send(stranger, "GET", f"/buildings/{made.json()['id']}")).status_code == 404
    assert (await send(stranger, "GET", f"/buildings?within={community}")).json()["items"] == []
    never = await send(stranger, "GET", f"/buildings/{uuid4()}")
    assert (never.status_code, never.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("post", [Post.PARTY_BUILDING_GUIDE, Post.DEPARTMENT_HANDLER, Post.WINDOW_CLERK])
async def test_who_does_not_register_buildings_is_told_so(send: Send, grids: Surfaces, post: Post) -> None:
    answer = await send(actor(post, "150204"), "POST", "/buildings", json=building(inside(grids["150204006019001"])))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_resident_sees_no_building(send: Send) -> None:
    grant = Grant(post=Post.RESIDENT, area="150204", resource="application:1")
    resident = Actor(kind="resident", id="r-1", grants=(grant,))
    assert (await send(resident, "GET", "/buildings")).json()["items"] == []


GOOD = point(109.87, 40.67)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "castle"}, "/kind"),
        ({"floors": 0}, "/floors"),
        ({"name": "  "}, "/name"),
        ({"name": "a\u0000b"}, "/"),
        ({"buildingNo": "17"}, "/buildingNo"),
        ({"point": point(109.6, 40.4)}, "/point"),
        ({"point": point(110.0, 40.77)}, "/point"),
        ({"point": {"lon": 109.87, "lat": 40.67}}, "/point/crs"),
        ({"point": point(109.87, 40.67, "MARS")}, "/point/crs"),
        ({"point": point(500, 40.67)}, "/point/lon"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_a_building_that_cannot_be_registered_names_the_member(
    send: Send, leader: Actor, change: dict[str, Any], pointer: str
) -> None:
    answer = await send(leader, "POST", "/buildings", json=building(GOOD) | change)
    assert answer.status_code == 400, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "110,40,109,41", "nan,40,110,41", "109,40,110,91"])
async def test_a_box_that_is_none_is_refused(send: Send, leader: Actor, box: str) -> None:
    answer = await send(leader, "GET", f"/buildings?bbox={box}")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/query/bbox"]


async def test_a_footprint_larger_than_any_building_is_refused(send: Send, grids: Surfaces) -> None:
    code = max(grids)
    middle = grids[code].representative_point()
    new = building(inside(grids[code]), footprint=drawn(middle.buffer(0.006)))
    answer = await send(actor(Post.STATION_HEAD, code[:12]), "POST", "/buildings", json=new)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "footprint-too-large")
