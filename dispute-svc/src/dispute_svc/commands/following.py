"""Following what the other services say: grids that change, persons merged, units."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import queries
from dispute_svc.models import Case, HandlingUnit, Party, PersonMerge, Succession, column
from grid_kernel.clock import start_of


async def follow_grid_change(
    session: AsyncSession,
    predecessors: Sequence[str],
    successors: Sequence[str],
    buildings: dict[UUID, str],
    *,
    effective_on: date,
    now: datetime,
) -> None:
    """Let the cases of changed grids be placed anew from the day on; until then they stay where they are."""
    for predecessor in predecessors:
        values = {
            "predecessor": predecessor,
            "successors": list(successors),
            "effective_on": effective_on,
            "buildings": {str(building): grid for building, grid in buildings.items()},
        }
        await session.execute(insert(Succession).values(values).on_conflict_do_nothing())
    nothing_to_ask_with = update(Case).where(
        column(Case.area_code).in_(predecessors), column(Case.lon).is_(None), column(Case.chosen_area).is_(None)
    )
    await session.execute(nothing_to_ask_with.values(chosen_area=column(Case.area_code)))
    waiting = update(Case).where(column(Case.area_code).in_(predecessors))
    await session.execute(waiting.values(locate_after=max(now, start_of(effective_on))))


async def follow_merge(session: AsyncSession, merged_id: UUID, survivor_id: UUID) -> None:
    """Let the parties of cases point to the record that stays."""
    merge = insert(PersonMerge).values(merged_id=merged_id, survivor_id=survivor_id)
    await session.execute(merge.on_conflict_do_nothing())
    last = await queries.survivor(session, survivor_id)
    gone = (merged_id, survivor_id) if last != survivor_id else (merged_id,)
    await session.execute(update(Party).where(column(Party.person_id).in_(gone)).values(person_id=last))


async def keep_unit(session: AsyncSession, unit: HandlingUnit) -> None:
    """Know a unit as the gateway told it last."""
    values = unit.model_dump()
    statement = insert(HandlingUnit).values(values)
    await session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=values))
