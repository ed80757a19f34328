"""The gateway's proxy with everything on, over one upstream: session look-up, ids, bounds, metrics, log."""

import gc
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

import uvicorn

from gateway.proxy import Proxy
from grid_kernel import telemetry
from grid_kernel.edge import EdgeProtocol
from grid_kernel.upstream import Upstream

# As many sessions as a district has people signed in; the one of the benchmark among them.
SESSIONS: Mapping[bytes, bytes] = {b"%032x" % number: b"t" * 600 for number in range(5_000)}


async def authorise(scope: Any) -> bytes | None:
    """The look-up that the gateway does for each request of an open session."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            for part in value.split(b";"):
                pair = part.strip()
                if pair.startswith(b"grid="):
                    return SESSIONS.get(pair[5:])
    return None


def main() -> None:
    """Serve on the port given until a signal."""
    port, upstream, level = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    telemetry.configure_logging("gateway", level)
    proxy = Proxy({"/api/population/v1": Upstream(upstream, name="population")}, authorise)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        proxy, port=port, http=EdgeProtocol, loop="uvloop", lifespan="off", log_config=None, access_log=False,
        ws="none", server_header=False, proxy_headers=False,
    )  # fmt: skip
    uvicorn.Server(config).run()


if __name__ == "__main__":
    os.environ.setdefault("GRID_ENVIRONMENT", "production")
    main()
