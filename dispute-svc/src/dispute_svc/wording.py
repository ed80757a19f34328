"""Stored facts in the words of the reader: why the table chose a unit, why a limit ends when it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header

from dispute_svc import catalogue
from dispute_svc.schemas import RoutingOut
from dispute_svc.triage import Routed
from grid_kernel import clock
from grid_kernel.clock import Unit, WorkingCalendar, deadline
from grid_kernel.labels import Labels, preferred_language
from grid_kernel.runtime import CurrentRuntime


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one answer."""

    labels: Labels
    language: Any
    calendar: WorkingCalendar

    def routing(self, record: Mapping[str, Any]) -> str:
        """Why the table said what it said."""
        category = catalogue.categories().get(str(record["category"]))
        name = "" if category is None else category.name_en if self.language == "en" else category.name_zh
        words = {**record, "name": name}
        return self.labels.text(self.language, "texts", f"routing-{record['routed'].replace('_', '-')}", **words)

    def routed(self, record: Mapping[str, Any] | None) -> RoutingOut | None:
        """A stored decision."""
        if record is None:
            return None
        rule = record["rule"]
        return RoutingOut(
            routed=Routed(record["routed"]),
            unit_code=record["unit"],
            rule_id=UUID(rule) if rule else None,
            explanation=self.routing(record),
        )

    def limit(self, amount: int, unit: str) -> str:
        """How long a unit has."""
        return self.labels.text(self.language, "texts", f"limit-{unit}", amount=amount)

    def clock(self, start: datetime, amount: int, unit: str) -> str:
        """Why a limit ends when it does."""
        end = deadline(start, amount, Unit(unit), self.calendar)
        return clock.explain(end, "en" if self.language == "en" else "zh")


async def _words(runtime: CurrentRuntime, accept_language: Annotated[str, Header(max_length=200)] = "zh-CN") -> Words:
    return Words(runtime.labels, preferred_language(accept_language), await runtime.calendar())


ReaderWords = Annotated[Words, Depends(_words)]
