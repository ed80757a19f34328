"""How many households a grid and each post of it is meant for. Norms are data; this is their arithmetic."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any


class NormOf(StrEnum):
    """What a norm is of: a grid, or one post of the three."""

    GRID = "grid"
    RESIDENT_SERVICE_OFFICER = "resident_service_officer"
    OPINION_COLLECTOR = "opinion_collector"
    PARTY_BUILDING_GUIDE = "party_building_guide"


POSTS = tuple(each for each in NormOf if each is not NormOf.GRID)
TRIED_TOLERANCE = 20
"""How far from a norm that is only tried a grid still fits."""


class GridSize(StrEnum):
    """How a grid stands to the norm."""

    FITS = "fits"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"


def norms_in(area: str, in_force: Iterable[Mapping[str, Any]]) -> dict[NormOf, Mapping[str, Any]]:
    """Of each norm the one with the longest area code that contains the area; the latest of two."""
    found: dict[NormOf, Mapping[str, Any]] = {}
    for norm in sorted(in_force, key=lambda each: (len(each["area_code"]), each["valid_from"])):
        if area.startswith(norm["area_code"]):
            found[NormOf(norm["norm_of"])] = norm
    return found


def size_of(households: int, norm: int, tolerance_percent: int) -> GridSize:
    """Whether so many households are about as many as the norm says."""
    if households * 100 > norm * (100 + tolerance_percent):
        return GridSize.TOO_LARGE
    if households * 100 < norm * (100 - tolerance_percent):
        return GridSize.TOO_SMALL
    return GridSize.FITS


def needed(households: int, norm: int) -> int:
    """How many are needed so that none is for more households than the norm says."""
    return -(-households // norm)


def missing(wanted: int, staffed: int | None) -> int | None:
    """How many are still to be found; not known when nobody could say how many there are."""
    return None if staffed is None else max(0, wanted - staffed)


def by_community(grids: Mapping[str, int]) -> dict[str, int]:
    """The households of each community: posts are not shared beyond one."""
    sums: dict[str, int] = {}
    for code, households in grids.items():
        sums[code[:12]] = sums.get(code[:12], 0) + households
    return sums


def in_part(grids: Mapping[str, int], part: str) -> dict[str, int]:
    """The grids that lie in a part."""
    return {code: households for code, households in grids.items() if code.startswith(part)}


def parts_of_area(area: str, codes: Sequence[str]) -> list[str]:
    """The codes of the next level below an area that occur."""
    length = min(len(area) + 3, 15)
    return sorted({code[:length] for code in codes if len(code) >= length}) if len(area) < length else []
