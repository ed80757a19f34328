"""A filled form as it comes back: each row found again by its number, each cell by the heading of its field."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from grid_kernel.errors import InvalidInput
from population_svc.rules import filled
from population_svc.spreadsheets import UnreadableTable, open_table

KEY_HEADING, FAULT_HEADING = "编号（勿改）", "需要更正"
_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A row: where it stood, which record it is about and in which version it went out, what its cells say."""

    row_no: int
    target_id: UUID
    version: int
    said: Mapping[str, str]


def key_of(target_id: UUID, version: int | None) -> str:
    """What a row of a filled form is found again by; it says nothing by itself."""
    return f"{target_id.hex}-{version or 0}"


def read_returned(data: bytes, fields: Sequence[Mapping[str, Any]]) -> list[ReturnedRow]:
    """The rows of a form that came back; InvalidInput when it is none of ours, or a row cannot be found again."""
    try:
        return list(_rows(data, fields))
    except UnreadableTable:
        raise InvalidInput.at("#/body", "not-a-form-table") from None


def _rows(data: bytes, fields: Sequence[Mapping[str, Any]]) -> Iterator[ReturnedRow]:
    rows, places = open_table(io.BytesIO(data)).rows, dict[str, int]()
    for looked, (_, cells) in enumerate(rows):
        places = {cell: place for place, cell in enumerate(cells)}
        if KEY_HEADING in places and all(field["name"] in places for field in fields):
            break
        if looked == _LOOKED_AT:
            places = {}
            break
    if KEY_HEADING not in places:
        raise InvalidInput.at("#/body", "not-a-form-table")
    for taken, (row_no, cells) in enumerate(rows, 1):
        if taken > filled.MOST_RETURNED:
            raise InvalidInput.at("#/body", "table-too-long", most=filled.MOST_RETURNED)
        said = {f["element"]: cells[places[f["name"]]] for f in fields if places[f["name"]] < len(cells)}
        yield ReturnedRow(row_no, *_key(cells, places[KEY_HEADING], row_no), said)


def _key(cells: Sequence[str], place: int, row_no: int) -> tuple[UUID, int]:
    target, _, version = (cells[place] if place < len(cells) else "").partition("-")
    try:
        return UUID(hex=target), int(version)
    except ValueError:
        raise InvalidInput.at("#/body", "row-without-its-number", row=row_no) from None
