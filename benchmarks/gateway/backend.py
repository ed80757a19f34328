"""A real service process to stand behind the gateway: Starlette on uvicorn, one worker, a fixed list."""

import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

BODY = b'{"items":[' + b",".join([b'{"id":"%032d"}' % number for number in range(21)]) + b"]}"


async def persons(_: Any) -> Response:
    """A list of about the size of a usual answer."""
    return Response(BODY, media_type="application/json")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/v1/persons", persons)])
    config = uvicorn.Config(
        app, port=int(sys.argv[1]), loop="uvloop", lifespan="off", log_level="error", access_log=False
    )
    uvicorn.Server(config).run()
