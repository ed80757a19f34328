"""Each service keeps the heads of the others' audit chains, so that nobody rewrites a chain alone."""

from typing import Any
from uuid import uuid4

import httpx
import orjson
from sqlalchemy import text

from grid_kernel import audit, clock
from grid_kernel.auth import Post
from grid_kernel.contracts.kernel import GisAuditAnchored
from grid_kernel.events import envelope
from grid_kernel.inbox import receive
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from grid_kernel.types import uuid7
from toy_svc.models import ToyAuditAnchored


def anchored(link: int, head: str) -> bytes:
    event = GisAuditAnchored(
        aggregate_id=uuid4(), sequence=link, occurred_at=clock.now(), area_code="150204", chain="audit_entry", head=head
    )
    return envelope(event, uuid7())


async def heads(client: httpx.AsyncClient, toy: Any) -> dict[tuple[str, str], tuple[int, str]]:
    who = actor(Post.AUDIT_ADMIN, "150204")
    rows = (await client.get("/v1/audit-heads", headers=toy.tokens.headers(who))).json()
    return {(row["service"], row["chain"]): (row["link"], row["head"]) for row in rows}


async def test_a_head_that_was_kept_cannot_be_said_differently_later(
    client: httpx.AsyncClient, toy: Any, runtime: Runtime
) -> None:
    first, rewritten, later = "aa" * 32, "bb" * 32, "cc" * 32
    await receive(runtime, anchored(7, first))
    await receive(runtime, anchored(7, rewritten))
    assert (await heads(client, toy))["gis", "audit_entry"] == (7, first)
    await receive(runtime, anchored(9, later))
    await receive(runtime, anchored(8, rewritten))
    assert (await heads(client, toy))["gis", "audit_entry"] == (9, later)


async def test_a_grown_chain_says_its_new_head(client: httpx.AsyncClient, toy: Any, runtime: Runtime) -> None:
    body = {"text": "锚", "areaCode": "150204006019"}
    who = actor(Post.STATION_HEAD, "150204006019")
    await client.post("/v1/notes", json=body, headers=toy.tokens.headers(who))
    async with runtime.system_session() as session:
        await audit.extend_chains(session, "toy", clock.now())
    async with runtime.system_session() as session:
        link, head = await audit.head(session, "audit_entry")
        said = await session.execute(
            text("select body from outbox where subject = :s"), {"s": ToyAuditAnchored.subject}
        )
        events = [orjson.loads(row.body) for row in said]
    assert (link, head.hex()) in {(each["sequence"], each["data"]["head"]) for each in events}
    assert (await heads(client, toy))["toy", "audit_entry"][0] >= link
