"""Statistics put together: one count of the rows, told from several sides."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from grid_kernel.auth import Actor
from grid_kernel.codes import read_table
from grid_kernel.errors import NotFound
from grid_kernel.reads import ReadRunner
from population_svc import progress, queries, rules
from population_svc.rules import Freshness, Presence, Registration, VisitState
from population_svc.schemas import Cell, DwellingStatistics, HouseholdStatistics, PersonStatistics, PyramidRow
from population_svc.statistics import (
    BANDS,
    Count,
    band_label,
    band_of,
    levels_between,
    summed,
    suppressed,
    suppressed_columns,
)

_GRID = 15
_REGISTRATION = {matches: code.value for code, matches in rules.MATCHES.items()}
Row = Mapping[str, Any]


def areas_counted(actor: Actor, area: str) -> tuple[tuple[str, ...], bool]:
    """What an actor's numbers are made of, and whether the rows behind them are his to see.

    Who sees the rows counts those; any other post counts everything of its own area, without small numbers of persons.
    """
    own = rules.scope(actor)
    if any(prefix.startswith(area) or area.startswith(prefix) for prefix in own):
        return own, True
    everywhere = actor.areas()
    if actor.kind == "account" and any(prefix and area.startswith(prefix) for prefix in everywhere):
        return (area,), False
    raise NotFound


async def person_statistics(
    own: ReadRunner, actor: Actor, area: str, day: date, known_at: datetime | None = None
) -> PersonStatistics:
    """The persons of an area from every side; the rows are linked for those who see them."""
    areas, sees_rows = areas_counted(actor, area)
    rows = [
        {
            **row,
            "band": band_label(band_of(row["bucket"])),
            "registered": str(row["registered_here"]).lower(),
            "residence": _REGISTRATION[row["registration_matches"]],
        }
        for row in await own.fetch(queries.count_persons(areas, area, day, known_at))
    ]
    hides = not sees_rows and await _withheld_above(own, actor, area, day, known_at)
    table = _Table("/persons", area, day, links=sees_rows, withholds=not sees_rows, hides=hides, known_at=known_at)
    sexes = [row["code"] for row in read_table(rules.PACKAGE, "sexes").rows]
    return PersonStatistics(
        area_code=area,
        as_of=day,
        total=table.cells([Count(area, sum(row["number"] for row in rows))])[0],
        by_area=table.by_area(rows, "/statistics/persons"),
        by_sex=table.cells(summed(rows, "sex", sexes), "sex"),
        by_population_type=table.cells(summed(rows, "population_type"), "populationType"),
        by_registration=table.cells(summed(rows, "registered", ("true", "false")), "registeredHere"),
        by_residence=table.cells(summed(rows, "residence", [each.value for each in Registration]), "registration"),
        pyramid=_pyramid(table, rows, sexes),
    )


async def _withheld_above(own: ReadRunner, actor: Actor, area: str, day: date, known_at: datetime | None) -> bool:
    """Whether the number of an area is withheld among its neighbours, seen from the area above: then it is nowhere."""
    top = min((prefix for prefix in actor.areas() if prefix and area.startswith(prefix)), key=len)
    for above in levels_between(area, top):
        parts = suppressed(summed(await own.fetch(queries.count_persons((above,), above, day, known_at)), "part"))
        if any(part.value is None and area.startswith(part.code) for part in parts):
            return True
    return False


def _pyramid(table: "_Table", rows: Sequence[Row], sexes: Sequence[str]) -> list[PyramidRow]:
    bands = {band_label(start): start for start in BANDS}
    counted = [summed([row for row in rows if row["band"] == band], "sex", sexes) for band in bands]
    shown = suppressed_columns(counted) if table.withholds else counted
    return [
        PyramidRow(band=band, cells=table.shown(cells, "sex", ageFrom=str(start)))
        for (band, start), cells in zip(bands.items(), shown, strict=True)
    ]


async def household_statistics(
    own: ReadRunner, actor: Actor, area: str, label: str | None, day: date
) -> HouseholdStatistics:
    """The households of an area from every side; who is not reached is never withheld."""
    rules.check_asked_area(actor, area)
    quarter, until = progress.quarter_named(label, day)
    rows = await own.fetch(queries.count_households(actor, area, quarter, until))
    table = _Table("/households", area, until, quarter=quarter.label)
    staying = [row for row in rows if row["visit_state"] is not None]
    return HouseholdStatistics(
        area_code=area,
        as_of=until,
        quarter=quarter.label,
        total=table.cells([Count(area, sum(row["number"] for row in rows))])[0],
        by_area=table.by_area(rows, "/statistics/households"),
        by_presence=table.cells(summed(rows, "presence", [each.value for each in Presence]), "presence"),
        by_visit_state=table.cells(summed(staying, "visit_state", [each.value for each in VisitState]), "state"),
        by_freshness=table.cells(summed(rows, "freshness", [each.value for each in Freshness]), "freshness"),
    )


async def dwelling_statistics(
    own: ReadRunner, actor: Actor, area: str, day: date, known_at: datetime | None = None
) -> DwellingStatistics:
    """The dwellings of an area by use; facilities and places are never withheld."""
    areas, _ = areas_counted(actor, area)
    rows = await own.fetch(queries.count_dwellings(areas, area, day, known_at))
    table = _Table("/dwellings", area, day, known_at=known_at)
    return DwellingStatistics(
        area_code=area,
        as_of=day,
        total=table.cells([Count(area, sum(row["number"] for row in rows))])[0],
        by_area=table.by_area(rows, "/statistics/dwellings"),
        by_use=table.cells(summed(rows, "use"), "use"),
    )


class _Table:
    """What the cells of one answer have in common."""

    def __init__(
        self,
        path: str,
        area: str,
        day: date,
        *,
        links: bool = True,
        withholds: bool = False,
        hides: bool = False,
        known_at: datetime | None = None,
        **more: str,
    ) -> None:
        self._path, self._area, self._links, self._hides = path, area, links, hides
        self.withholds = withholds
        self._more = more | {"asOf": day.isoformat()}
        if known_at is not None:
            self._more |= {"knownAt": known_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}

    def cells(self, counts: Sequence[Count], member: str | None = None) -> list[Cell]:
        """Cells whose rows are those of the area with the code in a member; no member, no condition."""
        return self.shown(suppressed(counts) if self.withholds else counts, member)

    def shown(self, counts: Sequence[Count], member: str | None = None, **more: str) -> list[Cell]:
        """The same of counts that may be shown as they are."""
        return [
            Cell(
                code=count.code,
                value=None if self._hides else count.value,
                query=self._query(self._path, self._area, **({member: count.code} if member else {}), **more)
                if self._links
                else None,
            )
            for count in counts
        ]

    def by_area(self, rows: Sequence[Row], path: str) -> list[Cell]:
        """One cell for each part of the area; its query tells that part in the same way."""
        if len(self._area) == _GRID:
            return []
        counts = summed(rows, "part")
        shown = suppressed(counts) if self.withholds else counts
        return [
            Cell(
                code=each.code,
                value=None if self._hides else each.value,
                query=self._query(path, each.code),
            )
            for each in shown
        ]

    def _query(self, path: str, area: str, **conditions: str) -> str:
        given = {"area": area, **self._more, **conditions}
        return f"{path}?" + "&".join(f"{name}={value}" for name, value in given.items())
