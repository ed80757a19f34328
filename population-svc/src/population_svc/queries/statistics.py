"""Statistics of any day, each in one pass over the versions. Run as system behind `visible`: row-level security would
cost more than counting, and nothing but sums leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Date,
    Select,
    Subquery,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.clock import Period
from grid_kernel.db import in_scope
from population_svc.history import as_of
from population_svc.models import Person, Visit, dwelling_version, household_version, person_version
from population_svc.queries.scope import beside_grids, everyone, lying, visible, within
from population_svc.queries.standing import Starts, grids_of, standing_there
from population_svc.rules import MATCHES, Freshness, PersonStatus, Registration, VisitOutcome
from population_svc.statistics import band_starts

Known = datetime | None
FRESH_WITHIN = (90, 180, 365)
FRESHNESS_DAYS = tuple((days, Freshness(f"within_{days}_days").value) for days in FRESH_WITHIN)


def _shared(areas: Sequence[str], table: Table, area: str, day: date, known_at: Known = None) -> Select[Any]:
    t = table.c
    return select(table).where(in_scope(t.area_code, areas), as_of(table, day, known_at), within(t.area_code, area))


def _part(area_code: Any, area: str) -> Any:
    """The next level below an area: its streets, communities or grids."""
    return func.substr(area_code, 1, literal_column(str(min(len(area) + 3, 15)))).label("part")


def count_persons(areas: Sequence[str], area: str, day: date, known_at: Known = None) -> Select[Any]:
    """Persons who lived in an area on a day by part, sex, type, registration and band of age."""
    p = person_version.c
    edges = literal([start + timedelta(days=1) for start in band_starts(day)], ARRAY(Date))
    keys: list[Any] = [_part(p.area_code, area), p.sex, p.population_type, p.registered_here, p.registration_matches]
    keys.append(func.width_bucket(p.birth_date, edges).label("bucket"))
    asked = _shared(areas, person_version, area, day, known_at).where(p.status == PersonStatus.PRESENT)
    return asked.with_only_columns(*keys, func.count().label("number")).group_by(*keys).execution_options(replan=True)


def count_in_grids(areas: Sequence[str], area: str, day: date) -> Select[Any]:
    """How many persons lived in each grid of an area on a day."""
    p = person_version.c
    asked = _shared(areas, person_version, area, day).where(p.status == PersonStatus.PRESENT)
    return asked.with_only_columns(p.area_code, func.count().label("number")).group_by(p.area_code)


def count_dwellings(areas: Sequence[str], area: str, day: date, known_at: Known = None) -> Select[Any]:
    """Dwellings of an area on a day by part and use."""
    d = dwelling_version.c
    keys: list[Any] = [_part(d.area_code, area), d.use]
    asked = _shared(areas, dwelling_version, area, day, known_at)
    return asked.with_only_columns(*keys, func.count().label("number")).group_by(*keys).execution_options(replan=True)


def count_households(actor: Actor, area: str, quarter: Period, day: date) -> Select[Any]:
    """Households of an area on a day by part, presence, state of the round, and when they were last entered."""
    grids = grids_of(actor, household_version, area)
    s = standing_there(quarter, day)
    last = _last_entered(beside_grids, day)
    keys: list[Any] = [s.c.presence, s.c.visit_state, freshness(last, day)]
    counted = select(*keys, func.count().label("number")).select_from(s.outerjoin(last, entered_there(s, last)))
    counted_there = counted.group_by(*keys).lateral("counted")
    part = _part(grids.c.area_code, area)
    asked = select(part, *counted_there.c).select_from(grids.join(counted_there, true()))
    return asked.execution_options(replan=True)


def last_entered(actor: Actor, area: str | None, day: date) -> Subquery:
    """When each household was last entered up to a day, by the grid it was entered in: who moved starts anew."""
    return _last_entered(lambda kept: lying(actor, kept, area), day)


def _last_entered(rows: Starts, day: date) -> Subquery:
    done = rows(Visit).where(col(Visit.outcome) == VisitOutcome.DONE, col(Visit.visited_on) <= day)
    place: list[Any] = [col(Visit.household_id), col(Visit.area_code)]
    done = done.group_by(*place)
    return done.with_only_columns(*place, func.max(col(Visit.visited_on)).label("on")).subquery("seen")


def entered_there(rows: Any, last: Any) -> Any:
    """The join of households with `last_entered`."""
    return and_(last.c.household_id == rows.c.id, last.c.area_code == rows.c.area_code)


def freshness(last: Any, day: date) -> Any:
    """How long ago that was."""
    bands = [(last.c.on > day - timedelta(days=within_days), band) for within_days, band in FRESHNESS_DAYS]
    return case(*bands, (last.c.on.is_(None), Freshness.NEVER), else_=Freshness.OLDER.value).label("freshness")


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """Which of the persons of an area on a day are wanted; what is None does not matter."""

    sex: str | None = None
    population_type: str | None = None
    registered_here: bool | None = None
    registration: Registration | None = None
    born: tuple[date | None, date | None] = (None, None)
    known_at: datetime | None = None


def listed_persons(
    actor: Actor, area: str, day: date, wanted: PersonFilter, *, after: tuple[str, UUID] | None, limit: int
) -> Select[Any]:
    """The rows a number counts: persons who lived in an area on a day, by grid."""
    p = person_version.c
    asked = visible(actor, person_version).where(as_of(person_version, day, wanted.known_at), within(p.area_code, area))
    restricted = everyone(Person).where(col(Person.id) == p.id, col(Person.restricted_on).is_not(None))
    asked = asked.where(p.status == PersonStatus.PRESENT, ~exists(restricted), *_conditions(wanted))
    if after is not None:
        asked = asked.where(tuple_(p.area_code, p.id) > tuple_(*after))
    columns = [p.id, p.area_code, p.name, p.sex, p.birth_date, p.id_number, p.phone, p.population_type]
    columns += [p.registered_here, p.registration_matches]
    return asked.with_only_columns(*columns).order_by(p.area_code, p.id).limit(limit + 1)


def _conditions(wanted: PersonFilter) -> list[Any]:
    p = person_version.c
    given = ((p.sex, wanted.sex), (p.population_type, wanted.population_type))
    conditions: list[Any] = [column == value for column, value in given if value is not None]
    if wanted.registered_here is not None:
        conditions.append(p.registered_here.is_(wanted.registered_here))
    if wanted.registration is not None:
        conditions.append(p.registration_matches.is_(MATCHES[wanted.registration]))
    since, until = wanted.born
    if since is not None:
        conditions.append(p.birth_date > since)
    if until is not None:
        conditions.append(p.birth_date <= until)
    return conditions
