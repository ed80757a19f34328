"""What was true when, and what was believed when: append-only versions written by the database itself.

Every change of a kept table (insert, update, COPY, ORM, Core, a hand in psql) fires one statement trigger that closes
the versions it contradicts and appends the new ones: no code path can forget it. An update says that the columns it
changes have had their new values since the row's `effective_on`; what was known of the other columns stays, also when
the change reaches back over several versions. A kept table may name the column of its end: after it no version holds.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Identity, Index, Table, and_, or_, text
from sqlmodel import SQLModel

from grid_kernel.types import AREA_CODE, UtcDateTime

_OF_THE_ROW_ONLY = frozenset({"effective_on", "recorded_at"})
_ADDED = ("grid_code_then", "valid_from", "valid_to", "recorded_at", "superseded_at")


def version_table(model: type[SQLModel], *, without: Sequence[str] = (), counted: Sequence[str] = ()) -> Table:
    """The `<table>_version` of a model: its content, the grid of that time, valid time and recorded time.

    What is `counted` lies in an index of its own: figures of a district read that and not the table, which is wide and
    for the most part superseded.
    """
    source: Table = model.__table__  # type: ignore[attr-defined]  # every table model has one
    kept = [column for column in source.columns if column.key not in _OF_THE_ROW_ONLY | set(without)]
    live = text("superseded_at is null")
    name = f"{source.name}_version"
    place = ("area_code", "valid_from")
    figures = Index(f"ix_{name}_counted", *place, postgresql_include=[*counted, "valid_to"], postgresql_where=live)
    return Table(
        name,
        source.metadata,
        Column("version_no", BigInteger, Identity(always=True), primary_key=True),
        *(Column(column.key, column.type, nullable=column.nullable) for column in kept),
        Column("grid_code_then", AREA_CODE, nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("superseded_at", UtcDateTime),
        Index(f"ix_{name}_id", "id"),
        Index(f"ix_{name}_live_area_code", "area_code", "id", postgresql_where=live),
        *([figures] if counted else ()),
    )


def as_of(versions: Any, day: date, known_at: datetime | None = None) -> Any:
    """The condition that picks what held on a day, as it is known now or as it was known at a moment."""
    held = and_(versions.c.valid_from <= day, or_(versions.c.valid_to.is_(None), versions.c.valid_to > day))
    if known_at is None:
        return and_(held, versions.c.superseded_at.is_(None))
    open_then = or_(versions.c.superseded_at.is_(None), versions.c.superseded_at > known_at)
    return and_(held, versions.c.recorded_at <= known_at, open_then)


def keep_versions(table: str, kept: Sequence[str], *, end: str | None = None) -> list[str]:
    """The statements that make a table keep its versions (for migrations, run by the owner role)."""
    return [
        _function(table, kept, end),
        f"create trigger {table}_entered after insert on {table} referencing new table as new_rows "
        f"for each statement execute function {table}_keep_versions()",
        f"create trigger {table}_changed after update on {table} "
        "referencing old table as old_rows new table as new_rows "
        f"for each statement execute function {table}_keep_versions()",
        _guard(table, kept),
        f"create trigger {table}_version_guarded before update on {table}_version "
        f"for each row execute function {table}_version_guard()",
    ]


def only_append(table: str, *, service: str) -> list[str]:
    """The policies that leave writing versions to the owner's trigger, on top of the area scope of the table.

    The service itself may bring the area code up to date when a grid is split; `_guard` keeps it from the rest.
    """
    versions, app, system = f"{table}_version", f"{service}_app", f"{service}_system"
    return [
        f"create policy {versions}_written on {versions} for all to current_user using (true) with check (true)",
        f"create policy {versions}_no_insert on {versions} as restrictive "
        f"for insert to {app}, {system} with check (false)",
        f"create policy {versions}_no_delete on {versions} as restrictive for delete to {app}, {system} using (false)",
        f"create policy {versions}_no_update on {versions} as restrictive for update to {app} using (false)",
    ]


def _function(table: str, kept: Sequence[str], end: str | None) -> str:
    names = ", ".join([*kept, *_ADDED])
    ends = f"n.{end}" if end else "null::date"
    told = [*kept, "effective_on", *([end] if end and end not in kept else [])]
    content = [name for name in told if name != "version"]
    patched = ", ".join(f"case when n.{c} is distinct from o.{c} then n.{c} else g.{c} end" for c in kept)
    grid = "case when n.area_code is distinct from o.area_code then n.area_code else g.grid_code_then end"
    starts, stops = (
        "greatest(g.valid_from, n.effective_on)",
        f"case when g.last then {ends} else least(g.valid_to, {ends}) end",
    )
    return f"""
create function {table}_keep_versions() returns trigger language plpgsql
security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into {table}_version ({names})
        select {_listed("n", kept)}, n.area_code, n.effective_on, {ends}, n.recorded_at, null
        from new_rows n where {ends} is null or n.effective_on < {ends};
        return null;
    end if;
    with n as (
        select n.*, greatest(n.recorded_at, o.recorded_at) as at from new_rows n join old_rows o using (id)
        where {_tuple("n", content)} is distinct from {_tuple("o", content)}
    ), gone as (
        update {table}_version v set superseded_at = greatest(n.at, v.recorded_at) from n
        where v.id = n.id and v.superseded_at is null and (v.valid_to is null or v.valid_to > n.effective_on)
        returning v.*
    ), g as (
        select *, lead(valid_from) over (partition by id order by valid_from) is null as last,
            min(valid_from) over (partition by id) as first_from from gone
    )
    insert into {table}_version ({names})
    select {_listed("g", kept)}, g.grid_code_then, g.valid_from, n.effective_on, g.superseded_at, null::timestamptz
        from g join n using (id) where g.valid_from < n.effective_on
    union all
    select {patched}, {grid}, {starts}, {stops}, g.superseded_at, null
        from g join n using (id) join old_rows o using (id) where {stops} is null or {starts} < {stops}
    union all
    select {_listed("n", kept)}, n.area_code, n.effective_on, coalesce(f.first_from, {ends}), n.at, null
        from n left join (select distinct id, first_from from g) f using (id)
        where f.first_from is null and ({ends} is null or n.effective_on < {ends}) or n.effective_on < f.first_from;
    return null;
end $$"""  # noqa: S608 - put together from the names of a migration


def _guard(table: str, kept: Sequence[str]) -> str:
    fixed = [name for name in (*kept, *_ADDED) if name not in {"area_code", "superseded_at"}]
    before, after = _tuple("old", fixed), _tuple("new", fixed)
    return f"""
create function {table}_version_guard() returns trigger language plpgsql as $$
begin
    if {after} is distinct from {before} or old.superseded_at is distinct from new.superseded_at
        and (old.superseded_at is not null or new.superseded_at is null) then
        raise exception 'a version is never changed';
    end if;
    return new;
end $$"""


def _listed(row: str, names: Sequence[str]) -> str:
    return ", ".join(f"{row}.{name}" for name in names)


def _tuple(row: str, names: Sequence[str]) -> str:
    return f"({_listed(row, names)})"
