"""Every earlier state of the register can be asked for: as it was on a day, and as it was known at a moment."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.bulk import copy_rows
from grid_kernel.runtime import Runtime
from population_svc.grams import grams
from population_svc.history import as_of
from population_svc.models import KEPT, Dwelling, dwelling_version

START = date(2026, 1, 1)
FIRST_KNOWN = datetime(2026, 6, 1, 8, tzinfo=UTC)
DAYS = 12
changes = st.tuples(
    st.sampled_from(["use", "address", "floor"]),
    st.integers(0, 3),
    st.integers(0, DAYS),
    st.sampled_from(["orm", "sql"]),
)


def a_dwelling(**more: Any) -> Dwelling:
    given: dict[str, Any] = {
        "building_id": uuid4(),
        "area_code": "150204900001001",
        "house_code": uuid4().hex[:22],
        "entrance": 1,
    }
    given |= {"floor": 0, "room_no": "101", "use": "0", "address": "0", "address_grams": grams("0")}
    return Dwelling(**given | {"effective_on": START, "recorded_at": FIRST_KNOWN} | more)


def value_of(column: str, number: int) -> Any:
    return number if column == "floor" else str(number)


async def change(session: AsyncSession, dwelling_id: UUID, column: str, value: Any, since: date, now: datetime) -> None:
    """The same change without the ORM: what somebody with psql would write."""
    statement = (
        f"update dwelling set {column} = :value, version = version + 1, "
        f"effective_on = :since, recorded_at = :now where id = :id and {column} <> :value"
    )
    given = {"value": value, "since": since, "now": now, "id": dwelling_id}
    await session.execute(text(statement), given)


async def remembered(session: AsyncSession, dwelling_id: UUID, day: date, known_at: datetime | None) -> tuple[Any, ...]:
    v = dwelling_version
    found = await session.execute(
        select(v.c.use, v.c.address, v.c.floor).where(v.c.id == dwelling_id, as_of(v, day, known_at))
    )
    rows = found.all()
    assert len(rows) == 1
    return tuple(rows[0])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(changes, min_size=1, max_size=7))
async def test_as_of_reproduces_every_state_that_was_ever_believed(
    runtime: Runtime, steps: list[tuple[str, int, int, str]]
) -> None:
    dwelling = a_dwelling()
    believed: list[tuple[datetime, list[dict[str, Any]]]] = []
    days = [{"use": "0", "address": "0", "floor": 0} for _ in range(DAYS + 1)]
    believed.append((FIRST_KNOWN, [dict(day) for day in days]))
    async with runtime.system_session() as session:
        session.add(dwelling)
    for number, (column, raw, offset, path) in enumerate(steps, start=1):
        now, since, value = FIRST_KNOWN + timedelta(hours=number), START + timedelta(days=offset), value_of(column, raw)
        present = days[-1][column]
        async with runtime.system_session() as session:
            if path == "sql":
                await change(session, dwelling.id, column, value, since, now)
            else:
                row = await session.get_one(Dwelling, dwelling.id)
                row.change({column: value}, since=since, now=now)
        if present != value:
            for day in range(offset, DAYS + 1):
                days[day][column] = value
        believed.append((now, [dict(day) for day in days]))
    async with runtime.system_session() as session:
        for known_at, states in believed:
            for offset in random.Random(len(steps)).sample(range(DAYS + 1), 4):
                expected = tuple(states[offset].values())
                assert await remembered(session, dwelling.id, START + timedelta(days=offset), known_at) == expected
        assert await remembered(session, dwelling.id, START + timedelta(days=DAYS), None) == tuple(days[-1].values())


async def test_many_rows_at_once_keep_their_versions_too(runtime: Runtime) -> None:
    rows = [a_dwelling(id=uuid4()) for _ in range(50)]
    async with runtime.system_session() as session:
        assert await copy_rows(session, Dwelling, rows) == 50
    async with runtime.system_session() as session:
        await session.execute(
            text("update dwelling set use = '3', effective_on = :since, recorded_at = :now where id = any(:ids)"),
            {
                "since": START + timedelta(days=5),
                "now": FIRST_KNOWN + timedelta(days=1),
                "ids": [row.id for row in rows],
            },
        )
    async with runtime.system_session() as session:
        for row in rows[::10]:
            assert (await remembered(session, row.id, START + timedelta(days=4), None))[0] == "0"
            assert (await remembered(session, row.id, START + timedelta(days=5), None))[0] == "3"
            assert (await remembered(session, row.id, START + timedelta(days=5), FIRST_KNOWN))[0] == "0"


async def test_a_change_that_reaches_back_leaves_what_was_known_of_other_columns(runtime: Runtime) -> None:
    dwelling = a_dwelling()
    async with runtime.system_session() as session:
        session.add(dwelling)
    async with runtime.system_session() as session:
        await change(session, dwelling.id, "use", "2", START + timedelta(days=8), FIRST_KNOWN + timedelta(hours=1))
    async with runtime.system_session() as session:
        await change(session, dwelling.id, "address", "9", START + timedelta(days=3), FIRST_KNOWN + timedelta(hours=2))
    async with runtime.system_session() as session:
        assert await remembered(session, dwelling.id, START + timedelta(days=2), None) == ("0", "0", 0)
        assert await remembered(session, dwelling.id, START + timedelta(days=4), None) == ("0", "9", 0)
        assert await remembered(session, dwelling.id, START + timedelta(days=9), None) == ("2", "9", 0)


async def test_a_beginning_can_be_corrected_to_an_earlier_day(runtime: Runtime) -> None:
    dwelling = a_dwelling()
    async with runtime.system_session() as session:
        session.add(dwelling)
    earlier = START - timedelta(days=30)
    async with runtime.system_session() as session:
        await change(session, dwelling.id, "use", "1", earlier, FIRST_KNOWN + timedelta(hours=1))
    async with runtime.system_session() as session:
        assert (await remembered(session, dwelling.id, earlier, None))[0] == "1"


async def test_a_version_is_never_changed_and_never_deleted(runtime: Runtime) -> None:
    dwelling = a_dwelling()
    async with runtime.system_session() as session:
        session.add(dwelling)
    for statement in (
        "update dwelling_version set use = '9' where id = :id",
        "update dwelling_version set superseded_at = null, recorded_at = now() where id = :id",
        "insert into dwelling_version select * from dwelling_version where id = :id",
    ):
        with pytest.raises(DBAPIError):
            async with runtime.system_session() as session:
                await session.execute(text(statement), {"id": dwelling.id})
    async with runtime.system_session() as session:
        gone = await session.execute(text("delete from dwelling_version where id = :id"), {"id": dwelling.id})
        assert gone.rowcount == 0  # type: ignore[attr-defined]


async def test_every_kept_table_has_its_versions_and_its_triggers(runtime: Runtime) -> None:
    for model in KEPT:
        table = model.__table__  # type: ignore[attr-defined]
        async with runtime.system_session() as session:
            known = await session.execute(
                text(
                    "select tgname, tgenabled from pg_trigger "
                    "where tgrelid = cast(:name as regclass) and not tgisinternal"
                ),
                {"name": table.name},
            )
            triggers: dict[str, Any] = {r.tgname: r.tgenabled for r in known if not r.tgname.endswith("_noted")}
            columns = await session.execute(text(f"select * from {table.name}_version limit 0"))
            version_columns: Sequence[str] = list(columns.keys())
        assert set(triggers) == {f"{table.name}_entered", f"{table.name}_changed"}
        assert set(triggers.values()) == {b"O"}
        derived = {
            "name_grams",
            "address_grams",
            "id_number_index",
            "phone_index",
            "effective_on",
            "presence_seen_at",
            "restricted_on",
        }
        assert {column.name for column in table.columns} - derived <= set(version_columns)
