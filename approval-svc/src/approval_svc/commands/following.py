"""What follows from the facts of other services."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from approval_svc import queries
from approval_svc.models import Application, Clock, Entry, HandlingUnit, Notice, Party, Pause

COMMUNITY = 12
_WITH_AREA = (Party, Entry, Clock, Pause, Notice)


async def keep_unit(session: AsyncSession, code: str, *, name: str, kind: str, active: bool) -> None:
    """Know a unit as the gateway says it is."""
    values = {"name": name, "kind": kind, "active": active}
    statement = insert(HandlingUnit).values(code=code, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=values))


async def relink(session: AsyncSession, kept_id: UUID, merged_id: UUID) -> int:
    """Let the applications of a merged person belong to the one that stays."""
    parties = await queries.parties_of_person(session, merged_id)
    for party in parties:
        party.person_id = kept_id
    return len(parties)


async def change_grids(session: AsyncSession, predecessors: Sequence[str], buildings: Mapping[UUID, str]) -> int:
    """Move what a worker took in at a grid that is gone to its successor, to the community if there are several."""
    successors = sorted(set(buildings.values()))
    moved = await queries.at_grids(session, predecessors)
    for application in moved:
        target = successors[0] if len(successors) == 1 else application.area_code[:COMMUNITY]
        await _move(session, application, target)
    return len(moved)


async def _move(session: AsyncSession, application: Application, area_code: str) -> None:
    application.area_code = area_code
    application.version += 1
    for model in _WITH_AREA:
        of_it = col(model.application_id) == application.id
        await session.execute(update(model).where(of_it).values(area_code=area_code))
