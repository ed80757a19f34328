"""Mapbox Vector Tiles 2.1: layers of shapes in tile units to bytes, a whole layer at once in numpy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

EXTENT = 4096
BUFFER = 64
"""Tile units beyond the border that are kept, so that outlines are not drawn along the cut."""

Ints = NDArray[np.int64]
Shapes = NDArray[Any]
Value = str | int | float | bool | None
_POINT, _LINE, _SURFACE = 1, 2, 3
_KINDS = {0: _POINT, 1: _LINE, 2: _LINE, 3: _SURFACE, 4: _POINT, 5: _LINE, 6: _SURFACE}
_MOVE_ONE, _CLOSE = 9, 15
_LEAST_VERTICES = {_LINE: 2, _SURFACE: 3}


@dataclass(frozen=True, slots=True)
class Layer:
    """Shapes in tile units (y down), their ids and properties; a property that is None is left out."""

    name: str
    shapes: Shapes
    ids: Ints | None = None
    columns: Mapping[str, Sequence[Value]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ragged:
    """Numbers of several rows, one after the other; a row may have none."""

    flat: Ints
    counts: Ints

    @property
    def starts(self) -> Ints:
        return np.cumsum(self.counts) - self.counts


def encode(layers: Iterable[Layer]) -> bytes:
    """The bytes of a tile; a layer in which nothing is left to draw is left out."""
    return b"".join(map(_layer, layers))


def _layer(layer: Layer) -> bytes:
    parts = [_commands(layer.shapes, kind) for kind in (_POINT, _LINE, _SURFACE)]
    which = np.concatenate([rows for rows, _ in parts])
    if not len(which):
        return b""
    kinds = np.repeat([_POINT, _LINE, _SURFACE], [len(rows) for rows, _ in parts])
    drawn = _joined([commands for _, commands in parts])
    keys, values, tags = _tags(layer.columns, which)
    ids = None if layer.ids is None else layer.ids[which]
    body = _features(ids, kinds, tags, drawn)
    head = b"\x78\x02" + _text(1, layer.name)
    named = b"".join(_text(3, key) for key in keys) + b"".join(_member(4, _value(value)) for value in values)
    content = head + body + named + b"\x28" + _varint(EXTENT)
    return b"\x1a" + _varint(len(content)) + content


def _commands(shapes: Shapes, kind: int) -> tuple[Ints, _Ragged]:
    """The rows with something to draw of this kind, and the drawing commands of each."""
    parts, rows = shapely.get_parts(shapes, return_index=True)
    wanted = np.array([_KINDS.get(each, 0) == kind for each in range(8)])[shapely.get_type_id(parts)]
    parts, rows = parts[wanted], rows[wanted].astype(np.int64)
    if not len(parts):
        return np.empty(0, np.int64), _Ragged(np.empty(0, np.int64), np.empty(0, np.int64))
    if kind == _POINT:
        return _points(parts, rows)
    return _surfaces(parts, rows) if kind == _SURFACE else _paths(*_vertices(parts), rows, _LINE)


def _points(parts: Shapes, rows: Ints) -> tuple[Ints, _Ragged]:
    found, first, counts = np.unique(rows, return_index=True, return_counts=True)
    places = np.rint(shapely.get_coordinates(parts)).astype(np.int64)
    tokens = _zigzag(_deltas(places, first)).ravel()
    heads = (counts << 3) | 1
    return found, _prefixed(heads, _Ragged(tokens, counts * 2))


def _surfaces(parts: Shapes, rows: Ints) -> tuple[Ints, _Ragged]:
    rings, part = shapely.get_rings(parts, return_index=True)
    part = part.astype(np.int64)
    outer = np.diff(part, prepend=-1) > 0
    places, ring = _vertices(rings, closed=True)
    counts = np.bincount(ring, minlength=len(rings)).astype(np.int64)
    area = _twice_area(places, counts)
    kept = (counts >= _LEAST_VERTICES[_SURFACE]) & (area != 0)
    # A hole without its outer ring would be drawn as a surface.
    lost = np.zeros(len(parts), bool)
    lost[part[outer & ~kept]] = True
    kept &= ~lost[part]
    places, ring, counts = _only(kept, places, ring, counts)
    turned = (area[kept] > 0) != outer[kept]
    return _paths(_turned(places, counts, turned), ring, rows[part[kept]], _SURFACE)


def _vertices(lines: Shapes, *, closed: bool = False) -> tuple[Ints, Ints]:
    """Whole tile units without repetitions, and the line each belongs to."""
    places, line = shapely.get_coordinates(lines, return_index=True)
    units = np.rint(places).astype(np.int64)
    first = np.diff(line, prepend=-1) > 0
    same = np.zeros(len(units), bool)
    same[1:] = (units[1:] == units[:-1]).all(axis=1)
    kept = first | ~same
    units, line = units[kept], line[kept].astype(np.int64)
    if closed and len(units):
        last = np.diff(line, append=-1) != 0
        first_of = np.flatnonzero(np.diff(line, prepend=-1) > 0)
        closing = last & (units == np.repeat(units[first_of], np.diff(np.append(first_of, len(units))), axis=0)).all(1)
        units, line = units[~closing], line[~closing]
    return units, line


def _only(kept: NDArray[np.bool_], places: Ints, line: Ints, counts: Ints) -> tuple[Ints, Ints, Ints]:
    held, counts = kept[line], counts[kept]
    return places[held], np.repeat(np.arange(len(counts)), counts), counts


def _twice_area(places: Ints, counts: Ints) -> Ints:
    """Positive for outer rings as the format wants them (clockwise on the screen)."""
    following = np.arange(len(places)) + 1
    starts = np.cumsum(counts) - counts
    filled = counts > 0
    following[(starts + counts - 1)[filled]] = starts[filled]
    crossed = places[:, 0] * places[following, 1] - places[following, 0] * places[:, 1]
    area = np.zeros(len(counts), np.int64)
    if len(crossed):
        area[filled] = np.add.reduceat(crossed, starts[filled])
    return area


def _turned(places: Ints, counts: Ints, turned: NDArray[np.bool_]) -> Ints:
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    within = np.arange(len(places)) - starts
    mirrored = starts + np.repeat(counts, counts) - 1 - within
    chosen: Ints = places[np.where(np.repeat(turned, counts), mirrored, starts + within)]
    return chosen


def _paths(places: Ints, line: Ints, rows: Ints, kind: int) -> tuple[Ints, _Ragged]:
    """Commands of lines or rings; the pen goes on from the last vertex of the line before, row by row."""
    counts = np.bincount(line, minlength=len(rows)).astype(np.int64)
    if kind == _LINE:
        kept = counts >= _LEAST_VERTICES[_LINE]
        places, line, counts = _only(kept, places, line, counts)
        rows = rows[kept]
    found, first_line = np.unique(rows, return_index=True)
    starts = np.cumsum(counts) - counts
    steps = _zigzag(_deltas(places, starts[first_line]))
    closing = 1 if kind == _SURFACE else 0
    lengths = 2 * counts + 2 + closing
    begin = np.cumsum(lengths) - lengths
    tokens = np.empty(int(lengths.sum()), np.int64)
    within = np.arange(len(places)) - np.repeat(starts, counts)
    where = np.repeat(begin, counts) + np.where(within == 0, 1, 2 + 2 * within)
    tokens[where], tokens[where + 1] = steps[:, 0], steps[:, 1]
    tokens[begin], tokens[begin + 3] = _MOVE_ONE, ((counts - 1) << 3) | 2
    if closing:
        tokens[begin + lengths - 1] = _CLOSE
    per_row = np.add.reduceat(lengths, first_line) if len(found) else np.empty(0, np.int64)
    return found, _Ragged(tokens, per_row)


def _deltas(places: Ints, restarts: Ints) -> Ints:
    steps = np.diff(places, axis=0, prepend=np.zeros((1, 2), np.int64))
    steps[restarts] = places[restarts]
    return steps


def _zigzag(numbers: Ints) -> Ints:
    folded: Ints = (numbers << 1) ^ (numbers >> 63)
    return folded


def _tags(columns: Mapping[str, Sequence[Value]], which: Ints) -> tuple[list[str], list[Value], _Ragged]:
    """Keys, distinct values, and per row the pairs of their numbers."""
    known: dict[tuple[type, Value], int] = {}
    pairs = np.empty((len(which), 2 * len(columns)), np.int64)
    rows = which.tolist()
    for number, column in enumerate(columns.values()):
        told = [column[row] for row in rows]
        pairs[:, 2 * number] = number
        pairs[:, 2 * number + 1] = [
            -1 if value is None else known.setdefault((type(value), value), len(known)) for value in told
        ]
    said = np.repeat(pairs[:, 1::2] >= 0, 2, axis=1)
    return list(columns), [value for _, value in known], _Ragged(pairs[said], said.sum(axis=1).astype(np.int64))


def _features(ids: Ints | None, kinds: Ints, tags: _Ragged, drawn: _Ragged) -> bytes:
    tag_bytes, drawn_bytes = _row_sizes(tags), _row_sizes(drawn)
    head = [np.full(len(kinds), 0x12), np.zeros(len(kinds), np.int64)]
    if ids is not None:
        head += [np.full(len(kinds), 0x08), ids]
    head += [np.full(len(kinds), 0x12), tag_bytes]
    tail = [np.full(len(kinds), 0x18), kinds, np.full(len(kinds), 0x22), drawn_bytes]
    sizes = sum(_sizes(each) for each in (*head[2:], *tail)) + tag_bytes + drawn_bytes
    head[1] = np.asarray(sizes, np.int64)
    return _varints(_joined_rows([_columns(head), tags, _columns(tail), drawn]).flat)


def _columns(columns: Sequence[Ints]) -> _Ragged:
    table = np.stack(columns, axis=1)
    return _Ragged(table.ravel(), np.full(len(table), table.shape[1], np.int64))


def _prefixed(heads: Ints, rows: _Ragged) -> _Ragged:
    return _joined_rows([_Ragged(heads, np.ones(len(heads), np.int64)), rows])


def _joined(several: Sequence[_Ragged]) -> _Ragged:
    """Rows below rows."""
    return _Ragged(np.concatenate([r.flat for r in several]), np.concatenate([r.counts for r in several]))


def _joined_rows(several: Sequence[_Ragged]) -> _Ragged:
    """Rows beside rows."""
    counts = np.sum([each.counts for each in several], axis=0)
    flat = np.empty(int(counts.sum()), np.int64)
    begin = np.cumsum(counts) - counts
    for each in several:
        within = np.arange(len(each.flat)) - np.repeat(each.starts, each.counts)
        flat[np.repeat(begin, each.counts) + within] = each.flat
        begin = begin + each.counts
    return _Ragged(flat, counts)


def _sizes(numbers: Ints) -> Ints:
    """How many bytes each number takes as a varint."""
    sizes = np.ones(len(numbers), np.int64)
    for bits in range(7, 63, 7):
        longer = numbers >> bits
        if not longer.any():
            break
        sizes += longer > 0
    return sizes


def _row_sizes(rows: _Ragged) -> Ints:
    total = np.concatenate([[0], np.cumsum(_sizes(rows.flat))])
    sizes: Ints = total[rows.starts + rows.counts] - total[rows.starts]
    return sizes


def _varints(numbers: Ints) -> bytes:
    sizes = _sizes(numbers)
    at = np.cumsum(sizes) - sizes
    out = np.empty(int(sizes.sum()), np.uint8)
    left = sizes
    while len(numbers):
        more = left > 1
        out[at] = (numbers & 0x7F) | (more.astype(np.int64) << 7)
        numbers, at, left = numbers[more] >> 7, at[more] + 1, left[more] - 1
    return out.tobytes()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits of a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _member(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _member(number, text.encode())


def _value(value: Value) -> bytes:
    match value:
        case bool():
            return b"\x38" + bytes([value])
        case int():
            return b"\x28" + _varint(value) if value >= 0 else b"\x30" + _varint((-value << 1) - 1)
        case float():
            return b"\x19" + np.float64(value).tobytes()
        case _:
            return _text(1, str(value))
