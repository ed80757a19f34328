"""The relay: one per service sends what was committed, in atomic batches, and marks it when the broker has it."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import orjson
from nats.errors import Error as NatsError
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from grid_kernel import audit, clock, tables, telemetry
from grid_kernel.db import server_settings

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

log = logging.getLogger(__name__)

BATCH = 500
# Each new head of a chain is an event four services hear: one for all rows of a second, not one for each row.
LINK_SECONDS = 1.0
LOCK_SECONDS = 2.0
KEEP_PUBLISHED = timedelta(days=7)
_RELAY_LOCK = 0x6772_6964_0001
_DUPLICATE_IN_BATCH = 10201
_PENDING = "select id, subject, body from outbox where published_at is null order by position limit $1"
_MARK = "update outbox set published_at = now() where id = any($1)"
_LISTEN = "grid_outbox"


class Pending(NamedTuple):
    """One event that waits to be sent."""

    id: UUID
    subject: str
    body: bytes


class NotStored(Exception):  # noqa: N818
    """The broker did not confirm; whether it has the messages is unknown, so they are sent again."""


# What happens when an engine is away or goes away.
_EXPECTED = (
    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, NatsError, SQLAlchemyError, NotStored
)  # fmt: skip


async def run_relay(runtime: "Runtime") -> None:
    """Be the relay of this service, or wait to become it, until the service stops."""
    while not runtime.stopping.is_set():
        try:
            await _hold_and_relay(runtime)
        except _EXPECTED as error:
            log.warning("the relay starts over: %s", type(error).__name__)
        except Exception:
            log.exception("the relay broke and starts over")
        await asyncio.sleep(0.5)


async def _hold_and_relay(runtime: "Runtime") -> None:
    url = runtime.settings.system_database_url.get_secret_value()
    connection = await asyncpg.connect(url, server_settings=server_settings(f"{runtime.service.name} relay"), timeout=5)
    try:
        # Two relays would reorder the events of one aggregate.
        while not await connection.fetchval("select pg_try_advisory_lock($1)", _RELAY_LOCK):
            # Own commits are for the relay there is: whoever waits to become it is woken by nothing but the stop.
            with suppress(TimeoutError):
                await asyncio.wait_for(runtime.stopping.wait(), LOCK_SECONDS)
                return
        await connection.add_listener(_LISTEN, lambda *_: runtime.outbox_wake.set())
        await runtime.bus.connected.wait()
        await runtime.bus.ensure_stream()
        linked_at = 0.0
        while not runtime.stopping.is_set():
            linked_at = await _relay_turn(runtime, connection, linked_at)
        await drain(runtime, connection)
    finally:
        await connection.close(timeout=2)


async def _relay_turn(runtime: "Runtime", connection: asyncpg.Connection, linked_at: float) -> float:
    """Send what waits and link what was recorded; when it was last linked."""
    runtime.outbox_wake.clear()
    sent, linked, now = await drain(runtime, connection), 0, time.monotonic()
    if now - linked_at >= LINK_SECONDS:
        async with runtime.system_session() as session:
            linked = await audit.extend_chains(session, runtime.service.name, clock.now())
        linked_at = now if linked < audit.LINKED_PER_TURN else 0.0
    if not sent and not linked:
        await _woken(runtime, runtime.settings.relay_poll_seconds)
    return linked_at


async def _woken(runtime: "Runtime", seconds: float) -> None:
    stop = asyncio.create_task(runtime.stopping.wait())
    wake = asyncio.create_task(runtime.outbox_wake.wait())
    _, waiting = await asyncio.wait({stop, wake}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


async def drain(runtime: "Runtime", connection: asyncpg.Connection) -> int:
    """Send everything that is pending; the number of events the broker confirmed."""
    sent = 0
    while rows := [Pending(**row) for row in await connection.fetch(_PENDING, BATCH)]:
        await _send(runtime, rows)
        await connection.execute(_MARK, [row.id for row in rows])
        telemetry.EVENTS_PUBLISHED.labels(runtime.service.name).inc(len(rows))
        sent += len(rows)
    return sent


async def _send(runtime: "Runtime", rows: list[Pending]) -> None:
    if len(rows) == 1 or not await _send_batch(runtime, rows):
        for row in rows:
            await _send_one(runtime, row)


async def _send_one(runtime: "Runtime", row: Pending) -> None:
    await _confirmed(runtime, row, {"Nats-Msg-Id": str(row.id)})


async def _send_batch(runtime: "Runtime", rows: list[Pending]) -> bool:
    """Send all or nothing; False when the broker knows one of them already and refused the batch whole."""
    batch = uuid4().hex
    for number, row in enumerate(rows[:-1], 1):
        headers = {"Nats-Msg-Id": str(row.id), "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        await runtime.bus.client.publish(row.subject, row.body, headers=headers)
    last = rows[-1]
    headers = {"Nats-Msg-Id": str(last.id), "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(len(rows))}
    return await _confirmed(runtime, last, headers | {"Nats-Batch-Commit": "1"}, may_be_duplicate=True)


async def _confirmed(
    runtime: "Runtime", row: Pending, headers: dict[str, str], *, may_be_duplicate: bool = False
) -> bool:
    reply = await runtime.bus.client.request(row.subject, row.body, timeout=10, headers=headers)
    answer = orjson.loads(reply.data)
    if error := answer.get("error"):
        if may_be_duplicate and error.get("err_code") == _DUPLICATE_IN_BATCH:
            return False
        raise NotStored(error.get("description", "the broker refused"))
    return True


async def forget(runtime: "Runtime") -> int:
    """Delete rows whose windows have passed: sent events, keys of requests, receipts of events."""
    now = clock.now()
    windows = (
        (tables.outbox, tables.outbox.c.published_at, KEEP_PUBLISHED),
        (tables.inbox, tables.inbox.c.received_at, timedelta(days=30)),
        (tables.idempotency_key, tables.idempotency_key.c.created_at, timedelta(days=2)),
    )
    gone = 0
    for table, column, window in windows:
        async with runtime.system_session() as session:
            result = await session.execute(delete(table).where(column < now - window))
            gone += result.rowcount  # type: ignore[attr-defined]  # a cursor result, since it is a delete
    return gone
