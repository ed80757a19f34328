"""The units of the district: departments, street offices and centres, and the organisations of every community."""

from collections.abc import Callable, Iterator
from typing import Any

from grid_deploy.demo.areas import District
from grid_deploy.demo.plan import DISTRICT
from grid_deploy.demo.words import named

# first part of the code, kind, pattern of the name
_OF_COMMUNITY = (
    ("station", "service_station", "station"),
    ("committee", "residents_committee", "committee"),
    ("party", "community_party_committee", "party"),
    ("mediation", "mediation_committee", "mediation"),
)


def departments() -> list[str]:
    """The codes of the departments."""
    return list(named("departments"))


def unit_rows(district: District, phone: Callable[[], str]) -> Iterator[dict[str, Any]]:
    """Lines of gateway/units.ndjson: all streets and communities, whichever are generated."""
    patterns = named("units")
    for code, name in named("departments").items():
        yield _unit(code, "department", name, DISTRICT, phone())
    yield _unit(f"centre-{DISTRICT}", "governance_centre", patterns["district_centre"], DISTRICT, phone())
    for code, name in district.streets.items():
        yield _unit(f"office-{code}", "street_office", patterns["office"].format(street=name), code, phone())
        yield _unit(f"centre-{code}", "governance_centre", patterns["centre"].format(street=name), code, phone())
    for code, community in district.communities.items():
        for prefix, kind, pattern in _OF_COMMUNITY:
            key = "village_committee" if community.kind == "village" and prefix == "committee" else pattern
            yield _unit(f"{prefix}-{code}", kind, patterns[key].format(community=community.name), code, phone())
        team = patterns["repair_team"].format(community=community.name)
        yield _unit(f"team-{code}-repair", "volunteer_team", team, code, phone())


def _unit(code: str, kind: str, name: str, area: str, phone: str) -> dict[str, Any]:
    return {"code": code, "kind": kind, "name": name, "area_code": area, "phone": phone, "synthetic": True}
