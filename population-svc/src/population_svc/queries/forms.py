"""Reads of data elements and forms. They hold no personal data: whoever reads the register reads them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, any_, func, literal, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from grid_kernel.types import AREA_CODE
from population_svc.models import DataElement, Form
from population_svc.queries.scope import everyone
from population_svc.rules import Element, elements_for, scope


async def elements(session: AsyncSession) -> dict[str, Element]:
    """Every element by code: those of the register that stand in forms, and those people defined."""
    defined = (await session.execute(everyone(DataElement).order_by(col(DataElement.code)))).scalars()
    return elements_for("form") | {element.code: element.plain() for element in defined}


async def defined_elements(session: AsyncSession) -> list[DataElement]:
    """The elements people defined."""
    return list((await session.execute(everyone(DataElement).order_by(col(DataElement.code)))).scalars())


async def define_elements(session: AsyncSession, elements: Sequence[DataElement]) -> None:
    """Define elements; one that somebody defined at the same moment stays as it is."""
    if elements:
        said = insert(DataElement.__table__).values([each.model_dump() for each in elements])  # type: ignore[attr-defined]
        await session.execute(said.on_conflict_do_nothing())


def concerning(actor: Actor, area_code: Any) -> Any:
    """An area the actor's areas lie in, or one within them."""
    prefixes = scope(actor)
    above = [prefix[:length] for prefix in prefixes for length in range(6, len(prefix) + 1, 3)]
    return or_(in_scope(area_code, prefixes), area_code == any_(literal(above, ARRAY(AREA_CODE))))


def forms(actor: Actor, area: str | None, *, after: tuple[UUID] | None, limit: int) -> Select[Any]:
    """The forms that concern an actor, or an area within reach; the latest first."""
    asked = everyone(Form).where(concerning(actor, col(Form.area_code)))
    if area is not None:
        asked = asked.where(
            or_(func.starts_with(col(Form.area_code), area), func.starts_with(literal(area), col(Form.area_code)))
        )
    if after is not None:
        asked = asked.where(col(Form.id) < after[0])
    return asked.order_by(col(Form.id).desc()).limit(limit + 1)


async def form(session: AsyncSession, actor: Actor, form_id: UUID, *, lock: bool = False) -> Form:
    """A form that concerns an actor; NotFound otherwise."""
    asked = everyone(Form).where(col(Form.id) == form_id, concerning(actor, col(Form.area_code)))
    found: Form | None = await find(session, asked.with_for_update() if lock else asked)
    if found is None:
        raise NotFound
    return found
