"""schemathesis looks into other people's areas: it finds nothing, and finds the hole when one is planted.

Each person reads what lies in the own area; what was read is then asked for as every other person. The people are
workers of two villages, and of two grids of one village who are both on duty B.
"""

from pathlib import Path

import pytest
from tests.contracts.conftest import People
from tests.contracts.probing import Probe, run
from tests.contracts.town import Town

pytestmark = pytest.mark.timeout(300)
READS = {
    "population": ("listHouseholds", "getHousehold", "listVisits", "listDwellings", "getDwelling", "getPerson"),
    "approval": ("listApplications", "getApplication"),
    "dispute": ("listCases", "getCase"),
    "gis": ("listBuildings", "getBuilding"),
}


def _probe(service: str, people: People) -> Probe:
    peers = {"worker": people.worker, "neighbour": people.neighbour, "stranger": people.stranger}
    return Probe(
        service=service,
        people=peers,
        peers=True,
        checks=("object_level_authorization", "ignored_auth"),
        phases=("coverage", "fuzzing", "stateful"),
        examples=30,
        known={},
        fixed={"query.area": "150204"},
        only=READS[service],
    )


@pytest.mark.conformance
@pytest.mark.parametrize("service", READS)
def test_nobody_sees_what_lies_in_somebody_elses_area(town: Town, people: People, service: str, tmp_path: Path) -> None:
    report = run(town, _probe(service, people), town.urls[service], tmp_path)
    assert report.clean, report.output
    assert "will not run" not in report.output


def test_a_planted_hole_is_found(town: Town, people: People, tmp_path: Path) -> None:
    holed = town.serve_variant("population", "tests.contracts.holed_population")
    report = run(town, _probe("population", people), holed, tmp_path)
    assert not report.clean
    assert "Object-level authorization bypass" in report.output
