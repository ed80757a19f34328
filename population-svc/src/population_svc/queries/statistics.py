"""Statistics of any day, each in one pass over the versions. Run as system behind `visible`: row-level security would
cost more than counting, and nothing but sums leaves."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, Select, Table, case, exists, func, literal, literal_column, select
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.clock import Period
from grid_kernel.db import in_scope
from population_svc.history import as_of
from population_svc.models import Person, Visit, dwelling_version, person_version
from population_svc.queries.scope import everyone, visible, within
from population_svc.queries.standing import standing
from population_svc.rules import PersonStatus, VisitOutcome
from population_svc.statistics import band_starts

FRESH_WITHIN = (90, 180, 365)


def _shared(areas: Sequence[str], table: Table, area: str, day: date) -> Select[Any]:
    t = table.c
    return select(table).where(in_scope(t.area_code, areas), as_of(table, day), within(t.area_code, area))


def _part(area_code: Any, area: str) -> Any:
    """The next level below an area: its streets, communities or grids."""
    return func.substr(area_code, 1, literal_column(str(min(len(area) + 3, 15)))).label("part")


def count_persons(areas: Sequence[str], area: str, day: date) -> Select[Any]:
    """Persons who lived in an area on a day by part, sex, type, registration and band of age."""
    p = person_version.c
    edges = literal([start + timedelta(days=1) for start in band_starts(day)], ARRAY(Date))
    keys: list[Any] = [_part(p.area_code, area), p.sex, p.population_type, p.registered_here]
    keys.append(func.width_bucket(p.birth_date, edges).label("bucket"))
    asked = _shared(areas, person_version, area, day).where(p.status == PersonStatus.PRESENT)
    return asked.with_only_columns(*keys, func.count().label("number")).group_by(*keys).execution_options(replan=True)


def count_in_grids(areas: Sequence[str], area: str, day: date) -> Select[Any]:
    """How many persons lived in each grid of an area on a day."""
    p = person_version.c
    asked = _shared(areas, person_version, area, day).where(p.status == PersonStatus.PRESENT)
    return asked.with_only_columns(p.area_code, func.count().label("number")).group_by(p.area_code)


def count_dwellings(areas: Sequence[str], area: str, day: date) -> Select[Any]:
    """Dwellings of an area on a day by part and use."""
    d = dwelling_version.c
    keys: list[Any] = [_part(d.area_code, area), d.use]
    asked = _shared(areas, dwelling_version, area, day)
    return asked.with_only_columns(*keys, func.count().label("number")).group_by(*keys).execution_options(replan=True)


def count_households(actor: Actor, area: str, quarter: Period, day: date) -> Select[Any]:
    """Households of an area on a day by part, presence, state of the round, and when they were last entered."""
    s = standing(actor, area, quarter, day)
    done = visible(actor, Visit).where(col(Visit.outcome) == VisitOutcome.DONE, col(Visit.visited_on) <= day)
    done = done.where(within(col(Visit.area_code), area)).group_by(col(Visit.household_id))
    last = done.with_only_columns(col(Visit.household_id), func.max(col(Visit.visited_on)).label("on")).subquery("seen")
    bands = [(last.c.on > day - timedelta(days=days), f"within_{days}_days") for days in FRESH_WITHIN]
    fresh = case(*bands, (last.c.on.is_(None), "never"), else_="older").label("freshness")
    keys: list[Any] = [_part(s.c.area_code, area), s.c.presence, s.c.visit_state, fresh]
    asked = select(*keys, func.count().label("number")).select_from(s.outerjoin(last, last.c.household_id == s.c.id))
    return asked.group_by(*keys).execution_options(replan=True)


def listed_persons(
    actor: Actor,
    grid: str,
    day: date,
    *,
    sex: str | None,
    population_type: str | None,
    registered_here: bool | None,
    born: tuple[date | None, date | None],
    after: tuple[UUID] | None,
    limit: int,
) -> Select[Any]:
    """The rows a number of a grid counts: persons who lived there on a day."""
    p = person_version.c
    asked = visible(actor, person_version).where(as_of(person_version, day), p.area_code == grid)
    restricted = everyone(Person).where(col(Person.id) == p.id, col(Person.restricted_on).is_not(None))
    asked = asked.where(p.status == PersonStatus.PRESENT, ~exists(restricted))
    since, until = born
    for column, wanted in ((p.sex, sex), (p.population_type, population_type), (p.registered_here, registered_here)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    if since is not None:
        asked = asked.where(p.birth_date > since)
    if until is not None:
        asked = asked.where(p.birth_date <= until)
    if after is not None:
        asked = asked.where(p.id > after[0])
    columns = [p.id, p.area_code, p.name, p.sex, p.birth_date, p.id_number, p.phone, p.population_type]
    return asked.with_only_columns(*columns, p.registered_here).order_by(p.id).limit(limit + 1)
