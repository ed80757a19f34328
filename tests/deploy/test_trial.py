"""The engines of the tests themselves."""

from collections.abc import Callable

import asyncpg
import nats
import pytest

from grid_deploy.engines import Engines


async def test_a_service_gets_a_database_of_its_own_per_worker(
    service_environment: Callable[[str], dict[str, str]], worker: str
) -> None:
    environment = service_environment("toy")
    connection = await asyncpg.connect(environment["GRID_TOY_DATABASE_URL"])
    try:
        assert await connection.fetchval("select current_database()") == f"grid_toy_{worker}"
        assert await connection.fetchval("select current_user") == "toy_app"
        assert await connection.fetchval("select count(*) from pg_extension where extname = 'btree_gist'") == 1
    finally:
        await connection.close()


async def test_a_service_cannot_enter_the_database_of_another(
    service_environment: Callable[[str], dict[str, str]],
) -> None:
    foreign = service_environment("toy")["GRID_TOY_DATABASE_URL"].rpartition("/")[0] + "/grid_population"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(foreign)


async def test_a_service_may_say_its_own_events_only(engines: Engines) -> None:
    refused: list[str] = []

    async def on_error(error: Exception) -> None:
        refused.append(str(error))

    client = await nats.connect(engines.nats_url_of("gis"), error_cb=on_error)
    try:
        await client.publish("grid.gis.grid.drawn.v1", b"{}")
        await client.flush()
        assert refused == []
        await client.publish("grid.dispute.case.closed.v1", b"{}")
        await client.flush()
        await client.flush()
    finally:
        await client.close()
    assert any("permissions violation" in message.lower() for message in refused)
