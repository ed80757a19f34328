"""Where the features of each collection come from: rows everybody may be shown, the key, the shape, the members."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal_column
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Double, Numeric, Text, Uuid

from gis_svc.models import Area, AreaFigure, AreaVersion, Building, Road, ServicePoint, Thing
from gis_svc.queries.access import (
    column,
    visible,
    visible_areas,
    visible_figures,
    visible_roads,
    visible_service_points,
    visible_things,
)
from gis_svc.rules import FEWEST_PERSONS, WIDEST_BUILDING, GridType, Level
from grid_kernel.auth import Actor
from grid_kernel.schemas import clean
from grid_kernel.types import StringEnum

Kind = Literal["string", "integer", "number", "boolean", "date", "date-time"]


@dataclass(frozen=True, slots=True)
class Member:
    """A property of a feature: its name on the wire, its column, its type; `drawn` also goes into tiles."""

    name: str
    column: Any
    kind: Kind = "string"
    drawn: bool = False

    def of(self, text: str) -> Any:
        """A text as the column takes it; ValueError when no row can have it."""
        kind = self.column.type
        if isinstance(kind, StringEnum):
            return kind.enum(text)
        return UUID(text) if isinstance(kind, Uuid) else clean(text)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the features of a collection come from. `key` is unique and gives the order of pages.

    `widest`, where the table promises it, is how far a shape may reach to the east, in degrees.
    """

    rows: Callable[[Actor], Select[Any]]
    key: Any
    geojson: Any
    wkb: Any
    box: tuple[Any, Any, Any, Any]
    members: tuple[Member, ...]
    dated: Any | None = None
    widest: float | None = None

    @property
    def keys_type(self) -> ARRAY[Any]:
        """The type of a list of keys."""
        return ARRAY(self.key.type)

    def member(self, name: str) -> Member | None:
        """The property of a name."""
        return next((member for member in self.members if member.name == name), None)


def _areas(level: Level, grid_type: GridType = GridType.BASIC) -> Callable[[Actor], Select[Any]]:
    def rows(_: Actor) -> Select[Any]:
        kept = visible_areas().where(column(AreaVersion.in_force), column(Area.level) == level)
        if level is Level.GRID:
            kept = kept.where(column(Area.grid_type) == grid_type)
        return kept.where(column(AreaVersion.west).is_not(None))

    return rows


_VERSION = AreaVersion
_AREA_MEMBERS = (
    Member("code", _VERSION.code, drawn=True),
    Member("name", _VERSION.name, drawn=True),
    Member("level", Area.level, drawn=True),
    Member("parentCode", Area.parent_code),
    Member("kind", _VERSION.kind),
    Member("source", _VERSION.source),
    Member("synthetic", _VERSION.synthetic, "boolean", drawn=True),
    Member("areaM2", _VERSION.area_m2, "number"),
    Member("validFrom", _VERSION.valid_from, "date"),
    Member("validTo", _VERSION.valid_to, "date"),
    Member("version", Area.version, "integer"),
)


def _area_source(level: Level, grid_type: GridType = GridType.BASIC) -> Source:
    return Source(
        rows=_areas(level, grid_type),
        key=column(_VERSION.code),
        geojson=_VERSION.outline_geojson,
        wkb=_VERSION.outline_wkb,
        box=(_VERSION.west, _VERSION.south, _VERSION.east, _VERSION.north),
        members=_AREA_MEMBERS,
        dated=_VERSION,
    )


def _point_text(lon: Any, lat: Any) -> ColumnElement[str]:
    return func.concat(literal_column("""'{"type":"Point","coordinates":['"""), lon, literal_column("','"), lat, _END)


_END: ColumnElement[str] = literal_column("']}'")
BUILDINGS = Source(
    rows=visible,
    key=column(Building.id),
    geojson=func.coalesce(Building.footprint_geojson, _point_text(Building.lon, Building.lat)),
    wkb=Building.shape_wkb,
    box=(Building.west, Building.south, Building.east, Building.north),
    members=(
        Member("id", Building.id, drawn=True),
        Member("name", Building.name, drawn=True),
        Member("gridCode", Building.area_code, drawn=True),
        Member("communityCode", Building.community_code),
        Member("buildingNo", Building.building_no),
        Member("compound", Building.compound),
        Member("road", Building.road),
        Member("kind", Building.kind, drawn=True),
        Member("floors", Building.floors, "integer", drawn=True),
        Member("entrances", Building.entrances, "integer"),
        Member("addressText", Building.address_text),
        Member("synthetic", Building.synthetic, "boolean"),
        Member("version", Building.version, "integer"),
    ),
    widest=WIDEST_BUILDING,
)


def _placed(model: Any, rows: Callable[[Actor], Select[Any]], *own: Member) -> Source:
    return Source(
        rows=rows,
        key=column(model.id),
        geojson=model.shape_geojson,
        wkb=model.shape_wkb,
        box=(model.west, model.south, model.east, model.north),
        members=(
            Member("id", model.id, drawn=True),
            Member("kind", model.kind, drawn=True),
            Member("name", model.name, drawn=True),
            Member("areaCode", model.area_code),
            *own,
            Member("source", model.source),
            Member("synthetic", model.synthetic, "boolean", drawn=True),
            Member("version", model.version, "integer"),
        ),
    )


THINGS = _placed(
    Thing,
    visible_things,
    Member("authorityUnit", Thing.authority_unit),
    Member("owner", Thing.owner),
    Member("maintainer", Thing.maintainer),
    Member("state", Thing.state, drawn=True),
    Member("nextInspectionOn", Thing.next_inspection_on, "date"),
    Member("photoCount", func.cardinality(Thing.photos), "integer"),
)
SERVICE_POINTS = _placed(
    ServicePoint,
    visible_service_points,
    Member("openingHours", ServicePoint.opening_hours),
    Member("open", ServicePoint.open, "boolean", drawn=True),
)
ROADS = _placed(Road, visible_roads, Member("walkable", Road.walkable, "boolean", drawn=True))


def _share(part: Any, whole: Any, decimals: int = 4, times: float = 1) -> ColumnElement[Any]:
    """Part of a whole; null where there is no whole."""
    exact = as_type(part, Numeric) * times / func.nullif(as_type(whole, Numeric), 0)
    return as_type(func.round(exact, decimals), Double)


_FIGURE = AreaFigure
_QUARTER = func.to_char(_FIGURE.valid_from, literal_column("""'YYYY"Q"Q'"""), type_=Text)
_FIGURE_HEAD = (
    Member("code", _FIGURE.area_code, drawn=True),
    Member("name", _VERSION.name, drawn=True),
    Member("level", _FIGURE.level, drawn=True),
    Member("quarter", _QUARTER, drawn=True),
)


def _figures(known: Any, *own: Member) -> Source:
    def rows(actor: Actor) -> Select[Any]:
        return visible_figures(actor).where(known.is_not(None))

    return Source(
        rows=rows,
        key=column(_FIGURE.area_code),
        geojson=_VERSION.outline_geojson,
        wkb=_VERSION.outline_wkb,
        box=(_VERSION.west, _VERSION.south, _VERSION.east, _VERSION.north),
        members=(*_FIGURE_HEAD, *own, Member("version", _FIGURE.version, "integer")),
        dated=_FIGURE,
    )


_PERSONS = case((column(_FIGURE.persons) >= FEWEST_PERSONS, column(_FIGURE.persons)), else_=None)
VISIT_COVERAGE = _figures(
    column(_FIGURE.households),
    Member("households", _FIGURE.households, "integer", drawn=True),
    Member("persons", _PERSONS, "integer", drawn=True),
    Member("visited", _FIGURE.visited, "integer", drawn=True),
    Member("coverage", _share(_FIGURE.visited, _FIGURE.households), "number", drawn=True),
    Member("fresh", _FIGURE.fresh, "integer", drawn=True),
    Member("freshness", _share(_FIGURE.fresh, _FIGURE.households), "number", drawn=True),
)
CASE_DENSITY = _figures(
    column(_FIGURE.cases),
    Member("cases", _FIGURE.cases, "integer", drawn=True),
    Member("openCases", _FIGURE.open_cases, "integer", drawn=True),
    Member("casesPer100Households", _share(_FIGURE.cases, _FIGURE.households, 2, 100), "number", drawn=True),
    Member("casesPerKm2", _share(_FIGURE.cases, _VERSION.area_m2, 2, 1_000_000), "number", drawn=True),
)
SOURCES: Mapping[str, Source] = {
    "districts": _area_source(Level.DISTRICT),
    "streets": _area_source(Level.STREET),
    "communities": _area_source(Level.COMMUNITY),
    "grids": _area_source(Level.GRID),
    "special-grids": _area_source(Level.GRID, GridType.SPECIAL),
    "buildings": BUILDINGS,
    "things": THINGS,
    "service-points": SERVICE_POINTS,
    "roads": ROADS,
    "visit-coverage": VISIT_COVERAGE,
    "case-density": CASE_DENSITY,
}
