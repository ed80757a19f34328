"""Filters in CQL2 (OGC 21-065r2): text or JSON in, conditions of SQL out.

What a filter says of shapes is answered first, exactly, by Shapely; in SQL it is a list of keys. So it may stand
anywhere among `and`, `or` and `not`, and pages and counts stay right.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import cql2
import orjson
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Date, DateTime, Double, Float, Integer, String, and_, func, literal, not_, or_
from sqlalchemy import cast as as_type
from sqlalchemy.types import Boolean, Text

from gis_svc.ogc.crs import Crs
from gis_svc.queries.sources import Member, Source
from grid_kernel.errors import InvalidInput
from grid_kernel.schemas import clean

LONGEST, DEEPEST, MOST_SPATIAL, MOST_NODES = 4_000, 40, 5, 500
GEOMETRY = "geometry"
_LANGUAGES = (None, "cql2-text", "cql2-json")
_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COUNTED: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda one, other: one / func.nullif(other, 0.0),
}
SPATIAL = {
    f"s_{name}" for name in ("intersects", "disjoint", "equals", "touches", "crosses", "overlaps", "within", "contains")
}
_MIRRORED = {"s_within": "s_contains", "s_contains": "s_within"}
_TEXT, _NUMBER, _TRUTH, _DAY, _MOMENT = "text", "number", "truth", "day", "moment"
_KINDS = {"string": _TEXT, "integer": _NUMBER, "number": _NUMBER, "boolean": _TRUTH, "date": _DAY, "date-time": _MOMENT}
Node = Any


@dataclass(frozen=True, slots=True)
class Spatial:
    """What a filter says of the shapes of features: a relation to a shape in our coordinates."""

    relation: str
    to: BaseGeometry

    def holds(self, shapes: Any) -> Any:
        """Whether it holds, shape by shape."""
        test: Callable[[Any, Any], Any] = getattr(shapely, self.relation.removeprefix("s_"))
        return test(shapes, self.to)


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was read, and its spatial parts in the order they stand."""

    tree: Node
    spatial: tuple[Spatial, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    """A value or an expression that has one, and its kind."""

    sql: ColumnElement[Any]
    kind: str


def malformed(code: str = "filter-malformed", **params: object) -> InvalidInput:
    """A refusal of the filter."""
    return InvalidInput.at("#/query/filter", code, **params)


def read(text: str, language: str | None, crs: Crs) -> Filter:
    """Read a filter; InvalidInput when it is none, or larger than anybody writes."""
    if language not in _LANGUAGES:
        raise InvalidInput.at("#/query/filter-lang", "not-acceptable")
    if len(text) > LONGEST:
        raise malformed("filter-too-large")
    try:
        tree = _parsed(text, language)
    except (cql2.ParseError, cql2.ValidationError, ValueError):
        raise malformed() from None
    leaves: list[Spatial] = []
    _collect(tree, crs, leaves, [0], 0)
    return Filter(tree, tuple(leaves))


def _parsed(text: str, language: str | None) -> Node:
    clean(text)
    if language == "cql2-json":
        orjson.loads(text)
        return cql2.parse_json(text).to_json()
    return cql2.parse_text(text).to_json()


def _collect(node: Node, crs: Crs, leaves: list[Spatial], nodes: list[int], depth: int) -> None:
    nodes[0] += 1
    if depth > DEEPEST or nodes[0] > MOST_NODES:
        raise malformed("filter-too-large")
    if isinstance(node, dict) and node.get("op") in SPATIAL:
        leaves.append(_spatial(node, crs))
        if len(leaves) > MOST_SPATIAL:
            raise malformed("filter-too-large")
        return
    for child in node.get("args", ()) if isinstance(node, dict) else node if isinstance(node, list) else ():
        _collect(child, crs, leaves, nodes, depth + 1)


def _spatial(node: Node, crs: Crs) -> Spatial:
    relation, arguments = node["op"], node["args"]
    if len(arguments) != 2:  # noqa: PLR2004 - a relation of two
        raise malformed()
    if not _is_geometry(arguments[0]):
        relation, arguments = _MIRRORED.get(relation, relation), arguments[::-1]
    if not _is_geometry(arguments[0]) or not isinstance(arguments[1], dict) or "property" in arguments[1]:
        raise malformed("filter-spatial")
    return Spatial(relation, _shape(arguments[1], crs))


def _is_geometry(node: Node) -> bool:
    return isinstance(node, dict) and node.get("property") in (GEOMETRY, "geom")


def _shape(node: Node, crs: Crs) -> BaseGeometry:
    try:
        if "bbox" in node:
            numbers: list[float] = node["bbox"]
            half = len(numbers) // 2
            drawn: BaseGeometry = shapely.box(numbers[0], numbers[1], numbers[half], numbers[half + 1])
        else:
            drawn = shape(node)
        ours: BaseGeometry = crs.to_ours(drawn)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise malformed("filter-spatial") from None
    if ours.is_empty or not ours.is_valid or not all(map(_is_degree, ours.bounds)):
        raise malformed("filter-spatial")
    return ours


def _is_degree(number: float) -> bool:
    return -180 <= number <= 180  # noqa: PLR2004 - degrees


def condition(asked: Filter, source: Source, keys: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
    """The condition of SQL; `keys` are those of the features for which each spatial part holds."""
    return _Writer(source, iter(keys)).truth(asked.tree)


class _Writer:
    """Writes one filter; the spatial parts are met in the order they were read."""

    def __init__(self, source: Source, keys: Any) -> None:
        self._source = source
        self._keys = keys

    def truth(self, node: Node) -> ColumnElement[bool]:
        """A node that is true or false of a feature."""
        named, arguments = (node.get("op"), node.get("args", [])) if isinstance(node, dict) else (None, [])
        if named in SPATIAL:
            return self._among(next(self._keys))
        if named in ("and", "or") and arguments:
            return (and_ if named == "and" else or_)(*[self.truth(each) for each in arguments])
        if named in _COMPARED and len(arguments) == 2:  # noqa: PLR2004 - a comparison of two
            return self._compare(named, *arguments)
        return self._test(named, arguments) if named else self._as_truth(self.term(node))

    def _test(self, named: str, arguments: list[Node]) -> ColumnElement[bool]:
        match named, arguments:
            case "not", [one]:
                return not_(self.truth(one))
            case "isNull", [one]:
                return self.term(one).sql.is_(None)
            case "like", [one, pattern]:
                return self._text(one).like(self._text(pattern))
            case "between", [one, low, high]:
                return and_(self._compare(">=", one, low), self._compare("<=", one, high))
            case "in", [one, list() as several] if several:
                return or_(*(self._compare("=", one, each) for each in several))
        raise malformed("filter-operator", operator=str(named)[:40])

    def _among(self, keys: Sequence[Any]) -> ColumnElement[bool]:
        key = self._source.key
        return key == func.any(literal(list(keys), self._source.keys_type))  # type: ignore[no-any-return]

    @staticmethod
    def _as_truth(term: _Term) -> ColumnElement[bool]:
        if term.kind != _TRUTH:
            raise malformed()
        return term.sql

    def _text(self, node: Node) -> ColumnElement[str]:
        term = self.term(node)
        if term.kind != _TEXT:
            raise malformed("filter-kinds")
        return term.sql

    def _compare(self, sign: str, one: Node, other: Node) -> ColumnElement[bool]:
        left, right = self.term(one), self.term(other)
        left, right = _fitted(left, right), _fitted(right, left)
        if left.kind != right.kind:
            raise malformed("filter-kinds")
        compared: ColumnElement[bool] = _COMPARED[sign](left.sql, right.sql)
        return compared

    def term(self, node: Node) -> _Term:
        """A node that has a value."""
        if not isinstance(node, dict):
            return _literal(node)
        match node:
            case {"property": str(name)}:
                return self._property(name)
            case {"date": str(text)}:
                return _Term(literal(_day(text), Date), _DAY)
            case {"timestamp": str(text)}:
                return _Term(literal(_moment(text), DateTime(timezone=True)), _MOMENT)
            case {"op": "casei", "args": [inner]}:
                return _Term(func.lower(self._text(inner)), _TEXT)
            case {"op": str(sign), "args": [one, other]} if sign in _COUNTED:
                return _Term(_COUNTED[sign](self._number(one), self._number(other)), _NUMBER)
        raise malformed("filter-operator", operator=str(node.get("op", ""))[:40])

    def _number(self, node: Node) -> ColumnElement[float]:
        term = self.term(node)
        if term.kind != _NUMBER:
            raise malformed("filter-kinds")
        return as_type(term.sql, Double)

    def _property(self, name: str) -> _Term:
        member = self._source.member(name)
        if member is None:
            raise malformed("filter-property", name=name[:40])
        return _Term(_plain(member), _KINDS[member.kind])


def _literal(node: Node) -> _Term:
    match node:
        case bool():
            return _Term(literal(node, Boolean), _TRUTH)
        case int() | float():
            return _Term(literal(float(node), Double), _NUMBER)
        case str():
            return _Term(literal(node, Text), _TEXT)
    raise malformed()


def _plain(member: Member) -> ColumnElement[Any]:
    """The column as a filter compares it: enumerations and identifiers are text."""
    if member.kind == "string" and type(member.column.type) not in (Text, String):
        return as_type(member.column, Text)
    if isinstance(member.column.type, Integer | Float):
        return as_type(member.column, Double)
    column: ColumnElement[Any] = member.column
    return column


def _fitted(term: _Term, to: _Term) -> _Term:
    """A day compared with a moment is its beginning in UTC, as the standard orders them."""
    if term.kind == _DAY and to.kind == _MOMENT:
        return _Term(as_type(term.sql, DateTime(timezone=True)), _MOMENT)
    return term


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise malformed("filter-kinds") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise malformed("filter-kinds") from None
    if moment.tzinfo is None:
        raise malformed("filter-kinds")
    return moment
