"""Mapbox Vector Tiles 2.1: layers of shapes in tile units to bytes, a whole layer at once in numpy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

EXTENT = 4096
BUFFER = 64
"""Tile units beyond the border that are kept, so that outlines are not drawn along the cut."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Shapes = NDArray[Any]
Value = str | int | float | bool | None
POINT, LINE, SURFACE = 1, 2, 3
_KINDS = np.array([POINT, LINE, LINE, SURFACE, POINT, LINE, SURFACE, 0])
"""What each type of GEOS is drawn as; a collection is taken apart before."""
_MOVE_ONE, _CLOSE = 9, 15
_LEAST_VERTICES = {LINE: 2, SURFACE: 3}
_SHORT = 120
"""Bytes of a text up to which its lengths take one byte each."""


@dataclass(frozen=True, slots=True)
class _Ragged:
    """Numbers of several rows, one after the other; a row may have none."""

    flat: Any
    counts: Ints

    @property
    def starts(self) -> Ints:
        return np.cumsum(self.counts) - self.counts

    def only(self, kept: Any) -> "_Ragged":
        """Some of the rows, by a mask."""
        return _Ragged(self.flat[np.repeat(kept, self.counts)], self.counts[kept])


@dataclass(frozen=True, slots=True)
class Strokes:
    """Points, lines or rings of one kind: vertices one after the other, and the row of the layer each stroke draws."""

    kind: int
    places: Floats
    counts: Ints
    rows: Ints
    parts: Ints
    """The surface a ring belongs to, numbered from 0; rings of one stand together, the outer one first."""

    def only(self, kept: Bools, move: Callable[[Floats], Floats]) -> "Strokes":
        """The strokes of some rows, by a mask of rows, moved."""
        held = kept[self.rows]
        places = move(self.places[np.repeat(held, self.counts)])
        return Strokes(self.kind, places, self.counts[held], self.rows[held], self.parts[held])

    def beside(self, other: "Strokes") -> "Strokes":
        """These and then others of the same kind; no row is in both."""
        after = int(self.parts[-1]) + 1 if len(self.parts) else 0
        return Strokes(
            self.kind,
            np.concatenate([self.places, other.places]),
            np.concatenate([self.counts, other.counts]),
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.parts, other.parts + after]),
        )


def strokes_of(shapes: Shapes) -> list[Strokes]:
    """What is drawn of some shapes, by kind."""
    parts, rows = shapely.get_parts(shapes, return_index=True)
    kinds = _KINDS[shapely.get_type_id(parts)]
    return [_strokes(kind, parts[kinds == kind], rows[kinds == kind]) for kind in np.unique(kinds).tolist() if kind]


def _strokes(kind: int, parts: Shapes, rows: Ints) -> Strokes:
    lines, part = parts, np.arange(len(parts))
    if kind == SURFACE:
        lines, part = shapely.get_rings(parts, return_index=True)
    counts = shapely.get_num_coordinates(lines).astype(np.int64)
    places = shapely.get_coordinates(lines)
    if kind == SURFACE:
        # The vertex that closes a ring is not drawn.
        last = np.cumsum(counts) - 1
        places, counts = np.delete(places, last[counts > 0], axis=0), np.maximum(counts - 1, 0)
    return Strokes(kind, places, counts, rows[part].astype(np.int64), part.astype(np.int64))


@dataclass(frozen=True, slots=True)
class Tags:
    """Properties of rows, ready to be written: the number of each value, and its bytes. -1 is left out."""

    keys: tuple[str, ...]
    codes: Ints
    values: _Ragged

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Value]], rows: int) -> "Tags":
        """Out of columns; every value is written once."""
        codes = np.empty((rows, len(columns)), np.int64)
        written = [_Ragged(np.empty(0, np.uint8), np.empty(0, np.int64))]
        begin = 0
        for number, column in enumerate(columns.values()):
            known, codes[:, number] = _distinct(column, begin)
            written.append(_values(known))
            begin += len(known)
        return cls(tuple(columns), codes, _joined(written))

    def of_rows(self, rows: Ints) -> tuple[bytes, _Ragged]:
        """The bytes of all keys and of the values some rows have, and per row the pairs of their numbers."""
        codes = self.codes[rows]
        said = codes >= 0
        used = np.zeros(len(self.values.counts) + 1, bool)
        used[codes] = True
        used[-1] = False
        numbers = np.cumsum(used) - 1
        pairs = np.empty((len(rows), len(self.keys), 2), np.int64)
        pairs[:, :, 0] = np.arange(len(self.keys))
        pairs[:, :, 1] = numbers[codes]
        named = b"".join(_text(3, key) for key in self.keys) + self.values.only(used[:-1]).flat.tobytes()
        return named, _Ragged(pairs[said].ravel(), 2 * said.sum(axis=1))


def _distinct(column: Sequence[Value], begin: int) -> tuple[list[Value], list[int]]:
    """The distinct values of a column, and the number of each row's, counted from `begin`."""
    known: dict[Any, int] = {}
    if set(map(type, column)) <= {str}:
        codes = [known.setdefault(value, begin + len(known)) for value in column]
        return list(known), codes
    codes = [-1 if value is None else known.setdefault((type(value), value), begin + len(known)) for value in column]
    return [value for _, value in known], codes


def _values(distinct: Sequence[Value]) -> _Ragged:
    """Each value as it stands in a layer."""
    texts = [value.encode() for value in distinct if isinstance(value, str)]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    if len(texts) < len(distinct) or (lengths > _SHORT).any():
        members = [_member(4, _value(value)) for value in distinct]
        counts = np.fromiter(map(len, members), np.int64, len(members))
        return _Ragged(np.frombuffer(b"".join(members), np.uint8), counts)
    heads = np.column_stack([np.full_like(lengths, 0x22), lengths + 2, np.full_like(lengths, 0x0A), lengths])
    flat = np.frombuffer(b"".join(texts), np.uint8)
    return _joined_rows([_columns(heads.astype(np.uint8)), _Ragged(flat, lengths)])


@dataclass(frozen=True, slots=True)
class Layer:
    """Shapes in tile units (y down), their ids and properties; a property that is None is left out."""

    name: str
    shapes: Shapes
    ids: Ints | None = None
    columns: Mapping[str, Sequence[Value]] = field(default_factory=dict)


def encode(layers: Iterable[Layer]) -> bytes:
    """The bytes of a tile; a layer in which nothing is left to draw is left out."""
    return b"".join(
        layer_bytes(each.name, strokes_of(each.shapes), each.ids, Tags.of(each.columns, len(each.shapes)))
        for each in layers
    )


def layer_bytes(name: str, strokes: Sequence[Strokes], ids: Ints | None, tags: Tags) -> bytes:
    """A layer out of strokes in tile units."""
    drawn = [(each.kind, *_commands(each)) for each in strokes]
    which = np.concatenate([rows for _, rows, _ in drawn]) if drawn else np.empty(0, np.int64)
    if not len(which):
        return b""
    kinds = np.repeat([kind for kind, _, _ in drawn], [len(rows) for _, rows, _ in drawn])
    named, pairs = tags.of_rows(which)
    body = _features(None if ids is None else ids[which], kinds, pairs, _joined([made for _, _, made in drawn]))
    content = b"\x78\x02" + _text(1, name) + body + named + b"\x28" + _varint(EXTENT)
    return b"\x1a" + _varint(len(content)) + content


def _commands(strokes: Strokes) -> tuple[Ints, _Ragged]:
    """The rows with something left to draw, and the drawing commands of each."""
    places, counts = np.rint(strokes.places).astype(np.int64), strokes.counts
    if strokes.kind == POINT:
        return _points(places, strokes.rows)
    places, counts = _without_repetitions(places, counts, closed=strokes.kind == SURFACE)
    kept = counts >= _LEAST_VERTICES[strokes.kind]
    if strokes.kind == SURFACE:
        return _surfaces(places, counts, strokes, kept)
    places, counts = _only(kept, places, counts)
    return _paths(places, counts, strokes.rows[kept], LINE)


def _points(places: Ints, rows: Ints) -> tuple[Ints, _Ragged]:
    first = _firsts(rows)
    counts = np.diff(first, append=len(rows))
    tokens = _zigzag(_deltas(places, first)).ravel()
    return rows[first], _prefixed((counts << 3) | 1, _Ragged(tokens, counts * 2))


def _firsts(rows: Ints) -> Ints:
    """Where a row begins, rows standing together."""
    return np.flatnonzero(np.diff(rows, prepend=-1))


def _without_repetitions(places: Ints, counts: Ints, *, closed: bool) -> tuple[Ints, Ints]:
    """Without vertices on the one before them; in a closed stroke the last is before the first."""
    starts = (np.cumsum(counts) - counts)[counts > 0]
    before = np.arange(-1, len(places) - 1)
    before[starts] = starts + counts[counts > 0] - 1 if closed else -1
    same = (places == places[before]).all(axis=1)
    if not closed:
        same[starts] = False
    if not same.any():
        return places, counts
    line = np.repeat(np.arange(len(counts)), counts)
    return places[~same], np.bincount(line[~same], minlength=len(counts))


def _surfaces(places: Ints, counts: Ints, strokes: Strokes, kept: Bools) -> tuple[Ints, _Ragged]:
    outer = np.diff(strokes.parts, prepend=-1) > 0
    area = _twice_area(places, counts)
    kept &= area != 0
    # A hole without its outer ring would be drawn as a surface.
    lost = np.zeros(int(strokes.parts[-1]) + 1 if len(strokes.parts) else 0, bool)
    lost[strokes.parts[outer & ~kept]] = True
    kept &= ~lost[strokes.parts]
    if not kept.all():
        places, counts = _only(kept, places, counts)
    turned = (area[kept] > 0) != outer[kept]
    if turned.any():
        places = _turned(places, counts, turned)
    return _paths(places, counts, strokes.rows[kept], SURFACE)


def _only(kept: Bools, places: Ints, counts: Ints) -> tuple[Ints, Ints]:
    return places[np.repeat(kept, counts)], counts[kept]


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


def _paths(places: Ints, counts: Ints, rows: Ints, kind: int) -> tuple[Ints, _Ragged]:
    """Commands of lines or rings; the pen goes on from the last vertex of the line before, row by row."""
    first_line = _firsts(rows)
    starts = np.cumsum(counts) - counts
    steps = _zigzag(_deltas(places, starts[first_line]))
    closing = 1 if kind == SURFACE else 0
    lengths = 2 * counts + 2 + closing
    begin = np.cumsum(lengths) - lengths
    tokens = np.empty(int(lengths.sum()), np.int64)
    # The second command stands between the first vertex and the others.
    where = np.arange(len(places)) * 2 + np.repeat(begin - 2 * starts + 2, counts)
    where[starts] -= 1
    tokens[where], tokens[where + 1] = steps[:, 0], steps[:, 1]
    tokens[begin], tokens[begin + 3] = _MOVE_ONE, ((counts - 1) << 3) | 2
    if closing:
        tokens[begin + lengths - 1] = _CLOSE
    per_row = np.add.reduceat(lengths, first_line) if len(first_line) else np.empty(0, np.int64)
    return rows[first_line], _Ragged(tokens, per_row)


def _deltas(places: Ints, restarts: Ints) -> Ints:
    steps = np.diff(places, axis=0, prepend=np.zeros((1, 2), np.int64))
    steps[restarts] = places[restarts]
    return steps


def _zigzag(numbers: Ints) -> Ints:
    folded: Ints = (numbers << 1) ^ (numbers >> 63)
    return folded


def _features(ids: Ints | None, kinds: Ints, tags: _Ragged, drawn: _Ragged) -> bytes:
    """All features: an id, properties, a kind and commands each; the three lengths are filled in at last."""
    rows = len(kinds)
    head = np.zeros((rows, 4 if ids is None else 6), np.int64)
    head[:, [0, -2]] = 0x12
    if ids is not None:
        head[:, 2], head[:, 3] = 0x08, ids
    tail = np.zeros((rows, 4), np.int64)
    tail[:, 0], tail[:, 1], tail[:, 2] = 0x18, kinds, 0x22
    joined = _joined_rows([_columns(head), tags, _columns(tail), drawn])
    flat, begin, wide = joined.flat, joined.starts, head.shape[1]
    sizes = _sizes(flat)
    total = np.concatenate([[0], np.cumsum(sizes)])
    told, shown = begin + wide - 1, begin + wide + tags.counts + 3
    flat[told], flat[shown] = (
        total[at + 1 + n] - total[at + 1] for at, n in ((told, tags.counts), (shown, drawn.counts))
    )
    more = np.zeros(rows, np.int64)
    for place in (told, shown):
        sizes[place] = _sizes(flat[place])
        more += sizes[place] - 1
    flat[begin + 1] = total[begin + joined.counts] - total[begin + 2] + more
    sizes[begin + 1] = _sizes(flat[begin + 1])
    return _varints(flat, sizes)


def _columns(table: Any) -> _Ragged:
    return _Ragged(table.ravel(), np.full(len(table), table.shape[1], np.int64))


def _prefixed(heads: Ints, rows: _Ragged) -> _Ragged:
    return _joined_rows([_Ragged(heads, np.ones(len(heads), np.int64)), rows])


def _joined(several: Sequence[_Ragged]) -> _Ragged:
    """Rows below rows."""
    return _Ragged(np.concatenate([r.flat for r in several]), np.concatenate([r.counts for r in several]))


def _joined_rows(several: Sequence[_Ragged]) -> _Ragged:
    """Rows beside rows."""
    counts = np.sum([each.counts for each in several], axis=0)
    if len(counts) and all((each.counts == each.counts[0]).all() for each in several):
        return _Ragged(np.concatenate([each.flat.reshape(len(counts), -1) for each in several], axis=1).ravel(), counts)
    flat = np.empty(int(counts.sum()), several[-1].flat.dtype)
    begin = np.cumsum(counts) - counts
    for each in several:
        flat[np.repeat(begin - each.starts, each.counts) + np.arange(len(each.flat))] = each.flat
        begin = begin + each.counts
    return _Ragged(flat, counts)


def _sizes(numbers: Ints) -> Ints:
    """How many bytes each number takes as a varint."""
    sizes = np.ones(len(numbers), np.int64)
    longer = np.flatnonzero(numbers > 0x7F)  # noqa: PLR2004 - seven bits of a byte
    left = numbers[longer] >> 7
    while len(longer):
        sizes[longer] += 1
        more = left > 0x7F  # noqa: PLR2004 - as above
        longer, left = longer[more], left[more] >> 7
    return sizes


def _varints(numbers: Ints, sizes: Ints) -> bytes:
    at = np.cumsum(sizes) - sizes
    out = np.empty(int(at[-1] + sizes[-1]) if len(at) else 0, np.uint8)
    out[at] = numbers & 0x7F
    longer = np.flatnonzero(sizes > 1)
    out[at[longer]] |= 0x80
    left, at, sizes = numbers[longer] >> 7, at[longer] + 1, sizes[longer] - 1
    while len(left):
        more = sizes > 1
        out[at] = (left & 0x7F) | (more.astype(np.int64) << 7)
        left, at, sizes = left[more] >> 7, at[more] + 1, sizes[more] - 1
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
