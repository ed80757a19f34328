"""Routing: the first fitting row of the table names the unit, and the decision says why. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from dispute_svc.rules import GRID_CODE_LENGTH, Limit

COMMUNITY, STREET = "{community}", "{street}"
_LENGTHS = {COMMUNITY: 12, STREET: 9}


class Routed(StrEnum):
    """What came out: a unit, or the reason why a person has to decide."""

    MATCHED = "matched"
    NO_GRID = "no_grid"
    NO_RULE = "no_rule"
    UNIT_UNKNOWN = "unit_unknown"
    UNIT_CLOSED = "unit_closed"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the routing table, in force from day to day (half-open)."""

    id: UUID
    category: str
    area_prefix: str
    unit_code: str
    position: int
    limit: Limit
    valid_from: date
    valid_to: date | None

    def fits(self, category: str, area_code: str, day: date) -> bool:
        """Whether the row speaks of this matter, here, on this day."""
        in_force = self.valid_from <= day and (self.valid_to is None or day < self.valid_to)
        return in_force and self.category == category and area_code.startswith(self.area_prefix)

    def precedence(self) -> tuple[int, int, int, str]:
        """The most precise area first, then the row's position, then the newer row."""
        return -len(self.area_prefix), self.position, -self.valid_from.toordinal(), str(self.id)

    def unit_at(self, area_code: str) -> str:
        """The unit, with `{community}` and `{street}` filled in from the place."""
        unit = self.unit_code
        for word, length in _LENGTHS.items():
            unit = unit.replace(word, area_code[:length])
        return unit


@dataclass(frozen=True, slots=True)
class Decision:
    """What the table says of one case, and everything needed to say why."""

    routed: Routed
    category: str
    area_code: str
    day: date
    fitting: int
    rule: Rule | None = None
    unit_code: str | None = None

    def as_record(self) -> dict[str, Any]:
        """What the case and its timeline keep; rows of the table may change later."""
        rule = self.rule
        return {
            "routed": self.routed.value,
            "category": self.category,
            "area": self.area_code,
            "day": self.day.isoformat(),
            "fitting": self.fitting,
            "unit": self.unit_code,
            "rule": str(rule.id) if rule else None,
            "prefix": rule.area_prefix if rule else None,
            "position": rule.position if rule else None,
        }


def decide(
    category: str,
    area_code: str,
    day: date,
    rules: Iterable[Rule],
    units: Mapping[str, bool] | None,
) -> Decision:
    """Choose the unit for a place. `units` maps known units to whether they are active; None judges none of them.

    A row that cannot be carried out is not skipped: falling through to a wider rule would hide the fault.
    """
    fitting = sorted((rule for rule in rules if rule.fits(category, area_code, day)), key=Rule.precedence)
    if len(area_code) < GRID_CODE_LENGTH:
        return Decision(Routed.NO_GRID, category, area_code, day, len(fitting))
    if not fitting:
        return Decision(Routed.NO_RULE, category, area_code, day, 0)
    rule = fitting[0]
    unit = rule.unit_at(area_code)
    routed = Routed.MATCHED
    if units is not None and not units.get(unit, False):
        routed = Routed.UNIT_CLOSED if unit in units else Routed.UNIT_UNKNOWN
    return Decision(routed, category, area_code, day, len(fitting), rule, unit)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one grid: its successors from a day on, and where its buildings went."""

    successors: tuple[str, ...]
    effective_on: date
    buildings: Mapping[str, str]


def present_area(area_code: str, building_id: UUID | None, day: date, changes: Mapping[str, Change]) -> str:
    """The grid that has taken the place of a chosen one, through any number of changes, in whatever order heard.

    The building decides; without one the community is all that can be said of a grid that was split.
    """
    seen: set[str] = set()
    while (change := changes.get(area_code)) and change.effective_on <= day and area_code not in seen:
        seen.add(area_code)
        by_building = change.buildings.get(str(building_id))
        if by_building is None and len(change.successors) != 1:
            return area_code[: _LENGTHS[COMMUNITY]]
        area_code = by_building or change.successors[0]
    return area_code
