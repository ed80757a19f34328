"""Where a table and the register differ on somebody who is known, and whose word is the newer one. No I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from grid_kernel.clock import today
from grid_kernel.errors import FieldError
from population_svc.rules.import_rows import Draft
from population_svc.rules.pending import CheckedKind

IMPORTED = "bulk_import"
"""The evidence of what came with a table (code table `evidence`)."""

_MEMBERS: Mapping[CheckedKind, Mapping[str, str]] = {
    CheckedKind.PERSON: {
        "name": "name",
        "phone": "phone",
        "population_type": "population_type",
        "registered_here": "registered_here",
    },
    CheckedKind.HOUSEHOLD: {"household_phone": "phone", "household_type": "household_type"},
    CheckedKind.DWELLING: {"dwelling_use": "use", "area_m2": "area_m2", "address": "address"},
}
"""The elements of a table that bring a record up to date, and the member each one is."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a row says otherwise of one record than the register does, by member; the element of each beside it."""

    kind: CheckedKind
    object_id: UUID
    values: Mapping[str, Any]
    elements: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Word:
    """The last word people had on a member of a record: what no table said."""

    stated_at: datetime


def difference(kind: CheckedKind, row: Draft, known: Any) -> Difference | None:
    """What the row says of this record and the register says otherwise; what a row leaves empty says nothing."""
    values, elements = {}, {}
    for element, member in _MEMBERS[kind].items():
        value = getattr(row, element)
        if element in row.told and value is not None and value != getattr(known, member):
            values[member], elements[member] = value, element
    if not row.id_number:
        values.pop("name", None)
    return Difference(kind, known.id, values, elements) if values else None


def newer_words(differs: Difference, said: Mapping[tuple[UUID, str], Word], as_of: date) -> list[FieldError]:
    """What must not be overwritten: members somebody spoke of on the day the table was made, or later."""
    words = {member: said.get((differs.object_id, member)) for member in differs.values}
    return [
        FieldError(differs.elements[member], "newer-in-the-register", {"on": today(word.stated_at).isoformat()})
        for member, word in words.items()
        if word is not None and today(word.stated_at) >= as_of
    ]
