"""The routing table, units, grids and persons that changed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc.models import (
    HandlingUnit,
    PersonMerge,
    RoutingRule,
    Succession,
    SyncOperation,
    column,
)
from grid_kernel.errors import NotFound


def successions() -> Select[Any]:
    """Every grid that was split or merged."""
    return select(*Succession.__table__.columns)  # type: ignore[attr-defined]


async def survivor(session: AsyncSession, person_id: UUID) -> UUID:
    """The record that stands for a person now, through any number of merges."""
    while found := await session.scalar(
        select(column(PersonMerge.survivor_id)).where(column(PersonMerge.merged_id) == person_id)
    ):
        person_id = found
    return person_id


async def routing_table(session: AsyncSession, category: str) -> list[RoutingRule]:
    """All rows of a category, past and future ones too."""
    return list((await session.execute(select(RoutingRule).where(column(RoutingRule.category) == category))).scalars())


async def whole_routing_table(session: AsyncSession) -> list[RoutingRule]:
    """All rows of all categories."""
    return list((await session.execute(select(RoutingRule))).scalars())


def rules_listed(category: str | None) -> Select[Any]:
    """The routing table, or one category of it."""
    columns = RoutingRule.__table__.columns  # type: ignore[attr-defined]
    order = map(column, (RoutingRule.category, RoutingRule.area_prefix, RoutingRule.valid_from, RoutingRule.id))
    statement: Select[Any] = select(*columns).order_by(*order)
    return statement.where(column(RoutingRule.category) == category) if category else statement


async def rule_for_update(session: AsyncSession, rule_id: UUID) -> RoutingRule:
    """A row of the routing table under its lock."""
    found = await session.get(RoutingRule, rule_id, with_for_update=True)
    if found is None:
        raise NotFound
    return found


def units_named() -> Select[Any]:
    """Units with their names."""
    return select(column(HandlingUnit.code), column(HandlingUnit.name))


async def operation(session: AsyncSession, operation_id: UUID) -> SyncOperation:
    """What was done, or is being done, under an identifier."""
    return await session.get_one(SyncOperation, operation_id)


async def units_known(session: AsyncSession) -> dict[str, bool] | None:
    """Known units and whether they are active; None before the gateway told of any."""
    rows = await session.execute(select(column(HandlingUnit.code), column(HandlingUnit.active)))
    return {row.code: row.active for row in rows} or None
