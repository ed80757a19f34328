"""An engine that is away is no fault of a request or an event: both are told to come again, and nothing is dropped."""

from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tests.kernel.test_events import count, said

from grid_kernel import db, inbox
from grid_kernel.errors import InternalError, Unavailable
from grid_kernel.events import envelope
from grid_kernel.middleware import of_failure
from grid_kernel.runtime import Runtime
from grid_kernel.types import uuid7


class Delivery:
    """A message as the broker hands it out, and what it was told about it."""

    def __init__(self, body: bytes, *, times: int = 1) -> None:
        self.data = body
        self.subject = "grid.toy.note.written.v1"
        self.metadata = SimpleNamespace(num_delivered=times)
        self.told: list[str] = []

    async def ack(self) -> None:
        self.told.append("ack")

    async def nak(self, delay: float | None = None) -> None:
        self.told.append(f"nak {delay}")

    async def term(self) -> None:
        self.told.append("term")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        OSError("Multiple exceptions: connect call failed"),
        TimeoutError(),
        PoolTimeoutError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.CannotConnectNowError(),
        DBAPIError("select", None, Exception(), connection_invalidated=True),
        DBAPIError("select", None, ConnectionResetError()),
    ],
)
def test_a_database_that_is_away_is_a_503_that_says_when_to_come_again(error: Exception) -> None:
    refusal = of_failure(error)
    assert isinstance(refusal, Unavailable)
    assert 1 <= int(refusal.headers["Retry-After"]) <= 3


@pytest.mark.parametrize(
    "error", [KeyError(), FileNotFoundError(), asyncpg.DataError(), DBAPIError("select", None, asyncpg.DataError())]
)
def test_a_fault_of_ours_stays_a_500(error: Exception) -> None:
    assert isinstance(of_failure(error), InternalError)


def test_what_broke_while_a_lost_connection_was_cleared_up_is_the_lost_connection() -> None:
    with pytest.raises(asyncpg.InterfaceError) as raised:
        try:
            raise asyncpg.ConnectionDoesNotExistError
        except asyncpg.ConnectionDoesNotExistError:
            raise asyncpg.InterfaceError("connection is closed")  # noqa: B904 - as asyncpg does
    assert db.is_away(raised.value)


async def test_a_statement_cut_off_with_its_connection_is_known_as_such(toy: Any, runtime: Runtime) -> None:
    admin = await asyncpg.connect(toy.admin_url)
    with pytest.raises(DBAPIError) as raised:
        async with runtime.system_session() as session:
            own = await session.scalar(text("select pg_backend_pid()"))
            await admin.execute("select pg_terminate_backend($1)", own)
            await session.execute(text("select 1"))
    await admin.close()
    assert db.is_away(raised.value)


async def test_an_event_whose_database_is_away_waits_without_losing_a_try(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> bool:
        raise ConnectionRefusedError

    monkeypatch.setattr(inbox, "receive", away)
    message = Delivery(envelope(said(), uuid7()), times=inbox.TRIES + 1)
    with pytest.raises(ConnectionRefusedError):
        await inbox.hear(runtime, message)  # type: ignore[arg-type]
    assert message.told == []


async def test_an_event_nobody_survived_is_parked_not_dropped(runtime: Runtime) -> None:
    identifier = uuid7()
    message = Delivery(envelope(said(), identifier), times=inbox.HANDED_OUT + 1)
    await inbox.hear(runtime, message)  # type: ignore[arg-type]
    assert message.told == ["term"]
    found = "select count(*) from dead_event where event_id = :id and error = 'HandedOutTooOften'"
    assert await count(runtime, found, id=str(identifier)) == 1
    assert await inbox.replay(runtime, str(identifier))


async def test_the_broker_never_drops_what_it_handed_out_often(runtime: Runtime) -> None:
    info = await runtime.bus.jetstream.consumer_info("GRID", "toy-svc")
    assert info.config.max_deliver == -1
    assert info.config.ack_wait == inbox.ACK_WAIT_SECONDS
