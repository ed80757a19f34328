"""How every household of an area stands in a quarter, as of a day: the one source of figures and of their rows.

Figures are counted grid by grid, each in a lateral select of its own: what belongs together is some hundred rows that
stay in the processor's cache, where hash tables over a whole district take three times as long and spill to disk.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    Select,
    Subquery,
    Table,
    and_,
    case,
    distinct,
    func,
    or_,
    select,
)
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.clock import Period
from population_svc.history import as_of
from population_svc.models import CareEntry, Visit, household_version
from population_svc.queries.scope import beside_grids, lying, running, visible, within
from population_svc.rules import Presence, VisitOutcome, VisitState

Starts = Callable[[Any], Select[Any]]
"""The rows of a table that lie where something is asked for."""


def standing(actor: Actor, area: str | None, quarter: Period, day: date) -> CTE:
    """The households registered on the day, each with its visits of the quarter up to that day.

    A visit counts for the grid it was made in: a household that moved to another grid is still to be visited there.
    """
    return _standing(lambda kept: lying(actor, kept, area), quarter, day).cte("standing")


def standing_there(quarter: Period, day: date) -> Subquery:
    """The same inside a lateral select, of the one grid of `grids_of` it stands beside."""
    return _standing(beside_grids, quarter, day).subquery("standing")


def grids_of(actor: Actor, versions: Table, area: str | None) -> CTE:
    """The grids of an area that have versions, found by stepping through the index; after the last one stands null."""
    code = versions.c.area_code

    def least(*conditions: Any) -> Any:
        asked = visible(actor, versions).where(within(code, area), versions.c.superseded_at.is_(None), *conditions)
        return asked.with_only_columns(code).order_by(code).limit(1)

    grids = select(least().scalar_subquery().label("area_code")).cte("grids", recursive=True)
    step = select(least(code > grids.c.area_code).scalar_subquery()).where(grids.c.area_code.is_not(None))
    return grids.union_all(step)


def _standing(rows: Starts, quarter: Period, day: date) -> Select[Any]:
    versions, acts, care = household_version, _acts(rows, quarter, day), _care(rows, day)
    state = _state(versions, acts)
    joined = versions.outerjoin(
        acts, and_(acts.c.household_id == versions.c.id, acts.c.area_code == versions.c.area_code)
    )
    joined = joined.outerjoin(care, care.c.household_id == versions.c.id)
    found = rows(versions).where(as_of(versions, day))
    columns: list[Any] = [
        versions.c[name] for name in ("id", "area_code", "roster_key", "dwelling_id", "head_person_id")
    ]
    columns += [versions.c[name] for name in ("presence", "phone", "version")]
    columns += [acts.c.first_done_on, acts.c.last_done_on, func.coalesce(acts.c.done_days, 0).label("done_days")]
    on_care = care.c.household_id.is_not(None).label("on_care_list")
    return found.with_only_columns(*columns, on_care, state.label("visit_state")).select_from(joined)


def _acts(rows: Starts, quarter: Period, day: date) -> Subquery:
    done = col(Visit.outcome) == VisitOutcome.DONE
    met = or_(col(Visit.outcome) == VisitOutcome.MET_OUTSIDE, col(Visit.outcome) == VisitOutcome.TELEPHONE)
    on: Any = col(Visit.visited_on)
    return (
        rows(Visit)
        .where(on >= quarter.start, on < quarter.end, on <= day)
        .with_only_columns(
            col(Visit.household_id),
            col(Visit.area_code),
            func.min(on).filter(done).label("first_done_on"),
            func.max(on).filter(done).label("last_done_on"),
            func.count(distinct(on)).filter(done).label("done_days"),
            func.bool_or(met).label("contacted"),
            func.bool_or(col(Visit.outcome) == VisitOutcome.DECLINED).label("declined"),
        )
        .group_by(col(Visit.household_id), col(Visit.area_code))
        .subquery("acts")
    )


def _care(rows: Starts, day: date) -> Subquery:
    listed = rows(CareEntry).where(running(col(CareEntry.starts_on), col(CareEntry.ended_on), day))
    return listed.with_only_columns(col(CareEntry.household_id)).distinct().subquery("care")


def _state(versions: Any, acts: Any) -> Any:
    return case(
        (versions.c.presence != Presence.LIVING, None),
        (acts.c.first_done_on.is_not(None), VisitState.VISITED.value),
        (acts.c.contacted, VisitState.CONTACTED.value),
        (acts.c.declined, VisitState.DECLINED.value),
        (acts.c.household_id.is_not(None), VisitState.NO_ANSWER.value),
        else_=VisitState.NOT_ATTEMPTED.value,
    )
