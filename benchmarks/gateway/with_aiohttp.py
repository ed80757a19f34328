"""The same way with aiohttp's client in place of our own: for comparison only, in an environment of its own.

It does less than the gateway's proxy: no bounds, no metrics, no checks of the request.
"""

import sys
from typing import Any

import aiohttp
import uvicorn

HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"host", b"cookie", b"te", b"upgrade"}
SESSIONS = {f"{number:032x}": "t" * 600 for number in range(5_000)}


class Passing:
    """Pass GET requests on, stream the answer back."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Any, _: Any, send: Any) -> None:
        """Answer one request."""
        if self.session is None:
            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64), auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        headers = [(name.decode(), value.decode()) for name, value in scope["headers"] if name not in HOP]
        secret = dict(scope["headers"])[b"cookie"].decode().removeprefix("grid=")
        headers.append(("authorization", "Bearer " + SESSIONS[secret]))
        target = self.upstream + scope["raw_path"].removeprefix(b"/api/population").decode()
        async with self.session.request(scope["method"], target, headers=headers, allow_redirects=False) as answer:
            back = [(name, value) for name, value in answer.raw_headers if name.lower() not in HOP]
            await send({"type": "http.response.start", "status": answer.status, "headers": back})
            async for piece in answer.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body"})


if __name__ == "__main__":
    config = uvicorn.Config(
        Passing(sys.argv[2]), port=int(sys.argv[1]), loop="uvloop", http="httptools", lifespan="off", log_level="error",
        access_log=False, ws="none", server_header=False, proxy_headers=False,
    )  # fmt: skip
    uvicorn.Server(config).run()
