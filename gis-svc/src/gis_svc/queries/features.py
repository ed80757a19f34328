"""Features for the map and for OGC clients: one select per collection, made of the same rows everybody sees.

PostgreSQL writes each feature as text; Python looks at a shape only where its box crosses the
border of the one asked for.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.types import NullType, Text, Uuid
from sqlmodel import select

from gis_svc.models import LayerCell, LayerRevision
from gis_svc.queries.access import column, holds_on
from gis_svc.queries.sources import Member, Source
from grid_kernel.auth import Actor
from grid_kernel.geo import Box
from grid_kernel.reads import ReadRunner

MOST_IN_TILE = 20_000
Columns = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class During:
    """The days an answer shall hold for, both inclusive; None is open."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which features are wanted: a place, days, conditions on properties, and where a page begins."""

    during: During
    box: Box | None = None
    conditions: tuple[ColumnElement[bool], ...] = ()
    after: str | None = None
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Found:
    """Features as GeoJSON text, and the key the next page begins behind."""

    features: list[str]
    next_after: str | None


def properties(source: Source) -> ColumnElement[Any]:
    """The properties of a feature as JSON."""
    pairs: Iterable[tuple[Any, Any]] = (
        (literal_column(f"'{member.name}'"), member.column) for member in source.members
    )
    return func.json_build_object(*chain.from_iterable(pairs))


def key_of(source: Source, text: str) -> Any:
    """A key as the column takes it; None when no feature can have it."""
    if not isinstance(source.key.type, Uuid):
        return text
    try:
        return UUID(text)
    except ValueError:
        return None


_HOLE = ',"geometry":<shape>,"properties":'
"""Where a shape goes that is written later; JSON text cannot hold it before."""


@cache
def _feature(source: Source, *, shaped: bool = True) -> ColumnElement[str]:
    geometry = func.coalesce(source.geojson, literal_column("'null'")) if shaped else literal_column("'<shape>'")
    return func.concat(
        literal_column("""'{"type":"Feature","id":'"""),
        func.to_json(as_type(source.key, Text)),
        literal_column("""',"geometry":'"""),
        geometry,
        literal_column("""',"properties":'"""),
        properties(source),
        literal_column("'}'"),
    )


def _rows(source: Source, actor: Actor, during: During) -> Select[Any]:
    """The rows an actor sees, each feature once: as it last was in the days asked for."""
    rows = source.rows(actor)
    if source.dated is None:
        return rows
    if during.first is not None and during.first == during.last:
        return rows.where(holds_on(source.dated, during.first))
    if during.first is not None:
        rows = rows.where(or_(source.dated.valid_to.is_(None), source.dated.valid_to > during.first))
    if during.last is not None:
        rows = rows.where(source.dated.valid_from <= during.last)
    return rows.ext(distinct_on(source.key)).order_by(source.key, column(source.dated.valid_from).desc())


def _touching(source: Source, box: Box) -> ColumnElement[bool]:
    # Numbers only: row-level security would let an operator on boxes be asked of its own rows alone, without an index.
    west, south, east, north = source.box
    strip = () if source.widest is None else (west >= box.west - source.widest,)
    return and_(*strip, west <= box.east, east >= box.west, south <= box.north, north >= box.south)


def _inside(source: Source, box: Box) -> ColumnElement[bool]:
    west, south, east, north = source.box
    return and_(west >= box.west, east <= box.east, south >= box.south, north <= box.north)


def statement(source: Source, actor: Actor, asked: Asked, columns: Sequence[Any]) -> Select[Any]:
    """The select of some columns of the features asked for; without order and limit."""
    rows = _rows(source, actor, asked.during).with_only_columns(*columns, maintain_column_froms=True)
    rows = rows.where(*asked.conditions)
    if asked.box is not None:
        rows = rows.where(_touching(source, asked.box))
    # The plan for any scope and any box would fetch and write out whole areas to sort them.
    return rows.execution_options(replan=True)


class _Read(NamedTuple):
    """A feature as it was read; the shape only where it is looked at."""

    key: str
    text: str
    wkb: bytes | None = None


async def page(
    reads: ReadRunner, source: Source, actor: Actor, asked: Asked, moved: Callable[[Any], Any] | None = None
) -> Found:
    """A page of features by key; `moved` puts shapes into another coordinate system."""
    columns = [as_type(source.key, Text).label("key"), _feature(source, shaped=moved is None).label("text")]
    if moved is not None:
        columns.append(source.wkb.label("wkb"))
    elif asked.box is not None:
        columns.append(case((_inside(source, asked.box), None), else_=source.wkb).label("wkb"))
    kept: list[_Read] = []
    after = asked.after
    while True:
        wanted = asked.limit + 1 - len(kept)
        rows = await _next_rows(reads, source, statement(source, actor, asked, columns), after, wanted)
        kept += rows if asked.box is None else _crossing(rows, asked.box)
        if len(rows) < wanted or len(kept) > asked.limit:
            break
        after = rows[-1].key
    shown = kept[: asked.limit]
    return Found(_texts(shown, moved), shown[-1].key if len(kept) > asked.limit and shown else None)


def _texts(rows: Sequence[_Read], moved: Callable[[Any], Any] | None) -> list[str]:
    if moved is None or not rows:
        return [row.text for row in rows]
    shapes = shapely.to_geojson(moved(shapely.from_wkb(np.array([row.wkb for row in rows], dtype=object))))
    return [
        row.text.replace(_HOLE, f',"geometry":{text or "null"},"properties":', 1)
        for row, text in zip(rows, shapes.tolist(), strict=True)
    ]


async def _next_rows(
    reads: ReadRunner, source: Source, rows: Select[Any], after: str | None, count: int
) -> Sequence[_Read]:
    if after is not None and (key := key_of(source, after)) is not None:
        rows = rows.where(source.key > key)
    columns = await _columns(reads, rows.order_by(source.key).limit(count))
    return [_Read(*each) for each in zip(*columns.values(), strict=True)]


async def _columns(reads: ReadRunner, rows: Select[Any]) -> Columns:
    """A select as one row of lists: rows would cost more to make."""
    inner = rows.subquery()
    lists = select(*(func.array_agg(each, type_=NullType()).label(each.name) for each in inner.c))
    row = await reads.fetch_one(lists.execution_options(replan=True))
    return {name: values or [] for name, values in (row or {}).items()}


def _crossing(rows: Sequence[_Read], box: Box) -> list[_Read]:
    """Without those whose box touches the one asked for and whose shape does not."""
    return [row for row, touch in zip(rows, _touch([row.wkb for row in rows], box), strict=True) if touch]


def _touch(wkb: Sequence[bytes | None], box: Box) -> list[bool]:
    """Whether each shape touches a box; those that are not looked at do."""
    if not any(wkb):
        return [True] * len(wkb)
    shapes = shapely.from_wkb(np.array(wkb, dtype=object))
    touches: list[bool] = (shapely.is_missing(shapes) | shapely.intersects(shapes, shapely.box(*box))).tolist()
    return touches


async def shaped(
    reads: ReadRunner, source: Source, actor: Actor, asked: Asked, holds: Callable[[Any], Any]
) -> list[Any]:
    """The keys of the features whose shapes something holds of, exactly."""
    rows = await reads.fetch(statement(source, actor, asked, [source.key.label("key"), source.wkb.label("wkb")]))
    if not rows:
        return []
    held = holds(shapely.from_wkb(np.array([row["wkb"] for row in rows], dtype=object)))
    return [row["key"] for row, true in zip(rows, held.tolist(), strict=True) if true]


async def feature(
    reads: ReadRunner,
    source: Source,
    actor: Actor,
    key: str,
    during: During,
    moved: Callable[[Any], Any] | None = None,
) -> tuple[str, int] | None:
    """One feature as text, with its version."""
    if (wanted := key_of(source, key)) is None:
        return None
    asked = Asked(during, conditions=(source.key == wanted,))
    version = next(member.column for member in source.members if member.name == "version")
    columns = [_feature(source, shaped=moved is None).label("feature"), column(version).label("version")]
    wanted_row = statement(source, actor, asked, [*columns, source.wkb.label("wkb")]).limit(1)
    # Found by its key whatever the values: one plan is good for all.
    row = await reads.fetch_one(wanted_row.execution_options(replan=False))
    return (_texts([_Read(key, row["feature"], row["wkb"])], moved)[0], row["version"]) if row else None


async def count(reads: ReadRunner, source: Source, actor: Actor, asked: Asked) -> int:
    """How many features there are; those of a box are counted exactly."""
    if asked.box is None:
        keys = statement(source, actor, asked, [source.key]).subquery()
        row = await reads.fetch_one(select(func.count().label("found")).select_from(keys))
        return int(row["found"]) if row else 0
    wkb = case((_inside(source, asked.box), None), else_=source.wkb).label("wkb")
    found = await _columns(reads, statement(source, actor, asked, [wkb]))
    return sum(_touch(found["wkb"], asked.box))


async def drawn(reads: ReadRunner, source: Source, actor: Actor, asked: Asked) -> tuple[list[bytes], Columns]:
    """Shapes and drawn properties of what touches a box, for a tile: as columns, for rows would cost more to make."""
    members = [member for member in source.members if member.drawn]
    columns = [source.wkb.label("wkb")] + [_plain(member).label(member.name) for member in members]
    found = await _columns(reads, statement(source, actor, asked, columns).limit(MOST_IN_TILE))
    return found.pop("wkb", []), found


def _plain(member: Member) -> Any:
    """As a tile can say it: a number, a truth, or a text."""
    return member.column if member.kind in ("integer", "number", "boolean") else as_type(member.column, Text)


async def revisions(reads: ReadRunner) -> dict[str, int]:
    """How often each layer was changed."""
    rows = await reads.fetch(select(LayerRevision.layer, LayerRevision.revision))
    return {row["layer"]: row["revision"] for row in rows}


async def touched_cells(reads: ReadRunner, layer: str, since: int) -> list[tuple[int, int]]:
    """The cells of a layer that were touched after a revision, each with the last one that did."""
    cell, revision = column(LayerCell.cell), column(LayerCell.revision)
    asked = select(LayerCell.cell, LayerCell.revision).where(column(LayerCell.layer) == layer, revision > since)
    return [(row["cell"], row["revision"]) for row in await reads.fetch(asked.order_by(cell))]
