"""What works beside the API: relay, inbox with answers, jobs; together in one process or each in its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from enum import Flag, auto
from typing import Any

from grid_kernel.ask import answer_questions
from grid_kernel.inbox import run_inbox
from grid_kernel.jobs import run_jobs
from grid_kernel.outbox import run_relay
from grid_kernel.runtime import Runtime

STOP_SECONDS = 10.0


class Workers(Flag):
    """Which of them run."""

    NONE = 0
    RELAY = auto()
    CONSUME = auto()
    JOBS = auto()
    ANSWER = auto()
    ALL = RELAY | CONSUME | JOBS | ANSWER


_WORK: dict[Workers, Callable[[Runtime], Coroutine[Any, Any, None]]] = {
    Workers.RELAY: run_relay,
    Workers.CONSUME: run_inbox,
    Workers.JOBS: run_jobs,
    Workers.ANSWER: answer_questions,
}


@asynccontextmanager
async def work_beside(runtime: Runtime, workers: Workers) -> AsyncIterator[None]:
    """Run the workers while the block runs; then let them finish what they hold."""
    tasks = [asyncio.create_task(work(runtime), name=str(kind)) for kind, work in _WORK.items() if kind in workers]
    try:
        yield
    finally:
        runtime.stopping.set()
        running = [*tasks, *runtime.tasks]
        if running:
            _, late = await asyncio.wait(running, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
