"""What lies near a point or inside a shape: any of the four systems in, CGCS2000 inside, three systems out."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from gis_svc import shapes
from gis_svc.exchange import OutCrs
from gis_svc.ogc.crs import crs_of
from gis_svc.queries import features
from gis_svc.queries.features import Asked, During
from gis_svc.queries.opening import Openings
from gis_svc.queries.sources import SOURCES, Source
from gis_svc.schemas import Circle, Found, Inside, Nearest, NearestOut, Position, Suspicion
from gis_svc.walking import METRES_PER_MINUTE, Network
from grid_kernel import geo
from grid_kernel.auth import Actor
from grid_kernel.errors import InvalidInput
from grid_kernel.geo import Box, to_cgcs2000
from grid_kernel.reads import ReadRunner, Row

FIRST_M, WIDER = 200.0, 3.0
_FARTHEST_NORTH = 85.0
_ALWAYS = During(None, None)


def _conditions(
    source: Source, kinds: Sequence[str] | None, *, open_only: bool, openings: Openings | None
) -> tuple[Any, ...]:
    kind, is_open = source.member("kind"), source.member("open")
    told: list[Any] = []
    if kinds and kind is not None:
        told.append(kind.column == func.any(literal(list(kinds), ARRAY(Text))))
    if open_only and is_open is not None:
        told.append(is_open.column)
        if openings is not None and (closed := openings.closed()):
            told.append(source.key != func.all(literal(closed, source.keys_type)))
    return tuple(told)


@dataclass(frozen=True, slots=True)
class Around:
    """Where somebody asks from: the place, its grid, whether its system looks wrong; roads when they go on foot."""

    at: Position
    grid_code: str | None
    suspected: Suspicion | None = None
    network: Network | None = None


async def nearest(
    reads: ReadRunner, actor: Actor, asked: Nearest, around: Around, openings: Openings | None
) -> NearestOut:
    """The k nearest of a kind, by the straight way or on foot; the circle grows until they are in it."""
    source = SOURCES[asked.of.value]
    conditions = _conditions(source, asked.kinds, open_only=asked.open_only, openings=openings)
    radius, found = min(FIRST_M, asked.within_m), []
    while True:
        found = await _around(reads, actor, source, conditions, around.at, radius)
        if around.network is not None and found:
            found = await asyncio.to_thread(_on_foot, around.network, around.at, found, radius)
        if len(found) >= asked.k or radius >= asked.within_m:
            break
        radius = min(radius * WIDER, asked.within_m)
    kept = [_found(metres, row, asked, openings) for metres, row in found[: asked.k]]
    return NearestOut(
        position=around.at, grid_code=around.grid_code, suspected=around.suspected, crs=asked.crs, found=kept
    )


def _on_foot(network: Network, at: Position, found: list[tuple[float, Row]], limit_m: float) -> list[tuple[float, Row]]:
    """The same by metres along the roads; what lies beyond the limit that way is left out."""
    start = network.stand(shapely.get_coordinates(geo.to_plane(Point(at.lon, at.lat))))
    spots = [shapes.any_from_wkb(row["wkb"]).centroid for _, row in found]
    standing = network.stand(shapely.get_coordinates([geo.to_plane(spot) for spot in spots]))
    metres = network.metres(start, network.walk(start, limit_m), standing).tolist()
    rows = [row for _, row in found]
    reached = sorted((m, str(row["id"]), index) for index, (m, row) in enumerate(zip(metres, rows, strict=True)))
    return [(m, rows[index]) for m, _, index in reached if m <= limit_m]


async def _around(
    reads: ReadRunner, actor: Actor, source: Source, conditions: tuple[Any, ...], at: Position, radius: float
) -> list[tuple[float, Row]]:
    box = Box(at.lon, at.lat, at.lon, at.lat).widened(radius * 1.01)
    names = ("id", "kind", "name", "areaCode", "gridCode", "open")
    columns = [m.column.label(m.name) for m in source.members if m.name in names]
    asked = Asked(_ALWAYS, box=box, conditions=conditions)
    rows = await reads.fetch(features.statement(source, actor, asked, [source.wkb.label("wkb"), *columns]))
    metres = _metres(rows, at)
    near = sorted(
        (m, str(row["id"]), index) for index, (m, row) in enumerate(zip(metres, rows, strict=True)) if m <= radius
    )
    return [(m, rows[index]) for m, _, index in near]


def _metres(rows: Sequence[Row], at: Position) -> list[float]:
    if not rows:
        return []
    there: Any = shapely.from_wkb(np.array([row["wkb"] for row in rows], dtype=object))
    metres: list[float] = shapely.distance(geo.to_plane(there), geo.to_plane(Point(at.lon, at.lat))).tolist()
    return metres


def _found(metres: float, row: Row, asked: Nearest, openings: Openings | None) -> Found:
    shape = shapes.any_from_wkb(row["wkb"])
    spot = moved(asked.crs)(shape if shape.geom_type == "Point" else shape.representative_point())
    area = row["areaCode"] if "areaCode" in row else row["gridCode"]
    return Found(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        area_code=area,
        distance_m=round(metres, 1),
        at=(spot.x, spot.y),
        minutes_on_foot=math.ceil(metres / METRES_PER_MINUTE) if asked.on_foot else None,
        **_opening(row, openings),
    )


def _opening(row: Row, openings: Openings | None) -> dict[str, Any]:
    """Whether a service point is open; one that is given up never opens."""
    if openings is None:
        return {}
    used = bool(row["open"])
    return {
        "open": openings.is_open(row["id"]) if used else False,
        "opens_next": openings.opens_next(row["id"]) if used else None,
    }


def moved(crs: OutCrs) -> Callable[[Any], Any]:
    """Shapes of ours in one of the systems that go out; easting before northing, as GeoJSON has it."""
    if crs is OutCrs.WEB_MERCATOR:
        return crs_of("EPSG:3857", "crs").of_ours
    return lambda shapes_: shapes_


def ground_of(asked: Inside) -> BaseGeometry:
    """The shape that is asked about, in CGCS2000; a circle a little too large, its metres are asked again."""
    if asked.circle is not None:
        lon, lat = to_cgcs2000(asked.circle.point.lon, asked.circle.point.lat, asked.circle.point.crs)
        if abs(lat) > _FARTHEST_NORTH:
            raise InvalidInput.at("/circle/point/lat", "outside-the-world")
        return shapes.circle(lon, lat, asked.circle.radius_m * 1.01)
    if asked.polygon is not None:
        try:
            return shapes.surface_of(asked.polygon.geometry.model_dump(), asked.polygon.crs)
        except shapes.ShapeInvalidError as error:
            raise InvalidInput.at("/polygon", "shape-invalid", reason=str(error)) from None
    assert asked.bbox is not None  # noqa: S101 - the schema wants one of three
    corners = shapely.box(asked.bbox.west, asked.bbox.south, asked.bbox.east, asked.bbox.north)
    return shapes.surface_of(corners.__geo_interface__, asked.bbox.crs)


def _holds(asked: Inside, ground: BaseGeometry) -> Callable[[Any], Any]:
    if asked.circle is None:
        return lambda there: shapely.intersects(there, ground)
    circle: Circle = asked.circle
    centre = geo.to_plane(Point(*to_cgcs2000(circle.point.lon, circle.point.lat, circle.point.crs)))
    return lambda there: shapely.dwithin(geo.to_plane(there), centre, circle.radius_m)


async def inside(reads: ReadRunner, actor: Actor, asked: Inside, openings: Openings | None) -> tuple[list[str], int]:
    """Features that touch a shape, as GeoJSON texts by id, at most the limit; and how many there are."""
    source = SOURCES[asked.of.value]
    ground = ground_of(asked)
    conditions = _conditions(source, asked.kinds, open_only=asked.open_only, openings=openings)
    around = Asked(_ALWAYS, Box(*ground.bounds), conditions)
    keys = await features.shaped(reads, source, actor, around, _holds(asked, ground))
    shown = sorted(keys, key=str)[: asked.limit]
    wanted = (source.key == func.any(literal(shown, source.keys_type)),)
    put = moved(asked.crs) if asked.crs is OutCrs.WEB_MERCATOR else None
    page = await features.page(reads, source, actor, Asked(_ALWAYS, conditions=wanted, limit=max(1, len(shown))), put)
    return page.features, len(keys)
