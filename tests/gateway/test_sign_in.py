"""Signing in: slow to guess, impossible to ride on, gone at once when it must be."""

import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import httpx
import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.gateway.conftest import COMMUNITY, DISTRICT, GRID, PASSWORD, Enter, Gateway, Person, SignIn

from gateway import commands
from gateway.holding import holding_of
from gateway.models import Account
from gateway.sessions import SignedIn, signed_in
from grid_kernel import clock
from grid_kernel.auth import Actor, Post

SESSION, ME = "/api/gateway/v1/session", "/api/gateway/v1/me"


async def test_who_signs_in_is_told_posts_and_areas(enter: Enter, sign_in: SignIn) -> None:
    worker = await enter((Post.RESIDENT_SERVICE_OFFICER, f"{COMMUNITY}101"))
    client = await sign_in(worker)
    me = (await client.get(ME)).json()
    assert me["login"] == worker.login
    told = {"post": "resident_service_officer", "areaCode": f"{COMMUNITY}101", "unitCode": None, "duty": "grid"}
    assert me["grants"] == [told | {"areaName": None, "unitName": None}]
    assert me["areas"] == [f"{COMMUNITY}101"]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(enter: Enter, gateway: Gateway) -> None:
    worker = await enter()
    async with gateway.client() as client:
        answer = await client.post(SESSION, json={"login": worker.login, "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie


async def test_behind_tls_the_cookie_is_the_host_s_own(enter: Enter, gateway_behind_tls: Gateway) -> None:
    worker = await enter((Post.STATION_HEAD, COMMUNITY))
    async with gateway_behind_tls.client() as client:
        answer = await client.post(SESSION, json={"login": worker.login, "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-grid=")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}
        assert "domain" not in cookie.lower()
        client.cookies.clear()
        secret = cookie.split(";")[0].split("=", 1)[1]
        assert (await client.get(ME, headers={"Cookie": f"__Host-grid={secret}"})).status_code == 200
        assert (await client.get(ME, headers={"Cookie": f"grid={secret}"})).status_code == 401


@pytest.mark.parametrize("wrong", [{"password": "wrong-password"}, {"login": "nobody-at-all"}])
async def test_what_is_wrong_is_not_said(enter: Enter, gateway: Gateway, wrong: dict[str, str]) -> None:
    worker = await enter()
    async with gateway.client() as client:
        refused = await client.post(SESSION, json={"login": worker.login, "password": PASSWORD} | wrong)
    assert (refused.status_code, refused.json()["code"]) == (401, "login-failed")


async def test_after_five_failures_even_the_right_password_waits(enter: Enter, gateway: Gateway) -> None:
    worker = await enter()
    async with gateway.client() as client:
        for _ in range(5):
            await client.post(SESSION, json={"login": worker.login, "password": "wrong-password"})
        locked = await client.post(SESSION, json={"login": worker.login, "password": PASSWORD})
        assert (locked.status_code, locked.json()["code"]) == (429, "login-locked")
        assert 1 <= int(locked.headers["retry-after"]) <= 61
        async with gateway.runtime.system_session() as session:
            update = text("update account set locked_until = now() where id = :id")
            await session.execute(update, {"id": worker.id})
        assert (await client.post(SESSION, json={"login": worker.login, "password": PASSWORD})).status_code == 200


async def test_each_further_failure_waits_longer_and_is_written_down(enter: Enter, gateway: Gateway) -> None:
    worker = await enter()
    waits = []
    async with gateway.client() as client:
        for _ in range(7):
            await client.post(SESSION, json={"login": worker.login, "password": "wrong-password"})
            async with gateway.runtime.system_session() as session:
                update = text(
                    "update account set locked_until = now() from account before where account.id = :id "
                    "and before.id = account.id returning extract(epoch from before.locked_until - now())::float"
                )
                waits.append((await session.execute(update, {"id": worker.id})).scalar_one())
    assert [round(wait / 60) for wait in waits if wait is not None][-3:] == [1, 2, 4]
    async with gateway.runtime.system_session() as session:
        query = text("select count(*) from audit_entry where action = 'account.locked' and object_id = :id")
        assert (await session.execute(query, {"id": worker.id})).scalar_one() == 3


async def test_without_a_session_nobody_is_known(gateway: Gateway) -> None:
    async with gateway.client() as client:
        assert (await client.get(ME)).status_code == 401
        client.cookies.set("grid", "made-up")
        assert (await client.get(ME)).status_code == 401


async def test_identity_from_outside_is_stripped(gateway: Gateway, enter: Enter) -> None:
    worker = await enter((Post.STATION_HEAD, COMMUNITY))
    token = gateway.runtime.signer.mint(Actor(kind="account", id=str(worker.id)), now=clock.now())
    async with gateway.client() as client:
        answer = await client.get(ME, headers={"Authorization": f"Bearer {token}", "X-Forwarded-User": worker.login})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://gateway.test"}, 204),
        ({"Origin": "http://evil.test"}, 403),
        ({"X-Grid-Request": "1"}, 204),
        ({}, 403),
    ],
)
async def test_another_site_cannot_ride_on_the_cookie(
    enter: Enter, sign_in: SignIn, headers: dict[str, str], status: int
) -> None:
    client = await sign_in(await enter())
    del client.headers["X-Grid-Request"]
    assert (await client.delete(SESSION, headers=headers)).status_code == status


async def test_signing_out_ends_the_session_everywhere(enter: Enter, sign_in: SignIn, gateway: Gateway) -> None:
    client = await sign_in(await enter())
    cookie = client.cookies["grid"]
    assert (await client.get(ME)).status_code == 200
    assert (await client.delete(SESSION)).status_code == 204
    async with gateway.client() as thief:
        thief.cookies.set("grid", cookie)
        assert (await thief.get(ME)).status_code == 401


async def test_an_idle_session_ends(enter: Enter, sign_in: SignIn, gateway: Gateway) -> None:
    worker = await enter()
    client = await sign_in(worker)
    async with gateway.runtime.system_session() as session:
        update = text("update web_session set seen_at = :then where account_id = :id")
        await session.execute(update, {"then": clock.now() - timedelta(minutes=31), "id": worker.id})
    assert (await client.get(ME)).status_code == 401


async def entered_by_phone(gateway: Gateway, who: Person) -> tuple[httpx.AsyncClient, str]:
    client = gateway.client()
    answer = await client.post(SESSION, json={"login": who.login, "password": PASSWORD, "keep": True})
    assert answer.status_code == 200, answer.text
    return client, answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(("days", "status"), [(6, 200), (8, 401)])
async def test_the_phone_of_a_worker_stays_signed_in_between_days(
    enter: Enter, gateway: Gateway, days: int, status: int
) -> None:
    worker = await enter((Post.RESIDENT_SERVICE_OFFICER, f"{COMMUNITY}{230 + days}"))
    client, cookie = await entered_by_phone(gateway, worker)
    assert f"max-age={30 * 24 * 3600}" in cookie
    async with gateway.runtime.system_session() as session:
        update = text("update web_session set seen_at = :then where account_id = :id")
        await session.execute(update, {"then": clock.now() - timedelta(days=days), "id": worker.id})
        await commands.end_idle_sessions(session, now=clock.now())
    assert (await client.get(ME)).status_code == status
    await client.aclose()


@pytest.mark.parametrize("post", [Post.STATION_HEAD, Post.SECURITY_ADMIN])
async def test_nobody_else_stays_signed_in_on_a_phone(enter: Enter, gateway: Gateway, post: Post) -> None:
    area = COMMUNITY if post is Post.STATION_HEAD else DISTRICT
    client, cookie = await entered_by_phone(gateway, await enter((post, area)))
    assert "max-age" not in cookie
    await client.aclose()


async def test_the_second_factor_is_needed_once_confirmed_and_each_code_counts_once(
    enter: Enter, sign_in: SignIn, gateway: Gateway
) -> None:
    worker = await enter()
    client = await sign_in(worker)
    secret = (await client.post(f"{ME}/second-factor")).json()["secret"]
    wrong = await client.put(f"{ME}/second-factor", json={"code": "000000"})
    assert wrong.status_code == 400
    code = pyotp.TOTP(secret).now()
    assert (await client.put(f"{ME}/second-factor", json={"code": code})).status_code == 204
    given = {"login": worker.login, "password": PASSWORD}
    async with gateway.client() as browser:
        assert (await browser.post(SESSION, json=given)).json()["code"] == "second-factor-required"
        used = await browser.post(SESSION, json=given | {"totp": code})
        assert used.json()["code"] == "login-failed"
        later = pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30))
        assert (await browser.post(SESSION, json=given | {"totp": later})).status_code == 200


async def test_a_new_password_ends_every_session(enter: Enter, sign_in: SignIn, gateway: Gateway) -> None:
    worker = await enter()
    client, other = await sign_in(worker), await sign_in(worker)
    assert (await other.get(ME)).status_code == 200
    fresh = "another-long-password"
    assert (await client.put(f"{ME}/password", json={"current": "wrong-one-x", "fresh": fresh})).status_code == 400
    assert (await client.put(f"{ME}/password", json={"current": PASSWORD, "fresh": fresh})).status_code == 204
    assert (await other.get(ME)).status_code == 401
    async with gateway.client() as browser:
        assert (await browser.post(SESSION, json={"login": worker.login, "password": fresh})).status_code == 200


async def test_a_short_password_is_refused_with_its_place(sign_in: SignIn, enter: Enter) -> None:
    client = await sign_in(await enter())
    refused = await client.put(f"{ME}/password", json={"current": PASSWORD, "fresh": "short"})
    assert refused.json()["errors"][0]["pointer"] == "/fresh"
    assert "short" not in refused.text.replace("too-short", "")


async def test_a_post_that_is_vacated_allows_nothing_more_at_once(
    enter: Enter, sign_in: SignIn, security_admin: httpx.AsyncClient, gateway: Gateway
) -> None:
    worker = await enter((Post.RESIDENT_SERVICE_OFFICER, GRID))
    client = await sign_in(worker)
    assert (await client.get(ME)).json()["areas"] == [GRID]
    async with gateway.runtime.system_session() as session:
        found = await session.execute(text("select id from post_assignment where account_id = :id"), {"id": worker.id})
        post_id = found.scalar_one()
    ended = await security_admin.put(
        f"/api/gateway/v1/posts/{post_id}/end", json={"validTo": "2026-01-01"}, headers={"If-Match": "1"}
    )
    assert ended.status_code == 200, ended.text
    assert (await told(gateway, client)).grants == ()


async def told(gateway: Gateway, client: httpx.AsyncClient) -> Actor:
    """The actor a service would be told of, with the cookie of a browser."""
    sessions = holding_of(gateway.runtime).sessions
    token = await sessions.authorise(
        {"method": "GET", "headers": [(b"cookie", f"grid={client.cookies['grid']}".encode())]}
    )
    return gateway.runtime.verifier.verify((token or b"").decode(), now=clock.now().timestamp())


async def test_a_change_made_by_another_gateway_counts_within_a_minute(
    enter: Enter, sign_in: SignIn, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await enter((Post.RESIDENT_SERVICE_OFFICER, f"{COMMUNITY}102"))
    client = await sign_in(worker)
    assert len((await told(gateway, client)).grants) == 1
    async with gateway.runtime.system_session() as session:
        end = text("update post_assignment set valid_to = '2026-01-01' where account_id = :id")
        await session.execute(end, {"id": worker.id})
    assert len((await told(gateway, client)).grants) == 1
    later = time.monotonic() + 60
    monkeypatch.setattr("gateway.sessions.time", SimpleNamespace(monotonic=lambda: later))
    assert (await told(gateway, client)).grants == ()


async def test_what_was_looked_up_while_a_post_ended_is_not_remembered(
    enter: Enter, sign_in: SignIn, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await enter((Post.RESIDENT_SERVICE_OFFICER, f"{COMMUNITY}103"))
    client = await sign_in(worker)
    sessions, reading = holding_of(gateway.runtime).sessions, signed_in

    async def overtaken(session: AsyncSession, account: Account, now: datetime) -> SignedIn:
        found = await reading(session, account, now)
        async with gateway.runtime.system_session() as other:
            end = text("update post_assignment set valid_to = '2026-01-01' where account_id = :id")
            await other.execute(end, {"id": worker.id})
            sessions.forget(other, worker.id)
        return found

    monkeypatch.setattr("gateway.sessions.signed_in", overtaken)
    assert len((await told(gateway, client)).grants) == 1
    monkeypatch.undo()
    assert (await told(gateway, client)).grants == ()
