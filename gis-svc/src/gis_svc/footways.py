"""The walking network of the roads there are, made once for each revision of them."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import shapely

from gis_svc.queries import placed
from gis_svc.revisions import revisions_of
from gis_svc.walking import Network
from grid_kernel.auth import Actor
from grid_kernel.runtime import Runtime


@dataclass(slots=True)
class Footways:
    """The network at hand, and of which revision it is."""

    revision: int = -1
    network: Network | None = None
    making: asyncio.Lock = field(default_factory=asyncio.Lock)


async def network_of(runtime: Runtime, actor: Actor) -> Network | None:
    """The network of today's roads; None where there are none. Roads are public: it is the same for everybody."""
    kept: Footways = runtime.extra.setdefault("footways", Footways())
    revision = (await revisions_of(runtime).current(runtime)).get("roads", 0)
    async with kept.making:
        if kept.revision != revision:
            rows = await placed.network(runtime.reads(actor), actor)
            lines = shapely.from_wkb(np.array([row["shape_wkb"] for row in rows], dtype=object)).tolist()
            kept.network = await asyncio.to_thread(Network, lines) if lines else None
            kept.revision = revision
    return kept.network
