"""The map, which has its own standards and document: who sees what of it, tiles included, and no 5xx whatever is asked.

It leaves what strange requests wrote behind; nothing that reads the town's map comes after it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.contracts.conftest import People
from tests.contracts.probing import Probe, run
from tests.contracts.town import DISTRICT, GRID, VILLAGE, Town

from gis_svc.tiles import corners
from grid_kernel.auth import Actor
from grid_kernel.geo import Box

pytestmark = pytest.mark.timeout(300)  # the first test founds the town
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "ignored_auth")
BODY = {
    "type": "Feature",
    "properties": {"kind": "x", "name": "x"},
    "geometry": {"type": "Point", "coordinates": [0, 0]},
}


@pytest.fixture(scope="module")
def house(town: Town) -> dict[str, Any]:
    """A building of the worker's grid."""
    return next(row for row in town.rows("gis/buildings") if row["area_code"] == GRID)


@pytest.fixture(scope="module")
def document(town: Town, people: People) -> dict[str, Any]:
    """What the map says of itself."""
    with _client(town, people.everybody) as client:
        found: dict[str, Any] = client.get("/ogc/api").json()
    return found


def _client(town: Town, who: Actor | None) -> httpx.Client:
    headers = {} if who is None else {"Authorization": f"Bearer {town.tokens.of(who)}"}
    return httpx.Client(base_url=town.urls["gis"], headers=headers | {"Accept-Encoding": "identity"}, timeout=20)


def _addresses(document: dict[str, Any], house: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every operation at the place of the house: method and address."""
    lon, lat = house["lon"], house["lat"]
    tile, _ = corners(Box(lon, lat, lon, lat), 16)
    told = {"tileMatrix": tile.zoom, "tileRow": tile.row, "tileCol": tile.column, "processId": "service-circle"}
    told |= {"featureId": house["id"], "jobId": str(uuid4()), "tileMatrixSetId": "WebMercatorQuad"}
    box = f"bbox={lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"
    for path, item in document["paths"].items():
        address = re.sub(r"\{(\w+)\}", lambda found: str(told[found[1]]), path)
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            yield method, f"/ogc{address}?{box}" if address.endswith("/items") and method == "get" else f"/ogc{address}"


def _answers(
    town: Town, document: dict[str, Any], house: dict[str, Any], who: Actor | None
) -> dict[str, httpx.Response]:
    with _client(town, who) as client:
        return {
            f"{method} {address}": client.request(method, address, json=None if method in {"get", "delete"} else BODY)
            for method, address in _addresses(document, house)
        }


def test_nobody_unknown_gets_anything_of_the_map(town: Town, document: dict[str, Any], house: dict[str, Any]) -> None:
    answers = _answers(town, document, house, None)
    assert len(answers) > 60
    assert {
        asked: got.status_code for asked, got in answers.items() if got.status_code != httpx.codes.UNAUTHORIZED
    } == {}


def test_a_building_of_another_area_is_in_no_answer_and_no_tile(
    town: Town, people: People, document: dict[str, Any], house: dict[str, Any]
) -> None:
    answers = _answers(town, document, house, people.stranger)
    shown = [asked for asked, got in answers.items() if house["id"] in got.text and got.is_success]
    assert shown == []
    assert [asked for asked, got in answers.items() if got.is_server_error] == []


def test_whoever_works_there_sees_it_in_items_and_tiles(
    town: Town, people: People, document: dict[str, Any], house: dict[str, Any]
) -> None:
    answers = _answers(town, document, house, people.everybody)
    shown = {asked for asked, got in answers.items() if house["id"] in got.text and got.is_success}
    assert {asked.rpartition("/")[0].partition("?")[0] for asked in shown} >= {"get /ogc/collections/buildings"}
    assert any("/tiles/" in asked for asked in shown)
    assert [asked for asked, got in answers.items() if got.is_server_error] == []


@pytest.mark.conformance
@pytest.mark.timeout(600)
def test_strange_requests_to_the_map_get_documented_answers(
    town: Town, people: People, document: dict[str, Any], tmp_path: Path
) -> None:
    place = tmp_path / "map.json"
    place.write_text(json.dumps(document), "utf-8")
    known = {"query.within": (DISTRICT, VILLAGE, GRID), "path.tileMatrix": ("14", "16")}
    probe = Probe("gis", {"everybody": people.everybody}, CHECKS, ("examples", "fuzzing"), 5, known)
    report = run(town, replace(probe, document=str(place), root="/ogc"), town.urls["gis"], tmp_path / "run")
    assert report.clean, report.output
    assert report.cases >= 200
