"""Reads of provenance: who said what of a row, when, and by what evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, Table, func
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from population_svc.models import (
    Dwelling,
    Household,
    Occupancy,
    Person,
    Statement,
    Visit,
    dwelling_version,
    household_version,
    person_version,
)
from population_svc.queries.scope import everyone, visible
from population_svc.rules import VisitOutcome

Kind = Literal["person", "household", "dwelling"]
_KEPT: Mapping[Kind, tuple[Any, Table]] = {
    "person": (Person, person_version),
    "household": (Household, household_version),
    "dwelling": (Dwelling, dwelling_version),
}


def statements_on(object_id: UUID) -> Select[Any]:
    """The last statement on each member of a row the asker was found to see."""
    latest = (col(Statement.member), col(Statement.stated_at).desc(), col(Statement.id).desc())
    asked = everyone(Statement).where(col(Statement.object_id) == object_id)
    return asked.ext(distinct_on(col(Statement.member))).order_by(*latest)


def confirmed_at(actor: Actor, household_id: UUID) -> Select[Any]:
    """When a visit last found a household's persons and dwelling as they are recorded."""
    asked = visible(actor, Visit).where(col(Visit.household_id) == household_id, col(Visit.unchanged))
    asked = asked.where(col(Visit.outcome) == VisitOutcome.DONE)
    return asked.with_only_columns(func.max(col(Visit.visited_at)).label("at"))


def confirmed_person_at(actor: Actor, person_id: UUID) -> Select[Any]:
    """The same for the household a person lives in, since he or she lives there."""
    asked = visible(actor, Visit).join(Occupancy, col(Occupancy.household_id) == col(Visit.household_id))
    asked = asked.where(col(Occupancy.person_id) == person_id, col(Occupancy.valid_to).is_(None))
    asked = asked.where(col(Visit.unchanged), col(Visit.visited_on) >= col(Occupancy.valid_from))
    asked = asked.where(col(Visit.outcome) == VisitOutcome.DONE)
    return asked.with_only_columns(func.max(col(Visit.visited_at)).label("at"))


def confirmed_dwelling_at(actor: Actor, dwelling_id: UUID) -> Select[Any]:
    """The same for a dwelling, whoever lived in it."""
    asked = visible(actor, Visit).where(col(Visit.dwelling_id) == dwelling_id, col(Visit.unchanged))
    asked = asked.where(col(Visit.outcome) == VisitOutcome.DONE)
    return asked.with_only_columns(func.max(col(Visit.visited_at)).label("at"))


def entered(kind: Kind, actor: Actor, row_id: UUID) -> Select[Any]:
    """When a row the actor sees was first entered."""
    model, versions = _KEPT[kind]
    first = visible(actor, versions).where(versions.c.id == model.id)
    since = first.with_only_columns(func.min(versions.c.recorded_at)).scalar_subquery()
    return visible(actor, model).where(model.id == row_id).with_only_columns(model.id, since.label("recorded_at"))


async def stated_by_phone(session: AsyncSession, actor_id: str, object_id: UUID) -> Mapping[str, datetime]:
    """Until when this actor's phone has spoken of each member of a row."""
    asked = everyone(Statement).where(col(Statement.object_id) == object_id, col(Statement.actor_id) == actor_id)
    asked = asked.where(col(Statement.operation_id).is_not(None)).group_by(col(Statement.member))
    columns: list[Any] = [col(Statement.member), func.max(col(Statement.stated_at)).label("at")]
    return {row.member: row.at for row in await session.execute(asked.with_only_columns(*columns))}
