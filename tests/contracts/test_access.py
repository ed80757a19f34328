"""Who may use which route: every operation of every service, asked for by people it is not meant for.

What they ask for lies in the worker's grid. `access_matrix.csv` says what each of them gets. A number is a refusal;
`nothing` is a success that shows no household, person, dwelling, visit, application or case of that grid; `data` would
be one that shows some, and stands nowhere in these columns.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.contracts import house
from tests.contracts.conftest import People
from tests.contracts.requests import Request, Requests
from tests.contracts.town import GRID, VILLAGE, Town

from grid_kernel.auth import Actor

pytestmark = pytest.mark.timeout(300)  # the first test founds the town
TABLE = Path(__file__).with_name("access_matrix.csv")
ASKERS = ("anonymous", "guide", "system_admin", "audit_admin", "stranger")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MARKED = (
    "population/households",
    "population/persons",
    "population/dwellings",
    "population/visits",
    "approval/applications",
    "dispute/cases",
)
# The anonymous may read what is public, sign out, and look up by receipt number and code.
READS = {"getHousehold", "getPerson", "listHouseholds", "getDwelling", "listApplications", "getApplication", "getCase"}
CATALOGUE = {"listItems", "getItem", "makeChecklist"}
SIGN_IN = {"listOwnWays", "beginOwnSignIn", "openSignedIn"}
OWN = {"openOwnRecord", "readOwnRecord", "askOfOwnRecord", "withdrawOwnConsent", "closeOwnRecord"} | SIGN_IN
PUBLISHED = {"listDocuments", "getDocument"}
OPEN = {"getLabels", "getCodeTable", "signOut", "lookUpProgress", "rateByReceipt"} | CATALOGUE | OWN | PUBLISHED


def _rows() -> dict[tuple[str, str], dict[str, str]]:
    with TABLE.open(encoding="utf-8") as lines:
        return {(row["service"], row["operation"]): row for row in csv.DictReader(lines)}


EXPECTED = _rows()


@pytest.fixture(scope="module")
def marks(town: Town) -> frozenset[str]:
    """The identifiers of what lies in the worker's grid, and of applications of the village."""
    rows = (row for name in MARKED for row in town.rows(name))
    return frozenset(row["id"] for row in rows if row.get("area_code") == GRID or row.get("community_code") == VILLAGE)


@pytest.fixture(scope="module")
def requests(town: Town, people: People) -> dict[str, list[Request]]:
    """A request for each operation, by service."""
    maker = Requests(town, people.everybody)
    return {service: maker.of(service) for service in house.PACKAGES}


@pytest.fixture(scope="module")
def addresses(town: Town) -> dict[str, str]:
    """Where tokens are taken: the gateway's own service without the door."""
    return town.urls | {"gateway": town.serve_variant("gateway", "tests.contracts.bare_gateway")}


def outcome(answer: httpx.Response, marks: frozenset[str]) -> str:
    """What an asker got."""
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        return str(answer.status_code)
    return "data" if marks & set(UUID.findall(answer.text)) else "nothing"


def asked(
    town: Town, address: str, who: Actor | None, requests: list[Request], marks: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """What somebody gets from each operation of a service."""
    headers = {} if who is None else {"Authorization": f"Bearer {town.tokens.of(who)}"}
    with httpx.Client(base_url=f"{address}/v1", headers=headers, timeout=20) as client:
        for request in requests:
            yield request.operation, outcome(request.send(client), marks)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    routes = {
        (service, body["operationId"])
        for service in house.PACKAGES
        for item in house.openapi(service)["paths"].values()
        for body in item.values()
    }
    assert routes - set(EXPECTED) == set(), "write into access_matrix.csv who may use them"
    assert set(EXPECTED) - routes == set()


def test_the_table_lets_nobody_see_what_is_not_theirs() -> None:
    for (_, operation), row in EXPECTED.items():
        assert (row["anonymous"] == "401") == (operation not in OPEN), row
        for asker in ASKERS:
            assert row[asker] != "data", row
            assert not row[asker].startswith("5"), row


@pytest.mark.parametrize("asker", ASKERS)
def test_everybody_gets_what_the_table_says(
    town: Town,
    people: People,
    addresses: dict[str, str],
    requests: dict[str, list[Request]],
    marks: frozenset[str],
    asker: str,
) -> None:
    who = None if asker == "anonymous" else getattr(people, asker)
    wrong = [
        f"{service} {operation}: {got}, not {EXPECTED[service, operation][asker]}"
        for service in house.PACKAGES
        for operation, got in asked(town, addresses[service], who, requests[service], marks)
        if got not in EXPECTED[service, operation][asker].split("|")
    ]
    assert wrong == []


def test_whoever_is_meant_gets_data_from_the_same_requests(
    town: Town, people: People, requests: dict[str, list[Request]], marks: frozenset[str]
) -> None:
    chosen = {service: [each for each in given if each.operation in READS] for service, given in requests.items()}
    got = {pair for s, given in chosen.items() for pair in asked(town, town.urls[s], people.everybody, given, marks)}
    assert got == {(operation, "data") for operation in READS}
