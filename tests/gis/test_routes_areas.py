"""Reading areas over HTTP: the tree, one area, its history, outlines for maps."""

import httpx
import pytest
from shapely.geometry import shape

from gis_svc import shapes
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor

from .conftest import DISTRICT, Send, Surfaces
from .drawings import drawn

DULAN = "150204006019"
BEFORE = "2023-06-29"


@pytest.fixture(scope="session")
def officer() -> Actor:
    """A worker of one grid: areas are public, so the worker reads them all."""
    return actor(Post.RESIDENT_SERVICE_OFFICER, "150204008015001")


async def pages(send: Send, who: Actor, query: str) -> list[dict[str, object]]:
    items, cursor = [], ""
    while True:
        answer = await send(who, "GET", f"/areas?{query}{cursor}")
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["nextCursor"] is None:
            return items
        cursor = f"&cursor={answer.json()['nextCursor']}"


async def test_the_real_division_tree_is_there(send: Send, officer: Actor) -> None:
    for level, count in (("district", 1), ("street", 11), ("community", 78)):
        assert len(await pages(send, officer, f"level={level}&asOf=2024-01-01")) == count
    dulan = (await send(officer, "GET", f"/areas/{DULAN}")).json()
    assert (dulan["name"], dulan["level"], dulan["kind"], dulan["parentCode"]) == (
        "都兰社区", "community", "urban", "150204006",
    )  # fmt: skip


async def test_all_475_grids_are_listed_page_by_page_each_once(
    send: Send, officer: Actor, shipped_grids: Surfaces
) -> None:
    listed = await pages(send, officer, "level=grid&limit=100&asOf=2024-01-01")
    assert [item["code"] for item in listed] == sorted(shipped_grids)


async def test_a_street_lists_what_lies_in_it_and_nothing_else(send: Send, officer: Actor) -> None:
    listed = await pages(send, officer, "within=150204006&level=community")
    assert DULAN in [item["code"] for item in listed]
    assert all(str(item["code"]).startswith("150204006") for item in listed)


async def test_before_the_list_of_divisions_nothing_was_known(send: Send, officer: Actor) -> None:
    assert await pages(send, officer, f"asOf={BEFORE}") == []
    assert (await send(officer, "GET", f"/areas/{DULAN}?asOf={BEFORE}")).status_code == 404


async def test_an_area_carries_its_version_as_etag(send: Send, officer: Actor) -> None:
    answer = await send(officer, "GET", f"/areas/{DISTRICT}")
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'


async def test_three_outlines_of_the_district_disagree_and_one_is_official(send: Send, officer: Actor) -> None:
    versions = (await send(officer, "GET", f"/areas/{DISTRICT}/versions")).json()
    assert [(v["source"], v["official"], v["inForce"]) for v in versions] == [
        ("tianditu", True, True), ("amap_gcj02", False, False), ("amap_wgs84", False, False),
    ]  # fmt: skip
    sizes = {v["source"]: round(v["areaM2"] / 1e6, 1) for v in versions}
    assert sizes == {"tianditu": 275.5, "amap_gcj02": 184.0, "amap_wgs84": 184.0}
    outlines = [
        shape((await send(officer, "GET", f"/areas/{DISTRICT}/outline?source={source}")).json()["geometry"])
        for source in ("amap_gcj02", "amap_wgs84")
    ]
    assert outlines[0].intersection(outlines[1]).area / outlines[0].union(outlines[1]).area > 0.9995


async def test_a_synthetic_shape_is_never_called_official(send: Send, officer: Actor) -> None:
    for area in await pages(send, officer, "limit=100&asOf=2024-01-01"):
        assert area["official"] is (area["source"] == "tianditu")
        assert area["synthetic"] is (area["source"] == "synthetic")


async def test_an_outline_is_a_geojson_feature(send: Send, officer: Actor) -> None:
    answer = await send(officer, "GET", f"/areas/{DULAN}/outline")
    assert answer.headers["content-type"] == "application/geo+json"
    feature = answer.json()
    assert (feature["type"], feature["id"], feature["properties"]["name"]) == ("Feature", DULAN, "都兰社区")
    assert feature["properties"]["synthetic"] is True
    assert shape(feature["geometry"]).is_valid


async def test_the_grids_of_a_community_are_a_feature_collection(send: Send, officer: Actor, grids: Surfaces) -> None:
    answer = await send(officer, "GET", f"/grids?within={DULAN}&asOf=2024-01-01")
    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    found = {feature["id"]: shape(feature["geometry"]) for feature in collection["features"]}
    assert set(found) == {code for code in grids if code.startswith(DULAN)}
    assert all(found[code].equals(grids[code]) for code in found)


async def test_the_whole_district_fits_on_one_map(send: Send, officer: Actor) -> None:
    features = (await send(officer, "GET", "/grids?asOf=2024-01-01")).json()["features"]
    assert len(features) == 475


async def test_a_map_is_sent_again_only_when_grids_changed(
    send: Send, leader: Actor, officer: Actor, community: str, grids: Surfaces
) -> None:
    first = await send(officer, "GET", f"/grids?within={community}")
    known = {"If-None-Match": first.headers["etag"]}
    again = await send(officer, "GET", f"/grids?within={community}", headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (await send(officer, "GET", f"/grids?within={DULAN}", headers=known)).status_code == 200
    code = min(code for code in grids if code.startswith(community))
    await send(leader, "PATCH", f"/grids/{code}", json={"name": "新名"}, headers={"If-Match": '"1"'})
    changed = await send(officer, "GET", f"/grids?within={community}", headers=known)
    assert (changed.status_code, changed.json()["features"][0]["properties"]["name"]) == (200, "新名")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/areas?level=province", "#/query/level"),
        ("/areas?within=15", "#/query/within"),
        ("/areas?asOf=yesterday", "#/query/asOf"),
        ("/areas?asOf=0", "#/query/asOf"),
        ("/areas?asOf=2026-02-30", "#/query/asOf"),
        ("/areas?cursor=nonsense", "#/query/cursor"),
        ("/areas?limit=1000", "#/query/limit"),
        ("/areas/abc", "#/path/code"),
        ("/areas/150204/outline?source=A-B", "#/query/source"),
        ("/grids?within=x", "#/query/within"),
    ],
)
async def test_bad_questions_are_answered_with_the_member_at_fault(
    send: Send, officer: Actor, path: str, pointer: str
) -> None:
    answer = await send(officer, "GET", path)
    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("path", ["", "/outline", "/versions"])
async def test_an_area_that_never_was_is_not_found(send: Send, officer: Actor, path: str) -> None:
    assert (await send(officer, "GET", f"/areas/150204999{path}")).status_code == 404


async def test_residents_pages_read_areas_with_a_service_token(runtime: Runtime, client: httpx.AsyncClient) -> None:
    token = runtime.signer.mint(Actor.system("gis"), now=clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/v1/areas", headers=headers)).status_code == 200
    assert (await client.get("/v1/buildings", headers=headers)).json()["items"] == []


@pytest.mark.parametrize("table", ["area_kinds", "area_sources", "building_kinds"])
async def test_code_tables_are_served_with_their_version(client: httpx.AsyncClient, table: str) -> None:
    answer = (await client.get(f"/v1/code-tables/{table}")).json()
    assert answer["rows"]
    assert len(answer["version"]) == 12


def test_a_drawing_is_what_a_map_would_send(grids: Surfaces) -> None:
    first = next(iter(grids.values()))
    assert shapes.surface_of(drawn(first)["geometry"]).equals(first)
