"""kill -9 of everything at random under load: nothing acknowledged is lost, nothing happens twice.

The seed is printed; GRID_FAULTS_SEED repeats its order of kills and pauses, GRID_FAULTS_KILLS makes the run longer.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.faults import reckoning
from tests.faults.house import ENGINES, PARTS, House
from tests.faults.load import Ledger, Load, writes

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("GRID_FAULTS_KILLS", "36"))
WRITES = int(os.environ.get("GRID_FAULTS_WRITES", "5000"))
CLIENTS = 12
CONVERGENCE_SECONDS = 20


@dataclass(frozen=True)
class Kill:
    """One blow: at whom, and after how many acknowledged writes."""

    part: str
    after: int


def plan(seed: int, kills: int, writes: int) -> list[Kill]:
    """Every part once in every round, at moments spread over the writes; the last blow falls with the last write."""
    draw = random.Random(seed)
    order: list[str] = []
    while len(order) < kills:
        order += draw.sample([*ENGINES, *PARTS], k=len(ENGINES) + len(PARTS))
    moments = [*sorted(draw.randrange(writes) for _ in range(kills - 1)), writes]
    return [Kill(part, moment) for part, moment in zip(order, moments, strict=False)]


async def _strike(house: House, kills: list[Kill], ledger: Ledger) -> Counter[str]:
    """Kill by the plan. Counted in writes, it hits a house at work on a slow machine as on a fast one."""
    struck: Counter[str] = Counter()
    for kill in kills:
        while (ledger.count < kill.after or not house.alive(kill.part)) and not ledger.faults:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        house.kill(kill.part)
        struck[kill.part] += 1
    return struck


def test_a_seed_gives_the_same_kills_again() -> None:
    assert plan(7, 36, 5000) == plan(7, 36, 5000)
    assert {kill.part for kill in plan(7, 9, 5000)} == {*ENGINES, *PARTS}


async def test_nothing_acknowledged_is_lost_or_doubled_whatever_is_killed(
    house: House, say: Callable[[str], None]
) -> None:
    seed = int(os.environ.get("GRID_FAULTS_SEED") or random.randrange(10**6))
    say(f"GRID_FAULTS_SEED={seed}")
    house.pauses.seed(seed)
    await reckoning.settled(house, 60)
    before, ledger = await reckoning.stored(house), Ledger()
    load = Load(house.url, writes(house.demo, seed), ledger, clients=CLIENTS)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await load.begin()
    struck = await _strike(house, plan(seed, KILLS, WRITES), ledger)
    await load.end()
    took = loop.time() - began
    converged = await reckoning.settled(house, CONVERGENCE_SECONDS)
    found = await reckoning.reckon(house, before)
    answers = {name: count for name, count in ledger.answers.most_common() if name != "201"}
    say(f"kills {struck.total()}: {', '.join(f'{part} {n}' for part, n in sorted(struck.items()))}")
    say(f"acknowledged {ledger.count} of {ledger.attempts} attempts in {took:.0f} s, replayed {ledger.replayed}")
    say(f"answers in between {answers}, longest wait {ledger.longest:.1f} s")
    say(f"stream {found.told.total()} messages, redelivered {found.redelivered}, converged in {converged:.1f} s")
    reckoning.check(found, ledger)
    assert struck.total() >= KILLS
    assert ledger.count >= WRITES
