"""Who may do what: every verb, refused to everybody it is not for; both walls of area scope, each alone."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text
from tests.approval.conftest import (
    APPLICANT,
    CANARIES,
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
    acts_of,
    application,
    said_of,
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


async def test_the_same_submission_twenty_times_at_once_is_one_application(
    own_desk: Desk, client: httpx.AsyncClient, tokens: Tokens
) -> None:
    place = own_desk.place
    headers = tokens.headers(place.clerk) | {"Idempotency-Key": uuid4().hex}
    given = application(areaCode=place.community)

    async def send() -> httpx.Response:
        while True:
            answer = await client.post("/v1/applications", json=given, headers=headers)
            if answer.status_code != 409:
                return answer
            assert answer.json()["code"] == "idempotency-key-in-use"
            await asyncio.sleep(0.02)

    answers = await asyncio.gather(*(send() for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    listed = await client.get("/v1/applications", params={"area": place.community}, headers=headers)
    assert len(listed.json()["items"]) == 1
    other = await client.post("/v1/applications", json=given | {"channel": "online"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_submission_needs_a_key(client: httpx.AsyncClient, tokens: Tokens) -> None:
    headers = tokens.headers(CLERK)
    del headers["Idempotency-Key"]
    answer = await client.post("/v1/applications", json=application(), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/header/Idempotency-Key")


async def test_two_who_forward_at_once_forward_once(own_desk: Desk, runtime: Runtime) -> None:
    await own_desk.submit()
    await own_desk.to("pre_reviewed")
    place = own_desk.place
    version = own_desk.known["version"]
    both = [own_desk.api.post(who, f"/applications/{own_desk.known['id']}/forward", version=version)
            for who in (place.clerk, place.head)]  # fmt: skip
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 412]
    async with runtime.system_session() as session:
        said = [subject for subject, _ in (await session.execute(said_of(own_desk.known["id"]))).all()]
    assert said.count("grid.approval.application.forwarded.v1") == 1


@pytest.mark.parametrize("verb", VERBS)
async def test_a_verb_without_a_version_on_nothing_or_with_nonsense_is_refused(
    own_desk: Desk, client: httpx.AsyncClient, tokens: Tokens, verb: str
) -> None:
    state, _, body = VERBS[verb]
    await own_desk.submit()
    await own_desk.to(state)
    clerk = own_desk.place.clerk
    path = f"/v1/applications/{own_desk.known['id']}/{verb}"
    without = await client.post(path, json=body, headers=tokens.headers(clerk))
    assert (without.status_code, without.json()["code"]) == (428, "version-required")
    nothing = f"/v1/applications/{uuid4()}/{verb}"
    headers = tokens.headers(clerk, **{"If-Match": '"1"'})
    assert (await client.post(nothing, json=body, headers=headers)).status_code == 404
    assert (await client.post(f"/v1/applications/x/{verb}", json=body, headers=headers)).status_code == 400
    if body is not None:
        bad = await client.post(path, json=body | {"score": 1}, headers=headers)
        assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (400, "/score")


async def test_every_act_is_in_the_audit_and_every_event_names_nobody(own_desk: Desk, runtime: Runtime) -> None:
    await own_desk.submit(applicant=APPLICANT | {"name": "欧阳建国"})
    await own_desk.act(
        "correction-notice", own_desk.place.clerk, {"deficiencies": ["收入证明原件"], "reason": "缺件说明"}
    )
    await own_desk.act("correction", own_desk.place.clerk, {"materials": []})
    await own_desk.to("suspended")
    await own_desk.act("resumption", CIVIL)
    await own_desk.act("decision", CIVIL, {"approved": False, "reason": "收入超过标准"})
    await own_desk.act("completion", CIVIL)
    await own_desk.api.client.post(
        "/v1/progress/rating",
        json={name: own_desk.known[name] for name in ("receiptNumber", "queryCode")} | {"grade": 3},
    )
    async with runtime.system_session() as session:
        acts = (await session.execute(acts_of(own_desk.known["id"]))).scalars().all()
        said = (await session.execute(said_of(own_desk.known["id"]))).all()
    verbs = ["submit", "require_correction", "correct", "pass_pre_review", "forward", "accept", "suspend", "resume"]
    assert acts == [f"application.{verb}" for verb in (*verbs, "deny", "complete", "rate")]
    bodies = [bytes(body).decode() for _, body in said]
    assert [json.loads(body)["sequence"] for body in bodies] == list(range(1, len(acts) + 1))
    forbidden = ("欧阳", *CANARIES[1:], "收入", "缺件", own_desk.known["queryCode"], own_desk.place.clerk.id)
    assert not [word for word in forbidden if any(word in body for body in bodies)]
