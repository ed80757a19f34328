"""Breaks between the classes of a figure on a map: as many areas in each (quantile), or natural ones (Jenks). Pure."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import numpy as np


class Method(StrEnum):
    """How the classes are cut."""

    QUANTILE = "quantile"
    JENKS = "jenks"


def breaks(values: Sequence[float], classes: int, method: Method) -> list[float]:
    """The upper bound of each class, rising, the last the highest value; fewer where there are fewer values.

    A value belongs to the first class whose bound it does not exceed. No value, no class.
    """
    distinct = sorted(set(values))
    if len(distinct) <= classes:
        return distinct
    return _METHODS[method](sorted(values), classes)


def counts(values: Sequence[float], bounds: Sequence[float]) -> list[int]:
    """How many values each class has."""
    if not bounds:
        return []
    found = np.searchsorted(np.array(bounds), np.array(values), side="left")
    counted: list[int] = np.bincount(found, minlength=len(bounds)).tolist()
    return counted


def _quantile(values: Sequence[float], classes: int) -> list[float]:
    last = len(values) - 1
    return sorted({values[round(last * step / classes)] for step in range(1, classes + 1)})


def _jenks(values: Sequence[float], classes: int) -> list[float]:
    """Fisher's exact division of sorted values into classes of the least squares within them."""
    numbers = np.array(sorted(set(values)))
    weights = np.array([values.count(number) for number in numbers.tolist()], dtype=np.float64)
    ends = np.concatenate([[0.0], np.cumsum(weights)])
    sums = np.concatenate([[0.0], np.cumsum(weights * numbers)])
    squares = np.concatenate([[0.0], np.cumsum(weights * numbers**2)])
    count = len(numbers)

    def within(starts: np.ndarray, end: int) -> np.ndarray:
        total = sums[end] - sums[starts]
        spread: np.ndarray = squares[end] - squares[starts] - total**2 / (ends[end] - ends[starts])
        return spread

    cost = np.array([within(np.array([0]), end)[0] if end else 0.0 for end in range(count + 1)])
    cuts = []
    for step in range(1, classes):
        fresh, cut = np.full(count + 1, np.inf), np.zeros(count + 1, dtype=np.int64)
        for end in range(step + 1, count + 1):
            starts = np.arange(step, end)
            options = cost[starts] + within(starts, end)
            best = int(np.argmin(options))
            fresh[end], cut[end] = options[best], starts[best]
        cost = fresh
        cuts.append(cut)
    bounds, end = [], count
    for cut in reversed(cuts):
        bounds.append(float(numbers[end - 1]))
        end = int(cut[end])
    return sorted([*bounds, float(numbers[end - 1])])


_METHODS: Mapping[Method, Callable[[Sequence[float], int], list[float]]] = {
    Method.QUANTILE: _quantile,
    Method.JENKS: _jenks,
}
