"""Engines, sessions and the one place that commits."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Protocol, TypeVar

import asyncpg
import orjson
from fastapi import Depends, Request
from sqlalchemy import ColumnElement, MetaData, Select, and_, false, or_, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import registry

from grid_kernel.auth import CurrentActor
from grid_kernel.crypto import Keys
from grid_kernel.errors import Stale
from grid_kernel.tables import NAMING
from grid_kernel.types import bind_keys

LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 30_000


def new_registry() -> registry:
    """The registry and metadata of one service; SQLModel's global one would mix the services."""
    return registry(metadata=MetaData(naming_convention=NAMING))


def make_engine(url: str, keys: Keys, *, pool: int, name: str) -> AsyncEngine:
    """An engine that never shows parameters and knows the service's keys."""
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"server_settings": server_settings(name)},
    )
    bind_keys(engine.dialect, keys)
    return engine


def server_settings(name: str) -> dict[str, str]:
    """What every connection says to the server."""
    return {
        "application_name": name,
        "timezone": "UTC",
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": "60000",
    }


async def make_read_pool(url: str, *, size: int, name: str) -> asyncpg.Pool:
    """Connections for hot reads. They carry nothing over: what a read sets is local to its transaction."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        server_settings=server_settings(name),
        init=_decode_json,
        reset=_keep,
        command_timeout=30,
    )


_AWAY = (
    ConnectionError, TimeoutError, socket.gaierror, PoolTimeoutError,
    asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError, asyncpg.TooManyConnectionsError,
)  # fmt: skip


def is_away(error: BaseException) -> bool:
    """Whether something failed because the database does not answer: no fault of what was asked, try again later."""
    return any(
        isinstance(each, _AWAY)
        or type(each) is OSError
        or (isinstance(each, DBAPIError) and each.connection_invalidated)
        for each in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__


async def answers(engine: AsyncEngine) -> None:
    """Come back when the database answers; raise what it raises when it does not."""
    async with engine.connect() as connection:
        await connection.execute(text("select 1"))


async def _decode_json(connection: asyncpg.Connection) -> None:
    """SQLAlchemy does the same on its own connections, and leaves the decoding to the driver."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=_dumps, decoder=orjson.loads, schema="pg_catalog")


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _keep(_: Any) -> None:
    """Resetting would cost a round trip and clear nothing."""


@asynccontextmanager
async def transaction(engine: AsyncEngine, *, scope: str | None, info: dict[str, Any]) -> AsyncIterator[AsyncSession]:
    """One transaction: committed when the block ends well, rolled back otherwise."""
    async with AsyncSession(engine, expire_on_commit=False, autoflush=True) as session:
        session.info.update(info)
        if scope is not None:
            await session.execute(text("select set_config('app.scope', :scope, true)"), {"scope": scope})
        yield session
        await session.commit()


async def write_session(request: Request, actor: CurrentActor) -> AsyncIterator[AsyncSession]:
    """The transaction of a request, in the actor's scope."""
    async with request.state.runtime.app_session(actor, request) as session:
        yield session


async def system_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The transaction of a request that may look beyond areas: a look-up by code, a report from anybody."""
    async with request.state.runtime.system_session(request) as session:
        yield session


# Function scope: the commit happens after the route function and before the first byte of the answer.
WriteSession = Annotated[AsyncSession, Depends(write_session, scope="function")]
SystemSession = Annotated[AsyncSession, Depends(system_session, scope="function")]


def in_scope(area_code: Any, prefixes: Sequence[str]) -> ColumnElement[bool]:
    """The application's rule of area scope: the row lies in one of these areas. Nothing lies in no area.

    Plain ranges, because the planner knows how many rows a range holds; it knows nothing of an array.
    """
    if not prefixes:
        return false()
    return or_(*(and_(area_code >= prefix, area_code < f"{prefix}~") for prefix in prefixes))


@asynccontextmanager
async def as_system(session: AsyncSession) -> AsyncIterator[None]:
    """Run the one statement that moves a row out of the actor's scope; the rule has allowed it before."""
    await session.flush()
    scope = await session.scalar(text("select current_setting('app.scope', true)"))
    await _set_scope(session, str(session.info["district"]))
    yield
    await session.flush()
    await _set_scope(session, scope or "")


async def _set_scope(session: AsyncSession, scope: str) -> None:
    await session.execute(text("select set_config('app.scope', :scope, true)"), {"scope": scope})


def after_commit(session: AsyncSession, work: Callable[[], Awaitable[object]]) -> None:
    """Start something once the transaction is stored. It is lost in a crash: a job must find it again."""
    session.info.setdefault("after_commit", []).append(work)


class Versioned(Protocol):
    """An aggregate: its version is its ETag and the sequence of its events."""

    version: int


def expect_version(row: Versioned, version: int) -> None:
    """Refuse a change of a version that is no longer the present one."""
    if row.version != version:
        raise Stale(version=row.version)


Found = TypeVar("Found")


async def find(session: AsyncSession, statement: Select[Found]) -> Found | None:
    """The one row of a select, None when there is none."""
    return (await session.execute(statement)).scalars().one_or_none()
