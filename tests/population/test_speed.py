"""What makes the register quick at a million persons: which index a read uses, never how long it takes."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Select, text
from sqlalchemy.exc import IntegrityError
from tests.population.conftest import Api, Place, person

from grid_kernel import clock
from grid_kernel.clock import quarter_of, today
from grid_kernel.runtime import Runtime
from grid_kernel.settings import ServiceSettings
from population_svc import queries

TODAY = today(clock.now())
LAST_SPRING = TODAY - timedelta(days=200)

Node = dict[str, Any]


async def plan_of(runtime: Runtime, asked: Select[Any]) -> list[Node]:
    """The nodes of a hot read's plan where reading tables is no choice if an index has all that is asked."""
    compiled, given = runtime.own_reads._compile(asked)  # the very text that is run
    values = compiled.compiler.construct_params({}, extracted_parameters=given)
    processed = {name: bind(values[name]) for name, bind in compiled.binders.items()}
    async with runtime.system_session() as session:
        raw = await (await session.connection()).get_raw_connection()
        driver: Any = raw.driver_connection
        arguments = [(values | processed)[name] for name in compiled.order]
        async with driver.transaction():
            for way in ("seqscan", "bitmapscan"):
                await driver.execute(f"set local enable_{way} = off")
            await driver.execute("set local plan_cache_mode = force_custom_plan")
            told = await driver.fetchval(f"explain (format json) {compiled.sql}", *arguments)
    return list(_nodes((json.loads(told) if isinstance(told, str) else told)[0]["Plan"]))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def read_by(nodes: list[Node], table: str) -> set[tuple[str, str | None]]:
    """How a table is read: kind of node and index."""
    return {(node["Node Type"], node.get("Index Name")) for node in nodes if node.get("Relation Name") == table}


async def test_nobody_is_looked_for_in_the_index_of_the_constraint(runtime: Runtime) -> None:
    async with runtime.system_session() as session:
        asked = "select indkey::text from pg_index where indexrelid = 'ex_occupancy_one_place_at_a_time'::regclass"
        assert await session.scalar(text(asked)) == "0 0"


async def test_and_it_still_keeps_everybody_in_one_place_at_a_time(api: Api, place: Place, runtime: Runtime) -> None:
    home = await api.registered(place.worker, place.household(person()))
    again = text(
        "insert into occupancy select gen_random_uuid(), person_id, household_id, dwelling_id, area_code, "
        "relation_to_head, valid_from - 9, valid_from + 1, effective_on, recorded_at from occupancy "
        "where person_id = :id"
    )
    with pytest.raises(IntegrityError, match="ex_occupancy_one_place_at_a_time"):
        async with runtime.system_session() as session:
            await session.execute(again, {"id": home["persons"][0]["id"]})


async def vacuumed(settings: ServiceSettings) -> None:
    """As the database is when it has looked after itself: an index alone is read only where all rows are old."""
    assert settings.owner_database_url is not None
    owner = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    await owner.execute("vacuum analyze person_version, dwelling_version, household_version, visit")
    await owner.close()


@pytest.mark.parametrize("day", [TODAY, LAST_SPRING])
async def test_a_district_is_counted_from_indexes_alone(
    api: Api, runtime: Runtime, place: Place, settings: ServiceSettings, day: Any
) -> None:
    for _ in range(12):
        await api.visited(place.worker, await api.registered(place.worker, place.household()))
    await vacuumed(settings)
    quarter, head = quarter_of(day), place.head
    persons = await plan_of(runtime, queries.count_persons((place.street,), place.street, day))
    assert read_by(persons, "person_version") == {("Index Only Scan", "ix_person_version_counted")}
    dwellings = await plan_of(runtime, queries.count_dwellings((place.street,), place.street, day))
    assert read_by(dwellings, "dwelling_version") == {("Index Only Scan", "ix_dwelling_version_counted")}
    for asked in (
        queries.progress(head, place.community, quarter, day),
        queries.count_households(head, place.community, quarter, day),
    ):
        nodes = await plan_of(runtime, asked)
        assert read_by(nodes, "visit") == {("Index Only Scan", "ix_visit_area_code")}
        # One grid after the other: no hash table and no sort over the whole of it.
        counted = [node for node in nodes if "visited_on" in _found_by(node) or "valid_from" in _found_by(node)]
        assert {node["Relation Name"] for node in counted} == {"visit", "household_version"}
        assert all("grids.area_code" in _found_by(node) for node in counted)
        assert {node["Node Type"] for node in counted} <= {"Index Only Scan", "Index Scan"}


def _found_by(node: Node) -> str:
    return f"{node.get('Index Cond')} {node.get('Filter')}" if "Relation Name" in node else ""
