"""Hot reads answer what the driver answers, numbers included."""

from decimal import Decimal

import pytest
from sqlalchemy import Double, Float, Numeric, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from grid_kernel.runtime import Runtime


@pytest.mark.parametrize(
    ("kind", "expected"), [(Double(), 1.5), (Float(), 1.5), (Numeric(8, 2), Decimal("1.50"))], ids=repr
)
async def test_numbers_of_every_kind_can_be_read(
    runtime: Runtime, kind: Float[float] | Numeric[Decimal], expected: object
) -> None:
    row = await runtime.system_reads().fetch_one(select(cast(literal("1.5"), kind).label("number")))
    assert row is not None
    assert row["number"] == expected
    assert type(row["number"]) is type(expected)


async def test_json_comes_as_what_it_holds(runtime: Runtime) -> None:
    stored = select(cast(literal('{"a": [1, null]}'), JSONB).label("document"))
    row = await runtime.system_reads().fetch_one(stored)
    assert row is not None
    assert row["document"] == {"a": [1, None]}


async def test_a_row_is_a_mapping_whatever_its_columns_are(runtime: Runtime) -> None:
    rows = await runtime.system_reads().fetch(select(literal("x").label("plain")))
    assert rows == [{"plain": "x"}]


async def test_a_select_can_ask_for_a_plan_of_its_own(runtime: Runtime) -> None:
    mode = select(func.current_setting("plan_cache_mode").label("mode"))
    assert await runtime.system_reads().fetch(mode.execution_options(replan=True)) == [{"mode": "force_custom_plan"}]
    assert await runtime.system_reads().fetch(mode) == [{"mode": "auto"}]
