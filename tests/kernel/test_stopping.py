"""A service that is told to stop finishes what it has begun, and begins nothing more."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator

import httpx
import pytest

PROGRAM = """
import asyncio, sys
from grid_kernel.main import serve
from grid_kernel.settings import ServiceSettings

async def app(scope, receive, send):
    if scope["type"] == "http":
        print("begun", flush=True)
        await asyncio.sleep(1)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

serve(app, ServiceSettings.model_construct(host="127.0.0.1", port=int(sys.argv[1])))
"""


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
async def process(port: int) -> AsyncIterator[Process]:
    """A process that serves as every service does."""
    given = (sys.executable, "-c", PROGRAM, str(port))
    running = await asyncio.create_subprocess_exec(*given, stdout=asyncio.subprocess.PIPE)
    for _ in range(200):
        try:
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            break
        except OSError:
            await asyncio.sleep(0.1)
    yield running
    if running.returncode is None:
        running.kill()
        await running.wait()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
async def test_a_request_under_way_is_answered_before_the_service_ends(
    process: Process, port: int, told: signal.Signals
) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        under_way = asyncio.create_task(client.get("/"))
        assert process.stdout is not None
        assert await process.stdout.readline() == b"begun\n"
        process.send_signal(told)
        await asyncio.sleep(0.4)
        with pytest.raises(OSError, match=r"refused|failed"):
            await asyncio.open_connection("127.0.0.1", port)
        assert (await under_way).status_code == 204
    await asyncio.wait_for(process.wait(), 10)
