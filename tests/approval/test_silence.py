"""What nobody does in time: acceptance by silence, corrections that never come, codes that are guessed."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text
from tests.approval.conftest import CIVIL, CLERK, PERMIT, Desk, acts_of, said_of

from approval_svc import jobs
from grid_kernel import clock
from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens


async def test_a_permit_nobody_speaks_of_counts_as_accepted_exactly_once(desk: Desk, runtime: Runtime) -> None:
    await desk.submit(itemCode=PERMIT)
    await desk.to("forwarded")
    await jobs.deem_accepted(runtime, clock.now())
    assert (await desk.read()).json()["state"] == "forwarded"
    later = clock.now() + timedelta(days=14)
    done = await asyncio.gather(*(jobs.deem_accepted(runtime, later) for _ in range(4)))
    assert sum(done) >= 1
    page = (await desk.read()).json()
    assert page["state"] == "deemed_accepted"
    assert [entry["verb"] for entry in page["entries"]].count("deem_accepted") == 1
    async with runtime.system_session() as session:
        said = [subject for subject, _ in (await session.execute(said_of(desk.known["id"]))).all()]
        acts = (await session.execute(acts_of(desk.known["id"]))).scalars().all()
    assert said.count("grid.approval.application.deemed_accepted.v1") == 1
    assert acts.count("application.deem_accepted") == 1
    assert await jobs.deem_accepted(runtime, later) == 0


async def test_a_unit_that_speaks_while_the_job_runs_is_either_first_or_refused(desk: Desk, runtime: Runtime) -> None:
    for _ in range(5):
        await desk.submit(itemCode=PERMIT)
        await desk.to("forwarded")
        later = clock.now() + timedelta(days=14)
        accepted, _ = await asyncio.gather(
            desk.act("acceptance", CIVIL, {"accepted": True}), jobs.deem_accepted(runtime, later)
        )
        state = (await desk.read()).json()["state"]
        assert (accepted.status_code, state) in {(200, "accepted"), (412, "deemed_accepted")}


async def test_silence_means_nothing_where_the_basis_does_not_provide_it(desk: Desk, runtime: Runtime) -> None:
    await desk.submit(itemCode="SA002")
    await desk.to("forwarded")
    await jobs.deem_accepted(runtime, clock.now() + timedelta(days=60))
    assert (await desk.read()).json()["state"] == "forwarded"


async def test_what_is_not_corrected_in_time_ends(desk: Desk, runtime: Runtime) -> None:
    await desk.submit()
    await desk.to("correction_required")
    await jobs.lapse(runtime, clock.now() + timedelta(days=29))
    assert (await desk.read()).json()["state"] == "correction_required"
    await jobs.lapse(runtime, clock.now() + timedelta(days=40))
    page = (await desk.read()).json()
    assert (page["state"], page["dueAt"]) == ("lapsed", None)
    assert all(c["stoppedAt"] for c in page["clocks"])


async def test_five_wrong_codes_lock_the_number_and_nothing_tells_which_was_wrong(
    desk: Desk, client: httpx.AsyncClient, runtime: Runtime
) -> None:
    received = await desk.submit()
    right = {"receiptNumber": received["receiptNumber"], "queryCode": received["queryCode"]}
    unknown = {"receiptNumber": "150204202001010000010", "queryCode": "ABCDEFGH"}
    wrong = right | {"queryCode": "ABCDEFGH"}
    answers = [await client.post("/v1/progress", json=tried) for tried in (wrong, unknown)]
    told = [{k: v for k, v in answer.json().items() if k != "traceId"} for answer in answers]
    assert told[0] == told[1]
    assert {answer.status_code for answer in answers} == {404}
    for _ in range(4):
        await client.post("/v1/progress", json=wrong)
    locked = await client.post("/v1/progress", json=right)
    assert (locked.status_code, locked.json()["code"]) == (429, "progress-locked")
    assert int(locked.headers["retry-after"]) <= 900
    async with runtime.system_session() as session:
        await session.execute(text("update progress_lock set locked_until = now()"))
    assert (await client.post("/v1/progress", json=right)).status_code == 200


@pytest.mark.parametrize("style", [str.lower, lambda code: f" {code[:4]} {code[4:]} ".strip()])
async def test_a_code_may_be_typed_as_people_type(desk: Desk, client: httpx.AsyncClient, style: object) -> None:
    received = await desk.submit()
    assert callable(style)
    tried = {"receiptNumber": received["receiptNumber"], "queryCode": style(received["queryCode"])}
    assert (await client.post("/v1/progress", json=tried)).status_code == 200


async def test_a_query_code_is_stored_only_as_a_hash(desk: Desk, runtime: Runtime) -> None:
    received = await desk.submit()
    async with runtime.system_session() as session:
        rows = await session.execute(text("select query_code_hash from application"))
        assert received["queryCode"].encode() not in b"".join(rows.scalars())


async def test_completion_after_a_denial_and_withdrawal_in_process_end_every_clock(desk: Desk, tokens: Tokens) -> None:
    await desk.submit()
    await desk.to("denied")
    assert (await desk.act("completion", CIVIL)).status_code == 200
    await desk.submit()
    await desk.to("suspended")
    assert (await desk.act("withdrawal", CLERK, {"reason": "搬走了"})).status_code == 200
    page = (await desk.read()).json()
    assert all(c["stoppedAt"] for c in page["clocks"])
