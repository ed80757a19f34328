"""Who may do what: every verb, refused to everybody it is not for; both walls of area scope, each alone."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text
from tests.approval.conftest import (
    CIVIL,
    CLERK,
    COMMUNITY,
    ELSEWHERE,
    GRID,
    GUIDE,
    HEAD,
    HEALTH,
    LEADER,
    STRANGER,
    WAYS,
    WORKER,
    Desk,
    application,
)

from approval_svc import queries
from approval_svc.models import Application
from grid_kernel.auth import Actor, Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens, actor

VERBS: dict[str, tuple[str, Actor, dict[str, Any] | None]] = {
    "pre-review": ("submitted", CLERK, {"passed": True}),
    "correction-notice": ("submitted", CLERK, {"deficiencies": ["收入证明"]}),
    "correction": ("correction_required", CLERK, {"materials": []}),
    "forward": ("pre_reviewed", CLERK, None),
    "acceptance": ("forwarded", CIVIL, {"accepted": True}),
    "suspension": ("accepted", CIVIL, {"procedure": "hearing"}),
    "resumption": ("suspended", CIVIL, None),
    "decision": ("accepted", CIVIL, {"approved": True}),
    "completion": ("approved", CIVIL, None),
    "withdrawal": ("submitted", CLERK, {"reason": "不办了"}),
}
ADMINS = [actor(post, "150204") for post in (Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN)]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_verb_is_refused_to_everybody_it_is_not_for(desk: Desk, verb: str) -> None:
    state, who, body = VERBS[verb]
    await desk.submit()
    await desk.to(state)
    anonymous = await desk.act(verb, who, body, Authorization="")
    assert anonymous.status_code == 401
    for outsider in (STRANGER, GUIDE, *ADMINS, HEALTH):
        refused = await desk.act(verb, outsider, body)
        assert refused.status_code == 404, (outsider.grants, refused.text)
    for reader in (LEADER, *([CLERK] if who is CIVIL and verb != "completion" else [])):
        refused = await desk.act(verb, reader, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await desk.act(verb, who, body)).status_code == 200


@pytest.mark.parametrize("verb", VERBS)
async def test_a_verb_needs_the_present_version(desk: Desk, verb: str) -> None:
    state, who, body = VERBS[verb]
    await desk.submit()
    await desk.to(state)
    stale = await desk.act(verb, who, body, **{"If-Match": '"99"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")


@pytest.mark.parametrize("state", WAYS)
async def test_a_verb_out_of_its_state_is_refused_and_changes_nothing(desk: Desk, state: str) -> None:
    await desk.submit()
    await desk.to(state)
    allowed = {verb for verb, (start, _, _) in VERBS.items() if start == state}
    allowed |= (
        {"withdrawal"}
        if state in {"pre_reviewed", "forwarded", "accepted", "correction_required", "suspended"}
        else set()
    )
    allowed |= {"completion"} if state == "denied" else set()
    allowed |= {"correction-notice"} if state == "forwarded" else set()
    before = desk.known["version"]
    for verb in sorted(set(VERBS) - allowed):
        _, who, body = VERBS[verb]
        who = CIVIL if state == "forwarded" and verb == "correction-notice" else who
        refused = await desk.act(verb, who, body)
        assert refused.status_code in {409, 404}, (verb, refused.text)
        assert refused.status_code == 409 or who is CIVIL
    assert (await desk.read()).json()["version"] == before


async def test_an_application_is_taken_in_only_at_ones_own_place(client: httpx.AsyncClient, tokens: Tokens) -> None:
    for who, area in (
        (STRANGER, COMMUNITY),
        (WORKER, COMMUNITY),
        (LEADER, COMMUNITY),
        (GUIDE, GRID),
        (CLERK, ELSEWHERE),
    ):
        answer = await client.post("/v1/applications", json=application(areaCode=area), headers=tokens.headers(who))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    own = application(areaCode=GRID, channel="proxy")
    assert (await client.post("/v1/applications", json=own, headers=tokens.headers(WORKER))).status_code == 201


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"itemCode": "ZZ999"}, "/itemCode"),
        ({"itemCode": "x"}, "/itemCode"),
        ({"areaCode": "15"}, "/areaCode"),
        ({"applicant": {"name": "王", "idNumber": "110105194912310021"}}, "/applicant/idNumber"),
        ({"applicant": {"name": "", "idNumber": "11010519491231002X"}}, "/applicant/name"),
        ({"materials": [{"seq": 99}]}, "/materials/0/seq"),
        ({"score": 5}, "/score"),
    ],
)
async def test_bad_input_is_refused_at_its_place(
    client: httpx.AsyncClient, tokens: Tokens, more: dict[str, Any], pointer: str
) -> None:
    refused = await client.post("/v1/applications", json=application(**more), headers=tokens.headers(CLERK))
    assert refused.status_code == 400
    assert pointer in {error["pointer"] for error in refused.json()["errors"]}
    assert "110105194912310021" not in refused.text


async def test_a_no_needs_a_reason(desk: Desk) -> None:
    await desk.submit()
    assert (await desk.act("pre-review", CLERK, {"passed": False})).status_code == 400
    await desk.to("forwarded")
    assert (await desk.act("acceptance", CIVIL, {"accepted": False})).status_code == 400


async def test_a_second_list_needs_the_head_and_a_reason(desk: Desk) -> None:
    await desk.submit()
    await desk.act("correction-notice", CLERK, {"deficiencies": ["收入证明"]})
    await desk.act("correction", CLERK, {"materials": []})
    other = {"deficiencies": ["户口本"], "reason": "漏看了"}
    refused = await desk.act("correction-notice", CLERK, other)
    assert (refused.status_code, refused.json()["code"]) == (409, "application-second-notice")
    assert (await desk.act("correction-notice", HEAD, {"deficiencies": ["户口本"]})).status_code == 409
    assert (await desk.act("correction-notice", HEAD, other)).status_code == 200


async def test_the_application_s_rule_alone_keeps_a_stranger_out(desk: Desk, runtime: Runtime) -> None:
    await desk.submit()
    mine = select(Application.id).where(Application.id == desk.known["id"])  # type: ignore[call-overload]
    async with runtime.system_session() as session:
        assert (await session.execute(mine.where(queries.visible(CLERK)))).all()
        for outsider in (STRANGER, GUIDE, *ADMINS):
            assert not (await session.execute(mine.where(queries.visible(outsider)))).all()


async def test_the_database_alone_keeps_a_stranger_out(desk: Desk, runtime: Runtime) -> None:
    await desk.submit()
    for table in ("application", "party", "entry", "clock"):
        column = "id" if table == "application" else "application_id"
        query = text(f"select count(*) from {table} where {column} = cast(:id as uuid)")
        counts = []
        for who in (CLERK, STRANGER, GUIDE):
            async with runtime.app_session(who) as session:
                counts.append(await session.scalar(query, {"id": desk.known["id"]}))
        assert counts[0] >= 1
        assert counts[1:] == [0, 0]


async def test_a_connection_that_forgot_its_scope_sees_nothing(desk: Desk, runtime: Runtime) -> None:
    await desk.submit()
    async with runtime.app_session(CLERK) as session:
        assert await session.scalar(text("select count(*) from application"))
    async with runtime.engine.connect() as connection:
        for _ in range(3):
            assert await connection.scalar(text("select count(*) from application")) == 0


async def test_the_same_submission_twenty_times_is_one_application(client: httpx.AsyncClient, tokens: Tokens) -> None:
    headers = tokens.headers(CLERK) | {"Idempotency-Key": uuid4().hex}
    answers = [await client.post("/v1/applications", json=application(), headers=headers) for _ in range(20)]
    assert len({answer.content for answer in answers}) == 1
