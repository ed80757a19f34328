"""What is true afterwards: nothing acknowledged lost, nothing doubled, every event heard once, every chain whole."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import nats
import orjson
from nats.js.api import ConsumerConfig, DeliverPolicy
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from tests.faults.house import RUNNING, House
from tests.faults.load import Ledger

from grid_deploy.provision import with_database
from grid_kernel import audit
from grid_kernel.bus import STREAM

LOCATED, VISITED = "grid.gis.building.located.v1", "grid.population.household.visited.v1"


@dataclass(frozen=True)
class Reckoning:
    """The figures of a run."""

    stored: dict[str, set[UUID]]
    """Rows of the kinds written; their ids are keys, so none is there twice."""
    said: dict[str, Counter[UUID]]
    """Messages of the stream about each of them."""
    told: Counter[UUID]
    """Messages of the stream by event."""
    outbox: set[UUID]
    """Events the services meant to say."""
    acts: Counter[UUID]
    """Audit entries by what was done to."""
    heard: Counter[UUID]
    """Effects of the building events in population."""
    receipts: set[UUID]
    """Events population has receipts of."""
    located: dict[UUID, UUID]
    """The events that tell of a building."""
    dead: list[str]
    unlinked: int
    breaks: list[str]
    redelivered: int


def database(house: House, service: str) -> str:
    """The administrator's address of a service's database."""
    return with_database(house.engines.admin_url, f"grid_{service}")


async def value(house: House, service: str, sql: str, *arguments: object) -> Any:
    """One value of a service's database."""
    connection = await asyncpg.connect(database(house, service), timeout=10)
    try:
        return await connection.fetchval(sql, *arguments)
    finally:
        await connection.close()


async def column(house: House, service: str, sql: str, *arguments: object) -> list[Any]:
    """One column of a service's database."""
    connection = await asyncpg.connect(database(house, service), timeout=10)
    try:
        return [row[0] for row in await connection.fetch(sql, *arguments)]
    finally:
        await connection.close()


async def unsettled(house: House, *, hearing: Iterable[str] = RUNNING) -> int:
    """Events that still wait to be sent or heard, and audit rows that wait for their link."""
    try:
        waiting = [await _waiting(house, service) for service in RUNNING]
        return sum(waiting) + await _unheard(house, hearing)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, nats.errors.Error):
        return -1


async def _waiting(house: House, service: str) -> int:
    pending = "select count(*) from outbox where published_at is null"
    unlinked = "(select count(*) from {} where link is null)"
    chains = " + ".join(unlinked.format(chain) for chain in audit.CHAINS)
    return int(await value(house, service, f"select ({pending}) + {chains}"))


async def _unheard(house: House, hearing: Iterable[str]) -> int:
    client = await nats.connect(house.engines.nats_url, connect_timeout=2, max_reconnect_attempts=1)
    try:
        stream = client.jetstream(timeout=5)
        known = [await stream.consumer_info(STREAM, f"{service}-svc") for service in hearing]
        return sum((each.num_pending or 0) + (each.num_ack_pending or 0) for each in known)
    finally:
        await client.close()


async def settled(house: House, seconds: float, *, hearing: Iterable[str] = RUNNING) -> float:
    """Until nothing waits any more; how many seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while (left := await unsettled(house, hearing=hearing)) != 0:
        assert loop.time() - began < seconds, f"{left} still wait after {seconds} s"
        await asyncio.sleep(0.1)
    return loop.time() - began


async def messages(house: House) -> list[dict[str, Any]]:
    """Everything in the stream, read by a consumer of our own."""
    client = await nats.connect(house.engines.nats_url)
    try:
        stream = client.jetstream(timeout=10)
        left = (await stream.stream_info(STREAM)).state.messages
        ours = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, inactive_threshold=60)
        subscription = await stream.pull_subscribe("grid.>", stream=STREAM, config=ours)
        found: list[dict[str, Any]] = []
        while len(found) < left:
            batch = await subscription.fetch(500, timeout=10)
            found += [orjson.loads(message.data) for message in batch]
            for message in batch:
                await message.ack()
        return found
    finally:
        await client.close()


async def redeliveries(house: House, service: str) -> int:
    """How often the broker handed out again what one service hears."""
    client = await nats.connect(house.engines.nats_url)
    try:
        info = await client.jetstream(timeout=10).consumer_info(STREAM, f"{service}-svc")
        subjects = set(info.config.filter_subjects or ())
    finally:
        await client.close()
    heard = sum(message["type"] in subjects for message in await messages(house))
    return max(0, (info.delivered.consumer_seq if info.delivered else 0) - heard)


async def stored(house: House) -> dict[str, set[UUID]]:
    """The rows of the kinds written."""
    buildings = await column(house, "gis", "select id from building")
    visits = await column(house, "population", "select id from visit")
    return {"building": set(buildings), "visit": set(visits)}


def set_apart(ids: Iterable[UUID], known: set[UUID]) -> list[UUID]:
    """Those that were not there before, in order and with repetitions."""
    return [each for each in ids if each not in known]


async def reckon(house: House, before: dict[str, set[UUID]]) -> Reckoning:
    """Count everything that was not there before."""
    stream = await messages(house)
    located = [m for m in stream if m["type"] == LOCATED]
    visited = [m for m in stream if m["type"] == VISITED]
    said = {"building": [m["aggregateid"] for m in located], "visit": [m["data"]["visitId"] for m in visited]}
    return Reckoning(
        stored={kind: ids - before[kind] for kind, ids in (await stored(house)).items()},
        said={kind: Counter(set_apart(map(UUID, ids), before[kind])) for kind, ids in said.items()},
        told=Counter(UUID(m["id"]) for m in stream),
        outbox={event for service in RUNNING for event in await column(house, service, "select id from outbox")},
        acts=Counter(
            await column(house, "gis", "select object_id from audit_entry where action = 'building.registered'")
        ),
        heard=Counter(await column(house, "population", "select building_id from building_grid where sequence > 0")),
        receipts=set(await column(house, "population", "select event_id from inbox")),
        located={UUID(m["id"]): UUID(m["aggregateid"]) for m in located},
        dead=[each for service in RUNNING for each in await column(house, service, "select subject from dead_event")],
        unlinked=sum([await _waiting(house, service) for service in RUNNING]),
        breaks=[each for service in RUNNING for each in await _breaks(house, service)],
        redelivered=sum([await redeliveries(house, service) for service in RUNNING]),
    )


async def _breaks(house: House, service: str) -> list[str]:
    url = database(house, service).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url)
    try:
        async with AsyncSession(engine) as session:
            found = [(chain, await audit.first_break(session, chain)) for chain in audit.CHAINS]
    finally:
        await engine.dispose()
    return [f"{service} {chain} {link}" for chain, link in found if link is not None]


def check(reckoning: Reckoning, ledger: Ledger) -> None:
    """Zero lost, zero doubled."""
    assert not ledger.faults, ledger.faults[:5]
    for kind, acknowledged in ledger.acknowledged.items():
        stored, said = reckoning.stored[kind], reckoning.said[kind]
        assert acknowledged <= stored, f"{len(acknowledged - stored)} {kind}s lost"
        assert acknowledged <= said.keys(), f"{len(acknowledged - said.keys())} events of {kind}s lost"
        assert max(said.values()) == 1, f"an event of a {kind} was said twice"
        assert stored == acknowledged, f"{len(stored - acknowledged)} {kind}s nobody was told of"
    assert max(reckoning.told.values()) == 1, "an event is in the stream twice"
    assert reckoning.told.keys() == reckoning.outbox, "stream and outboxes differ"
    buildings = ledger.acknowledged["building"]
    assert reckoning.heard.keys() >= buildings, "a building was never heard of"
    assert all(reckoning.heard[building] == 1 for building in buildings), "an event had its effect twice"
    assert reckoning.located.keys() <= reckoning.receipts, "an event has no receipt"
    assert all(reckoning.acts[building] == 1 for building in buildings), "an act is recorded twice, or not at all"
    assert reckoning.dead == []
    assert reckoning.unlinked == 0
    assert reckoning.breaks == []
