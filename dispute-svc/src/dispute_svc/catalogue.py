"""The packaged data: case categories, the default routing table, the numbers to dial first."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from uuid import UUID, uuid5

from dispute_svc.rules import CaseKind, Limit
from dispute_svc.triage import Rule
from grid_kernel.clock import Unit
from grid_kernel.codes import read_table

_PACKAGE = "dispute_svc"
_NAMESPACE = UUID("5f4c1b4e-5a0c-5d0e-9b1a-3f6d0c7e2a11")
_PACKAGED_DISTRICT = "150204"
POLICE, FIRE, AMBULANCE, TRAFFIC = "110", "119", "120", "122"
EMERGENCY_NUMBERS: Mapping[str, str] = {"H01": POLICE, "H04": FIRE, "H07": AMBULANCE, "D14": TRAFFIC}


@dataclass(frozen=True, slots=True)
class Category:
    """What a matter is about; it belongs to the matter, never to a person."""

    code: str
    name_zh: str
    name_en: str
    kind: CaseKind
    restricted: bool

    @property
    def emergency_number(self) -> str:
        """What to dial before anything else when life or limb is at stake."""
        return EMERGENCY_NUMBERS.get(self.code, POLICE)


@cache
def categories() -> Mapping[str, Category]:
    """All categories by code, in the order of the table."""
    rows = read_table(_PACKAGE, "case_categories").rows
    return {
        row["code"]: Category(
            row["code"], row["name_zh"], row["name_en"], CaseKind(row["kind"]), row["restricted"] == "1"
        )
        for row in rows
    }


def packaged_rules(district: str) -> list[Rule]:
    """The default routing table for a district; the same rows have the same ids everywhere."""
    text = (files(_PACKAGE) / "data" / "routing.csv").read_text("utf-8-sig")
    return [_rule(row, district) for row in csv.DictReader(text.splitlines())]


def _rule(row: Mapping[str, str], district: str) -> Rule:
    prefix = row["area_code"].replace(_PACKAGED_DISTRICT, district, 1)
    return Rule(
        id=uuid5(_NAMESPACE, f"{prefix}/{row['category']}/{row['valid_from']}"),
        category=row["category"],
        area_prefix=prefix,
        unit_code=row["unit_code"],
        position=0,
        limit=Limit(int(row["limit_amount"]), Unit(row["limit_unit"])),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )
