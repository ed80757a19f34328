"""How events reach a service in tests: in any order, some of them twice."""

import random
from collections.abc import Sequence
from uuid import uuid4

from grid_kernel import inbox
from grid_kernel.events import Event, envelope
from grid_kernel.runtime import Runtime


async def hear(runtime: Runtime, events: Sequence[Event], seed: int = 1) -> None:
    """Deliver events shuffled and some of them twice."""
    shuffled = [envelope(event, uuid4()) for event in events]
    shuffled += shuffled[: len(shuffled) // 2]
    random.Random(seed).shuffle(shuffled)
    for body in shuffled:
        await inbox.receive(runtime, body)
