"""Events no handler can take are parked after their tries while others flow, and replayed when the cause is gone."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import nats
import pytest
from tests.faults import reckoning
from tests.faults.house import COMMUNITIES, House
from tests.faults.load import Ledger, Load, signed_in, writes

from grid_deploy.settings import ROOT
from grid_kernel import inbox
from grid_kernel.contracts.dispute import CaseFollowUpRequested
from grid_kernel.events import envelope
from grid_kernel.types import uuid7

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

PARKED_SECONDS = 60
FLOWING_SECONDS = 5


async def _say(house: House, *events: tuple[str, bytes]) -> None:
    client = await nats.connect(house.engines.nats_url)
    try:
        for subject, body in events:
            await client.jetstream().publish(subject, body)
    finally:
        await client.close()


def _follow_up(household: UUID) -> CaseFollowUpRequested:
    return CaseFollowUpRequested(
        aggregate_id=uuid4(),
        sequence=2,
        occurred_at=datetime.now(UTC),
        area_code=COMMUNITIES[0],
        case_code="150204-20260101-0001",
        restricted=False,
        category="01001",
        household_id=household,
    )


async def _register(house: House, household: UUID) -> None:
    """What was missing arrives: the household the event speaks of."""
    dwelling = json.loads((house.demo / "population/dwellings.ndjson").open(encoding="utf-8").readline())["id"]
    person = {"name": "钟晴", "sex": "2", "birthDate": "1980-05-01", "relationToHead": "02", "populationType": "1"}
    body = {"id": str(household), "dwellingId": dwelling, "formedOn": "2026-01-05", "persons": [person]}
    cookies = await signed_in(house.url, "head.dulan")
    headers = {"X-Grid-Request": "1", "Idempotency-Key": uuid4().hex}
    async with httpx.AsyncClient(base_url=house.url, cookies=cookies, headers=headers, timeout=30) as client:
        answer = await client.post("/api/population/v1/households", json=body)
    assert answer.status_code == 201, answer.text


def _dead_letters(house: House, *words: str) -> list[list[str]]:
    """What `make dead-letters` prints, line by line."""
    command = [sys.executable, "-m", "grid_deploy", "dead-letters", *words]
    done = subprocess.run(command, cwd=ROOT, env=house.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]


async def _heard_within(house: House, buildings: set[UUID], seconds: float) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    asked = "select count(*) from building_grid where sequence > 0 and building_id = any($1)"
    while await reckoning.value(house, "population", asked, list(buildings)) < len(buildings):
        assert loop.time() - began < seconds, "events wait behind one nobody can handle"
        await asyncio.sleep(0.05)
    return loop.time() - began


async def test_what_cannot_be_handled_is_parked_while_the_rest_flows_and_can_be_replayed(
    house: House, say: Callable[[str], None]
) -> None:
    await reckoning.settled(house, 60)
    household = uuid4()
    too_early, identifier = _follow_up(household), uuid7()
    garbage = b'{"id": "no event of ours"}'
    await _say(house, (too_early.subject, envelope(too_early, identifier)), (too_early.subject, garbage))
    ledger = Ledger()
    async with Load(house.url, writes(house.demo, 5), ledger, clients=2, each_pause=0.1):
        await asyncio.sleep(3)
    flowed = await _heard_within(house, ledger.acknowledged["building"], FLOWING_SECONDS)
    waited = await reckoning.settled(house, PARKED_SECONDS)
    parked = {line[1]: line for line in _dead_letters(house)}
    assert set(parked) == {str(identifier), "no event of ours"}
    assert parked[str(identifier)][0::3] == ["population", str(inbox.TRIES)]
    say(f"{ledger.count} writes flowed past ({flowed:.1f} s), two events parked after {waited:.0f} s")

    await _register(house, household)
    replayed: dict[str, Any] = {line[1]: line[-1] for line in _dead_letters(house, str(identifier))}
    assert replayed == {str(identifier): "replayed", "no event of ours": "waiting"}
    wanted = "select count(*) from follow_up where household_id = $1"
    assert await reckoning.value(house, "population", wanted, household) == 1
    assert [line[1] for line in _dead_letters(house)] == ["no event of ours"]
