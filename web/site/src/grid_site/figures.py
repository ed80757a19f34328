"""The four figures of an area, out of the parts of the overview; a part that is missing says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from grid_site.areas import below
from grid_site.links import area_link, rows_link
from grid_site.words import Words

Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """A piece of a sentence; with an address it is a link."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, where its rows are, what to make of it, and how sure we are of it."""

    label: str
    value: str | None
    unit: str = ""
    href: str | None = None
    notes: Sequence[Note] = ()
    bad: bool = False
    states: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """A number of a part and the query of its rows."""

    value: int
    href: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of one part by name, and what is to be said of the part itself."""

    state: str | None
    numbers: Mapping[str, Count] = field(default_factory=dict)

    def get(self, name: str) -> Count | None:
        """One number, None while its part is away."""
        return self.numbers.get(name)


@dataclass(frozen=True, slots=True)
class Row:
    """One area of the table that stands beside the map."""

    code: str
    name: str
    href: str | None
    households: Count
    visited: Count
    contacted: Count
    no_answer: Count
    declined: Count
    not_attempted: Count
    coverage: float

    @property
    def remaining(self) -> int:
        """How many households nobody has entered yet."""
        return self.households.value - self.visited.value


_COLUMNS = ("households", "visited", "contacted", "noAnswer", "declined", "notAttempted")


def state_of(part: Part, words: Words, service: str) -> str | None:
    """What to say of a part that is not simply there."""
    status: Literal["ok", "stale", "unavailable", "forbidden"] = part["status"]
    if status == "ok":
        return None
    name = words(f"parts.{service}")
    if status == "stale":
        return words("parts.stale", part=name, ago=words.ago(part["ageSeconds"] or 0))
    return words(f"parts.{status}", part=name)


def counts_of(part: Part, words: Words, service: str) -> Counts:
    """The counted queues of approval or dispute."""
    state = state_of(part, words, service)
    figures = (part["data"] or {}).get("figures") or {}
    if isinstance(figures, list):
        numbers = {one["name"]: Count(one["count"], rows_link(one["query"])) for one in figures}
    else:
        numbers = {name: Count(one["count"], rows_link(one["rows"])) for name, one in figures.items()}
    return Counts(state, numbers)


def coverage_figure(part: Part, words: Words) -> Figure:
    """How many households of the quarter were entered, and what is left to the aim."""
    label, state = words("figures.coverage"), state_of(part, words, "population")
    states = [state] if state else []
    if not part["data"]:
        return Figure(label, None, states=states)
    total, aim = part["data"]["total"], part["data"]["rule"]["coveragePercent"]
    left = max(total["target"] - total["visited"]["value"], 0)
    done, living = total["visited"]["value"], total["households"]["value"]
    to_go = words("figures.to-go", n=left, aim=aim) if left else words("figures.aim-reached", aim=aim)
    not_reached = Note(
        words("figures.not-reached", n=living - done), rows_link(total["households"]["query"], reached="false")
    )
    notes = [Note(words("figures.covered", done=done, all=living)), not_reached, Note(to_go)]
    return Figure(label, str(total["coveragePercent"]), "%", rows_link(total["visited"]["query"]), notes, states=states)


def open_figure(counts: Counts, words: Words, service: str, more: Sequence[str]) -> Figure:
    """What is in hand at a service, and the parts of it somebody should look at."""
    return Figure(
        words(f"figures.{service}"),
        *_shown(counts.get("open")),
        notes=[_note(counts, words, f"figures.{service}-{name}", name) for name in more if counts.get(name)],
        states=[counts.state] if counts.state else [],
    )


def late_figure(approval: Counts, dispute: Counts, words: Words) -> Figure:
    """What should have been done by now, of both services."""
    known = [count.value for counts in (approval, dispute) if (count := counts.get("late"))]
    told = (("figures.late-applications", approval), ("figures.late-cases", dispute))
    return Figure(
        words("figures.late"),
        f"{sum(known):,}" if known else None,
        href="#late" if known else None,
        notes=[_note(counts, words, key, "late") for key, counts in told if counts.get("late")],
        bad=sum(known) > 0,
        states=[counts.state for counts in (approval, dispute) if counts.state],
    )


def _note(counts: Counts, words: Words, key: str, name: str) -> Note:
    count = counts.numbers[name]
    return Note(words(key, n=count.value), count.href)


def _shown(count: Count | None) -> tuple[str | None, str, str | None]:
    return (f"{count.value:,}", "", count.href) if count else (None, "", None)


def rows_of(part: Part, names: Mapping[str, str]) -> list[Row]:
    """The areas one level below: grids by households not reached yet, others by code."""
    data = part["data"]
    length = below(data["areaCode"]) if data else None
    if not data or length is None:
        return []
    groups: dict[str, list[Part]] = {}
    for grid in data["grids"]:
        groups.setdefault(grid["areaCode"][:length], []).append(grid)
    rows = [_row(code, grids, names) for code, grids in sorted(groups.items())]
    of_grids = all(len(row.code) == len(rows[0].code) == 15 for row in rows)  # noqa: PLR2004 - digits of a grid code
    return sorted(rows, key=lambda row: -row.remaining) if of_grids else rows


def _row(code: str, grids: Sequence[Part], names: Mapping[str, str]) -> Row:
    households, visited, contacted, no_answer, declined, not_attempted = (
        Count(sum(grid[name]["value"] for grid in grids), rows_link(grids[0][name]["query"], area=code))
        for name in _COLUMNS
    )
    return Row(
        code=code,
        name=names.get(code, code),
        href=area_link(code),
        households=households,
        visited=visited,
        contacted=contacted,
        no_answer=no_answer,
        declined=declined,
        not_attempted=not_attempted,
        coverage=visited.value * 1000 // households.value / 10 if households.value else 0.0,
    )


def coverage_by_grid(part: Part) -> dict[str, float]:
    """The coverage of each grid that has households."""
    data = part["data"]
    if not data:
        return {}
    areas = data["grids"] or [data["total"]]
    return {area["areaCode"]: area["coveragePercent"] for area in areas if area["households"]["value"]}
