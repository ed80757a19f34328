"""Loading: the packaged areas, and buildings from NDJSON; twice loads nothing new."""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from shapely.geometry import Point, shape
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, shapes
from gis_svc.commands import wording
from gis_svc.commands.furnishing import furnish
from gis_svc.commands.surveying import load_roads
from gis_svc.location import Places, places_of
from gis_svc.models import Area, AreaVersion, Building
from gis_svc.queries import areas, buildings
from gis_svc.rules import GridType, Level
from grid_kernel import clock
from grid_kernel.bulk import copy_rows
from grid_kernel.events import publish_many
from grid_kernel.geo import Crs
from grid_kernel.runtime import Runtime

KNOWN_SINCE = date(2023, 6, 30)
"""The cut-off of the official list of divisions that is shipped; older days have no areas here."""
BATCH = 5_000
_DATA = files("gis_svc") / "data"
_SHAPES = {
    "streets.geojson": "synthetic",
    "communities.geojson": "synthetic",
    "grids.geojson": "synthetic",
    "outlines/district_tianditu_cgcs2000.geojson": "tianditu",
}
_UNOFFICIAL = {
    "outlines/district_amap_wgs84.geojson": ("amap_wgs84", Crs.WGS84),
    "outlines/district_amap_gcj02.geojson": ("amap_gcj02", Crs.GCJ02),
}


class LoadRefusedError(Exception):
    """A file says something that cannot be; the message names the row."""


async def load(runtime: Runtime, folder: Path, now: datetime) -> int:
    """Load the packaged areas, then roads and buildings of a folder when it has any; the number of rows added."""
    async with runtime.system_session() as session:
        added = await load_areas(session, runtime.settings.district, now)
    reads = runtime.system_reads()
    places = places_of(await areas.revision(reads), await areas.all_outlines(reads))
    async with runtime.system_session() as session:
        added += await furnish(session, places, runtime.settings.district, now)
        added += await load_roads(session, places, folder, runtime.settings.district, now)
    path = folder / "buildings.ndjson"
    if path.exists():
        added += await _load_buildings(runtime, path, now)
    return added


async def load_areas(session: AsyncSession, district: str, now: datetime) -> int:
    """Load the division tree and the outlines shipped for a district; nothing when its areas are known."""
    await areas.lock_areas(session)
    if await areas.known_codes(session, district):
        return 0
    known, versions = packaged_areas(district, now)
    await copy_rows(session, Area, known)
    await copy_rows(session, AreaVersion, versions)
    grids = [area for area in known if area.level is Level.GRID]
    await publish_many(session, [grid.drawn(now, valid_from=grid.valid_from) for grid in grids])
    return len(known) + len(versions)


def packaged_areas(district: str, now: datetime) -> tuple[list[Area], list[AreaVersion]]:
    """The division tree of a district and its outlines of all sources, as they are shipped."""
    divisions = csv.DictReader((_DATA / "divisions.csv").read_text("utf-8").splitlines())
    rows = [row for row in divisions if row["code"].startswith(district)]
    kinds = {row["code"]: row["kind"] for row in rows}
    names = {row["code"]: row["name"] for row in rows}
    known = {code: _area(code) for code in kinds}
    versions = []
    for properties, surface, source in _outlines():
        code = properties["code"]
        if code.startswith(district):
            known.setdefault(code, _area(code))
            version = _version(code, properties, source, now)
            version.kind, version.name = kinds.get(code, GridType.BASIC), names.get(code, version.name)
            versions.append(version.outlined(shapes.outline_of(surface)))
    return list(known.values()), versions


def _outlines() -> Iterator[tuple[dict[str, Any], shapes.Area, str]]:
    for path, source in _SHAPES.items():
        for feature in _features(path):
            yield feature["properties"], shapes.surface_of(feature["geometry"]), source
    for path, (source, crs) in _UNOFFICIAL.items():
        for feature in _features(path):
            yield feature["properties"], shapes.surface_of(feature["geometry"], crs), source


def _features(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((_DATA / path).read_text("utf-8"))["features"]
    return found


def _area(code: str) -> Area:
    level = rules.level_of(code)
    grid_type = GridType.BASIC if level is Level.GRID else None
    return Area(code=code, level=level, parent_code=rules.parent_of(code), grid_type=grid_type, valid_from=KNOWN_SINCE)


def _version(code: str, properties: dict[str, Any], source: str, now: datetime) -> AreaVersion:
    return AreaVersion(
        code=code,
        name=properties["name"],
        kind="",
        source=source,
        in_force=source in _SHAPES.values(),
        synthetic=properties["synthetic"],
        valid_from=KNOWN_SINCE,
        recorded_at=now,
    )


async def _load_buildings(runtime: Runtime, path: Path, now: datetime) -> int:
    async with runtime.system_session() as session:
        known = await buildings.known_ids(session)
    reads = runtime.system_reads()
    places = places_of(await areas.revision(reads), await areas.all_outlines(reads))
    added = 0
    for batch in _batches(path, known, places, now):
        async with runtime.system_session() as session:
            added += await copy_rows(session, Building, batch)
            await publish_many(session, [building.located(now) for building in batch])
    return added


def _batches(path: Path, known: set[UUID], places: Places, now: datetime) -> Iterator[list[Building]]:
    with path.open("rb") as lines:
        rows = ((number, orjson.loads(line)) for number, line in enumerate(lines, 1))
        fresh = ((number, row) for number, row in rows if UUID(row["id"]) not in known)
        while batch := list(islice(fresh, BATCH)):
            _check_places(batch, places, clock.today(now))
            yield [_building(row, places, now) for _, row in batch]


def _check_places(batch: Sequence[tuple[int, dict[str, Any]]], places: Places, day: date) -> None:
    lons, lats = (np.array([row[axis] for _, row in batch]) for axis in ("lon", "lat"))
    for (number, row), lies_in in zip(batch, places.locate_many(lons, lats, day), strict=True):
        if lies_in != row["area_code"]:
            raise LoadRefusedError(f"line {number}: the point lies in {lies_in}, not in {row['area_code']}")


def _building(row: dict[str, Any], places: Places, now: datetime) -> Building:
    names = [place.name for place in places.path(row["community_code"], clock.today(now))]
    footprint = row.get("footprint")
    return Building(
        id=UUID(row["id"]),
        area_code=row["area_code"],
        community_code=row["community_code"],
        building_no=row["building_no"],
        name=row["name"],
        compound=row.get("compound"),
        road=row.get("road"),
        kind=row["kind"],
        floors=row["floors"],
        entrances=row["entrances"],
        address_text=wording.address(names[:2], row.get("road"), row["name"]),
        lon=row["lon"],
        lat=row["lat"],
        point_crs=Crs.CGCS2000,
        point_source="file",
        footprint_geojson=orjson.dumps(footprint).decode() if footprint else None,
        **shapes.stored_shape(shape(footprint) if footprint else Point(row["lon"], row["lat"])),
        synthetic=row["synthetic"],
        registered_at=now,
    )
