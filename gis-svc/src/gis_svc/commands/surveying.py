"""A real network of roads out of a file: cut where roads meet, in place of the made-up one on the same ground."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import exchange, shapes
from gis_svc.commands import wording
from gis_svc.exchange import FileFormat, Shape
from gis_svc.location import Places
from gis_svc.models import Road
from gis_svc.queries import placed
from grid_kernel import clock
from grid_kernel.bulk import copy_rows

FILES = {
    "roads.gpkg": FileFormat.GEOPACKAGE,
    "roads.zip": FileFormat.SHAPEFILE,
    "roads.geojson": FileFormat.GEOJSON,
}
_CLASSES = ("kind", "highway", "fclass")
_KINDS = {
    "main": {"main", "motorway", "trunk", "primary", "secondary"},
    "path": {"path", "footway", "pedestrian", "steps", "track", "cycleway"},
}
_NOT_ON_FOOT = {"motorway", "motorway_link", "trunk", "trunk_link"}
_NO = {"no", "0", "false", "private"}
_WALKING = ("walkable", "foot")
_GRAIN = 1e-7
"""A centimetre: ends of roads that are closer meet."""


async def load_roads(session: AsyncSession, places: Places, folder: Path, district: str, now: datetime) -> int:
    """Store the network of `roads.gpkg`, `roads.zip` or `roads.geojson` of a folder; the pieces added, once per file.

    Made-up roads within its hull are removed. What lies outside the district is left out. UnreadableFileError when
    the file is none.
    """
    path = next((folder / name for name in FILES if (folder / name).exists()), None)
    if path is None:
        return 0
    content = path.read_bytes()
    source = f"file {hashlib.sha256(content).hexdigest()[:12]}"
    if await placed.roads_from(session, source):
        return 0
    roads = await asyncio.to_thread(exchange.read, content, FILES[path.name], None)
    made = _roads(roads, places, district, source, now)
    hull = shapely.convex_hull(shapely.union_all([shapes.any_from_wkb(road.shape_wkb) for road in made]))
    for road in await placed.made_up_roads(session):
        if hull.intersects(shapes.any_from_wkb(road.shape_wkb)):
            road.remove(now)
    await session.flush()
    return await copy_rows(session, Road, made)


def _roads(told: Sequence[Shape], places: Places, district: str, source: str, now: datetime) -> list[Road]:
    lines = [(line, each.properties) for each in told for line in _lines(each.geometry)]
    pieces, owner = cut_where_they_meet([line for line, _ in lines])
    day, made = clock.today(now), []
    for piece, index in zip(pieces, owner, strict=True):
        middle = piece.interpolate(0.5, normalized=True)
        area = places.locate(middle.x, middle.y, day)
        if area is None or not area.startswith(district):
            continue
        said = lines[index][1]
        kind = _kind(said)
        made.append(
            Road(
                area_code=area,
                kind=kind,
                name=str(said.get("name") or wording.road_name(kind))[:200],
                shape_geojson=shapes.geojson_text(piece),
                **shapes.stored_shape(piece),
                source=source,
                walkable=_walkable(said),
                registered_at=now,
            )
        )
    return made


def _lines(geometry: BaseGeometry | None) -> list[BaseGeometry]:
    parts = [] if geometry is None else shapely.get_parts(geometry).tolist()
    return [part for part in parts if part.geom_type == "LineString" and part.length > 0]


def cut_where_they_meet(lines: Sequence[BaseGeometry]) -> tuple[list[BaseGeometry], list[int]]:
    """The pieces of lines between their crossings, and which line each is of; what lies on each other is there once."""
    if not lines:
        return [], []
    pieces = shapely.get_parts(shapely.line_merge(shapely.union_all(np.array(lines, dtype=object), grid_size=_GRAIN)))
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    owner = shapely.STRtree(np.array(lines, dtype=object)).nearest(middles)
    return pieces.tolist(), owner.tolist()


def _class(said: Any) -> str:
    return str(next((said[name] for name in _CLASSES if said.get(name)), "")).strip().lower()


def _kind(said: Any) -> str:
    return next((kind for kind, classes in _KINDS.items() if _class(said).removesuffix("_link") in classes), "side")


def _walkable(said: Any) -> bool:
    told = next((said[name] for name in _WALKING if said.get(name) is not None), None)
    return _class(said) not in _NOT_ON_FOOT if told is None else str(told).strip().lower() not in _NO
