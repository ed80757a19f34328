"""Many rows at once: COPY into a table of the transaction, then insert-select, because RLS refuses COPY."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


async def copy_rows(session: AsyncSession, model: type[SQLModel], rows: Sequence[SQLModel]) -> int:
    """Insert new rows of one model; all its columns are written."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # every table model has one
    names = [column.key for column in table.columns]
    return await copy_mappings(session, table, ({name: getattr(row, name) for name in names} for row in rows))


async def copy_mappings(session: AsyncSession, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert mappings of column names to values; every mapping names the same columns. Encrypting types apply."""
    iterator = iter(rows)
    if (first := next(iterator, None)) is None:
        return 0
    connection = await session.connection()
    columns = [table.columns[name] for name in first]
    processors = [column.type._cached_bind_processor(connection.dialect) for column in columns]
    plan = list(zip(first, processors, strict=True))

    def records() -> Iterable[tuple[Any, ...]]:
        for row in (first, *iterator):
            yield tuple(process(row[name]) if process else row[name] for name, process in plan)

    staging = f"copy_{table.name}"
    names = ", ".join(f'"{column.name}"' for column in columns)
    # Made from a select, the staging table has no constraint, no default and no policy.
    await session.execute(
        text(f"create temp table {staging} on commit drop as select {names} from {table.name} with no data")  # noqa: S608
    )
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has its driver's
    await driver.copy_records_to_table(staging, records=records(), columns=[column.name for column in columns])
    moved = await session.execute(
        text(f"insert into {table.name} ({names}) select {names} from {staging}")  # noqa: S608 - own names only
    )
    await session.execute(text(f"drop table {staging}"))
    return int(moved.rowcount)  # type: ignore[attr-defined]  # a cursor result, since it is an insert
