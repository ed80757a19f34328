"""Answers about points: grid, names, what the accuracy leaves open, and numbers that look like another system."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from gis_svc.location import Places
from gis_svc.rules import GRID_DIGITS
from gis_svc.schemas import Located, PlaceName, PointsLocatedOut, PointsToLocate, PointToLocate, Position, Suspicion
from gis_svc.shapes import DECIMALS
from grid_kernel.contracts.gis import AreaDescribed, LocatePoints, PointLocated, PointsLocated
from grid_kernel.geo import Crs, suspected_crs, to_cgcs2000
from grid_kernel.schemas import PointIn

MOST_ACCURACY_M = 2_000.0
"""A fix coarser than this names no grids: it would touch a good part of the district."""
_SHIFTED = (Crs.GCJ02, Crs.BD09)


def locate(places: Places, asked: PointsToLocate, day: date) -> PointsLocatedOut:
    """Where each point lies on a day, in the order asked."""
    positions = [_position(item.point, item.point.crs) for item in asked.points]
    codes = _codes(places, positions, day)
    answers = zip(asked.points, positions, codes, strict=True)
    return PointsLocatedOut(points=[_located(places, item, at, code, day) for item, at, code in answers])


def _position(point: PointIn, crs: Crs) -> Position:
    lon, lat = to_cgcs2000(point.lon, point.lat, crs)
    return Position(lon=round(lon, DECIMALS), lat=round(lat, DECIMALS))


def _codes(places: Places, positions: list[Position], day: date) -> list[str | None]:
    lons = np.array([position.lon for position in positions])
    lats = np.array([position.lat for position in positions])
    return places.locate_many(lons, lats, day)


def _located(places: Places, item: PointToLocate, at: Position, code: str | None, day: date) -> Located:
    accuracy = item.point.accuracy_m
    return Located(
        reference=item.reference,
        grid_code=grid_or_none(code),
        area_code=code,
        path=[PlaceName(code=p.code, level=p.level, name=p.name) for p in places.path(code, day)],
        position=at,
        accuracy_m=accuracy,
        grids_in_accuracy=list(_open_grids(places, at, code, accuracy, day)),
        suspected=_suspicion(places, item, at, code, day),
    )


def grid_or_none(code: str | None) -> str | None:
    """The code when it is a grid's."""
    return code if code and len(code) == GRID_DIGITS else None


def _open_grids(places: Places, at: Position, code: str | None, accuracy: float | None, day: date) -> Iterator[str]:
    if accuracy and accuracy <= MOST_ACCURACY_M:
        yield from places.grids_within(at.lon, at.lat, accuracy, day)
    elif (grid := grid_or_none(code)) is not None:
        yield grid


def _suspicion(places: Places, item: PointToLocate, at: Position, code: str | None, day: date) -> Suspicion | None:
    """Whether numbers called CGCS2000 or WGS 84 look like GCJ-02 or BD-09 (measured 490 and 1,300 m).

    Off from where it should be just as that system is off; or, with nothing to compare, outside every
    community as it stands and inside one when read as that system.
    """
    if item.point.crs in _SHIFTED:
        return None
    if item.near is not None:
        near = _position(item.near, item.near.crs)
        crs = suspected_crs(at.lon, at.lat, near.lon, near.lat)
    else:
        crs = None if grid_or_none(code) else next(_fitting(places, item.point, day), None)
    if crs is None:
        return None
    position = _position(item.point, crs)
    grid = grid_or_none(places.locate(position.lon, position.lat, day))
    return Suspicion(crs=crs, position=position, grid_code=grid)


def _fitting(places: Places, point: PointIn, day: date) -> Iterator[Crs]:
    for crs in _SHIFTED:
        position = _position(point, crs)
        if grid_or_none(places.locate(position.lon, position.lat, day)):
            yield crs


def answer(places: Places, asked: LocatePoints, day: date) -> PointsLocated:
    """The grid of each point of another service, which has converted it to CGCS2000 already."""
    positions = [Position(lon=point.lon, lat=point.lat) for point in asked.points]
    codes = _codes(places, positions, day)
    return PointsLocated(
        points=tuple(
            PointLocated(reference=point.reference, grid_code=grid_or_none(code), area_code=code)
            for point, code in zip(asked.points, codes, strict=True)
        )
    )


def describe(places: Places, code: str, day: date) -> AreaDescribed:
    """Name, level and way down of an area as it is today."""
    path = places.path(code, day)
    if not path or path[-1].code != code:
        return AreaDescribed(code=code, name=None, level=None)
    return AreaDescribed(code=code, name=path[-1].name, level=path[-1].level, path=tuple(p.name for p in path))
