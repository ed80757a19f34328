"""How every household of an area stands in a quarter, as of a day: the one source of figures and of their rows."""

from datetime import date
from typing import Any

from sqlalchemy import CTE, Subquery, and_, case, distinct, func, or_
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.clock import Period
from population_svc.history import as_of
from population_svc.models import CareEntry, Visit, household_version
from population_svc.queries.scope import running, visible, within
from population_svc.rules import Presence, VisitOutcome, VisitState


def standing(actor: Actor, area: str | None, quarter: Period, day: date) -> CTE:
    """The households registered on the day, each with its visits of the quarter up to that day.

    A visit counts for the grid it was made in: a household that moved to another grid is still to be visited there.
    """
    versions, acts, care = household_version, _acts(actor, area, quarter, day), _care(actor, area, day)
    state = _state(versions, acts)
    joined = versions.outerjoin(
        acts, and_(acts.c.household_id == versions.c.id, acts.c.area_code == versions.c.area_code)
    )
    joined = joined.outerjoin(care, care.c.household_id == versions.c.id)
    found = visible(actor, versions).where(as_of(versions, day), within(versions.c.area_code, area))
    columns: list[Any] = [
        versions.c[name] for name in ("id", "area_code", "roster_key", "dwelling_id", "head_person_id")
    ]
    columns += [versions.c[name] for name in ("presence", "phone", "version")]
    columns += [acts.c.first_done_on, acts.c.last_done_on, func.coalesce(acts.c.done_days, 0).label("done_days")]
    on_care = care.c.household_id.is_not(None).label("on_care_list")
    return found.with_only_columns(*columns, on_care, state.label("visit_state")).select_from(joined).cte("standing")


def _acts(actor: Actor, area: str | None, quarter: Period, day: date) -> Subquery:
    done = col(Visit.outcome) == VisitOutcome.DONE
    met = or_(col(Visit.outcome) == VisitOutcome.MET_OUTSIDE, col(Visit.outcome) == VisitOutcome.TELEPHONE)
    on: Any = col(Visit.visited_on)
    return (
        visible(actor, Visit)
        .where(on >= quarter.start, on < quarter.end, on <= day, within(col(Visit.area_code), area))
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


def _care(actor: Actor, area: str | None, day: date) -> Subquery:
    listed = visible(actor, CareEntry).where(within(col(CareEntry.area_code), area))
    listed = listed.where(running(col(CareEntry.starts_on), col(CareEntry.ended_on), day))
    return listed.with_only_columns(col(CareEntry.household_id)).distinct().subquery("care")


def _state(versions: Any, acts: Any) -> Any:
    return case(
        (versions.c.presence != Presence.LIVING, None),
        (acts.c.done_days > 0, VisitState.VISITED.value),
        (acts.c.contacted, VisitState.CONTACTED.value),
        (acts.c.declined, VisitState.DECLINED.value),
        (acts.c.household_id.is_not(None), VisitState.NO_ANSWER.value),
        else_=VisitState.NOT_ATTEMPTED.value,
    )
