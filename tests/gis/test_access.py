"""Nobody unknown gets in; each of the two walls around buildings holds alone."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlmodel import select

from gis_svc.app import SERVICE, create_app
from gis_svc.models import Building
from gis_svc.queries import scope, visible
from gis_svc.queries.buildings import in_box
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.geo import Box
from grid_kernel.runtime import Runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces
from .drawings import building, inside

KINDS = ("building", "thing", "check", "job", "service_point")
VALUES = {"code": "150204006019001", "name": "area_kinds", "layer": "vec", "zoom": "3", "column": "6", "row": "3"}
VALUES |= {"sha256": "0" * 64} | {f"{kind}_id": str(UUID(int=7)) for kind in KINDS}
HERE, THERE = "150204101213", "150204101212"


def operations() -> Iterator[tuple[str, str]]:
    for router in SERVICE.routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield sorted(route.methods or ())[0], route.path.format(**VALUES)


@pytest.mark.parametrize(("method", "path"), list(operations()))
async def test_nobody_unknown_gets_an_answer(send: Send, method: str, path: str) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    answer = await send(None, method, path, json={} if method != "GET" else None, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_forged_token_is_nobody(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/areas", headers={"Authorization": "Bearer e30.e30.e30"})
    assert answer.status_code == 401


def test_scope_is_where_a_post_is_held() -> None:
    assert scope(actor(Post.STATION_HEAD, HERE)) == (HERE,)
    assert scope(Actor.system("dispute")) == ()
    assert scope(Actor(kind="resident", id="r", grants=(Grant(post=Post.RESIDENT, area="150204"),))) == ()
    grants = (Grant(post=Post.STATION_HEAD, area=HERE), Grant(post=Post.MEDIATOR, area=THERE))
    assert scope(Actor(kind="account", id="a", grants=grants)) == tuple(sorted((HERE, THERE)))


@pytest.fixture(scope="module")
async def two_buildings(send: Send, grids: Surfaces) -> dict[str, str]:
    """One building in each of two communities."""
    made = {}
    for community in (HERE, THERE):
        code = min(code for code in grids if code.startswith(community))
        head = actor(Post.STATION_HEAD, community)
        answer = await send(head, "POST", "/buildings", json=building(inside(grids[code])))
        assert answer.status_code == 201, answer.text
        made[community] = answer.json()["id"]
    return made


async def test_the_rule_alone_keeps_foreign_buildings_out(runtime: Runtime, two_buildings: dict[str, str]) -> None:
    """With the service's own role row-level security lets everything through."""
    async with runtime.system_session() as session:
        found = (await session.execute(visible(actor(Post.STATION_HEAD, HERE)))).scalars().all()
    assert {found_one.community_code for found_one in found} == {HERE}
    assert two_buildings[HERE] in {str(found_one.id) for found_one in found}


async def test_row_level_security_alone_keeps_foreign_buildings_out(
    runtime: Runtime, two_buildings: dict[str, str]
) -> None:
    """A query that forgets the rule still sees the own area only."""
    async with runtime.app_session(actor(Post.STATION_HEAD, HERE)) as session:
        found = (await session.execute(select(Building.id, Building.community_code))).all()
    assert {row.community_code for row in found} == {HERE}
    assert two_buildings[HERE] in {str(row.id) for row in found}


async def test_the_box_of_a_map_is_looked_up_in_an_index_behind_row_level_security(runtime: Runtime) -> None:
    """An operator PostgreSQL does not trust would be asked of each building the wall lets through."""
    who = actor(Post.STATION_HEAD, HERE)
    asked = visible(who).where(in_box(Box(109.9, 40.66, 109.91, 40.67)))
    plain = asked.with_only_columns(Building.id).compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    async with runtime.app_session(who) as session:
        await session.execute(text("set local enable_seqscan = off"))
        plan = "\n".join((await session.execute(text(f"explain {plain}"))).scalars())
    assert "ix_building_point" in plan
    assert "Index Cond: ((lon >=" in plan


async def test_row_level_security_keeps_foreign_buildings_from_being_changed(
    runtime: Runtime, two_buildings: dict[str, str]
) -> None:
    async with runtime.app_session(actor(Post.STATION_HEAD, HERE)) as session:
        changed = await session.execute(
            text("update building set name = 'mine' where id = :id"), {"id": two_buildings[THERE]}
        )
        assert changed.rowcount == 0  # type: ignore[attr-defined]  # a cursor result, since it is an update


async def test_a_connection_that_forgets_its_scope_sees_nothing(
    settings: ServiceSettings, two_buildings: dict[str, str]
) -> None:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        assert await connection.fetch("select id from building") == []
        async with connection.transaction():
            await connection.execute("select set_config('app.scope', $1, true)", HERE)
            assert await connection.fetchval("select count(*) from building") > 0
        # The setting is now '' instead of unset on this pooled connection.
        assert await connection.fetch("select id from building") == []
    finally:
        await connection.close()


WATCHERS = (Post.SECURITY_ADMIN, Post.AUDIT_ADMIN)
WORKING = [post for post in Post if post not in (Post.RESIDENT, Post.SERVICE, *WATCHERS)]


@pytest.mark.parametrize("post", WATCHERS)
async def test_who_watches_over_accounts_or_records_sees_no_building(
    send: Send, client: httpx.AsyncClient, tokens: Tokens, two_buildings: dict[str, str], post: Post
) -> None:
    who = actor(post, "150204")
    assert (await send(who, "GET", f"/buildings/{two_buildings[HERE]}")).status_code == 404
    assert (await send(who, "GET", "/buildings")).json()["items"] == []
    for layer in ("buildings", "things"):
        answer = await client.get(f"/ogc/collections/{layer}/items", headers=tokens.headers(who))
        assert answer.json()["features"] == []


@pytest.mark.parametrize("post", WORKING)
async def test_every_post_sees_the_buildings_of_its_area_and_no_other(
    send: Send, two_buildings: dict[str, str], post: Post
) -> None:
    who = actor(post, HERE)
    assert (await send(who, "GET", f"/buildings/{two_buildings[HERE]}")).status_code == 200
    assert (await send(who, "GET", f"/buildings/{two_buildings[THERE]}")).status_code == 404


async def test_who_works_in_two_areas_sees_both(send: Send, two_buildings: dict[str, str]) -> None:
    grants = tuple(Grant(post=Post.RESIDENT_SERVICE_OFFICER, area=area) for area in (HERE, THERE))
    both = Actor(kind="account", id="substitute", grants=grants)
    for community in (HERE, THERE):
        assert (await send(both, "GET", f"/buildings/{two_buildings[community]}")).status_code == 200


def test_every_operation_is_documented_with_what_it_may_refuse(settings: ServiceSettings) -> None:
    paths: dict[str, dict[str, Any]] = create_app(settings).openapi()["paths"]
    assert {"/areas", "/areas/{code}", "/grids", "/grids/{code}/split", "/buildings", "/locate"} <= set(paths)
    for path, item in paths.items():
        for method, operation in item.items():
            if path.startswith(("/areas", "/grids", "/buildings", "/locate")):
                assert "401" in operation["responses"], (method, path)
                assert operation["description"], (method, path)
