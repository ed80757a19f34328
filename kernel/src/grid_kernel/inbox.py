"""Hearing: per message one transaction of receipt, handler, commit; then the acknowledgement."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import orjson
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError
from opentelemetry.trace import SpanKind
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel import clock, db, tables, telemetry, tracing
from grid_kernel.auth import Actor
from grid_kernel.bus import STREAM
from grid_kernel.events import Event, open_envelope

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

log = logging.getLogger(__name__)

TRIES = 5
BACKOFF_SECONDS = (1, 3, 8, 20)
# What a killed process held comes again after this time; a living one says in between that it is still at it.
ACK_WAIT_SECONDS = 5.0
# Handed out so often without an answer, an event is taken to be what kills the process, and parked unhandled.
HANDED_OUT = 40
FETCH = 64


class HandedOutTooOften(Exception):  # noqa: N818 - the name of a parked event's reason
    """Nobody who took this event lived to say what became of it."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a handler knows besides the event: when, and in whose name it acts."""

    now: datetime
    actor: Actor
    event_id: UUID


async def is_newer(session: AsyncSession, event: Event) -> bool:
    """Whether this is the newest seen of its aggregate; retries and relays may deliver an older one later."""
    group = ".".join(event.subject.split(".")[1:3])
    table = tables.event_position
    statement = insert(table).values(subject_group=group, aggregate_id=event.aggregate_id, sequence=event.sequence)
    newest = await session.execute(
        statement.on_conflict_do_update(
            index_elements=["subject_group", "aggregate_id"],
            set_={"sequence": statement.excluded.sequence},
            where=table.c.sequence < statement.excluded.sequence,
        ).returning(table.c.sequence)
    )
    return newest.first() is not None


def consumer_config(runtime: "Runtime") -> ConsumerConfig:
    """The durable consumer of a hearing service, with the subjects its handler table names."""
    return ConsumerConfig(
        durable_name=f"{runtime.service.name}-svc",
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        filter_subjects=sorted(kind.subject for kind in runtime.service.handlers),
        ack_wait=ACK_WAIT_SECONDS,
        # The broker would drop silently what it handed out too often; we park it where it can be seen and replayed.
        max_deliver=-1,
        max_ack_pending=1000,
    )


async def run_inbox(runtime: "Runtime") -> None:
    """Hear until the service stops; a broker or a database that is away is waited for."""
    while not runtime.stopping.is_set():
        try:
            await db.answers(runtime.system_engine)
            await runtime.bus.connected.wait()
            await runtime.bus.ensure_stream()
            await _hear_on(runtime)
        except Exception as error:
            if isinstance(error, NatsError | OSError) or db.is_away(error):
                log.warning("hearing starts over: %s", type(error).__name__)
            else:
                log.exception("hearing broke and starts over")
        if not runtime.stopping.is_set():
            await asyncio.sleep(0.5)


async def _hear_on(runtime: "Runtime") -> None:
    subscription = await _subscribe(runtime)
    try:
        while not runtime.stopping.is_set():
            await _hear_some(runtime, subscription)
    finally:
        with suppress(NatsError):
            await subscription.unsubscribe()


async def _subscribe(runtime: "Runtime") -> JetStreamContext.PullSubscription:
    """Bind the durable consumer; nats-py would keep an old configuration, so drift is corrected here."""
    wanted = consumer_config(runtime)
    name = str(wanted.durable_name)
    stream = runtime.bus.jetstream
    try:
        found = (await stream.consumer_info(STREAM, name)).config
        fields = ("filter_subjects", "ack_wait", "max_deliver", "max_ack_pending")
        if any(getattr(found, field) != getattr(wanted, field) for field in fields):
            log.warning("the consumer's configuration drifted and is corrected")
            await stream.add_consumer(STREAM, wanted)
    except NotFoundError:
        await stream.add_consumer(STREAM, wanted)
    return await stream.pull_subscribe_bind(name, STREAM)


async def _hear_some(runtime: "Runtime", subscription: JetStreamContext.PullSubscription) -> None:
    try:
        messages = await subscription.fetch(FETCH, timeout=1)
    except TimeoutError:
        return
    held = deque(messages)
    async with _still_at_it(held):
        while held and not runtime.stopping.is_set():
            try:
                await hear(runtime, held[0])
            except Exception:
                await _give_back(held, seconds=1)
                raise
            held.popleft()
    await _give_back(held)


@asynccontextmanager
async def _still_at_it(held: deque[Msg]) -> AsyncIterator[None]:
    """Tell the broker now and then that the messages held are not forgotten."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(ACK_WAIT_SECONDS / 3)
            for message in list(held):
                with suppress(NatsError):
                    await message.in_progress()

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()


async def _give_back(held: deque[Msg], *, seconds: float | None = None) -> None:
    for message in held:
        with suppress(NatsError):
            await message.nak(delay=seconds)


async def hear(runtime: "Runtime", message: Msg) -> None:
    """One message: heard before → ack; handled → ack; failed → again later; failed too often → parked.

    A database that is away is no failure of the event: it is raised, and the event waits.
    """
    tries = message.metadata.num_delivered or 1
    try:
        if tries > HANDED_OUT:
            raise HandedOutTooOften
        await receive(runtime, message.data)
    except Exception as error:
        if db.is_away(error):
            raise
        telemetry.EVENTS_FAILED.labels(runtime.service.name).inc()
        if tries < TRIES:
            log.warning("an event is tried again", extra={"subject": message.subject, "tries": tries}, exc_info=True)
            await message.nak(delay=BACKOFF_SECONDS[min(tries, len(BACKOFF_SECONDS)) - 1])
            return
        await _park(runtime, message.subject, message.data, f"{type(error).__name__}", tries)
        await message.term()
        return
    await message.ack()


async def receive(runtime: "Runtime", body: bytes) -> bool:
    """Handle an event in one transaction with its receipt; False when it had been received before."""
    members = orjson.loads(body)
    carrier: Mapping[str, str] = {"traceparent": str(members.get("traceparent", ""))}
    with tracing.span(str(members.get("type")), kind=SpanKind.CONSUMER, carrier=carrier):
        event_id, event = open_envelope(body)
        handler = runtime.service.handlers[type(event)]
        async with runtime.system_session() as session:
            receipt = insert(tables.inbox).values(event_id=event_id).on_conflict_do_nothing()
            if not (await session.execute(receipt.returning(tables.inbox.c.event_id))).first():
                return False
            hearing = Hearing(now=clock.now(), actor=Actor.system(runtime.service.name), event_id=event_id)
            await handler(session, event, hearing)
    telemetry.EVENTS_HEARD.labels(runtime.service.name).inc()
    return True


async def _park(runtime: "Runtime", subject: str, body: bytes, error: str, tries: int) -> None:
    log.error("an event is parked", extra={"subject": subject, "error": error})
    table = tables.dead_event
    try:
        identifier = str(orjson.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        identifier = f"unreadable-{hash(body):x}"
    statement = insert(table).values(event_id=identifier, subject=subject, body=body, error=error, tries=tries)
    again = {"error": error, "tries": statement.excluded.tries, "died_at": clock.now(), "replayed_at": None}
    async with runtime.system_session() as session:
        await session.execute(statement.on_conflict_do_update(index_elements=["event_id"], set_=again))


async def replay(runtime: "Runtime", event_id: str) -> bool:
    """Handle a parked event again; False when there is none of that id waiting."""
    table = tables.dead_event
    async with runtime.system_session() as session:
        found = await session.execute(
            table.select().where(table.c.event_id == event_id, table.c.replayed_at.is_(None)).with_for_update()
        )
        row = found.first()
    if row is None:
        return False
    await receive(runtime, row.body)
    async with runtime.system_session() as session:
        await session.execute(update(table).where(table.c.event_id == event_id).values(replayed_at=clock.now()))
    return True
