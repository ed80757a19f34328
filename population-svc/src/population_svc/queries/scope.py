"""Where every select begins: what an actor may see."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select, true
from sqlmodel import SQLModel, col

from grid_kernel.auth import Actor
from grid_kernel.db import in_scope
from population_svc import rules
from population_svc.models import Person


def visible(actor: Actor, kept: type[SQLModel] | Table) -> Select[Any]:
    """The rows of a scoped table that lie in the actor's areas; a restricted person only from the archive."""
    table: Any = kept
    area_code = table.c.area_code if isinstance(kept, Table) else table.area_code
    asked = select(table).where(in_scope(area_code, rules.scope(actor)))
    if kept is Person and not rules.sees_restricted(actor):
        asked = asked.where(col(Person.restricted_on).is_(None))
    return asked


def everyone(kept: type[SQLModel]) -> Select[Any]:
    """Rows of any area: for look-ups the design lets run as system, and for the reference tables."""
    return select(kept)


def within(area_code: Any, area: str | None) -> ColumnElement[bool]:
    """The part of the scope that was asked for; no area asks for all of it."""
    if area is None:
        return true()
    return and_(area_code >= area, area_code < area + "~")


def running(starts_on: Any, ended_on: Any, day: date) -> ColumnElement[bool]:
    """Whether something that may be ended runs on a day."""
    return and_(starts_on <= day, or_(ended_on.is_(None), ended_on > day))
