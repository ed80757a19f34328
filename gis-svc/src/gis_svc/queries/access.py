"""Who sees what: one rule per aggregate; every select starts here."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlmodel import select

from gis_svc.models import (
    Address,
    Area,
    AreaFigure,
    AreaVersion,
    Building,
    HomeCheck,
    ProcessJob,
    Road,
    ServicePoint,
    Thing,
)
from gis_svc.rules import DESIGNER, DRAWERS, HOME_KEEPERS
from grid_kernel.auth import Actor, Post
from grid_kernel.db import in_scope

_NO_WORK_THERE = frozenset({Post.RESIDENT, Post.SERVICE, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN})
"""Who watches over accounts or records has no work at buildings and things."""


def scope(actor: Actor) -> tuple[str, ...]:
    """The areas whose buildings an actor may see: where a post is held, or a partner was let in."""
    return actor.areas(*(post for post in Post if post not in _NO_WORK_THERE))


def visible(actor: Actor) -> Select[Any]:
    """The buildings an actor may see."""
    return select(Building).where(in_scope(Building.area_code, scope(actor)))


def visible_things(actor: Actor) -> Select[Any]:
    """The things an actor may see: those of the own areas, as with buildings."""
    return select(Thing).where(column(Thing.removed_at).is_(None), in_scope(Thing.area_code, scope(actor)))


def visible_home_checks(actor: Actor) -> Select[Any]:
    """The safety checks in homes of the grids an actor looks after; those who lead or administer see none."""
    return select(HomeCheck).where(in_scope(HomeCheck.area_code, actor.areas(*HOME_KEEPERS)))


def visible_service_points(_: Actor) -> Select[Any]:
    """Every service point: public facts."""
    return select(ServicePoint).where(column(ServicePoint.removed_at).is_(None))


def visible_roads(_: Actor) -> Select[Any]:
    """Every road: public facts."""
    return select(Road).where(column(Road.removed_at).is_(None))


def visible_addresses() -> Select[Any]:
    """The elements of addresses: public facts, as roads are; those that lead to a building are read with it."""
    return select(Address)


def visible_figures(_: Actor) -> Select[Any]:
    """Figures of all areas with the outline that was in force at the end of their quarter: numbers, for whoever is
    signed in; those of persons are blanked where they are few."""
    joined: Select[Any] = select(AreaFigure.area_code).select_from(AreaFigure)
    ended, began = column(AreaVersion.valid_to), column(AreaVersion.valid_from)
    at_the_end = (
        column(AreaVersion.code) == column(AreaFigure.area_code),
        column(AreaVersion.in_force),
        began < column(AreaFigure.valid_to),
        or_(ended.is_(None), ended >= column(AreaFigure.valid_to)),
    )
    return joined.join(AreaVersion, and_(*at_the_end)).where(column(AreaVersion.west).is_not(None))


def visible_jobs(actor: Actor) -> Select[Any]:
    """The jobs an actor has asked for."""
    return select(ProcessJob).where(column(ProcessJob.actor_id) == actor.id)


def visible_designs(actor: Actor) -> Select[Any]:
    """The designs of grids an actor has asked for, and those of the areas where the actor draws grids."""
    drawn = in_scope(ProcessJob.area_code, actor.areas(*DRAWERS))
    own = column(ProcessJob.actor_id) == actor.id
    return select(ProcessJob).where(column(ProcessJob.process) == DESIGNER, or_(own, drawn))


def visible_areas() -> Select[Any]:
    """Every area with each of its sourced, dated outlines: public facts, the same for everybody."""
    described = (Area.level, Area.parent_code, Area.grid_type, Area.predecessors, Area.successors, Area.version)
    kept = (name for name in AreaVersion.model_fields if name not in ("id", "outline_wkb", "outline_geojson"))
    columns = (*described, *(getattr(AreaVersion, name) for name in kept))
    joined: Select[Any] = select(*columns).select_from(AreaVersion)
    return joined.join(Area, column(Area.code) == column(AreaVersion.code))


def column(attribute: Any) -> Any:
    """A model's attribute as the column it is in SQL."""
    return attribute


def inside(code: Any, prefix: str) -> ColumnElement[bool]:
    """The code is the prefix or lies below it."""
    return and_(code >= prefix, code < prefix + "~")


def holds_on(model: Any, day: Any) -> ColumnElement[bool]:
    """The row is valid on a day (from inclusive, to exclusive, null = open)."""
    return and_(model.valid_from <= day, or_(model.valid_to.is_(None), model.valid_to > day))
