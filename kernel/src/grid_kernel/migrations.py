"""Migrations: Alembic inside each service, run by the owner role, with the helpers every first migration uses."""

import asyncio
from importlib.resources import files
from typing import TYPE_CHECKING

from alembic import command, context
from alembic.config import Config
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from grid_kernel import tables
from grid_kernel.service import Service
from grid_kernel.settings import ServiceSettings, SettingsError

if TYPE_CHECKING:
    from sqlalchemy import MetaData

_SCOPE = """exists (
    select 1 from unnest(string_to_array(nullif(current_setting('app.scope', true), ''), ',')) p
    where {column} >= p collate "C" and {column} < (p || '~') collate "C"
)"""


def config(service: Service, settings: ServiceSettings) -> Config:
    """The Alembic configuration of a service."""
    made = Config()
    made.set_main_option("script_location", str(files(service.package) / "migrations"))
    made.attributes["settings"] = settings
    made.attributes["service"] = service
    return made


def upgrade(service: Service, settings: ServiceSettings, revision: str = "head") -> None:
    """Bring a database to a revision, then let the serving roles use what is there."""
    command.upgrade(config(service, settings), revision)


def revision(service: Service, settings: ServiceSettings, message: str) -> None:
    """Write a new migration from the difference between models and database."""
    command.revision(config(service, settings), message=message, autogenerate=True)


def run_env(metadata: "MetaData") -> None:
    """All that a service's migrations/env.py does."""
    settings: ServiceSettings = context.config.attributes["settings"]
    service: Service = context.config.attributes["service"]
    if settings.owner_database_url is None:
        raise SettingsError(f"GRID_{service.name.upper()}_OWNER_DATABASE_URL: needed to migrate")
    url = settings.owner_database_url.get_secret_value().replace("postgresql://", "postgresql+asyncpg://", 1)
    asyncio.run(_run(url, [metadata, tables.metadata], service.name))


async def _run(url: str, targets: "list[MetaData]", service: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, targets, service)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, targets: "list[MetaData]", service: str) -> None:
    connection.execute(text("set lock_timeout = '2s'"))
    # Two starts at once would migrate twice.
    connection.execute(text("select pg_advisory_xact_lock(4242)"))
    context.configure(connection=connection, target_metadata=targets, compare_type=True, transactional_ddl=True)
    context.run_migrations()
    for role in ("app", "system"):
        _grant(connection, f"{service}_{role}")


def _grant(connection: Connection, role: str) -> None:
    connection.execute(text(f"grant usage on schema public to {role}"))
    connection.execute(text(f"grant select, insert, update, delete on all tables in schema public to {role}"))
    connection.execute(text(f"grant usage, select on all sequences in schema public to {role}"))


def create_kernel_tables(op: Operations) -> None:
    """Create the tables every service's database carries (first migration)."""
    tables.metadata.create_all(op.get_bind())
    op.execute(
        "create function notify_outbox() returns trigger language plpgsql as "
        "$$ begin perform pg_notify('grid_outbox', ''); return null; end $$"
    )
    op.execute(
        "create trigger outbox_inserted after insert on outbox for each statement execute function notify_outbox()"
    )


def drop_kernel_tables(op: Operations) -> None:
    """Undo `create_kernel_tables`."""
    tables.metadata.drop_all(op.get_bind())
    op.execute("drop function if exists notify_outbox()")


def scope_by_area(op: Operations, table: str, *, service: str, column: str = "area_code") -> None:
    """Put up the second wall on a table: fail-closed row-level security by area."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    rule = _SCOPE.format(column=column)
    op.execute(f"create policy {table}_by_area on {table} for all to {service}_app using ({rule}) with check (true)")
    op.execute(f"create policy {table}_own on {table} for all to {service}_system using (true) with check (true)")


def unscope(op: Operations, table: str) -> None:
    """Undo `scope_by_area`."""
    for policy in ("by_area", "own"):
        op.execute(f"drop policy if exists {table}_{policy} on {table}")
