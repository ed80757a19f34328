"""The broker is away for a while: people work on, and what they did is told when it comes back."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from tests.faults import reckoning
from tests.faults.house import House, wait_for
from tests.faults.load import Ledger, Load, writes

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

WRITES = 150
DRAIN_SECONDS = 30


async def _outbox(house: House, service: str) -> int:
    return int(await reckoning.value(house, service, "select count(*) from outbox where published_at is null"))


async def test_people_work_on_without_the_broker_and_the_outbox_drains_afterwards(
    house: House, say: Callable[[str], None]
) -> None:
    await reckoning.settled(house, 60)
    before, ledger = await reckoning.stored(house), Ledger()
    with house.without("nats"):
        async with Load(house.url, writes(house.demo, 2), ledger, clients=4):
            await asyncio.to_thread(wait_for, lambda: ledger.count >= WRITES, 120)
        assert set(ledger.answers) == {"201"}, "a write was refused because the broker was away"
        assert await _outbox(house, "gis") + await _outbox(house, "population") >= ledger.count
        state = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{house.environ['GRID_GIS_PORT']}/readyz")
        assert state.json() == {"status": "ready", "broker": "away"}
    drained = await reckoning.settled(house, DRAIN_SECONDS)
    say(f"{ledger.count} writes without a broker, told and heard {drained:.1f} s after its return")
    reckoning.check(await reckoning.reckon(house, before), ledger)
