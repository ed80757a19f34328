"""Events: said with the rows they speak of, sent in batches, handled once, parked when they cannot be handled."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
import pytest
from sqlalchemy import select, text

from grid_kernel import audit, clock, inbox, outbox, tables
from grid_kernel.ask import Refused, ask
from grid_kernel.auth import Actor, Post
from grid_kernel.errors import Forbidden, Unavailable
from grid_kernel.events import envelope, open_envelope, publish, publish_many
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from grid_kernel.types import uuid7
from toy_svc.app import SHOUT, TURNS, Shout
from toy_svc.models import NoteWritten

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def said(sequence: int = 1, *, area: str = "150204006", of: UUID | None = None) -> NoteWritten:
    return NoteWritten(aggregate_id=of or uuid4(), sequence=sequence, occurred_at=NOW, area_code=area)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    for _ in range(int(seconds / 0.05)):
        if await holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it did not happen in time")


async def count(runtime: Runtime, sql: str, **params: Any) -> int:
    async with runtime.system_session() as session:
        return int((await session.execute(text(sql), params)).scalar_one())


async def stored(runtime: Runtime, identifier: str) -> dict[str, Any]:
    async with runtime.system_session() as session:
        row = (await session.execute(select(tables.outbox).where(tables.outbox.c.id == UUID(identifier)))).one()
    return dict(row._mapping)


async def test_who_waits_to_become_the_relay_is_not_woken_by_what_the_relay_has_to_send(
    client: httpx.AsyncClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []
    fetchval = asyncpg.Connection.fetchval

    async def noted(connection: asyncpg.Connection, query: str, *args: Any) -> Any:
        asked.append((query, *args))
        return await fetchval(connection, query, *args)

    monkeypatch.setattr(asyncpg.Connection, "fetchval", noted)
    second = asyncio.create_task(outbox.run_relay(runtime))
    for _ in range(20):
        runtime.outbox_wake.set()
        await asyncio.sleep(0.02)
    second.cancel()
    # The relay there is may ask as well, once, when the client has only just started.
    assert 1 <= asked.count(("select pg_try_advisory_lock($1)", outbox._RELAY_LOCK)) <= 2


def test_an_envelope_is_cloudevents_and_opens_to_the_same_event() -> None:
    event, identifier = said(3), uuid7()
    members = orjson.loads(envelope(event, identifier))
    assert members["specversion"] == "1.0"
    assert members["type"] == "grid.toy.note.written.v1"
    assert members["source"] == "/grid/toy"
    assert members["sequence"] == 3
    assert members["data"] == {"areaCode": "150204006"}
    assert open_envelope(orjson.dumps(members)) == (identifier, event)


def test_an_unknown_event_is_refused_not_guessed() -> None:
    with pytest.raises(ValueError, match="no event of type"):
        open_envelope(b'{"type": "grid.toy.note.burnt.v1", "data": {}}')


async def test_an_event_of_a_transaction_that_fails_is_never_said(runtime: Runtime) -> None:
    event = said()
    with pytest.raises(RuntimeError):
        async with runtime.system_session() as session:
            await publish(session, event)
            raise RuntimeError
    assert (
        await count(runtime, "select count(*) from outbox where body like :id", id=f"%{event.aggregate_id}%".encode())
        == 0
    )


async def test_what_is_committed_reaches_the_stream_and_is_handled(
    client: httpx.AsyncClient, toy: Any, runtime: Runtime
) -> None:
    who = actor(Post.STATION_HEAD, "150204006019")
    headers = toy.tokens.headers(who)
    note = (await client.post("/v1/notes", json={"text": "到", "areaCode": "150204006019"}, headers=headers)).json()
    await client.put(f"/v1/notes/{note['id']}", json={"text": "改"}, headers=headers | {"If-Match": "1"})

    async def sealed() -> bool:
        return await count(runtime, "select sealed::int from note where id = cast(:id as uuid)", id=note["id"]) == 1

    await until(sealed)


async def test_many_events_of_one_transaction_go_in_order(runtime: Runtime) -> None:
    aggregate = uuid4()
    async with runtime.system_session() as session:
        assert await publish_many(session, [said(n, of=aggregate) for n in range(1, 1201)]) == 1200

    async def all_heard() -> bool:
        found = "select coalesce(max(sequence), 0) from event_position where aggregate_id = :id"
        return await count(runtime, found, id=aggregate) == 1200

    await until(all_heard, 30)
    assert await count(runtime, "select count(*) from outbox where published_at is null") == 0


async def test_a_batch_with_a_known_message_falls_back_to_singles(toy: Any, runtime: Runtime) -> None:
    rows = [outbox.Pending(uuid7(), NoteWritten.subject, envelope(said(), uuid7())) for _ in range(5)]
    await outbox._send_one(runtime, rows[2])
    before = (await runtime.bus.jetstream.stream_info("GRID")).state.messages
    await outbox._send(runtime, rows)
    after = (await runtime.bus.jetstream.stream_info("GRID")).state.messages
    assert after - before >= 4


async def test_the_same_event_twice_has_one_effect(runtime: Runtime) -> None:
    body = envelope(said(), uuid7())
    assert [await inbox.receive(runtime, body) for _ in range(3)] == [True, False, False]


async def test_shuffled_and_repeated_events_end_in_the_same_state(
    client: httpx.AsyncClient, toy: Any, runtime: Runtime
) -> None:
    who = actor(Post.STATION_HEAD, "150204006019")
    answer = await client.post(
        "/v1/notes", json={"text": "乱序", "areaCode": "150204006019"}, headers=toy.tokens.headers(who)
    )
    note = UUID(answer.json()["id"])
    bodies = [envelope(said(n, of=note), uuid7()) for n in range(2, 31)]
    shuffled = bodies * 2
    random.Random(7).shuffle(shuffled)
    for body in shuffled:
        await inbox.receive(runtime, body)
    assert await count(runtime, "select sealed::int from note where id = :id", id=note) == 1
    assert await count(runtime, "select sequence from event_position where aggregate_id = :id", id=note) == 30


async def test_a_poison_event_is_parked_and_can_be_replayed(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BACKOFF_SECONDS", (0.05,))
    poison = said(area="150204999")
    async with runtime.system_session() as session:
        await publish(session, poison)
    name = f"%{poison.aggregate_id}%".encode()

    async def parked() -> bool:
        return await count(runtime, "select count(*) from dead_event where body like :name", name=name) == 1

    await until(parked)
    async with runtime.system_session() as session:
        query = text("select event_id, tries, error from dead_event where body like :name")
        row = (await session.execute(query, {"name": name})).one()
    assert (row.tries, row.error) == (inbox.TRIES, "RuntimeError")
    with pytest.raises(RuntimeError):
        await inbox.replay(runtime, row.event_id)
    await inbox.receive(runtime, envelope(said(), uuid7()))


async def test_garbage_on_the_stream_is_parked_too(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BACKOFF_SECONDS", (0.05,))
    await runtime.bus.jetstream.publish(NoteWritten.subject, b"not json at all")

    async def parked() -> bool:
        return await count(runtime, "select count(*) from dead_event where body = 'not json at all'::bytea") == 1

    await until(parked)


async def test_the_broker_promises_what_the_design_needs(runtime: Runtime) -> None:
    config = (await runtime.bus.jetstream.stream_info("GRID")).config
    assert config.allow_atomic
    assert str(config.discard) == "new"
    assert config.duplicate_window is not None
    assert config.duplicate_window >= 600


async def test_a_question_is_answered_refused_or_unanswered(runtime: Runtime) -> None:
    assert (await ask(runtime, SHOUT, Shout(text="ja"))).text == "JA"
    with pytest.raises(Refused) as refused:
        await ask(runtime, SHOUT, Shout(text="nothing"))
    assert (refused.value.status, refused.value.code) == (404, "not-found")
    nobody = type(SHOUT)(service="toy", name="nobody", asks=Shout, answers=SHOUT.answers, askers=frozenset())
    with pytest.raises(Unavailable):
        await ask(runtime, nobody, Shout(text="x"), timeout=0.3)


async def test_only_those_named_may_ask(runtime: Runtime) -> None:
    token = runtime.signer.mint(Actor(kind="service", id="other"), now=clock.now())
    reply = await runtime.bus.client.request(
        SHOUT.subject, b'{"text":"x"}', timeout=2, headers={"Authorization": f"Bearer {token}"}
    )
    assert orjson.loads(reply.data)["problem"]["status"] == 401
    forbidden = Forbidden()
    assert forbidden.status == 403


async def test_jobs_are_started_by_the_clock(client: httpx.AsyncClient) -> None:
    before = len(TURNS)

    async def turned() -> bool:
        return len(TURNS) >= before + 2

    await until(turned)


async def test_every_act_and_read_is_linked_into_a_chain_that_shows_tampering(
    client: httpx.AsyncClient, toy: Any, runtime: Runtime
) -> None:
    who = actor(Post.STATION_HEAD, "150204006019")
    for number in range(5):
        body = {"text": f"审计{number}", "areaCode": "150204006019"}
        await client.post("/v1/notes", json=body, headers=toy.tokens.headers(who))
        await client.get("/v1/notes", headers=toy.tokens.headers(who))

    async def linked() -> bool:
        chains = ("audit_entry", "access_record")
        return not any([await count(runtime, f"select count(*) from {chain} where link is null") for chain in chains])

    await until(linked)
    async with runtime.system_session() as session:
        assert await audit.first_break(session, "audit_entry") is None
        assert await audit.first_break(session, "access_record") is None
    async with runtime.system_session() as session:
        await session.execute(text("update audit_entry set actor_id = 'somebody else' where link = 3"))
    async with runtime.system_session() as session:
        assert await audit.first_break(session, "audit_entry") == 3
