"""Clients that write through the gateway and ask with the same Idempotency-Key until they are answered."""

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx
from tests.faults.house import COMMUNITIES

from grid_kernel.clock import SHANGHAI
from grid_kernel.types import uuid7

# What a client may be told while things break. Anything else is a fault: a 500, a refusal of a good request.
HONEST = {409, 502, 503, 504}
_PATIENCE_SECONDS = 90


@dataclass
class Ledger:
    """What was acknowledged, and what was said on the way there."""

    acknowledged: dict[str, set[UUID]] = field(default_factory=lambda: {"building": set(), "visit": set()})
    answers: Counter[str] = field(default_factory=Counter)
    replayed: int = 0
    attempts: int = 0
    faults: list[str] = field(default_factory=list)
    last_at: float = 0.0
    longest: float = 0.0
    """Seconds the unluckiest write took from the first attempt to its acknowledgement."""

    @property
    def count(self) -> int:
        """How many writes were acknowledged."""
        return sum(map(len, self.acknowledged.values()))


@dataclass(frozen=True)
class Write:
    """One act, the same at every attempt."""

    kind: str
    id: UUID
    path: str
    body: dict[str, Any]


def writes(demo: Path, seed: int) -> Iterator[Write]:
    """Buildings, which another service hears of, and visits, which lock a household; without end, by seed."""
    draw = random.Random(seed)
    points = [(row["lon"], row["lat"]) for row in _rows(demo / "gis/buildings.ndjson")]
    homes = _rows(demo / "population/households.ndjson")
    households = [row["id"] for row in homes if row["area_code"].startswith(COMMUNITIES[0])]
    for number in itertools.count():
        identifier = uuid7()
        if draw.random() < 0.6:
            lon, lat = draw.choice(points)
            point = {"lon": lon, "lat": lat, "crs": "CGCS2000"}
            body = {"id": str(identifier), "name": f"{number}号楼", "kind": "residential", "floors": 6, "entrances": 2}
            yield Write("building", identifier, "gis/v1/buildings", body | {"point": point})
        else:
            at = datetime.now(SHANGHAI) - timedelta(minutes=draw.randint(5, 600))
            body = {"id": str(identifier), "householdId": draw.choice(households), "visitedAt": at.isoformat()}
            body["outcome"] = draw.choice(["done", "no_answer", "declined"])
            yield Write("visit", identifier, "population/v1/visits", body)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class Load:
    """Some clients that write until they are told to stop; each finishes the write at hand."""

    def __init__(self, url: str, source: Iterator[Write], ledger: Ledger, *, clients: int, each_pause: float = 0.0):
        self.url = url
        self.source = source
        self.ledger = ledger
        self.clients = clients
        self.each_pause = each_pause
        self.stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def begin(self) -> None:
        """Sign in and start to write."""
        cookies = {kind: await signed_in(self.url, who) for kind, who in _WRITERS.items()}
        self._tasks = [asyncio.create_task(self._write_on(cookies)) for _ in range(self.clients)]

    async def end(self) -> None:
        """Stop after the writes at hand."""
        self.stopping.set()
        await asyncio.gather(*self._tasks)

    async def _write_on(self, cookies: dict[str, httpx.Cookies]) -> None:
        headers = {"X-Grid-Request": "1"}
        async with httpx.AsyncClient(base_url=f"{self.url}/api/", headers=headers, timeout=15) as client:
            while not self.stopping.is_set() and not self.ledger.faults:
                write = next(self.source)
                await self._until_acknowledged(client, write, cookies[write.kind])
                await asyncio.sleep(self.each_pause)

    async def _until_acknowledged(self, client: httpx.AsyncClient, write: Write, cookies: httpx.Cookies) -> None:
        loop = asyncio.get_running_loop()
        began, key, pause = loop.time(), f"faults-{write.id}", 0.05
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        while loop.time() - began < _PATIENCE_SECONDS and not self.ledger.faults:
            self.ledger.attempts += 1
            try:
                answer = await client.post(
                    write.path, json=write.body, headers={"Idempotency-Key": key, "Cookie": cookie}
                )
            except httpx.TransportError as error:
                self.ledger.answers[type(error).__name__] += 1
            else:
                if self._heard(write, answer):
                    self.ledger.last_at = loop.time()
                    self.ledger.longest = max(self.ledger.longest, loop.time() - began)
                    return
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(1.0, pause * 2)
        self.ledger.faults.append(f"{write.kind} {write.id} was not acknowledged in {loop.time() - began:.0f} s")

    def _heard(self, write: Write, answer: httpx.Response) -> bool:
        self.ledger.answers[str(answer.status_code)] += 1
        if answer.status_code == httpx.codes.CREATED:
            self.ledger.replayed += "idempotency-replayed" in answer.headers
            if answer.json()["id"] != str(write.id):
                self.ledger.faults.append(f"the answer to {write.id} speaks of {answer.json()['id']}")
            self.ledger.acknowledged[write.kind].add(write.id)
            return True
        problem = answer.headers.get("content-type") == "application/problem+json"
        if answer.status_code not in HONEST or not problem:
            self.ledger.faults.append(f"{write.path}: {answer.status_code} {answer.text[:300]}")
        return False


_WRITERS = {"building": "admin.system", "visit": "head.dulan"}


async def signed_in(url: str, login: str) -> httpx.Cookies:
    async with httpx.AsyncClient(base_url=url, headers={"X-Grid-Request": "1"}, timeout=30) as client:
        given = {"login": login, "password": f"qingshan-{login}"}
        answer = await client.post("/api/gateway/v1/session", json=given)
        assert answer.status_code == 200, answer.text
        return client.cookies
