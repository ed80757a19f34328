"""Every operation of every service called with good, strange and bad input: no 5xx, and nothing undocumented.

It leaves a mess behind, so nothing that reads the town comes after it: the file's name puts it last.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.contracts import house
from tests.contracts.conftest import People
from tests.contracts.probing import Probe, Report, run
from tests.contracts.town import DISTRICT, GRID, VILLAGE, Town

pytestmark = pytest.mark.timeout(300)  # the first test founds the town
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "missing_required_header",
    "ignored_auth",
)
CODES = {"gateway": ("civil_affairs",), "approval": ("SA001", "SA002")}
AREAS = (DISTRICT, VILLAGE, GRID)


def _ids(town: Town, name: str) -> Sequence[str]:
    return tuple(row["id"] for row, _ in zip(town.rows(name), range(25), strict=False))


def _known(town: Town, service: str) -> dict[str, Sequence[str]]:
    return {
        "query.area": AREAS,
        "query.within": AREAS,
        "path.code": CODES.get(service, AREAS),
        "path.household_id": _ids(town, "population/households"),
        "path.person_id": _ids(town, "population/persons"),
        "path.dwelling_id": _ids(town, "population/dwellings"),
        "path.building_id": _ids(town, "gis/buildings"),
        "path.application_id": _ids(town, "approval/applications"),
        "path.case_id": _ids(town, "dispute/cases"),
        "path.account_id": _ids(town, "gateway/accounts")[:10],
        "path.post_id": _ids(town, "gateway/posts"),
    }


def _wild(town: Town, people: People, service: str, folder: Path, *, phases: Sequence[str], examples: int) -> Report:
    address = town.serve_variant("gateway", "tests.contracts.bare_gateway") if service == "gateway" else None
    probe = Probe(
        service=service,
        people={"everybody": people.everybody},
        checks=CHECKS,
        phases=phases,
        examples=examples,
        known=_known(town, service),
    )
    return run(town, probe, address or town.urls[service], folder)


@pytest.mark.parametrize("service", house.PACKAGES)
def test_a_few_strange_requests_get_documented_answers(
    town: Town, people: People, service: str, tmp_path: Path
) -> None:
    report = _wild(town, people, service, tmp_path, phases=("examples", "fuzzing"), examples=3)
    assert report.clean, report.output
    assert len(report.operations) == _operations(service)


@pytest.mark.conformance
@pytest.mark.timeout(600)
@pytest.mark.parametrize("service", house.PACKAGES)
def test_a_thousand_strange_requests_get_documented_answers(
    town: Town, people: People, service: str, tmp_path: Path
) -> None:
    phases = ("examples", "coverage", "fuzzing", "stateful")
    report = _wild(town, people, service, tmp_path, phases=phases, examples=20)
    assert report.clean, report.output
    assert report.cases >= 1000


def _operations(service: str) -> int:
    return sum(len(item) for item in house.openapi(service)["paths"].values())
