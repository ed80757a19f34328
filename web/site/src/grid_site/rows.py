"""Which lists can be opened from a number, with which conditions and columns. Never a person's name or telephone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from grid_site.words import Words, clock_time, moment_of, number, on_day

Shown = Literal["text", "day", "moment", "number", "area", "unit", "state", "late"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the member of the row, how it is written, and the enumeration it comes from."""

    member: str
    shown: Shown = "text"
    enum: str = ""


@dataclass(frozen=True, slots=True)
class ListKind:
    """One list of a service."""

    path: str
    service: str
    conditions: frozenset[str]
    enums: Mapping[str, str]
    columns: Sequence[Column]


HOUSEHOLDS: Final = ListKind(
    path="/api/population/v1/households",
    service="population",
    conditions=frozenset({"area", "quarter", "reached", "state", "presence", "care", "visitedFrom", "visitsAtLeast"}),
    enums={"state": "visit_state", "presence": "presence"},
    columns=(
        Column("address"),
        Column("areaCode", "area"),
        Column("presence", "state", "presence"),
        Column("visitState", "state", "visit_state"),
        Column("visitCount", "number"),
        Column("lastVisitedOn", "day"),
    ),
)
DWELLINGS: Final = ListKind(
    path="/api/population/v1/dwellings",
    service="population",
    conditions=frozenset({"area", "use", "asOf"}),
    enums={},
    columns=(Column("address"), Column("areaCode", "area"), Column("floor", "number"), Column("areaM2", "number")),
)
CASES: Final = ListKind(
    path="/api/dispute/v1/cases",
    service="dispute",
    conditions=frozenset({"area", "queue", "category", "state", "restricted"}),
    enums={"state": "CaseState"},
    columns=(
        Column("caseCode"),
        Column("title"),
        Column("areaCode", "area"),
        Column("state", "state", "CaseState"),
        Column("leadUnit", "unit"),
        Column("reportedAt", "moment"),
        Column("dueAt", "late"),
    ),
)
APPLICATIONS: Final = ListKind(
    path="/api/approval/v1/applications",
    service="approval",
    conditions=frozenset({"area", "queue", "state", "unit"}),
    enums={"state": "state"},
    columns=(
        Column("receiptNumber"),
        Column("itemName"),
        Column("areaCode", "area"),
        Column("state", "state", "state"),
        Column("unitCode", "unit"),
        Column("submittedAt", "moment"),
        Column("dueAt", "late"),
    ),
)
KINDS: Final[Mapping[str, ListKind]] = {
    "households": HOUSEHOLDS,
    "dwellings": DWELLINGS,
    "cases": CASES,
    "applications": APPLICATIONS,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as it is read."""

    text: str
    shown: Shown
    late: str | None = None


class Writer:
    """Writes rows down for people."""

    def __init__(
        self,
        words: Words,
        enums: Mapping[str, Mapping[str, str]],
        places: Mapping[str, str],
        units: Mapping[str, str],
        now: datetime,
    ) -> None:
        self._words, self._enums, self._places, self._units, self._now = words, enums, places, units, now

    def row(self, kind: ListKind, row: Mapping[str, Any]) -> list[Cell]:
        """All cells of a row."""
        return [self._cell(column, row.get(column.member), row) for column in kind.columns]

    def _cell(self, column: Column, value: Any, row: Mapping[str, Any]) -> Cell:
        if value is None or value == "":
            return Cell("–", column.shown)
        match column.shown:
            case "day":
                text = date.fromisoformat(value).isoformat()
            case "moment":
                text = _moment(value)
            case "late":
                due = moment_of(value)
                ended = row.get("late") is False
                late = self._words.late_by(due, self._now) if due and due < self._now and not ended else None
                return Cell(_moment(value), "late", late)
            case "number":
                text = number(value) if isinstance(value, int | float) else str(value)
            case "area":
                text = self._places.get(value, value)
            case "unit":
                text = self._units.get(value, value)
            case "state":
                text = self._enums.get(column.enum, {}).get(value, value)
            case _:
                text = str(value)
        return Cell(text, column.shown)


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return f"{on_day(moment).isoformat()} {clock_time(moment)}"
