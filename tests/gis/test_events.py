"""What gis says when grids and buildings change, and what it answers when others ask."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from gis_svc import topology
from grid_deploy.engines import Engines
from grid_deploy.provision import signing_key_file
from grid_kernel import tables
from grid_kernel.ask import Refused, ask
from grid_kernel.auth import Actor, Post, Signer
from grid_kernel.contracts.gis import (
    DESCRIBE_AREA,
    LIST_PLACES,
    LOCATE,
    BuildingLocated,
    DescribeArea,
    GridDrawn,
    GridMerged,
    GridSplit,
    ListPlaces,
    LocatePoint,
    LocatePoints,
)
from grid_kernel.events import Event, open_envelope
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor

from .conftest import Send, Surfaces
from .drawings import across, building, drawn, inside

FIRST = {"If-Match": '"1"'}


async def said(runtime: Runtime, about: str, *kinds: type[Event]) -> list[Any]:
    """The events of some kinds about areas that begin so, as they stand in the outbox."""
    async with runtime.system_session() as session:
        bodies: Sequence[bytes] = (
            (await session.execute(select(tables.outbox.c.body).order_by(tables.outbox.c.position))).scalars().all()
        )
    events = [open_envelope(body)[1] for body in bodies]
    return [event for event in events if isinstance(event, kinds) and event.area_code.startswith(about)]


async def register(send: Send, grids: Surfaces, code: str) -> UUID:
    head = actor(Post.STATION_HEAD, code[:12])
    return UUID((await send(head, "POST", "/buildings", json=building(inside(grids[code])))).json()["id"])


def pair_of(community: str, grids: Surfaces) -> tuple[str, str]:
    codes = sorted(code for code in grids if code.startswith(community))
    return next((a, b) for a in codes for b in codes if a < b and topology.join([grids[a], grids[b]]) is not None)


async def test_loading_the_areas_says_that_each_grid_exists(runtime: Runtime, shipped_grids: Surfaces) -> None:
    events = await said(runtime, "150204", GridDrawn)
    first = {event.area_code: event for event in events if event.sequence == 1}
    assert set(shipped_grids) <= set(first)
    assert {str(first[code].valid_from) for code in shipped_grids} == {"2023-06-30"}


async def test_a_split_says_which_grid_each_building_is_in_now(
    send: Send, leader: Actor, runtime: Runtime, community: str, grids: Surfaces
) -> None:
    code, _ = pair_of(community, grids)
    inhabited = await register(send, grids, code)
    body = {"cut": drawn(across(grids[code])), "effectiveOn": "2026-06-01"}
    change = (await send(leader, "POST", f"/grids/{code}/split", json=body, headers=FIRST)).json()
    [event] = await said(runtime, code, GridSplit)
    assert (event.sequence, event.area_code, str(event.effective_on)) == (2, code, "2026-06-01")
    assert event.predecessors == (code,)
    assert list(event.successors) == [area["code"] for area in change["successors"]]
    assert event.buildings == {inhabited: change["buildings"][str(inhabited)]}
    assert event.building_versions == {inhabited: 2}


async def test_a_merger_says_which_grid_follows(
    send: Send, leader: Actor, runtime: Runtime, community: str, grids: Surfaces
) -> None:
    pair = pair_of(community, grids)
    inhabited = [await register(send, grids, code) for code in pair]
    body = {"grids": [{"code": code, "version": 1} for code in pair]}
    [successor] = (await send(leader, "POST", "/grids/merge", json=body)).json()["successors"]
    [event] = await said(runtime, successor["code"], GridMerged)
    assert (event.predecessors, event.successors, event.sequence) == (pair, (successor["code"],), 1)
    assert event.buildings == dict.fromkeys(inhabited, successor["code"])


async def test_a_redrawn_grid_is_said_and_so_is_every_building_that_changed_sides(
    send: Send, leader: Actor, runtime: Runtime, community: str, grids: Surfaces
) -> None:
    one, other = pair_of(community, grids)
    inhabited = await register(send, grids, one)
    outlines = {one: grids[other], other: grids[one]}
    body = {"grids": [{"code": code, "version": 1, "outline": drawn(s)} for code, s in outlines.items()]}
    assert (await send(leader, "POST", "/grids/redraw", json=body)).status_code == 200
    assert [event.sequence for event in await said(runtime, one, GridDrawn)] == [1, 2]
    events = [event for event in await said(runtime, community, BuildingLocated) if event.aggregate_id == inhabited]
    assert [(event.sequence, event.area_code) for event in events] == [(1, one), (2, other)]


async def test_what_is_refused_is_not_said(
    send: Send, leader: Actor, runtime: Runtime, community: str, grids: Surfaces
) -> None:
    before = len(await said(runtime, community, Event))
    one, other = pair_of(community, grids)
    await send(leader, "PATCH", f"/grids/{one}", json={"outline": drawn(grids[other])}, headers=FIRST)
    await send(
        leader, "POST", f"/grids/{one}/split", json={"cut": drawn(across(grids[one]))}, headers={"If-Match": '"9"'}
    )
    assert len(await said(runtime, community, Event)) == before


async def test_every_change_of_a_grid_is_in_the_audit_trail(
    send: Send, leader: Actor, runtime: Runtime, community: str, grids: Surfaces
) -> None:
    code, _ = pair_of(community, grids)
    await send(leader, "POST", f"/grids/{code}/split", json={"cut": drawn(across(grids[code]))}, headers=FIRST)
    entry = tables.audit_entry
    async with runtime.system_session() as session:
        row = (await session.execute(select(entry).where(entry.c.area_code == code))).one()
    assert (row.action, row.object_kind, row.actor_id, row.post) == ("grid.split", "grid", leader.id, "district_leader")


@pytest.fixture
def dispute(runtime: Runtime, engines: Engines) -> Runtime:
    """The same bus with the key of dispute, which may ask."""
    key = signing_key_file(engines.settings.secrets_dir, "dispute").read_text("utf-8")
    return replace(runtime, signer=Signer(key), service=replace(runtime.service, name="dispute"))


async def test_dispute_is_told_the_grid_of_a_point(dispute: Runtime, grids: Surfaces) -> None:
    code = "150204006019002"
    here = grids[code].representative_point()
    asked = LocatePoints(
        points=(LocatePoint(reference="a", lon=here.x, lat=here.y), LocatePoint(reference="b", lon=109.6, lat=40.4)),
        at=datetime(2024, 5, 1, tzinfo=UTC),
    )
    found = [(p.reference, p.grid_code, p.area_code) for p in (await ask(dispute, LOCATE, asked)).points]
    assert found == [("a", code, code), ("b", None, None)]


async def test_the_moment_asked_for_decides(
    send: Send, leader: Actor, dispute: Runtime, community: str, grids: Surfaces
) -> None:
    code, _ = pair_of(community, grids)
    change = await send(leader, "POST", f"/grids/{code}/split", json={"cut": drawn(across(grids[code]))}, headers=FIRST)
    here = topology.cut(grids[code], across(grids[code]))[0].representative_point()
    point = LocatePoint(reference="a", lon=here.x, lat=here.y)
    then, now = LocatePoints(points=(point,), at=datetime(2024, 5, 1, tzinfo=UTC)), LocatePoints(points=(point,))
    assert (await ask(dispute, LOCATE, then)).points[0].grid_code == code
    assert (await ask(dispute, LOCATE, now)).points[0].grid_code == change.json()["successors"][0]["code"]


async def test_an_area_is_described_to_those_who_ask(dispute: Runtime) -> None:
    described = await ask(dispute, DESCRIBE_AREA, DescribeArea(code="150204008015"))
    assert (described.name, described.level) == ("建华社区", "community")
    assert (await ask(dispute, DESCRIBE_AREA, DescribeArea(code="150204008999"))).name is None


async def test_places_are_named_to_whoever_runs_a_campaign(
    send: Send, runtime: Runtime, engines: Engines, community: str, grids: Surfaces
) -> None:
    code, _ = pair_of(community, grids)
    registered = sorted([await register(send, grids, code) for _ in range(2)])
    key = signing_key_file(engines.settings.secrets_dir, "population").read_text("utf-8")
    population = replace(runtime, signer=Signer(key), service=replace(runtime.service, name="population"))
    asked = ListPlaces(area_code=code, of="buildings", kinds=("residential",))
    found = await ask(population, LIST_PLACES, asked)
    assert [(each.id, each.kind_name, each.area_code) for each in found.places] == [
        (each, "居民楼", code) for each in registered
    ]
    behind = await ask(population, LIST_PLACES, asked.model_copy(update={"after": registered[0]}))
    assert ([each.id for each in behind.places], behind.more) == (registered[1:], False)
    assert not (await ask(population, LIST_PLACES, ListPlaces(area_code=code, of="things"))).places


async def test_who_is_not_on_the_list_is_not_answered(runtime: Runtime) -> None:
    with pytest.raises(Refused) as refused:
        await ask(runtime, DESCRIBE_AREA, DescribeArea(code="150204"))
    assert refused.value.code == "forbidden"
