"""What is late in an area: cases and applications, the longest late first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from grid_site.gateway import Answer
from grid_site.words import Words, moment_of


@dataclass(frozen=True, slots=True)
class Late:
    """One thing that should have been done by now."""

    kind: str
    title: str
    reference: str
    place: str
    unit: str
    due: datetime
    late_by: str


def late_items(
    words: Words, cases: Answer, applications: Answer, units: Mapping[str, str], places: Mapping[str, str], most: int
) -> list[Late]:
    """Of both services together, at most so many."""
    found = [
        *_read(words, "case", cases, "title", "caseCode", "leadUnit"),
        *_read(words, "application", applications, "itemName", "receiptNumber", "unitCode"),
    ]
    told = [
        Late(kind, title, reference, places.get(place, place), units.get(unit, unit), due, late_by)
        for kind, title, reference, place, unit, due, late_by in found
    ]
    return sorted(told, key=lambda late: late.due)[:most]


def _read(
    words: Words, kind: str, answer: Answer, title: str, reference: str, unit: str
) -> Sequence[tuple[str, str, str, str, str, datetime, str]]:
    now = datetime.now(UTC)
    rows: Sequence[Mapping[str, Any]] = answer.data["items"] if answer.ok else ()
    return [
        (
            words(f"late.{kind}"),
            row[title],
            row[reference],
            row["areaCode"],
            row[unit] or "",
            due,
            words.late_by(due, now),
        )
        for row in rows
        if (due := moment_of(row["dueAt"])) is not None
    ]
