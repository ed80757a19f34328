"""What a caller of the gateway waits for: create, get, list of 50 and point → grid, against a running system.

    make up && python benchmarks/through_gateway/run.py [http://localhost:8080]

Signs in as the demo's worker; each kind is asked COUNT times by one caller, then by eight at once. The caller is httpx,
which needs about a millisecond of its own for a request. Waiting depends on who else uses the machine; the processor
time of everything that runs here (gateway, services, PostgreSQL, NATS) does so much less, and stands beside it.
"""

import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import psutil

from grid_deploy import processes
from grid_deploy.settings import SERVICES, Settings

COUNT, AT_ONCE = 200, 8
GRID = "150204006019003"
SHANGHAI = ZoneInfo("Asia/Shanghai")
Ask = Callable[[], Awaitable[httpx.Response]]


def quantiles(times: list[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    ordered = sorted(times)
    return statistics.median(ordered) * 1e3, ordered[int(len(ordered) * 0.99) - 1] * 1e3


async def measure(ask: Ask, callers: int) -> tuple[float, float, float]:
    """p50, p99 in milliseconds and requests a second."""
    times: list[float] = []

    async def caller() -> None:
        while len(times) < COUNT:
            started = time.perf_counter()
            answer = await ask()
            assert answer.is_success, answer.text
            times.append(time.perf_counter() - started)

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return *quantiles(times), len(times) / (time.perf_counter() - begun)


def processor_seconds() -> float:
    """What all processes of the system on this machine have used so far."""
    run_dir, used = Settings.load().run_dir, 0.0
    for name in ("postgres", "nats", *(service.name for service in SERVICES)):
        if (process := processes.recall(name, run_dir)) is not None:
            whole = psutil.Process(process.pid)
            used += sum(sum(each.cpu_times()[:2]) for each in (whole, *whole.children(recursive=True)))
    return used


async def households(client: httpx.AsyncClient) -> list[str]:
    """Some households of the worker's grid."""
    page = await client.get("/api/population/v1/households", params={"area": GRID, "limit": 100})
    return [row["id"] for row in page.json()["items"]]


def asks(client: httpx.AsyncClient, known: list[str]) -> dict[str, Ask]:
    """What is asked."""

    async def create() -> httpx.Response:
        visit = {
            "householdId": random.choice(known),
            "visitedAt": datetime.now(SHANGHAI).isoformat(),
            "outcome": "no_answer",
        }
        headers = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
        return await client.post("/api/population/v1/visits", content=json.dumps(visit), headers=headers)

    async def get() -> httpx.Response:
        return await client.get(f"/api/population/v1/households/{random.choice(known)}")

    async def list_of_50() -> httpx.Response:
        return await client.get("/api/population/v1/households", params={"area": GRID, "limit": 50})

    async def locate() -> httpx.Response:
        point = {"lon": 109.88 + random.random() / 50, "lat": 40.67 + random.random() / 50, "crs": "GCJ02"}
        return await client.post("/api/gis/v1/locate", json={"points": [{"reference": "a", "point": point}]})

    return {"create (a visit)": create, "get (a household)": get, "list of 50": list_of_50, "point → grid": locate}


async def main(base: str) -> None:
    """Print the table."""
    given = {"login": "worker.dulan", "password": "qingshan-worker.dulan"}
    limits = httpx.Limits(max_connections=AT_ONCE)
    headers = {"X-Grid-Request": "1"}
    async with httpx.AsyncClient(base_url=base, headers=headers, limits=limits, timeout=30) as client:
        (await client.post("/api/gateway/v1/session", json=given)).raise_for_status()
        known = await households(client)
        print(
            "| request | p50 ms, one caller | p99 | p50 ms, 8 callers | p99 | requests/s | processor ms per request |"
        )
        print("|---|---|---|---|---|---|---|")
        for name, ask in asks(client, known).items():
            await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
            before = processor_seconds()
            alone, crowd = await measure(ask, 1), await measure(ask, AT_ONCE)
            each = (processor_seconds() - before) / (2 * COUNT) * 1e3
            waited = f"{alone[0]:.1f} | {alone[1]:.1f} | {crowd[0]:.1f} | {crowd[1]:.1f} | {crowd[2]:,.0f}"
            print(f"| {name} | {waited} | {each:.1f} |", flush=True)
    print(f"\nload average {Path('/proc/loadavg').read_text().split()[0]}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8080"))
