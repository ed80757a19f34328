"""What a new installation has on its map besides areas: a made-up network of paths and stations, marked as made up."""

import csv
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules, shapes
from gis_svc.commands import wording
from gis_svc.location import Places
from gis_svc.models import Road, ServicePoint
from gis_svc.queries import placed
from gis_svc.rules import Level
from gis_svc.walking import synthetic_roads
from grid_kernel import clock
from grid_kernel.bulk import copy_rows

SYNTHETIC = "synthetic"
_KINDS = {Level.GRID: "path", Level.COMMUNITY: "side", Level.STREET: "main"}


async def furnish(session: AsyncSession, places: Places, district: str, now: datetime) -> int:
    """Store paths and stations where there are no roads yet; the number of rows added."""
    if await placed.any_roads(session):
        return 0
    roads = _roads(places, district, now)
    points = _stations(places, district, now)
    return await copy_rows(session, Road, roads) + await copy_rows(session, ServicePoint, points)


def _roads(places: Places, district: str, now: datetime) -> list[Road]:
    by_level: dict[str, list[BaseGeometry]] = {}
    for place in places.drawn():
        if place.code.startswith(district) and place.wkb and place.valid_to is None:
            by_level.setdefault(place.level, []).append(shapes.from_wkb(place.wkb))
    outlines = {level: by_level.get(level, []) for level in (Level.GRID, Level.COMMUNITY, Level.STREET)}
    lines = synthetic_roads(outlines[Level.GRID]) if outlines[Level.GRID] else []
    made = []
    for line in lines:
        middle = line.interpolate(0.5, normalized=True)
        area = places.locate(middle.x, middle.y, clock.today(now)) or district
        kind = _KINDS[_border_of(middle, outlines[Level.COMMUNITY], outlines[Level.STREET])]
        made.append(
            Road(
                area_code=area,
                kind=kind,
                name=wording.road_name(kind),
                shape_geojson=shapes.geojson_text(line),
                **shapes.stored_shape(line),
                source=SYNTHETIC,
                synthetic=True,
                registered_at=now,
            )
        )
    return made


def _border_of(middle: BaseGeometry, communities: Sequence[BaseGeometry], streets: Sequence[BaseGeometry]) -> Level:
    """The highest level whose border runs here."""
    near = 3e-5
    if any(street.boundary.distance(middle) < near for street in streets):
        return Level.STREET
    return Level.COMMUNITY if any(c.boundary.distance(middle) < near for c in communities) else Level.GRID


def _stations(places: Places, district: str, now: datetime) -> list[ServicePoint]:
    """One station for each residents' committee of the streets of the reform of 2013."""
    text = (files("gis_svc") / "data" / "divisions.csv").read_text("utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["code"].startswith(district)]
    pilots = {row["code"] for row in rows if row["pilot_street_2013"] == "1"}
    made = []
    for row in rows:
        code = row["code"]
        place = places.place(code, clock.today(now))
        if len(code) != rules.COMMUNITY_DIGITS or rules.parent_of(code) not in pilots or not place or not place.wkb:
            continue
        spot = shapes.from_wkb(place.wkb).representative_point()
        made.append(
            ServicePoint(
                area_code=places.locate(spot.x, spot.y, clock.today(now)) or code,
                kind="station",
                name=wording.station_name(place.name),
                shape_geojson=shapes.geojson_text(spot),
                **shapes.stored_shape(spot),
                source=SYNTHETIC,
                synthetic=True,
                registered_at=now,
            )
        )
    return made
