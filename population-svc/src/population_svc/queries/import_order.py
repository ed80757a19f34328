"""In which order the rows of a table are entered: those of one dwelling together, wherever they stand in the file."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from population_svc.models import ImportKey, ImportLoose
from population_svc.queries.scope import everyone

# A dwelling whose rows follow each other has one row before which another dwelling stands; a loose one has several.
_MARK_LOOSE = text("""
    update import_key k set loose = true from (
        select dwelling from (
            select dwelling, lag(dwelling) over (order by place) as before from import_key where import_id = :id
        ) as walk
        where dwelling is not null and dwelling is distinct from before
        group by dwelling having count(*) > 1
    ) as apart
    where k.import_id = :id and k.dwelling = apart.dwelling
""")
_MARK_TWICE = text("""
    update import_key k set twice = true from (
        select place, row_number() over (partition by person order by place) as nth
        from import_key where import_id = :id and person is not null
    ) as seen
    where k.import_id = :id and k.place = seen.place and seen.nth > 1
""")


async def mark_rows(session: AsyncSession, import_id: UUID) -> int:
    """Mark the rows that stand apart from their dwelling and those of persons who stand before; how many stand apart.

    The other keys are not needed any more.
    """
    loose = await session.execute(_MARK_LOOSE, {"id": import_id})
    await session.execute(_MARK_TWICE, {"id": import_id})
    plain = ~col(ImportKey.loose) & ~col(ImportKey.twice)
    await session.execute(delete(ImportKey).where(col(ImportKey.import_id) == import_id, plain))
    return int(loose.rowcount)  # type: ignore[attr-defined]  # a cursor result, since it is an update


async def marks(session: AsyncSession, import_id: UUID, first: int, rows: int) -> Mapping[int, ImportKey]:
    """The marked ones among some rows of a file, by their place in it."""
    asked = everyone(ImportKey).where(col(ImportKey.import_id) == import_id)
    asked = asked.where(col(ImportKey.place) >= first, col(ImportKey.place) < first + rows)
    return {key.place: key for key in (await session.execute(asked)).scalars()}


async def loose_rows(
    session: AsyncSession, import_id: UUID, after: tuple[int, int] | None, *, skip: int, limit: int
) -> Sequence[ImportLoose]:
    """Rows that were gathered, dwelling by dwelling."""
    key = (col(ImportLoose.dwelling), col(ImportLoose.place))
    asked = everyone(ImportLoose).where(col(ImportLoose.import_id) == import_id)
    if after is not None:
        asked = asked.where(tuple_(*key) > tuple_(*after))
    return list((await session.execute(asked.order_by(*key).offset(skip).limit(limit))).scalars())


async def forget_order(session: AsyncSession, import_id: UUID) -> None:
    """Forget whose the rows were."""
    for model in (ImportKey, ImportLoose):
        which: Any = model.import_id
        await session.execute(delete(model).where(which == import_id))
