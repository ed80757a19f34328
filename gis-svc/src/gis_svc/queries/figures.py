"""Figures of areas by quarter: kept out of events, summed, read for class breaks."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import case, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from gis_svc import rules
from gis_svc.models import AreaFigure, CaseMark
from gis_svc.queries.access import column, inside
from gis_svc.queries.sources import Source
from gis_svc.rules import FEWEST_PERSONS, Level
from grid_kernel.auth import Actor
from grid_kernel.clock import Period
from grid_kernel.db import find
from grid_kernel.reads import ReadRunner

COUNTED = ("households", "persons", "visited", "fresh")


async def keep(session: AsyncSession, area_code: str, quarter: Period, counted: Mapping[str, int]) -> None:
    """Set figures of an area in a quarter."""
    level = rules.level_of(area_code)
    row = AreaFigure(area_code=area_code, level=level, valid_from=quarter.start, valid_to=quarter.end)
    values = {name: getattr(row, name) for name in AreaFigure.model_fields} | dict(counted)
    statement = insert(AreaFigure).values(values)
    changed = dict(counted) | {"version": column(AreaFigure.version) + 1}
    await session.execute(statement.on_conflict_do_update(index_elements=["area_code", "valid_from"], set_=changed))


async def sum_up(session: AsyncSession, community: str, quarter: Period) -> None:
    """The figures of a community are those of its grids together.

    Persons of grids where they are too few to be told are left out: a difference would tell them.
    """
    told = case((column(AreaFigure.persons) >= FEWEST_PERSONS, column(AreaFigure.persons)), else_=0)
    parts = {name: told if name == "persons" else getattr(AreaFigure, name) for name in COUNTED}
    columns = [func.coalesce(func.sum(part), 0).label(name) for name, part in parts.items()]
    below = (column(AreaFigure.level) == Level.GRID, inside(AreaFigure.area_code, community))
    statement = select(*columns).where(*below, column(AreaFigure.valid_from) == quarter.start)
    found = (await session.execute(statement)).mappings().one()
    await keep(session, community, quarter, {name: int(found[name]) for name in COUNTED})


async def recount_cases(session: AsyncSession, area_code: str, quarter: Period) -> None:
    """Count the cases reported in an area in a quarter, and those of them that are still open."""
    reported = column(CaseMark.reported_on)
    held = (inside(CaseMark.area_code, area_code), column(CaseMark.counted))
    statement = select(func.count(), func.count().filter(~column(CaseMark.closed))).where(*held)
    statement = statement.where(reported >= quarter.start, reported < quarter.end)
    cases, still_open = (await session.execute(statement)).one()
    await keep(session, area_code, quarter, {"cases": cases, "open_cases": still_open})


async def mark_for_update(session: AsyncSession, case_id: UUID) -> CaseMark | None:
    """What is known of a case, locked."""
    found: CaseMark | None = await find(
        session, select(CaseMark).where(column(CaseMark.id) == case_id).with_for_update()
    )
    return found


async def values_of(
    reads: ReadRunner, actor: Actor, source: Source, figure: str, *, level: Level, quarter: Period
) -> list[float]:
    """One figure of all areas of a level in a quarter, where it is known."""
    member = source.member(figure)
    assert member is not None  # noqa: S101 - the schema names the figures there are
    rows = source.rows(actor).with_only_columns(member.column.label("value"), maintain_column_froms=True)
    rows = rows.where(column(AreaFigure.level) == level, column(AreaFigure.valid_from) == quarter.start)
    found = await reads.fetch(rows.where(member.column.is_not(None)))
    return [float(row["value"]) for row in found]
