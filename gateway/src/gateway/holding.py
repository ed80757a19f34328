"""What the gateway holds besides a service's runtime, and how routes reach it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from gateway.live import Live
from gateway.overview import Composer
from gateway.passwords import Passwords
from gateway.places import Places
from gateway.sessions import Sessions
from grid_kernel.runtime import CurrentRuntime, Runtime

KEY = "gateway"


@dataclass(frozen=True, slots=True)
class Holding:
    """Sessions, passwords, the composer of reads, the reader of live updates, and the names of places."""

    sessions: Sessions
    passwords: Passwords
    composer: Composer
    live: Live
    places: Places


async def current_holding(runtime: CurrentRuntime) -> Holding:
    """What the gateway holds."""
    return holding_of(runtime)


def holding_of(runtime: Runtime) -> Holding:
    """What the gateway holds, out of its runtime."""
    held: Holding = runtime.extra[KEY]
    return held


CurrentHolding = Annotated[Holding, Depends(current_holding)]


def bearer(request: Request) -> str:
    """The token this request came with, to ask on in the same name."""
    return request.headers.get("authorization", "").removeprefix("Bearer ")
