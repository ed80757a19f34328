"""From counted rows to statistics: bands of age, cells with the query of their rows, and what is not shown to whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

LEAST_SHOWN = 5
BAND_YEARS = 5
OLDEST_BAND = 100
LEVELS = (6, 9, 12, 15)
"""How long the codes of a district, a street, a community and a grid are."""
BANDS = tuple(range(0, OLDEST_BAND + 1, BAND_YEARS))
"""Ages at which the bands of a pyramid begin; the last one has no end."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number under a code; None when it may not be shown."""

    code: str
    value: int | None


def band_starts(day: date) -> list[date]:
    """The birthdays between the bands, the oldest first: born on or before one, somebody has reached its age."""
    return [_years_before(day, age) for age in reversed(BANDS[1:])]


def band_of(bucket: int) -> int:
    """The age a band begins at, from PostgreSQL's `width_bucket` over the day after each of `band_starts`."""
    return BANDS[len(BANDS) - 1 - bucket]


def band_label(start: int) -> str:
    """`15-19`, and `100+` for the last."""
    return f"{start}+" if start == OLDEST_BAND else f"{start}-{start + BAND_YEARS - 1}"


def born_between(age_from: int | None, day: date) -> tuple[date | None, date | None]:
    """After which day and up to which day those of a band were born; None where there is no limit."""
    if age_from is None:
        return None, None
    start = age_from - age_from % BAND_YEARS
    oldest = None if start >= OLDEST_BAND else _years_before(day, start + BAND_YEARS)
    return oldest, _years_before(day, start)


def summed(rows: Iterable[Mapping[str, Any]], by: str, order: Sequence[str] = ()) -> list[Count]:
    """The sums of `number` under each code of a column, in an order where one is given."""
    totals: dict[str, int] = dict.fromkeys(order, 0)
    for row in rows:
        totals[str(row[by])] = totals.get(str(row[by]), 0) + row["number"]
    codes = totals if order else sorted(totals)
    return [Count(code, totals[code]) for code in codes]


def suppressed(counts: Sequence[Count]) -> list[Count]:
    """Counts of persons for a reader without right to the rows: none of 1 to 4, and none that could be worked out.

    What is withheld follows in sum from the total and the others, so the next smallest go with it until even that sum
    is not small.
    """
    left = sorted((count for count in counts if count.value), key=lambda count: count.value or 0)
    withheld, hidden = set[str](), 0
    while left and ((left[0].value or 0) < LEAST_SHOWN or 0 < hidden < LEAST_SHOWN):
        smallest = left.pop(0)
        withheld.add(smallest.code)
        hidden += smallest.value or 0
    return [replace(count, value=None) if count.code in withheld else count for count in counts]


def suppressed_columns(rows: Sequence[Sequence[Count]]) -> list[list[Count]]:
    """A table whose columns have known totals, as the pyramid has those of the sexes: each column by itself."""
    columns = [[replace(count, code=str(line)) for line, count in enumerate(each)] for each in zip(*rows, strict=True)]
    shown = zip(*(suppressed(column) for column in columns), strict=True)
    return [
        [replace(count, value=known.value) for count, known in zip(row, line, strict=True)]
        for row, line in zip(rows, shown, strict=True)
    ]


def levels_between(area: str, top: str) -> list[str]:
    """The areas above an area up to the topmost one: street and community of a grid within its district."""
    return [area[:length] for length in LEVELS if len(top) <= length < len(area)]


def _years_before(day: date, years: int) -> date:
    """The last birthday of somebody who is that old; who was born on 29 February has it on 1 March of other years."""
    year = max(date.min.year, day.year - years)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
