"""Orderly restarts under load: what was begun is finished, what comes meanwhile is told to come again."""

import asyncio
from collections.abc import Callable

import pytest
from tests.faults import reckoning
from tests.faults.house import PARTS, House, wait_for
from tests.faults.load import Ledger, Load, writes

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

BEHIND_THE_GATEWAY = [part for part in PARTS if part != "gateway"]
STOP_SECONDS = 20


async def _restart(house: House, part: str, ledger: Ledger) -> None:
    """SIGTERM, the keeper starts it again, and some writes go through before the next."""
    process, written = house.process(part), ledger.count
    house.terminate(part)
    await asyncio.to_thread(wait_for, lambda: not process.alive(), STOP_SECONDS)
    await asyncio.to_thread(wait_for, lambda: house.alive(part) and ledger.count > written + 20, 60)


async def test_restarting_every_service_in_turn_fails_no_request(house: House, say: Callable[[str], None]) -> None:
    await reckoning.settled(house, 60)
    before, ledger = await reckoning.stored(house), Ledger()
    async with Load(house.url, writes(house.demo, 3), ledger, clients=6):
        for part in BEHIND_THE_GATEWAY:
            await _restart(house, part, ledger)
    say(f"restarts {len(BEHIND_THE_GATEWAY)}, acknowledged {ledger.count}, answers {dict(ledger.answers)}")
    assert ledger.answers.keys() <= {"201", "503"}, "a request broke off instead of being answered"
    await reckoning.settled(house, 30)
    reckoning.check(await reckoning.reckon(house, before), ledger)


async def test_a_gateway_that_is_stopped_answers_what_it_had_taken(house: House, say: Callable[[str], None]) -> None:
    await asyncio.to_thread(house.wait_until_ready)
    before, ledger = await reckoning.stored(house), Ledger()
    async with Load(house.url, writes(house.demo, 4), ledger, clients=6):
        await asyncio.to_thread(wait_for, lambda: ledger.count >= 20, 60)
        await _restart(house, "gateway", ledger)
    # Whoever comes to a closed door cannot connect; whoever was inside gets an answer.
    say(f"acknowledged {ledger.count}, answers {dict(ledger.answers)}")
    assert ledger.answers.keys() <= {"201", "503", "ConnectError", "RemoteProtocolError", "ReadError"}
    assert not ledger.replayed, "an act was done whose answer did not arrive"
    await reckoning.settled(house, 30)
    reckoning.check(await reckoning.reckon(house, before), ledger)
