"""One request is one transaction: committed before the answer leaves, once per key, within the actor's areas."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from grid_kernel.auth import Actor, Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor

DULAN, JIANHUA = "150204006019", "150204008015"


@pytest.fixture
def officer() -> Actor:
    return actor(Post.RESIDENT_SERVICE_OFFICER, f"{DULAN}001", duty="grid")


async def write(client: httpx.AsyncClient, toy: Any, who: Actor, **more: Any) -> httpx.Response:
    body = {"text": "记一笔", "areaCode": f"{DULAN}001"} | more
    return await client.post("/v1/notes", json=body, headers=toy.tokens.headers(who))


async def test_what_was_answered_with_201_is_there(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    written = await write(client, toy, officer)
    assert written.status_code == 201
    assert written.headers["etag"] == '"1"'
    found = await client.get(f"/v1/notes/{written.json()['id']}", headers=toy.tokens.headers(officer))
    assert found.json() == written.json()


async def test_nobody_without_a_token_is_answered(client: httpx.AsyncClient) -> None:
    refused = await client.get("/v1/notes")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["title"] == "尚未登录"
    assert refused.headers["api-version"] == "0.1.0"


@pytest.mark.parametrize("header", ["Bearer", "Bearer x.y.z", "Basic abc", "Bearer eyJhbGciOiJub25lIn0.e30."])
async def test_a_forged_token_is_no_token(client: httpx.AsyncClient, header: str) -> None:
    assert (await client.get("/v1/notes", headers={"Authorization": header})).status_code == 401


async def test_bad_input_names_every_member_at_fault(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    headers = toy.tokens.headers(officer)
    refused = await client.post("/v1/notes", json={"areaCode": "abc", "more": 1}, headers=headers)
    assert refused.status_code == 400
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/text", "/areaCode", "/more"}
    assert refused.json()["title"] == "填写的内容有误"
    english = await client.post("/v1/notes", json={}, headers=headers | {"Accept-Language": "en"})
    assert english.json()["title"] == "Invalid input"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
async def test_characters_no_database_holds_are_refused(
    client: httpx.AsyncClient, toy: Any, officer: Actor, text: str
) -> None:
    escaped = "".join(f"\\u{ord(character):04x}" for character in text)
    body = f'{{"areaCode": "150204006019001", "text": "{escaped}"}}'
    headers = toy.tokens.headers(officer) | {"Content-Type": "application/json"}
    assert (await client.post("/v1/notes", content=body, headers=headers)).status_code == 400


async def test_a_creating_request_needs_a_key(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    headers = {"Authorization": f"Bearer {toy.tokens.of(officer)}"}
    refused = await client.post("/v1/notes", json={"text": "x", "areaCode": DULAN}, headers=headers)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "#/header/Idempotency-Key"


async def test_who_asks_is_asked_before_the_key(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/notes", json={"text": "x", "areaCode": DULAN})).status_code == 401


async def test_the_same_request_is_answered_once(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    headers = toy.tokens.headers(officer)
    body = {"text": "一次", "areaCode": f"{DULAN}001"}
    first = await client.post("/v1/notes", json=body, headers=headers)
    again = await client.post("/v1/notes", json=body, headers=headers)
    assert again.status_code == 201
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post("/v1/notes", json=body | {"text": "两次"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency-key-reused"


async def test_of_many_at_once_with_one_key_one_is_done(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    headers = toy.tokens.headers(officer)
    body = {"text": "并发", "areaCode": f"{DULAN}001", "pause": 0.3}
    answers = await asyncio.gather(*(client.post("/v1/notes", json=body, headers=headers) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json().get("id") for answer in answers if answer.status_code == 201}) == 1
    final = await client.post("/v1/notes", json=body, headers=headers)
    assert final.json()["id"] == next(a.json()["id"] for a in answers if a.status_code == 201)


async def test_a_key_belongs_to_who_used_it(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    key = uuid4().hex
    other = actor(Post.RESIDENT_SERVICE_OFFICER, f"{DULAN}001")
    body = {"text": "同钥", "areaCode": f"{DULAN}001"}
    ids = set()
    for who in (officer, other):
        headers = toy.tokens.headers(who) | {"Idempotency-Key": key}
        ids.add((await client.post("/v1/notes", json=body, headers=headers)).json()["id"])
    assert len(ids) == 2


async def test_a_change_needs_the_present_version(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    note = (await write(client, toy, officer)).json()
    address, headers = f"/v1/notes/{note['id']}", toy.tokens.headers(officer)
    assert (await client.put(address, json={"text": "改"}, headers=headers)).status_code == 428
    bad = await client.put(address, json={"text": "改"}, headers=headers | {"If-Match": "abc"})
    assert bad.status_code == 400
    changed = await client.put(address, json={"text": "改"}, headers=headers | {"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    stale = await client.put(address, json={"text": "又改"}, headers=headers | {"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")


async def test_of_many_changes_of_one_version_one_wins(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    note = (await write(client, toy, officer)).json()
    headers = toy.tokens.headers(officer) | {"If-Match": '"1"'}
    answers = await asyncio.gather(
        *(client.put(f"/v1/notes/{note['id']}", json={"text": str(n)}, headers=headers) for n in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19


async def test_a_foreign_area_looks_like_nothing(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    note = (await write(client, toy, officer)).json()
    stranger = actor(Post.RESIDENT_SERVICE_OFFICER, f"{JIANHUA}001")
    there = await client.get(f"/v1/notes/{note['id']}", headers=toy.tokens.headers(stranger))
    nowhere = await client.get(f"/v1/notes/{uuid4()}", headers=toy.tokens.headers(stranger))
    assert there.status_code == nowhere.status_code == 404
    assert there.json()["instance"] == f"/api/toy/v1/notes/{note['id']}"
    differing = {"instance", "traceId"}
    assert {k: v for k, v in there.json().items() if k not in differing} == {
        k: v for k, v in nowhere.json().items() if k not in differing
    }


async def test_paging_shows_every_row_once(client: httpx.AsyncClient, toy: Any) -> None:
    who = actor(Post.STATION_HEAD, "150204001021")
    for number in range(7):
        await write(client, toy, who, text=f"第{number}条", areaCode="150204001021")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/notes", params=query, headers=toy.tokens.headers(who))).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["nextCursor"]) is None:
            break
    assert len(seen) == len(set(seen)) == 7
    bad = await client.get("/v1/notes", params={"cursor": "zzz"}, headers=toy.tokens.headers(who))
    assert bad.status_code == 400


async def test_a_row_may_be_moved_out_of_ones_area_when_the_rule_allows(
    client: httpx.AsyncClient, toy: Any, officer: Actor
) -> None:
    note = (await write(client, toy, officer)).json()
    headers = toy.tokens.headers(officer)
    moved = await client.post(f"/v1/notes/{note['id']}/move", params={"area": f"{JIANHUA}001"}, headers=headers)
    assert moved.status_code == 200
    assert (await client.get(f"/v1/notes/{note['id']}", headers=headers)).status_code == 404


async def test_secrets_are_not_stored_in_clear_and_a_reveal_is_recorded(
    client: httpx.AsyncClient, toy: Any, officer: Actor, runtime: Runtime
) -> None:
    note = (await write(client, toy, officer, secret="canary-secret")).json()
    async with runtime.system_session() as session:
        stored = (
            await session.execute(text("select secret from note where id = :id"), {"id": note["id"]})
        ).scalar_one()
    assert b"canary" not in stored
    shown = await client.post(f"/v1/notes/{note['id']}/reveal", headers=toy.tokens.headers(officer))
    assert shown.json() == {"secret": "canary-secret"}
    async with runtime.system_session() as session:
        of_note = "object_ids @> array[cast(:id as uuid)]"
        query = text(f"select purpose, fields, actor_id from access_record where {of_note} and fields <> '{{}}'")
        row = (await session.execute(query, {"id": note["id"]})).one()
    assert tuple(row) == ("test", ["secret"], officer.id)


async def test_a_list_that_was_read_is_recorded(
    client: httpx.AsyncClient, toy: Any, officer: Actor, runtime: Runtime
) -> None:
    note = (await write(client, toy, officer)).json()
    await client.get("/v1/notes", headers=toy.tokens.headers(officer))
    async with runtime.system_session() as session:
        query = text("select via, post from access_record where object_ids @> array[cast(:id as uuid)]")
        assert ("GET /notes", "resident_service_officer") in [
            tuple(r) for r in await session.execute(query, {"id": note["id"]})
        ]


async def test_a_fault_of_ours_tells_nothing(
    client: httpx.AsyncClient, toy: Any, officer: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = await client.get("/v1/notes/break/now", headers=toy.tokens.headers(officer))
    assert broken.status_code == 500
    assert broken.json()["code"] == "internal-error"
    assert "canary" not in broken.text


async def test_unknown_paths_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/nothing")).json()["code"] == "not-found"
    wrong = await client.delete("/v1/notes")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")


async def test_too_large_a_body_is_refused(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    refused = await client.post("/v1/notes", content=b"x" * (22 * 1024 * 1024), headers=toy.tokens.headers(officer))
    assert refused.status_code == 413


async def test_moments_are_written_in_shanghai_time(client: httpx.AsyncClient, toy: Any, officer: Actor) -> None:
    assert (await write(client, toy, officer)).json()["writtenAt"].endswith("+08:00")
