"""OGC API – Features Part 1: documents, pages of features, one feature, permission and ETag."""

from typing import Any

import httpx
import pytest
import shapely
from shapely.geometry import box, shape

from grid_kernel.auth import Actor, Post
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces
from .drawings import building, inside

LEADER = actor(Post.DISTRICT_LEADER, "150204")
AREAS = ("districts", "streets", "communities", "grids")


@pytest.fixture
def ogc(client: httpx.AsyncClient, tokens: Tokens) -> Any:
    """Ask the OGC API as somebody; the leader unless said."""

    async def get(path: str, who: Actor | None = LEADER, **options: Any) -> httpx.Response:
        headers = {} if who is None else tokens.headers(who)
        return await client.get(f"/ogc{path}", headers=headers | options.pop("headers", {}), **options)

    return get


def rel(document: dict[str, Any], name: str) -> str | None:
    return next((link["href"] for link in document["links"] if link["rel"] == name), None)


@pytest.mark.parametrize(
    "path", ["", "/", "/conformance", "/api", "/collections", "/collections/grids", "/collections/grids/items"]
)
async def test_nobody_unknown_is_told_anything(ogc: Any, path: str) -> None:
    assert (await ogc(path, None)).status_code == 401


async def test_the_landing_page_leads_to_every_document(ogc: Any, client: httpx.AsyncClient, tokens: Tokens) -> None:
    page = (await ogc("/", headers={"X-Forwarded-Host": "grid.example", "X-Forwarded-Proto": "https"})).json()
    assert {link["rel"] for link in page["links"]} >= {"self", "service-desc", "conformance", "data"}
    assert all(link["href"].startswith("https://grid.example/ogc/") for link in page["links"])
    for link in (await ogc("/")).json()["links"]:
        answer = await client.get(link["href"], headers=tokens.headers(LEADER))
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].partition("; charset")[0] == link["type"]


async def test_every_collection_says_where_it_lies_and_where_its_items_are(ogc: Any) -> None:
    found = (await ogc("/collections")).json()["collections"]
    assert {each["id"] for each in found} >= {*AREAS, "buildings"}
    for each in found:
        west, south, east, north = each["extent"]["spatial"]["bbox"][0]
        assert 109 < west < east < 111
        assert 40 < south < north < 41
        assert rel(each, "items")
        assert each["title"] != each["id"]


async def test_titles_come_in_the_language_of_the_caller(ogc: Any) -> None:
    chinese = (await ogc("/collections/grids")).json()["title"]
    english = (await ogc("/collections/grids", headers={"Accept-Language": "en"})).json()["title"]
    assert (chinese, english) == ("网格", "Grids")


async def test_pages_lead_through_all_grids_once(ogc: Any, client: httpx.AsyncClient, tokens: Tokens) -> None:
    seen: list[str] = []
    page = (await ogc("/collections/grids/items", params={"limit": 200})).json()
    while True:
        seen += [feature["id"] for feature in page["features"]]
        assert page["numberReturned"] == len(page["features"]) <= 200
        if (following := rel(page, "next")) is None:
            break
        page = (await client.get(following, headers=tokens.headers(LEADER))).json()
    assert len(seen) >= 475
    assert seen == sorted(set(seen))
    hits = (await ogc("/collections/grids/items", params={"resultType": "hits"})).json()
    assert (hits["numberMatched"], hits["numberReturned"]) == (len(seen), 0)


async def test_a_feature_says_what_it_is_and_where(ogc: Any, grids: Surfaces) -> None:
    code = "150204006019001"
    answer = await ogc(f"/collections/grids/items/{code}")
    feature = answer.json()
    assert answer.headers["content-type"] == "application/geo+json"
    assert feature["id"] == feature["properties"]["code"] == code
    assert shape(feature["geometry"]).equals_exact(grids[code], 1e-9)
    assert rel(feature, "collection")
    assert answer.headers["etag"] == f'"{feature["properties"]["version"]}"'


@pytest.mark.parametrize("path", ["/collections/no", "/collections/no/items", "/collections/grids/items/no", "/no"])
async def test_what_is_not_there_is_not_found(ogc: Any, path: str) -> None:
    answer = await ogc(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_box_holds_what_touches_it_and_nothing_whose_box_only_does(ogc: Any, grids: Surfaces) -> None:
    code, surface = next((c, s) for c, s in sorted(grids.items()) if s.area < 0.8 * box(*s.bounds).area)
    # A corner of the grid's box in which the grid itself is not.
    corner = box(*surface.bounds).difference(surface.buffer(1e-5))
    spot = max(shapely.get_parts(corner), key=lambda part: part.area).representative_point().buffer(1e-6).bounds
    found = (await ogc("/collections/grids/items", params={"bbox": ",".join(map(str, spot)), "limit": 1000})).json()
    expected = {c for c, s in grids.items() if s.intersects(box(*spot))}
    ours = {f["id"] for f in found["features"] if f["id"] in grids}
    assert code not in ours
    assert ours == expected


async def test_pages_of_a_box_hold_as_many_as_asked_for(ogc: Any, grids: Surfaces) -> None:
    west, south, east, north = shapely.union_all(list(grids.values())[:40]).bounds
    where = {"bbox": f"{west},{south},{east},{north}"}
    whole = (await ogc("/collections/grids/items", params={**where, "limit": 1000})).json()
    assert whole["numberMatched"] == len(whole["features"])
    first = (await ogc("/collections/grids/items", params={**where, "limit": 7})).json()
    assert [f["id"] for f in first["features"]] == [f["id"] for f in whole["features"]][:7]
    counted = (await ogc("/collections/grids/items", params={**where, "resultType": "hits"})).json()
    assert counted["numberMatched"] == whole["numberMatched"]


async def test_a_property_can_be_asked_for(ogc: Any) -> None:
    found = (await ogc("/collections/grids/items", params={"parentCode": "150204006019", "limit": 100})).json()
    assert {f["properties"]["parentCode"] for f in found["features"]} == {"150204006019"}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "#/query/limit"),
        ("limit=x", "#/query/limit"),
        ("bbox=1,2,3", "#/query/bbox"),
        ("bbox=1,2,3,nan", "#/query/bbox"),
        ("bbox=109,41,110,40", "#/query/bbox"),
        ("datetime=yesterday", "#/query/datetime"),
        ("datetime=2026-11-23T00:00:00", "#/query/datetime"),
        ("datetime=2026-11-23/2026-11-01", "#/query/datetime"),
        ("version=many", "#/query/version"),
        ("level=county", "#/query/level"),
        ("nobody=1", "#/query/nobody"),
        ("limit=1&limit=2", "#/query/limit"),
        ("resultType=all", "#/query/resultType"),
    ],
)
async def test_what_cannot_be_understood_is_refused_where_it_stands(ogc: Any, query: str, pointer: str) -> None:
    answer = await ogc(f"/collections/grids/items?{query}")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_more_than_the_most_is_the_most(ogc: Any) -> None:
    assert (await ogc("/collections/districts/items?limit=100000")).status_code == 200


async def test_before_anything_was_known_there_are_no_grids(ogc: Any) -> None:
    found = (await ogc("/collections/grids/items?datetime=2020-01-01")).json()
    assert (found["features"], found["numberMatched"]) == ([], 0)
    answer = await ogc("/collections/grids/items?datetime=2020-01-01/..&limit=1")
    assert [feature["id"] for feature in answer.json()["features"]] == ["150204001021001"]
    hits = await ogc("/collections/grids/items?datetime=2020-01-01/..&resultType=hits")
    assert hits.json()["numberMatched"] >= 475


@pytest.fixture(scope="module")
async def here_and_there(send: Send, grids: Surfaces) -> dict[str, str]:
    """A building in each of two communities: its id by the community's code."""
    made = {}
    for community in sorted({code[:12] for code in grids})[-3:-1]:
        code = min(code for code in grids if code.startswith(community))
        head = actor(Post.STATION_HEAD, community)
        answer = await send(head, "POST", "/buildings", json=building(inside(grids[code])))
        assert answer.status_code == 201, answer.text
        made[community] = answer.json()["id"]
    return made


async def test_a_worker_reads_the_buildings_of_the_own_area_and_no_others(
    ogc: Any, here_and_there: dict[str, str]
) -> None:
    (here, own), (_, foreign) = here_and_there.items()
    worker = actor(Post.RESIDENT_SERVICE_OFFICER, here)
    listed = (await ogc("/collections/buildings/items?limit=1000", worker)).json()["features"]
    assert own in {feature["id"] for feature in listed}
    assert {feature["properties"]["communityCode"] for feature in listed} == {here}
    assert (await ogc(f"/collections/buildings/items/{own}", worker)).status_code == 200
    assert (await ogc(f"/collections/buildings/items/{foreign}", worker)).status_code == 404
    hits = (await ogc("/collections/buildings/items?resultType=hits", worker)).json()
    assert hits["numberMatched"] == len(listed)


async def test_all_are_counted_with_a_page_when_that_is_asked_for(ogc: Any, here_and_there: dict[str, str]) -> None:
    worker = actor(Post.STATION_HEAD, next(iter(here_and_there))[:9])
    for more in ("", "&cursor=00000000-0000-0000-0000-000000000000", f"&communityCode={next(iter(here_and_there))}"):
        whole = (await ogc(f"/collections/buildings/items?limit=1000{more}", worker)).json()
        page = (await ogc(f"/collections/buildings/items?limit=1&resultType=results{more}", worker)).json()
        assert (page["numberReturned"], page["numberMatched"]) == (1, whole["numberReturned"])


async def test_a_page_that_is_kept_is_not_shown_to_whoever_sees_less_nor_after_a_change(
    ogc: Any, send: Send, here_and_there: dict[str, str], grids: Surfaces
) -> None:
    (here, _), (there, foreign) = here_and_there.items()
    path = "/collections/buildings/items?limit=1000&resultType=results"

    async def seen(area: str) -> tuple[set[str], int]:
        page = (await ogc(path, actor(Post.STATION_HEAD, area))).json()
        return {feature["id"] for feature in page["features"]}, page["numberMatched"]

    whole, number = await seen("150204")
    assert foreign in whole
    narrow, fewer = await seen(here)
    assert foreign not in narrow
    assert fewer < number
    code = min(code for code in grids if code.startswith(there))
    made = await send(actor(Post.STATION_HEAD, there), "POST", "/buildings", json=building(inside(grids[code])))
    again, more = await seen("150204")
    assert (again - whole, more) == ({made.json()["id"]}, number + 1)


async def test_who_has_a_page_already_is_told_so_until_something_changes(
    ogc: Any, send: Send, here_and_there: dict[str, str], grids: Surfaces
) -> None:
    here = next(iter(here_and_there))
    worker = actor(Post.STATION_HEAD, here)
    etag = (await ogc("/collections/buildings/items", worker)).headers["etag"]
    again = await ogc("/collections/buildings/items", worker, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    other = actor(Post.STATION_HEAD, list(here_and_there)[1])
    assert (await ogc("/collections/buildings/items", other, headers={"If-None-Match": etag})).status_code == 200
    code = min(code for code in grids if code.startswith(here))
    await send(worker, "POST", "/buildings", json=building(inside(grids[code]), name="新楼"))
    assert (await ogc("/collections/buildings/items", worker, headers={"If-None-Match": etag})).status_code == 200


async def test_an_answer_is_packed_for_whoever_unpacks(ogc: Any) -> None:
    plain = await ogc("/collections/grids/items?limit=50", headers={"Accept-Encoding": "identity"})
    packed = await ogc("/collections/grids/items?limit=50", headers={"Accept-Encoding": "gzip"})
    refused = await ogc("/collections/grids/items?limit=50", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json()["features"] == plain.json()["features"]
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2


async def test_the_document_describes_what_is_served(ogc: Any) -> None:
    document = (await ogc("/api")).json()
    assert document["openapi"].startswith("3.0")
    described = set(document["paths"])
    for collection in (each["id"] for each in (await ogc("/collections")).json()["collections"]):
        assert {f"/collections/{collection}", f"/collections/{collection}/items"} <= described
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
