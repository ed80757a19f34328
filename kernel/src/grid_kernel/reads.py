"""Hot reads: a SQLModel select, compiled once to $1 SQL, run on asyncpg in one scoped read-only transaction."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import Dialect, Float, Numeric, Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler

from grid_kernel import audit
from grid_kernel.auth import Actor
from grid_kernel.crypto import Keys
from grid_kernel.types import bind_keys

Row = Mapping[str, Any]
_PREFIXES = re.compile(r"[0-9,]*")


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    compiler: SQLCompiler
    order: tuple[str, ...]
    binders: Mapping[str, Callable[[Any], Any]]
    decoders: tuple[tuple[str, Callable[[Any], Any]], ...]


class ReadPool:
    """The compiled statements and connections of one service for one role."""

    def __init__(self, pool: asyncpg.Pool, keys: Keys) -> None:
        self._pool = pool
        self._dialect: Dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects untyped
        bind_keys(self._dialect, keys)
        self._known: dict[Any, _Compiled] = {}

    async def close(self) -> None:
        """Wait for running reads, then close the connections."""
        await self._pool.close()

    def _compile(self, statement: Select[*tuple[Any, ...]]) -> tuple[_Compiled, Sequence[Any]]:
        key = statement._generate_cache_key()
        if key is None:
            raise TypeError("this select cannot be cached, so it cannot be a hot read")
        known = self._known.get(key.key)
        if known is None:
            known = self._known[key.key] = self._compiled(statement, key)
        return known, key.bindparams

    def _compiled(self, statement: Select[*tuple[Any, ...]], key: Any) -> _Compiled:
        compiler = statement.compile(dialect=self._dialect, cache_key=key)
        if not isinstance(compiler, SQLCompiler) or compiler.post_compile_params:
            raise TypeError("IN lists change the text of a statement: compare with = any(array)")
        # asyncpg answers numbers as they are; SQLAlchemy would ask for the type the server sent.
        processed = (
            (e.keyname, e.type._cached_result_processor(self._dialect, None))
            for e in compiler._result_columns
            if not isinstance(e.type, Numeric | Float)
        )
        decoders = [(name, process) for name, process in processed if process]
        order = tuple(compiler.positiontup or ())
        return _Compiled(
            str(compiler),
            compiler,
            order,
            {name: bind for name, bind in compiler._bind_processors.items() if callable(bind)},
            tuple(decoders),
        )

    async def run(
        self,
        statement: Select[*tuple[Any, ...]],
        params: Mapping[str, Any],
        *,
        scope: str | None,
        record: Callable[[Sequence[Row]], tuple[str, tuple[Any, ...]]] | None = None,
    ) -> list[Row]:
        """Run one select under a scope; `record` makes the insert that says what was read.

        A select with `execution_options(replan=True)` is planned for its values each time: for figures and searches,
        where the plan PostgreSQL would keep for all values is a bad one for most.
        """
        replan = bool(statement.get_execution_options().get("replan"))
        compiled, extracted = self._compile(statement)
        values = compiled.compiler.construct_params(dict(params), extracted_parameters=extracted)
        arguments = [
            bind(values[name]) if (bind := compiled.binders.get(name)) else values[name] for name in compiled.order
        ]
        async with self._pool.acquire() as connection:
            await connection.execute(_begin(scope, writes=record is not None, replan=replan))
            try:
                rows = await connection.fetch(compiled.sql, *arguments)
                decoded = [_decode(row, compiled.decoders) for row in rows]
                if record is not None:
                    sql, values_of_record = record(decoded)
                    await connection.execute(sql, *values_of_record)
            except BaseException:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
        return decoded


def _begin(scope: str | None, *, writes: bool, replan: bool) -> str:
    if scope is not None and not _PREFIXES.fullmatch(scope):
        raise ValueError("a scope is a list of area codes")
    mode = "BEGIN; SET LOCAL synchronous_commit = off" if writes else "BEGIN READ ONLY"
    mode += "; SET LOCAL plan_cache_mode = force_custom_plan" if replan else ""
    return mode if scope is None else f"{mode}; SELECT set_config('app.scope', '{scope}', true)"


def _decode(row: Row, decoders: Sequence[tuple[str, Callable[[Any], Any]]]) -> Row:
    values = dict(row)
    for name, decode in decoders:
        values[name] = decode(values[name])
    return values


class ReadRunner:
    """The reads of one actor; a service's own when the actor is None (system role, no scope)."""

    def __init__(self, pool: ReadPool, actor: Actor | None, scope: str | None, via: str) -> None:
        self._pool = pool
        self._actor = actor
        self._scope = scope
        self._via = via

    async def fetch(
        self,
        statement: Select[*tuple[Any, ...]],
        *,
        access: str | None = None,
        fields: Sequence[str] = (),
        purpose: str | None = None,
        once_since: datetime | None = None,
        **params: Any,
    ) -> list[Row]:
        """The rows of a select. With `access`, the ids returned are recorded as read in the same transaction.

        `once_since` is for routine reads: what is recorded of this actor since that moment is not recorded again.
        """
        if access is None:
            return await self._pool.run(statement, params, scope=self._scope)

        def record(rows: Sequence[Row]) -> tuple[str, tuple[Any, ...]]:
            told: dict[str, Any] = {"kind": access, "ids": [row["id"] for row in rows], "fields": fields}
            told |= {"purpose": purpose, "via": self._via}
            if once_since is not None:
                return audit.access_insert_once(self._actor, **told, since=once_since)
            return audit.access_insert(self._actor, **told)

        return await self._pool.run(statement, params, scope=self._scope, record=record)

    async def fetch_one(
        self, statement: Select[*tuple[Any, ...]], *, access: str | None = None, **params: Any
    ) -> Row | None:
        """The first row, None when there is none."""
        rows = await self.fetch(statement, access=access, **params)
        return rows[0] if rows else None
