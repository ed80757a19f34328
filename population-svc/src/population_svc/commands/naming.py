"""Keeping what units are called."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from population_svc.models import UnitName


async def name_unit(session: AsyncSession, code: str, name: str) -> None:
    """Keep the latest name of a unit."""
    word = insert(UnitName).values(code=code, name=name)
    await session.execute(word.on_conflict_do_update(index_elements=["code"], set_={"name": name}))
