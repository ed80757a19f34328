"""Drawing, redrawing, splitting, merging grids over HTTP: what follows, and what is refused by which name."""

from typing import Any
from uuid import uuid4

import pytest
import shapely
from shapely.geometry import LineString, box, shape
from shapely.geometry.base import BaseGeometry

from gis_svc import topology
from grid_kernel.auth import Actor, Post
from grid_kernel.testing import actor

from .conftest import DISTRICT, Send, Surfaces
from .drawings import across, building, drawn, inside, point

FIRST = {"If-Match": '"1"'}


def of(community: str, grids: Surfaces) -> list[str]:
    return sorted(code for code in grids if code.startswith(community))


def neighbours(community: str, grids: Surfaces) -> tuple[str, str]:
    codes = of(community, grids)
    pairs = ((a, b) for a in codes for b in codes if a < b)
    return next((a, b) for a, b in pairs if topology.join([grids[a], grids[b]]) is not None)


async def located(send: Send, who: Actor, at: dict[str, Any], as_of: str | None = None) -> str | None:
    body = {"points": [{"reference": "a", "point": at}]} | ({"asOf": as_of} if as_of else {})
    code: str | None = (await send(who, "POST", "/locate", json=body)).json()["points"][0]["gridCode"]
    return code


async def register(send: Send, grids: Surfaces, code: str, **more: Any) -> str:
    head = actor(Post.STATION_HEAD, code[:12])
    at = more.pop("at", None) or inside(grids[code])
    answer = await send(head, "POST", "/buildings", json=building(at, **more))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_split_grid_ends_and_its_parts_take_its_ground_and_buildings(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    parts = topology.cut(grids[code], across(grids[code]))
    inhabited = [await register(send, grids, code, at=inside(part)) for part in parts]
    answer = await send(leader, "POST", f"/grids/{code}/split", json={"cut": drawn(across(grids[code]))}, headers=FIRST)
    assert answer.status_code == 201, answer.text
    change = answer.json()
    successors = [area["code"] for area in change["successors"]]
    assert (change["predecessors"], len(successors)) == ([code], 2)
    assert set(change["buildings"]) == set(inhabited)
    assert set(change["buildings"].values()) == set(successors)
    assert not set(successors) & set(grids)
    ended = (await send(leader, "GET", f"/areas/{code}/versions")).json()[0]
    assert ended["validTo"] == change["effectiveOn"]
    outlines = [
        shape((await send(leader, "GET", f"/areas/{successor}/outline")).json()["geometry"]) for successor in successors
    ]
    assert topology.uncovered(grids[code], outlines).is_empty
    assert topology.sticks_out(shapely.union_all(outlines), grids[code]).is_empty


async def test_after_a_split_points_lie_in_the_parts_and_before_it_in_the_whole(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    part = topology.cut(grids[code], across(grids[code]))[0]
    assert await located(send, leader, inside(part)) == code
    answer = await send(leader, "POST", f"/grids/{code}/split", json={"cut": drawn(across(grids[code]))}, headers=FIRST)
    first = answer.json()["successors"][0]["code"]
    assert await located(send, leader, inside(part)) == first
    assert await located(send, leader, inside(part), as_of="2025-01-01") == code
    assert (await send(leader, "GET", f"/areas/{code}?asOf=2025-01-01")).json()["successors"][0] == first
    assert (await send(leader, "GET", f"/areas/{code}")).status_code == 404


async def test_a_split_by_drawn_parts_keeps_their_names(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    north, south = topology.cut(grids[code], across(grids[code]))
    parts = [{"outline": drawn(north), "name": "北片"}, {"outline": drawn(south)}]
    answer = await send(leader, "POST", f"/grids/{code}/split", json={"parts": parts}, headers=FIRST)
    assert answer.status_code == 201, answer.text
    first, second = answer.json()["successors"]
    assert first["name"] == "北片"
    assert second["name"].endswith(f"第{second['code'][12:]}网格")


async def test_merged_grids_end_and_one_follows_with_all_buildings(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    pair = neighbours(community, grids)
    inhabited = {await register(send, grids, code) for code in pair}
    body = {"grids": [{"code": code, "version": 1} for code in pair], "name": "合并后的网格"}
    answer = await send(leader, "POST", "/grids/merge", json=body)
    assert answer.status_code == 201, answer.text
    [successor] = answer.json()["successors"]
    assert successor["predecessors"] == list(pair)
    assert answer.json()["buildings"] == dict.fromkeys(inhabited, successor["code"])
    outline = shape((await send(leader, "GET", f"/areas/{successor['code']}/outline")).json()["geometry"])
    assert topology.uncovered(shapely.union_all([grids[code] for code in pair]), [outline]).is_empty
    assert await located(send, leader, inside(grids[pair[0]])) == successor["code"]


async def test_a_code_is_never_used_again_however_often_a_grid_is_split_and_merged(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code, version, ever = of(community, grids)[0], 1, set(of(community, grids))
    for _ in range(3):
        outline = shape((await send(leader, "GET", f"/areas/{code}/outline")).json()["geometry"])
        body = {"cut": drawn(across(outline))}
        headers = {"If-Match": f'"{version}"'}
        split = (await send(leader, "POST", f"/grids/{code}/split", json=body, headers=headers)).json()
        parts = [{"code": area["code"], "version": area["version"]} for area in split["successors"]]
        merged = (await send(leader, "POST", "/grids/merge", json={"grids": parts})).json()
        fresh = {area["code"] for area in split["successors"] + merged["successors"]}
        assert len(fresh) == 3
        assert not fresh & ever
        ever |= fresh
        code, version = merged["successors"][0]["code"], merged["successors"][0]["version"]


async def test_a_border_moves_between_two_grids_in_one_step_and_takes_buildings_along(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    one, other = neighbours(community, grids)
    lost = topology.cut(grids[one], across(grids[one]))
    grown = next((p, k) for p, k in (lost, lost[::-1]) if topology.join([grids[other], p]) is not None)
    moving, kept = grown
    moved = await register(send, grids, one, at=inside(moving))
    stays = await register(send, grids, one, at=inside(kept))
    enlarged = topology.join([grids[other], moving])
    assert enlarged is not None
    body = {
        "grids": [
            {"code": one, "version": 1, "outline": drawn(kept)},
            {"code": other, "version": 1, "outline": drawn(enlarged)},
        ]
    }
    answer = await send(leader, "POST", "/grids/redraw", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["buildings"] == {moved: other}
    assert [grid["version"] for grid in answer.json()["grids"]] == [2, 2]
    assert (await send(leader, "GET", f"/buildings/{stays}")).json()["areaCode"] == one
    assert await located(send, leader, inside(moving)) == other


async def test_a_redrawn_grid_keeps_its_old_outline_as_history(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    smaller = topology.cut(grids[code], across(grids[code]))[0]
    body = {"outline": drawn(smaller), "effectiveOn": "2026-03-01", "name": "新名"}
    answer = await send(leader, "PATCH", f"/grids/{code}", json=body, headers=FIRST)
    assert answer.status_code == 200, answer.text
    assert (answer.headers["etag"], answer.json()["name"], answer.json()["synthetic"]) == ('"2"', "新名", False)
    old, new = [(await send(leader, "GET", f"/areas/{code}?asOf={day}")).json() for day in ("2026-02-28", "2026-03-01")]
    assert old["areaM2"] > new["areaM2"]
    assert (old["validTo"], new["validFrom"], new["validTo"]) == ("2026-03-01", "2026-03-01", None)
    again = await send(leader, "PATCH", f"/grids/{code}", json={"name": "又一名"}, headers={"If-Match": '"2"'})
    assert (again.json()["name"], again.json()["areaM2"]) == ("又一名", new["areaM2"])


async def test_a_day_s_mistake_is_corrected_on_the_same_day(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    for version, name in ((1, "错名"), (2, "正名")):
        headers = {"If-Match": f'"{version}"'}
        answer = await send(leader, "PATCH", f"/grids/{code}", json={"name": name}, headers=headers)
        assert answer.status_code == 200, answer.text
    assert (await send(leader, "GET", f"/areas/{code}")).json()["name"] == "正名"


async def test_ground_without_a_grid_gets_a_new_one_with_the_next_code(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[-1]
    kept, free = topology.cut(grids[code], across(grids[code]))
    await send(leader, "PATCH", f"/grids/{code}", json={"outline": drawn(kept)}, headers=FIRST)
    orphan = await register(send, grids, code, at=inside(free))
    answer = await send(leader, "POST", "/grids", json={"communityCode": community, "outline": drawn(free)})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["code"] == f"{community}{int(code[12:]) + 1:03}"
    assert (await send(leader, "GET", f"/buildings/{orphan}")).json()["areaCode"] == made["code"]


async def test_grids_drawn_on_a_map_of_another_system_are_understood(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    answer = await send(leader, "PATCH", f"/grids/{code}", json={"outline": drawn(grids[code], "GCJ02")}, headers=FIRST)
    assert answer.json()["code"] in ("grids-overlap", "grid-outside-community")


async def test_an_outline_that_leaves_the_community_or_covers_a_neighbour_is_refused_by_name(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    one, other = neighbours(community, grids)
    both = topology.join([grids[one], grids[other]])
    assert both is not None
    overlapping = await send(leader, "PATCH", f"/grids/{one}", json={"outline": drawn(both)}, headers=FIRST)
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "grids-overlap")
    assert other in overlapping.json()["detail"]
    outside = await send(
        leader, "PATCH", f"/grids/{one}", json={"outline": drawn(box(109, 40, 110, 41))}, headers=FIRST
    )
    assert (outside.status_code, outside.json()["code"]) == (409, "grid-outside-community")


async def test_no_change_leaves_a_building_without_grid(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    kept, given_up = topology.cut(grids[code], across(grids[code]))
    await register(send, grids, code, at=inside(given_up))
    answer = await send(leader, "PATCH", f"/grids/{code}", json={"outline": drawn(kept)}, headers=FIRST)
    assert (answer.status_code, answer.json()["code"]) == (409, "buildings-left-out")
    assert "1" in answer.json()["detail"]


async def test_two_grids_redrawn_onto_each_other_are_refused(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    one, other = neighbours(community, grids)
    outline = drawn(grids[one])
    body = {"grids": [{"code": code, "version": 1, "outline": outline} for code in (one, other)]}
    answer = await send(leader, "POST", "/grids/redraw", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "grids-overlap")


async def test_a_split_that_forgets_ground_or_takes_foreign_ground_is_refused(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    one, other = neighbours(community, grids)
    north, south = topology.cut(grids[one], across(grids[one]))

    async def refusal(*parts: BaseGeometry) -> str:
        body = {"parts": [{"outline": drawn(part)} for part in parts]}
        answer = await send(leader, "POST", f"/grids/{one}/split", json=body, headers=FIRST)
        assert answer.status_code == 409
        return str(answer.json()["code"])

    assert await refusal(north, north) == "parts-leave-gap"
    assert await refusal(north, south, grids[other]) == "parts-outside-grid"
    assert await refusal(grids[one], south) == "grids-overlap"


async def test_a_line_that_does_not_cross_the_grid_is_refused(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    body = {"cut": drawn(LineString([(109, 40), (109.1, 40.1)]))}
    answer = await send(leader, "POST", f"/grids/{code}/split", json=body, headers=FIRST)
    assert (answer.status_code, answer.json()["code"]) == (409, "cut-does-not-divide")


async def test_what_ended_is_neither_split_nor_merged_nor_redrawn_again(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    one, other = neighbours(community, grids)
    cut = {"cut": drawn(across(grids[one]))}
    assert (await send(leader, "POST", f"/grids/{one}/split", json=cut, headers=FIRST)).status_code == 201
    second = {"If-Match": '"2"'}
    pair = {"grids": [{"code": one, "version": 2}, {"code": other, "version": 1}]}
    for answer in (
        await send(leader, "POST", f"/grids/{one}/split", json=cut, headers=second),
        await send(leader, "PATCH", f"/grids/{one}", json={"name": "x"}, headers=second),
        await send(leader, "POST", "/grids/merge", json=pair),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "grid-closed")


async def test_only_neighbours_of_one_community_are_merged(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    codes = of(community, grids)
    apart = next(((a, b) for a in codes for b in codes if grids[a].distance(grids[b]) > 1e-4), None)
    foreign = (codes[0], "150204006019001")
    for pair, code in ((apart, "grids-not-contiguous"), (foreign, "grids-of-several-communities")):
        if pair:
            body = {"grids": [{"code": each, "version": 1} for each in pair]}
            answer = await send(leader, "POST", "/grids/merge", json=body)
            assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_who_saw_an_older_version_changes_nothing(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code, other = of(community, grids)[:2]
    old = {"If-Match": '"7"'}
    cut = {"cut": drawn(across(grids[code]))}
    pair = {"grids": [{"code": code, "version": 7}, {"code": other, "version": 1}]}
    redraw = {"grids": [{"code": code, "version": 7, "outline": drawn(grids[code])}]}
    for answer in (
        await send(leader, "PATCH", f"/grids/{code}", json={"name": "x"}, headers=old),
        await send(leader, "POST", f"/grids/{code}/split", json=cut, headers=old),
        await send(leader, "POST", "/grids/merge", json=pair),
        await send(leader, "POST", "/grids/redraw", json=redraw),
    ):
        assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    for method, path, body in (("PATCH", f"/grids/{code}", {"name": "x"}), ("POST", f"/grids/{code}/split", cut)):
        assert (await send(leader, method, path, json=body)).status_code == 428


async def test_a_change_neither_begins_tomorrow_nor_before_the_grid(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    for day, message in (("2099-01-01", "effective-in-future"), ("2020-01-01", "effective-before-valid")):
        body = {"name": "x", "effectiveOn": day}
        answer = await send(leader, "PATCH", f"/grids/{code}", json=body, headers=FIRST)
        assert answer.status_code == 400
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/effectiveOn", message)]


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/"),
        ({"outline": {"geometry": BOW_TIE, "crs": "CGCS2000"}}, "/outline"),
        ({"outline": {"geometry": BOW_TIE}}, "/outline/crs"),
        ({"outline": {"geometry": {"type": "Point", "coordinates": [1, 2]}, "crs": "WGS84"}}, "/outline/geometry/type"),
        ({"name": "x", "colour": "red"}, "/colour"),
        ({"name": ""}, "/name"),
    ],
)
async def test_a_change_that_cannot_be_understood_names_the_member(
    send: Send, leader: Actor, body: dict[str, Any], pointer: str
) -> None:
    answer = await send(leader, "PATCH", "/grids/150204006019001", json=body, headers=FIRST)
    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_split_sent_twice_with_one_key_happens_once(
    send: Send, leader: Actor, community: str, grids: Surfaces
) -> None:
    code = of(community, grids)[0]
    headers = FIRST | {"Idempotency-Key": uuid4().hex}
    body = {"cut": drawn(across(grids[code]))}
    first = await send(leader, "POST", f"/grids/{code}/split", json=body, headers=headers)
    second = await send(leader, "POST", f"/grids/{code}/split", json=body, headers=headers)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    other = await send(
        leader, "POST", f"/grids/{code}/split", json=body | {"effectiveOn": "2026-01-01"}, headers=headers
    )
    assert other.status_code == 422


@pytest.mark.parametrize("post", [Post.STREET_LEADER, Post.STATION_HEAD, Post.RESIDENT_SERVICE_OFFICER])
async def test_who_sees_a_grid_but_does_not_draw_is_told_so(send: Send, post: Post, grids: Surfaces) -> None:
    code = "150204006019001"
    who = actor(post, DISTRICT if post is Post.STREET_LEADER else code[:12])
    cut = {"cut": drawn(across(grids[code]))}
    new = {"communityCode": code[:12], "outline": drawn(grids[code])}
    pair = {"grids": [{"code": code, "version": 1}, {"code": code[:12] + "002", "version": 1}]}
    redraw = {"grids": [{"code": code, "version": 1, "outline": drawn(grids[code])}]}
    for answer in (
        await send(who, "POST", "/grids", json=new),
        await send(who, "PATCH", f"/grids/{code}", json={"name": "x"}, headers=FIRST),
        await send(who, "POST", f"/grids/{code}/split", json=cut, headers=FIRST),
        await send(who, "POST", "/grids/merge", json=pair),
        await send(who, "POST", "/grids/redraw", json=redraw),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_grid_that_never_was_cannot_be_changed(send: Send, leader: Actor, grids: Surfaces) -> None:
    code = "150204006019888"
    cut = {"cut": drawn(across(grids["150204006019001"]))}
    assert (await send(leader, "PATCH", f"/grids/{code}", json={"name": "x"}, headers=FIRST)).status_code == 404
    assert (await send(leader, "POST", f"/grids/{code}/split", json=cut, headers=FIRST)).status_code == 404


async def test_points_on_the_way_are_refused_without_a_grid_at_all(send: Send, leader: Actor) -> None:
    assert await located(send, leader, point(109.6, 40.4)) is None
