"""Where every select begins: what an actor may see."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, literal_column, or_, select, true
from sqlmodel import SQLModel, col

from grid_kernel.auth import Actor
from grid_kernel.db import in_scope
from grid_kernel.types import AREA_CODE
from population_svc import rules
from population_svc.models import Person


def visible(actor: Actor, kept: type[SQLModel] | Table) -> Select[Any]:
    """The rows of a scoped table that lie in the actor's areas; a restricted person only from the archive."""
    asked = select(kept).where(in_scope(_area_code(kept), rules.scope(actor)))
    if kept is Person and not rules.sees_restricted(actor):
        asked = asked.where(col(Person.restricted_on).is_(None))
    return asked


def lying(actor: Actor, kept: type[SQLModel] | Table, area: str | None) -> Select[Any]:
    """The visible rows of an area."""
    return visible(actor, kept).where(within(_area_code(kept), area))


def beside_grids(kept: type[SQLModel] | Table) -> Select[Any]:
    """The rows of the one grid an outer select stands at, which began with `visible` and is called `grids`.

    Nothing else is said of the place: to the planner a range beside the grid means a hundredth of its rows. The grid is
    written out, since SQLAlchemy would list the grids in every subselect again.
    """
    return select(kept).where(_area_code(kept) == literal_column("grids.area_code", AREA_CODE))


def _area_code(kept: type[SQLModel] | Table) -> Any:
    return kept.c.area_code if isinstance(kept, Table) else kept.area_code  # type: ignore[attr-defined]  # scoped tables


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
