"""Reads of areas: the tree, one area, its history, outlines as GeoJSON; and what changing them needs to know."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Select, func, literal, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from gis_svc import shapes
from gis_svc.models import Area, AreaRevision, AreaVersion
from gis_svc.queries.access import column, holds_on, inside, visible_areas
from gis_svc.rules import GridType, Level
from gis_svc.schemas import AreaOut, AreaVersionOut
from gis_svc.shapes import Area as Surface
from gis_svc.topology_report import Piece
from grid_kernel.db import find
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.paging import Page, PageRequest, page_of
from grid_kernel.reads import ReadRunner
from grid_kernel.types import AREA_CODE

MOST_FEATURES = 2_000
MOST_OUTLINES = 20_000
Row = Mapping[str, Any]


def in_force(day: date) -> Select[Any]:
    """Every area as it was on a day."""
    return visible_areas().where(column(AreaVersion.in_force), holds_on(AreaVersion, day))


async def list_areas(
    reads: ReadRunner, paging: PageRequest, *, day: date, level: Level | None, within: str | None
) -> Page[AreaOut]:
    """Areas by code, those of one level or below one area."""
    statement = in_force(day)
    if level is not None:
        statement = statement.where(column(Area.level) == level)
    if within is not None:
        statement = statement.where(inside(AreaVersion.code, within))
    if (after := paging.after(str)) is not None:
        statement = statement.where(column(AreaVersion.code) > after[0])
    rows = await reads.fetch(statement.order_by(column(AreaVersion.code)).limit(paging.limit + 1))
    return page_of(rows, paging, key=lambda row: (row["code"],), item=AreaOut.of)


async def get_area(reads: ReadRunner, code: str, day: date) -> AreaOut:
    """One area as it was on a day."""
    row = await reads.fetch_one(in_force(day).where(column(AreaVersion.code) == code))
    if row is None:
        raise NotFound
    return AreaOut.of(row)


async def versions_of(reads: ReadRunner, code: str) -> list[AreaVersionOut]:
    """Every dated outline of an area from every source, those in force first, the latest first."""
    statement = visible_areas().where(column(AreaVersion.code) == code)
    order = (column(AreaVersion.in_force).desc(), column(AreaVersion.valid_from).desc(), column(AreaVersion.source))
    rows = await reads.fetch(statement.order_by(*order))
    if not rows:
        raise NotFound
    return [AreaVersionOut.of(row) for row in rows]


async def outline_of(reads: ReadRunner, code: str, *, day: date, source: str | None) -> bytes:
    """The outline of an area as one GeoJSON feature: the one in force, or that of a source."""
    statement = visible_areas().add_columns(column(AreaVersion.outline_geojson))
    statement = statement.where(column(AreaVersion.code) == code, holds_on(AreaVersion, day))
    told = column(AreaVersion.in_force) if source is None else column(AreaVersion.source) == source
    row = await reads.fetch_one(statement.where(told))
    if row is None:
        raise NotFound
    return orjson.dumps(_feature(row))


async def grid_features(reads: ReadRunner, *, day: date, within: str | None) -> bytes:
    """The basic grids of an area as one GeoJSON feature collection for a map."""
    statement = in_force(day).add_columns(column(AreaVersion.outline_geojson))
    statement = statement.where(column(Area.grid_type) == GridType.BASIC)
    if within is not None:
        statement = statement.where(inside(AreaVersion.code, within))
    rows = await reads.fetch(statement.order_by(column(AreaVersion.code)).limit(MOST_FEATURES + 1))
    if len(rows) > MOST_FEATURES:
        raise InvalidInput.at("#/query/within", "too-many-features", most=MOST_FEATURES)
    return orjson.dumps({"type": "FeatureCollection", "features": [_feature(row) for row in rows]})


def _feature(row: Row) -> dict[str, Any]:
    text = row["outline_geojson"]
    return {
        "type": "Feature",
        "id": row["code"],
        "properties": {
            "code": row["code"],
            "name": row["name"],
            "level": row["level"],
            "gridType": row["grid_type"],
            "kind": row["kind"],
            "parentCode": row["parent_code"],
            "source": row["source"],
            "official": row["in_force"] and not row["synthetic"],
            "synthetic": row["synthetic"],
            "validFrom": row["valid_from"],
            "validTo": row["valid_to"],
            "areaM2": row["area_m2"],
            "centre": [row["centre_lon"], row["centre_lat"]],
        },
        "geometry": orjson.Fragment(text) if text else None,
    }


async def all_outlines(reads: ReadRunner) -> list[Row]:
    """Every outline ever in force, for the index in memory."""
    kept = (AreaVersion.code, AreaVersion.name, AreaVersion.valid_from, AreaVersion.valid_to, AreaVersion.outline_wkb)
    columns: list[Any] = [*kept, AreaVersion.synthetic, Area.level]
    statement: Select[Any] = select(*columns).select_from(AreaVersion)
    statement = statement.join(Area, column(Area.code) == column(AreaVersion.code))
    basic = column(Area.grid_type).is_distinct_from(GridType.SPECIAL)
    return await reads.fetch(statement.where(column(AreaVersion.in_force), basic).order_by(column(AreaVersion.code)))


async def revision(reads: ReadRunner) -> int:
    """How often areas were changed."""
    row = await reads.fetch_one(select(AreaRevision.revision))
    return int(row["revision"]) if row else 0


async def outlines(
    reads: ReadRunner, *, day: date, within: str | None, level: Level | None = None, source: str | None = None
) -> list[Row]:
    """Areas on a day with their outlines: those in force, or all that a source says."""
    statement = visible_areas().add_columns(column(AreaVersion.outline_wkb))
    told = column(AreaVersion.in_force) if source is None else column(AreaVersion.source) == source
    statement = statement.where(told, holds_on(AreaVersion, day), column(AreaVersion.outline_wkb).is_not(None))
    if level is not None:
        statement = statement.where(column(Area.level) == level)
    if within is not None:
        statement = statement.where(inside(AreaVersion.code, within))
    rows = await reads.fetch(statement.order_by(column(AreaVersion.code)).limit(MOST_OUTLINES + 1))
    if len(rows) > MOST_OUTLINES:
        raise InvalidInput.at("#/query/within", "too-many-features", most=MOST_OUTLINES)
    return rows


async def pieces_now(session: AsyncSession, within: str) -> list[Piece]:
    """Areas as this transaction leaves them, for the check of their topology."""
    statement = visible_areas().add_columns(column(AreaVersion.outline_wkb)).where(inside(AreaVersion.code, within))
    statement = statement.where(column(AreaVersion.in_force), column(AreaVersion.valid_to).is_(None))
    statement = statement.where(column(Area.valid_to).is_(None), column(AreaVersion.outline_wkb).is_not(None))
    return pieces((await session.execute(statement)).mappings())


def pieces(rows: Iterable[Any]) -> list[Piece]:
    """Rows with outlines as what the check of topology takes."""
    return [
        Piece(
            row["code"],
            row["parent_code"],
            Level(row["level"]),
            shapes.from_wkb(row["outline_wkb"]),
            special=row["grid_type"] == GridType.SPECIAL,
        )
        for row in rows
    ]


async def areas_for_update(session: AsyncSession, codes: Sequence[str]) -> dict[str, Area]:
    """Those of some areas that are known, locked."""
    statement = select(Area).where(column(Area.code) == func.any(literal(list(codes), ARRAY(AREA_CODE))))
    return {area.code: area for area in (await session.execute(statement.with_for_update())).scalars()}


async def version_of_source(session: AsyncSession, code: str, source: str) -> AreaVersion | None:
    """The open version a source has of an area that another source is in force for."""
    same = (column(AreaVersion.code) == code, column(AreaVersion.source) == source)
    statement = select(AreaVersion).where(*same, ~column(AreaVersion.in_force), column(AreaVersion.valid_to).is_(None))
    found: AreaVersion | None = await find(session, statement)
    return found


async def lock_areas(session: AsyncSession) -> None:
    """Change areas one transaction at a time: two who each draw well could overlap together."""
    counted = update(AreaRevision).values(revision=column(AreaRevision.revision) + 1)
    await session.execute(counted)


async def hold_areas(session: AsyncSession) -> None:
    """Let no area change until this transaction ends; others may hold them too."""
    await session.execute(select(AreaRevision.revision).with_for_update(read=True))


async def known_codes(session: AsyncSession, within: str) -> list[str]:
    """Every code that was ever given to an area or below it."""
    found = await session.execute(select(Area.code).where(inside(Area.code, within)).order_by(column(Area.code)))
    return list(found.scalars())


async def grids_in_force(reads: ReadRunner, within: str) -> dict[str, int]:
    """The present basic grids of an area with their versions."""
    rows = await reads.fetch(_present_grids(within))
    return {row["code"]: row["version"] for row in rows}


async def grids_present(session: AsyncSession, within: str) -> dict[str, int]:
    """The basic grids of an area with their versions, as this transaction leaves them."""
    return {row.code: row.version for row in await session.execute(_present_grids(within))}


_CODE_AND_VERSION: tuple[Any, ...] = (Area.code, Area.version)


def _present_grids(within: str) -> Select[Any]:
    present = (column(Area.grid_type) == GridType.BASIC, column(Area.valid_to).is_(None))
    return visible_areas().with_only_columns(*_CODE_AND_VERSION).distinct().where(inside(Area.code, within), *present)


async def grids_for_update(session: AsyncSession, codes: Sequence[str]) -> list[Area]:
    """Grids by code, in the order asked; NotFound when one of them never was."""
    statement = select(Area).where(column(Area.code) == func.any(literal(list(codes), ARRAY(AREA_CODE))))
    found = await session.execute(statement.where(column(Area.level) == Level.GRID).with_for_update())
    by_code = {area.code: area for area in found.scalars()}
    if len(by_code) < len(set(codes)):
        raise NotFound
    return [by_code[code] for code in codes]


async def version_in_force(session: AsyncSession, code: str) -> AreaVersion:
    """The latest version in force of an area."""
    statement = select(AreaVersion).where(column(AreaVersion.code) == code, column(AreaVersion.in_force))
    newest = statement.order_by(column(AreaVersion.valid_from).desc(), column(AreaVersion.id).desc()).limit(1)
    if (version := (await session.execute(newest)).scalars().first()) is None:
        raise NotFound
    return version


async def outline_in_force(session: AsyncSession, code: str) -> Surface:
    """The present outline of an area."""
    version = await version_in_force(session, code)
    if version.outline_wkb is None:
        raise NotFound
    return shapes.from_wkb(version.outline_wkb)


async def grids_touching(
    session: AsyncSession, surfaces: Sequence[Surface], grid_type: GridType = GridType.BASIC
) -> dict[str, Surface]:
    """The present grids of a type whose box touches the box of some surfaces."""
    if not surfaces:
        return {}
    bounds = [surface.bounds for surface in surfaces]
    west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
    east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
    stored = func.box(func.point(AreaVersion.west, AreaVersion.south), func.point(AreaVersion.east, AreaVersion.north))
    asked = func.box(func.point(west, south), func.point(east, north))
    statement = (
        select(AreaVersion.code, AreaVersion.outline_wkb)
        .join(Area, column(Area.code) == column(AreaVersion.code))
        .where(stored.op("&&")(asked), column(Area.grid_type) == grid_type, column(Area.valid_to).is_(None))
        .where(column(AreaVersion.in_force), column(AreaVersion.valid_to).is_(None))
    )
    found = await session.execute(statement)
    return {row.code: shapes.from_wkb(row.outline_wkb) for row in found}


async def areas_now(session: AsyncSession, codes: Sequence[str]) -> list[AreaOut]:
    """Areas as this transaction leaves them, in the order asked."""
    wanted = column(AreaVersion.code) == func.any(literal(list(codes), ARRAY(AREA_CODE)))
    statement = visible_areas().where(column(AreaVersion.in_force), column(AreaVersion.valid_to).is_(None), wanted)
    found = {row["code"]: AreaOut.of(row) for row in (await session.execute(statement)).mappings()}
    return [found[code] for code in codes]
