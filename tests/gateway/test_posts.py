"""Who may give which post to whom; what the roster and a substitute change."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from tests.gateway.conftest import COMMUNITY, DISTRICT, JIANHUA, PASSWORD, Enter, Gateway, SignIn, keyed

from gateway.events import tell_staffed
from gateway.rules import half_of
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import today
from grid_kernel.contracts.gateway import STAFFED_POSTS, AskStaffed
from grid_kernel.contracts.gis import GridSplit
from grid_kernel.events import envelope
from grid_kernel.inbox import receive
from grid_kernel.types import uuid7

API = "/api/gateway/v1"


def grid(number: int) -> str:
    return f"{COMMUNITY}{number}"


async def assign(client: httpx.AsyncClient, **given: object) -> httpx.Response:
    body = {"post": "resident_service_officer", "validFrom": "2026-01-01", **given}
    return await client.post(f"{API}/posts", json=body, headers=keyed())


async def test_a_security_administrator_gives_a_post_and_it_counts_at_once(
    enter: Enter, sign_in: SignIn, security_admin: httpx.AsyncClient
) -> None:
    worker = await enter()
    client = await sign_in(worker)
    assert (await client.get(f"{API}/me")).json()["grants"] == []
    given = await assign(security_admin, areaCode=grid(201), accountId=str(worker.id))
    assert given.status_code == 201, given.text
    assert (await client.get(f"{API}/me")).json()["areas"] == [grid(201)]


async def test_a_system_administrator_makes_accounts_but_gives_no_post(
    enter: Enter, system_admin: httpx.AsyncClient, gateway: Gateway
) -> None:
    login = f"n{uuid4().hex[:10]}"
    body = {"login": login, "displayName": "李雷", "areaCode": COMMUNITY, "password": PASSWORD}
    made = await system_admin.post(f"{API}/accounts", json=body, headers=keyed())
    assert made.status_code == 201, made.text
    again = await system_admin.post(f"{API}/accounts", json=body, headers=keyed())
    assert again.json()["code"] == "login-taken"
    refused = await assign(system_admin, areaCode=grid(202), accountId=made.json()["id"])
    assert refused.status_code == 403
    async with gateway.client() as client:
        assert (await client.post(f"{API}/session", json={"login": login, "password": PASSWORD})).status_code == 200


async def test_a_security_administrator_makes_no_accounts(security_admin: httpx.AsyncClient) -> None:
    body = {"login": "somebody", "displayName": "某", "areaCode": COMMUNITY, "password": PASSWORD}
    assert (await security_admin.post(f"{API}/accounts", json=body, headers=keyed())).status_code == 403


async def test_a_grid_post_has_one_holder_at_a_time(enter: Enter, security_admin: httpx.AsyncClient) -> None:
    first, second = await enter(), await enter()
    assert (await assign(security_admin, areaCode=grid(203), accountId=str(first.id))).status_code == 201
    taken = await assign(security_admin, areaCode=grid(203), accountId=str(second.id))
    assert (taken.status_code, taken.json()["code"]) == (409, "post-taken")
    later = await assign(security_admin, areaCode=grid(203), accountId=str(second.id), validFrom="2019-01-01")
    assert later.status_code == 409


async def test_an_administrator_gets_no_other_post(enter: Enter, security_admin: httpx.AsyncClient) -> None:
    other = await enter((Post.AUDIT_ADMIN, DISTRICT), area=DISTRICT)
    refused = await assign(security_admin, areaCode=grid(204), accountId=str(other.id))
    assert (refused.status_code, refused.json()["code"]) == (409, "admins-apart")


async def test_an_administrator_s_post_to_come_keeps_other_posts_away_from_then_on(
    enter: Enter, security_admin: httpx.AsyncClient
) -> None:
    other = await enter()
    admin = {"post": "audit_admin", "areaCode": DISTRICT, "accountId": str(other.id)}
    assert (await assign(security_admin, **admin, validFrom="2030-01-01")).status_code == 201
    refused = await assign(security_admin, areaCode=grid(210), accountId=str(other.id))
    assert refused.json()["code"] == "admins-apart"
    until_then = await assign(security_admin, areaCode=grid(210), accountId=str(other.id), validTo="2030-01-01")
    assert until_then.status_code == 201, until_then.text


async def test_no_worker_stands_in_for_an_administrator(
    enter: Enter, security_admin: httpx.AsyncClient, gateway: Gateway
) -> None:
    admin = await enter((Post.AUDIT_ADMIN, DISTRICT), area=DISTRICT)
    worker, free = await enter((Post.RESIDENT_SERVICE_OFFICER, grid(211))), await enter()
    async with gateway.runtime.system_session() as session:
        query = text("select id from post_assignment where account_id = :id")
        post_id = (await session.execute(query, {"id": admin.id})).scalar_one()
    address = f"{API}/posts/{post_id}/substitute"
    refused = await security_admin.put(address, json={"accountId": str(worker.id)}, headers={"If-Match": "1"})
    assert (refused.status_code, refused.json()["code"]) == (409, "admins-apart")
    assert (
        await security_admin.put(address, json={"accountId": str(free.id)}, headers={"If-Match": "1"})
    ).status_code == 200


async def test_a_post_nobody_holds_is_on_the_list_of_vacancies_until_it_is_given(
    enter: Enter, sign_in: SignIn, security_admin: httpx.AsyncClient
) -> None:
    three = (Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR, Post.PARTY_BUILDING_GUIDE)
    for post in three:
        await enter((post, grid(212)))
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    stranger = await sign_in(await enter((Post.STATION_HEAD, JIANHUA), area=JIANHUA))

    async def vacant(client: httpx.AsyncClient) -> list[dict[str, object]]:
        return (await client.get(f"{API}/posts/vacancies", params={"area": grid(212)})).json()["items"]

    assert await vacant(head) == []
    posts = (await head.get(f"{API}/posts", params={"area": grid(212)})).json()["items"]
    officer = next(post for post in posts if post["post"] == "resident_service_officer")
    ended = await security_admin.put(
        f"{API}/posts/{officer['id']}/end", json={"validTo": "2026-01-01"}, headers={"If-Match": "1"}
    )
    assert ended.status_code == 200, ended.text
    assert await vacant(head) == [{"areaCode": grid(212), "posts": ["resident_service_officer"]}]
    assert await vacant(stranger) == []
    worker = await enter()
    assert (await assign(security_admin, areaCode=grid(212), accountId=str(worker.id))).status_code == 201
    assert await vacant(head) == []


@pytest.mark.parametrize("body", [{"areaCode": COMMUNITY}, {"post": "resident"}, {"areaCode": "12"}, {"post": "king"}])
async def test_a_post_at_the_wrong_level_or_of_no_kind_is_refused(
    enter: Enter, security_admin: httpx.AsyncClient, body: dict[str, str]
) -> None:
    worker = await enter()
    given = {"areaCode": grid(205), "accountId": str(worker.id)} | body
    assert (await assign(security_admin, **given)).status_code == 400


async def test_a_station_head_makes_the_roster_and_a_turn_at_the_window_changes_the_grants(
    enter: Enter, sign_in: SignIn
) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    worker = await enter((Post.RESIDENT_SERVICE_OFFICER, grid(206)))
    client = await sign_in(worker)
    now = clock.now()
    entry = {"accountId": str(worker.id), "day": today(now).isoformat(), "half": half_of(now).value}
    assert (await head.put(f"{API}/roster", json=entry | {"duty": "window"})).status_code == 200
    me = (await client.get(f"{API}/me")).json()
    assert [(g["post"], g["areaCode"], g["duty"]) for g in me["grants"]] == [("window_clerk", COMMUNITY, "window")]
    assert (await head.put(f"{API}/roster", json=entry | {"duty": "grid"})).json()["version"] == 2
    assert (await client.get(f"{API}/me")).json()["areas"] == [grid(206)]
    week = await head.get(f"{API}/roster", params={"weekFrom": today(now).isoformat()})
    assert str(worker.id) in {row["accountId"] for row in week.json()}


async def test_a_station_head_has_no_say_in_another_community(enter: Enter, sign_in: SignIn) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, JIANHUA), area=JIANHUA))
    worker = await enter((Post.RESIDENT_SERVICE_OFFICER, grid(207)))
    entry = {"accountId": str(worker.id), "day": "2026-11-24", "half": "am", "duty": "window"}
    assert (await head.put(f"{API}/roster", json=entry)).status_code == 404
    listed = await head.get(f"{API}/posts", params={"area": COMMUNITY})
    assert listed.json()["items"] == []


async def test_a_substitute_has_the_grid_until_the_substitution_ends(
    enter: Enter, sign_in: SignIn, gateway: Gateway
) -> None:
    head = await sign_in(await enter((Post.STATION_HEAD, COMMUNITY)))
    holder, other = await enter((Post.RESIDENT_SERVICE_OFFICER, grid(208))), await enter()
    client = await sign_in(other)
    posts = (await head.get(f"{API}/posts", params={"area": grid(208)})).json()["items"]
    address = f"{API}/posts/{posts[0]['id']}/substitute"
    assert posts[0]["accountId"] == str(holder.id)
    done = await head.put(address, json={"accountId": str(other.id)}, headers={"If-Match": "1"})
    assert done.status_code == 200, done.text
    assert (await client.get(f"{API}/me")).json()["areas"] == [grid(208)]
    stale = await head.put(address, json={"accountId": None}, headers={"If-Match": "1"})
    assert stale.status_code == 412
    await head.put(address, json={"accountId": None}, headers={"If-Match": '"2"'})
    assert (await client.get(f"{API}/me")).json()["areas"] == []


async def test_posts_of_a_split_grid_wait_to_be_assigned_anew(enter: Enter, gateway: Gateway) -> None:
    await enter((Post.RESIDENT_SERVICE_OFFICER, grid(209)))
    event = GridSplit(
        aggregate_id=uuid4(),
        sequence=2,
        occurred_at=clock.now(),
        area_code=grid(209),
        predecessors=(grid(209),),
        successors=(grid(298), grid(299)),
        effective_on=today(clock.now()) + timedelta(1),
        buildings={},
    )
    await receive(gateway.runtime, envelope(event, uuid7()))
    async with gateway.runtime.system_session() as session:
        query = text("select to_reassign from post_assignment where area_code = :area")
        assert (await session.execute(query, {"area": grid(209)})).scalar_one() is True


async def test_a_unit_is_registered_changed_and_heard_of(system_admin: httpx.AsyncClient, gateway: Gateway) -> None:
    code = f"unit-{uuid4().hex[:8]}"
    body = {"code": code, "kind": "department", "name": "区消防救援大队", "areaCode": DISTRICT}
    assert (await system_admin.post(f"{API}/units", json=body, headers=keyed())).status_code == 201
    assert (await system_admin.post(f"{API}/units", json=body, headers=keyed())).status_code == 409
    change = {"name": "区消防救援局", "phone": None, "active": False}
    changed = await system_admin.put(f"{API}/units/{code}", json=change, headers={"If-Match": "1"})
    assert changed.json()["active"] is False
    async with gateway.runtime.system_session() as session:
        query = text("select count(*) from outbox where convert_from(body, 'utf8') like :code")
        assert (await session.execute(query, {"code": f"%{code}%"})).scalar_one() == 2


async def test_a_declared_day_counts_in_every_deadline(system_admin: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await system_admin.put(f"{API}/calendar-days/2026-12-31", json={"working": False, "name": "本地放假"})
    assert answer.json() == {"day": "2026-12-31", "working": False, "name": "本地放假"}
    gateway.runtime.working_days.forget()
    assert not (await gateway.runtime.calendar()).is_working_day(clock.today(clock.now()).replace(2026, 12, 31))


async def test_an_overview_with_every_service_away_says_so(enter: Enter, sign_in: SignIn) -> None:
    client = await sign_in(await enter((Post.STREET_LEADER, "150204006"), area="150204006"))
    made = await client.get(f"{API}/overview", params={"area": "150204006"})
    assert made.status_code == 200
    parts = made.json()["parts"]
    assert {part["status"] for part in parts.values()} == {"unavailable"}
    assert set(parts) == {"population", "approval", "dispute", "gis"}
    assert (await client.get(f"{API}/overview", params={"area": "150204008"})).status_code == 403


async def test_a_service_that_is_away_is_an_honest_503(enter: Enter, sign_in: SignIn) -> None:
    client = await sign_in(await enter())
    refused = await client.get("/api/population/v1/households")
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("address", ["units?kind=a%00b", "accounts?login=a%00b"])
async def test_what_no_text_can_hold_is_refused(system_admin: httpx.AsyncClient, address: str) -> None:
    refused = await system_admin.get(f"{API}/{address}")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid-input")


async def test_population_is_told_how_many_people_hold_the_posts_of_an_area(enter: Enter, gateway: Gateway) -> None:
    north, south = f"{JIANHUA}401", f"{JIANHUA}402"
    await enter((Post.RESIDENT_SERVICE_OFFICER, north))
    await enter((Post.OPINION_COLLECTOR, north), (Post.OPINION_COLLECTOR, south))
    gone = await enter((Post.RESIDENT_SERVICE_OFFICER, south))
    async with gateway.runtime.system_session() as session:
        ended = text("update post_assignment set valid_to = '2026-01-01' where account_id = :id")
        await session.execute(ended, {"id": gone.id})
    officer, collector = Post.RESIDENT_SERVICE_OFFICER.value, Post.OPINION_COLLECTOR.value
    asked = AskStaffed(area_code=JIANHUA, posts=(officer, collector))
    told = await tell_staffed(gateway.runtime, Actor.system("population"), asked, clock.now())
    people = {(each.area_code, each.post): each.people for each in told.posts}
    assert people[north, officer] == people[north, collector] == people[south, collector] == 1
    assert people[JIANHUA, collector] == 1, "one director may hold two grids"
    assert (south, officer) not in people
    assert STAFFED_POSTS.askers == {"population"}
    assert JIANHUA[:9] not in {area for area, _ in people}, "nothing above what was asked"
