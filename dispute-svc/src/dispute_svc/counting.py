"""Figures: what the reader can open row by row, and beside it, for the district, how many restricted ones there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dispute_svc import queries, rules
from dispute_svc.rules import ObjectionState
from dispute_svc.schemas import Figure, Figures, UnitFigure, UnitFigures, WeekFigure, WeekFigures
from grid_kernel.auth import Actor, Post
from grid_kernel.clock import month_of, start_of, today, week_of
from grid_kernel.errors import NotFound
from grid_kernel.reads import ReadRunner

Row = Mapping[str, Any]
WEEKS_SHOWN = 5


async def count(reads: ReadRunner, own: ReadRunner, actor: Actor, area: str, now: datetime) -> Figures:
    """The figures of an area the actor has to do with; NotFound for any other."""
    if not any(area.startswith(prefix) for prefix in queries.scope(actor)):
        raise NotFound
    row = await reads.fetch_one(queries.figures(queries.unrestricted(actor), area, now)) or {}
    district = len(area) == rules.DISTRICT_CODE_LENGTH and actor.holds(Post.DISTRICT_LEADER, Post.ARBITER, area=area)
    hidden = await own.fetch_one(queries.figures(queries.restricted_ones(), area, now)) if district else None
    return Figures(
        area_code=area,
        as_of=now,
        figures=[
            Figure(
                name=name,
                count=row[name],
                restricted_count=_shown(hidden[name]) if hidden else None,
                query=f"/cases?area={area}&queue={name}&restricted=false",
            )
            for name in queries.FIGURES
        ],
    )


async def count_weeks(reads: ReadRunner, actor: Actor, area: str, now: datetime) -> WeekFigures:
    """What came in and ended week by week, of what the actor may open; NotFound for an area of others."""
    if not any(area.startswith(prefix) for prefix in queries.scope(actor)):
        raise NotFound
    running = week_of(today(now)).start
    begins = [running - timedelta(weeks=back) for back in reversed(range(WEEKS_SHOWN))]
    spans = [(start_of(begin), start_of(begin + timedelta(weeks=1))) for begin in begins]
    row = await reads.fetch_one(queries.weeks(queries.unrestricted(actor), area, spans)) or {}
    rows = f"/cases?area={area}&restricted=false"
    counted = [
        WeekFigure(
            week=begin,
            reported=row[f"reported_{place}"],
            reported_query=f"{rows}&reportedWeek={week_of(begin).label}",
            closed=row[f"closed_{place}"],
            closed_query=f"{rows}&closedWeek={week_of(begin).label}",
        )
        for place, begin in enumerate(begins)
    ]
    return WeekFigures(area_code=area, as_of=now, weeks=counted)


async def count_units(own: ReadRunner, actor: Actor, area: str, now: datetime) -> UnitFigures:
    """What units were given this month: all of them for the centre of the area, the own one for everybody else."""
    leads = actor.holds(*rules.TRIAGE_POSTS, area=area)
    units = None if leads else actor.units(*rules.UNIT_POSTS)
    if not leads and not (units and any(area.startswith(prefix) for prefix in queries.scope(actor))):
        raise NotFound
    month = month_of(today(now)).start
    work = {row["unit_code"]: row for row in await own.fetch(queries.unit_work(area, start_of(month), now))}
    said = await own.fetch(queries.unit_objections(area, start_of(month)))
    found = {*work, *(row["unit_code"] for row in said), *(row["rerouted_to"] for row in said if row["rerouted_to"])}
    shown = sorted(found if units is None else found & set(units))
    return UnitFigures(area_code=area, since=month, units=[_of_unit(code, work.get(code), said) for code in shown])


def _of_unit(code: str, work: Row | None, said: Sequence[Row]) -> UnitFigure:
    raised = [row["state"] for row in said if row["unit_code"] == code]
    return UnitFigure(
        unit_code=code,
        **{name: work[name] if work else 0 for name in ("dispatched", "accepted", "handled", "late")},
        objected=len(raised),
        upheld=raised.count(ObjectionState.UPHELD),
        rerouted_away=raised.count(ObjectionState.REROUTED),
        rerouted_to=sum(row["rerouted_to"] == code for row in said),
    )


def _shown(number: int) -> int | None:
    return number if number >= rules.SMALLEST_COUNT_SHOWN else None
