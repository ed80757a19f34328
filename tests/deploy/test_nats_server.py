"""The launcher's broker: what it promises, whom it lets in, what survives."""

import asyncio
import json
import os
import signal
import socket
import stat
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from grid_deploy.errors import DeployError
from grid_deploy.nats_server import Broker
from grid_deploy.settings import Settings


def variables(settings: Settings) -> dict[str, Any]:
    """What the server says about itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{settings.nats_monitor_port}/varz", timeout=5) as answer:
        said: dict[str, Any] = json.load(answer)
    return said


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """A client and the refusals it hears of."""
    refused: list[str] = []

    async def on_error(error: Exception) -> None:
        refused.append(str(error).lower())

    client = await nats.connect(url, error_cb=on_error, allow_reconnect=False)
    try:
        yield client, refused
    finally:
        await client.close()


async def asked(client: Client, subject: str) -> Msg:
    """Ask until somebody listens: a flush of the client may overtake its subscription."""
    async with asyncio.timeout(5):
        while True:
            with suppress(NoRespondersError):
                return await client.request(subject, b"where", timeout=5)
            await asyncio.sleep(0.01)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what the server says in its own time."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the client offers no event to wait for
            await asyncio.sleep(0.01)


def test_acknowledged_means_on_the_disk(settings: Settings) -> None:
    Broker(settings).start()
    said = variables(settings)
    assert said["jetstream"]["config"]["sync_always"] is True
    assert said["jetstream"]["config"]["max_storage"] < 16 * 1024**3
    assert (said["host"], said["http_host"]) == ("127.0.0.1", "127.0.0.1")
    assert said["auth_required"] is True


def test_starting_twice_finds_the_same_server(settings: Settings) -> None:
    assert Broker(settings).start() == Broker(settings).start()


@pytest.mark.parametrize(
    ("field", "setting"), [("nats_port", "GRID_NATS_PORT"), ("nats_monitor_port", "GRID_NATS_MONITOR_PORT")]
)
def test_a_taken_port_is_said_with_the_name_of_the_setting(settings: Settings, field: str, setting: str) -> None:
    with socket.create_server(("127.0.0.1", getattr(settings, field))), pytest.raises(DeployError) as refusal:
        Broker(settings).start()
    assert str(refusal.value).endswith(f": set {setting}")


async def test_an_acknowledged_event_survives_kill_9(settings: Settings) -> None:
    broker = Broker(settings)
    server = broker.start()
    async with client_of(broker.url()) as (client, _):
        await client.jetstream().add_stream(name="GRID", subjects=["grid.>"])
        await client.jetstream().publish("grid.gis.grid.drawn.v1", b"1")
    os.kill(server.pid, signal.SIGKILL)
    while server.alive():
        pass
    broker.start()
    async with client_of(broker.url()) as (client, _):
        assert (await client.jetstream().stream_info("GRID")).state.messages == 1


def test_nobody_enters_without_a_password(settings: Settings) -> None:
    Broker(settings).start()
    with (
        socket.create_connection(("127.0.0.1", settings.nats_port), timeout=5) as client,
        client.makefile("rb") as heard,
    ):
        client.sendall(b'CONNECT {"verbose": false}\r\nPING\r\n')
        heard.readline()
        assert b"Authorization Violation" in heard.readline()
    users = settings.secrets_dir / "nats.conf"
    assert stat.S_IMODE(users.stat().st_mode) == 0o600


async def test_a_service_says_its_own_events_only(settings: Settings) -> None:
    broker = Broker(settings)
    broker.start()
    async with client_of(broker.url("gis")) as (client, refused):
        await client.publish("grid.gis.grid.drawn.v1", b"{}")
        await client.flush()
        assert refused == []
        await client.publish("grid.dispute.case.closed.v1", b"{}")
        await until(lambda: any("permissions violation" in each for each in refused))


async def test_a_service_answers_only_what_it_is_asked(settings: Settings) -> None:
    broker = Broker(settings)
    broker.start()
    async with client_of(broker.url("gis")) as (gis, _), client_of(broker.url("dispute")) as (dispute, refused):

        async def answer(message: Any) -> None:
            await message.respond(b"here")

        await gis.subscribe("ask.gis.locate.v1", cb=answer)
        assert (await asked(dispute, "ask.gis.locate.v1")).data == b"here"
        await dispute.subscribe("ask.gis.locate.v1", cb=answer)
        await dispute.flush()
        await until(lambda: any("permissions violation" in each for each in refused))
