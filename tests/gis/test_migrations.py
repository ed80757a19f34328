"""The migrations make the tables the models speak of, and can be undone."""

import asyncio
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from gis_svc.app import SERVICE
from gis_svc.models import Base
from grid_deploy import trial
from grid_deploy.engines import Engines
from grid_kernel import migrations, tables
from grid_kernel.settings import ServiceSettings

# What autogenerate cannot see in models: indexes over expressions, and constraints that exclude.
ONLY_IN_SQL = {"ix_area_version_box", "ix_building_point", "one_version_per_source", "one_version_in_force"}


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, [Base.metadata, tables.metadata])  # type: ignore[arg-type]  # a list is taken
    return [each for each in found if getattr(each[-1], "name", None) not in ONLY_IN_SQL]


def owner_url(settings: ServiceSettings) -> str:
    assert settings.owner_database_url is not None
    return settings.owner_database_url.get_secret_value().replace("postgresql://", "postgresql+asyncpg://", 1)


async def test_the_tables_are_what_the_models_say(settings: ServiceSettings) -> None:
    engine = create_async_engine(owner_url(settings))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


async def test_every_migration_can_be_undone_and_done_again(engines: Engines) -> None:
    settings = ServiceSettings.load("gis", trial.environment_for(engines, "gis", "undone"))
    configuration = migrations.config(SERVICE, settings)
    for step in (command.downgrade, command.upgrade):
        await asyncio.to_thread(step, configuration, "base" if step is command.downgrade else "head")
    engine = create_async_engine(owner_url(settings))
    async with engine.connect() as connection:
        assert await connection.scalar(text("select revision from area_revision")) == 0
    await engine.dispose()
