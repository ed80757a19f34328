"""Figures: the progress of a quarter, and counts of any day."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, true

from grid_kernel.auth import Actor
from grid_kernel.clock import Period, month_of, week_of
from population_svc.history import as_of
from population_svc.models import dwelling_version, household_version, occupancy_version
from population_svc.queries.scope import visible, within
from population_svc.queries.standing import grids_of, standing_there
from population_svc.rules import VACANT, Presence, VisitState


def progress(actor: Actor, area: str, quarter: Period, day: date) -> Select[Any]:
    """One row for each grid: households by where they stand, and what was done before and in this month and week."""
    grids = grids_of(actor, household_version, area)
    s = standing_there(quarter, day)
    living = s.c.presence == Presence.LIVING
    month, week = month_of(day).start, week_of(day).start

    def count(label: str, *conditions: Any) -> Any:
        return func.count().filter(and_(*conditions)).label(label)

    counted = select(
        func.count().label("all"),
        count("households", living),
        *(count(state.value, s.c.visit_state == state.value) for state in VisitState),
        count("before_month", living, s.c.first_done_on < month),
        count("in_month", living, s.c.last_done_on >= month),
        count("before_week", living, s.c.first_done_on < week),
        count("in_week", living, s.c.last_done_on >= week),
        count(Presence.REGISTERED_ONLY.value, s.c.presence == Presence.REGISTERED_ONLY),
        count(Presence.REPORTED_MOVED.value, s.c.presence == Presence.REPORTED_MOVED),
        func.array_agg(s.c.done_days).filter(and_(living, s.c.on_care_list)).label("care_done_days"),
    ).lateral("counted")
    asked = select(grids.c.area_code, *(each for each in counted.c if each.key != "all"))
    asked = asked.select_from(grids.join(counted, true())).where(counted.c["all"] > 0)
    return asked.order_by(grids.c.area_code).execution_options(replan=True)


def empty_dwellings(actor: Actor, area: str, day: date) -> Select[Any]:
    """How many dwellings stood empty on a day, by grid."""
    d = dwelling_version
    asked = visible(actor, d).where(as_of(d, day), within(d.c.area_code, area), d.c.use == VACANT)
    asked = asked.with_only_columns(d.c.area_code, func.count().label("empty")).group_by(d.c.area_code)
    return asked.execution_options(replan=True)


def counts(actor: Actor, area: str, day: date, known_at: datetime) -> Select[Any]:
    """Households, persons and dwellings of an area as it was on a day, as known at a moment."""
    h, o, d = household_version, occupancy_version, dwelling_version

    def count(table: Any, what: Any, *conditions: Any) -> Any:
        asked = visible(actor, table).where(
            as_of(table, day, known_at), within(table.c.grid_code_then, area), *conditions
        )
        return asked.with_only_columns(what).scalar_subquery()

    return select(
        literal(area).label("area_code"),
        count(h, func.count()).label("households"),
        count(h, func.count(), h.c.presence == Presence.LIVING).label("living_households"),
        count(o, func.count(o.c.person_id.distinct())).label("persons"),
        count(d, func.count()).label("dwellings"),
    )
