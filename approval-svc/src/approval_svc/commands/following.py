"""What follows from the facts of other services, in whatever order they are heard."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc import queries
from approval_svc.models import Application, Clock, Entry, HandlingUnit, Notice, Party, Pause, PersonMerge, Succession

COMMUNITY = 12
_WITH_AREA = (Party, Entry, Clock, Pause, Notice)


async def keep_unit(session: AsyncSession, code: str, *, name: str, kind: str, active: bool) -> None:
    """Know a unit as the gateway says it is."""
    values = {"name": name, "kind": kind, "active": active}
    statement = insert(HandlingUnit).values(code=code, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=values))


async def relink(session: AsyncSession, kept_id: UUID, merged_id: UUID) -> None:
    """Let the applications of a merged person belong to the one that stays, however often that one was merged."""
    merge = insert(PersonMerge).values(merged_id=merged_id, kept_id=kept_id)
    await session.execute(merge.on_conflict_do_nothing())
    last = await queries.last_kept(session, kept_id)
    of_them = col(Party.person_id).in_({merged_id, kept_id} - {last})
    await session.execute(update(Party).where(of_them).values(person_id=last))


async def change_grids(session: AsyncSession, predecessors: Sequence[str], successors: Sequence[str]) -> None:
    """Move what a worker took in at a grid that is gone to the one successor, or to the community of several."""
    for gone in predecessors:
        successor = successors[0] if len(successors) == 1 else gone[:COMMUNITY]
        known = insert(Succession).values(predecessor=gone, successor=successor)
        await session.execute(known.on_conflict_do_nothing())
    for gone in predecessors:
        await _move(session, gone, await queries.last_successor(session, gone))


async def _move(session: AsyncSession, gone: str, area_code: str) -> None:
    # The version stays: nobody did anything to the applications.
    for model in (Application, *_WITH_AREA):
        await session.execute(update(model).where(col(model.area_code) == gone).values(area_code=area_code))
