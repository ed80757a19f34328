"""OGC API – Features Parts 2 and 3: coordinate systems, queryables, filters in both encodings of CQL2."""

from typing import Any

import httpx
import orjson
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import box, mapping, shape

from grid_kernel.auth import Actor, Post
from grid_kernel.testing import Tokens, actor

from .conftest import Surfaces

LEADER = actor(Post.DISTRICT_LEADER, "150204")
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
COMMUNITY = "150204006019"


@pytest.fixture
def items(client: httpx.AsyncClient, tokens: Tokens) -> Any:
    """Items of a collection of areas, as the leader."""

    async def get(collection: str = "grids", who: Actor = LEADER, **query: Any) -> httpx.Response:
        params = {"limit": 1000} | {name.replace("_", "-"): value for name, value in query.items()}
        return await client.get(f"/ogc/collections/{collection}/items", params=params, headers=tokens.headers(who))

    return get


async def ids(items: Any, **query: Any) -> set[str]:
    answer = await items(**query)
    assert answer.status_code == 200, answer.text
    return {feature["id"] for feature in answer.json()["features"]}


@pytest.mark.parametrize("code", [4326, 4490, 3857])
async def test_features_come_in_the_system_asked_for(items: Any, grids: Surfaces, code: int) -> None:
    answer = await items(crs=f"{EPSG}{code}", parentCode=COMMUNITY)
    assert answer.headers["content-crs"] == f"<{EPSG}{code}>"
    to = Transformer.from_crs(4490, code).transform
    for feature in answer.json()["features"]:
        expected = shapely.transform(grids[feature["id"]], lambda xy: xy[:, ::-1])
        expected = shapely.transform(expected, to, interleaved=False)
        assert shape(feature["geometry"]).equals_exact(expected, 0.01 if code == 3857 else 1e-8)


async def test_a_box_may_be_asked_for_in_another_system(items: Any, grids: Surfaces) -> None:
    west, south, east, north = grids[f"{COMMUNITY}001"].bounds
    plain = await ids(items, bbox=f"{west},{south},{east},{north}")
    turned = await ids(items, bbox=f"{south},{west},{north},{east}", bbox_crs=f"{EPSG}4490")
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform([west, east], [south, north])
    metres = await ids(items, bbox=f"{x[0]},{y[0]},{x[1]},{y[1]}", bbox_crs="[EPSG:3857]")
    assert plain == turned == metres
    assert f"{COMMUNITY}001" in plain


@pytest.mark.parametrize("parameter", ["crs", "bbox-crs", "filter-crs"])
async def test_a_system_that_is_not_offered_is_refused(items: Any, parameter: str) -> None:
    answer = await items(**{parameter: f"{EPSG}27700"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"#/query/{parameter}")


async def test_queryables_name_what_a_filter_may_speak_of(client: httpx.AsyncClient, tokens: Tokens) -> None:
    answer = await client.get("/ogc/collections/buildings/queryables", headers=tokens.headers(LEADER))
    assert answer.headers["content-type"] == "application/schema+json"
    assert {"geometry", "floors", "kind", "gridCode"} <= set(answer.json()["properties"])


BOTH = [
    ("parentCode = '150204006019'", {"op": "=", "args": [{"property": "parentCode"}, "150204006019"]}),
    ("NOT (code < '150204006019' OR code > '150204006019999')", None),
    ("code LIKE '150204006019%'", None),
    ("parentCode IN ('150204006019', 'x')", None),
    ("code BETWEEN '150204006019' AND '150204006020'", None),
    (
        "casei(parentCode) = casei('150204006019') AND areaM2 > 0 AND version >= 1 AND NOT (synthetic <> synthetic)",
        None,
    ),
    ("parentCode = '150204006019' AND validTo IS NULL AND validFrom < DATE('2026-01-01')", None),
    ("parentCode = '150204006019' AND areaM2 * 2 + 1 > areaM2 AND areaM2 / 0 IS NULL", None),
]


@pytest.mark.parametrize(("text", "json"), BOTH)
async def test_a_filter_finds_the_grids_of_a_community(items: Any, grids: Surfaces, text: str, json: Any) -> None:
    expected = {code for code in grids if code.startswith(COMMUNITY)}
    assert await ids(items, filter=text) == expected
    if json:
        assert await ids(items, filter=orjson.dumps(json).decode(), filter_lang="cql2-json") == expected


RELATIONS = ["intersects", "disjoint", "within", "contains", "touches", "crosses", "overlaps", "equals"]


@pytest.mark.parametrize("relation", RELATIONS)
async def test_a_relation_of_shapes_is_answered_exactly(items: Any, grids: Surfaces, relation: str) -> None:
    first = grids[f"{COMMUNITY}001"]
    other = first if relation in {"equals", "touches"} else first.envelope
    told = f"s_{relation}(geometry, {shapely.to_wkt(other, rounding_precision=-1)})"
    as_shipped = await ids(items, filter="version = 1") & grids.keys()  # other tests draw elsewhere
    ours = await ids(items, filter=told) & as_shipped
    assert ours == {code for code in as_shipped if getattr(grids[code], relation)(other)}


async def test_shapes_may_stand_anywhere_in_a_filter(items: Any, grids: Surfaces) -> None:
    spot = grids[f"{COMMUNITY}001"].representative_point()
    here = f"S_INTERSECTS(geometry, POINT({spot.x} {spot.y}))"
    assert await ids(items, filter=here) == {f"{COMMUNITY}001"}
    assert await ids(items, filter=f"{here} AND name = 'x'") == set()
    rest = await ids(items, filter=f"NOT {here} AND parentCode = '{COMMUNITY}'")
    assert rest == {c for c in grids if c.startswith(COMMUNITY)} - {f"{COMMUNITY}001"}
    swapped = await ids(items, filter=f"S_CONTAINS(POINT({spot.y} {spot.x}), geometry)", filter_crs=f"{EPSG}4490")
    assert swapped == set()
    held = await ids(items, filter=f"S_WITHIN(POINT({spot.y} {spot.x}), geometry)", filter_crs=f"{EPSG}4490")
    assert held == {f"{COMMUNITY}001"}
    boxed = {"op": "s_intersects", "args": [{"property": "geometry"}, mapping(box(*spot.buffer(1e-6).bounds))]}
    assert await ids(items, filter=orjson.dumps(boxed).decode(), filter_lang="cql2-json") >= {f"{COMMUNITY}001"}


async def test_a_filtered_page_is_counted_and_led_on(items: Any, client: httpx.AsyncClient, tokens: Tokens) -> None:
    told = f"parentCode = '{COMMUNITY}'"
    hits = (await items(filter=told, resultType="hits")).json()["numberMatched"]
    page = (await items(filter=told, limit=2)).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    second = (await client.get(following, headers=tokens.headers(LEADER))).json()
    assert hits >= 3
    assert not {f["id"] for f in page["features"]} & {f["id"] for f in second["features"]}
    assert second["features"][0]["properties"]["parentCode"] == COMMUNITY


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("code = ", "filter-malformed"),
        ("nobody = 1", "filter-property"),
        ("name > 3", "filter-kinds"),
        ("areaM2 = 'a'", "filter-kinds"),
        ("validFrom = DATE('2026-13-01')", "filter-kinds"),
        ("foo(name) = 'x'", "filter-operator"),
        ("a_contains(name, 'x')", "filter-operator"),
        ("s_intersects(geometry, POINT(1000 2))", "filter-spatial"),
        ("s_intersects(name, name)", "filter-spatial"),
        ("s_intersects(geometry, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))", "filter-spatial"),
        ("name", "filter-malformed"),
        ("1", "filter-malformed"),
        ("(" * 3000 + "synthetic" + ")" * 3000, "filter-too-large"),
        ("NOT " * 100 + "synthetic", "filter-too-large"),
        (" OR ".join(["s_intersects(geometry, POINT(1 2))"] * 6), "filter-too-large"),
    ],
)
async def test_a_filter_that_cannot_be_understood_is_refused_with_the_reason(items: Any, told: str, code: str) -> None:
    answer = await items(filter=told)
    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("#/query/filter", code)


@pytest.mark.parametrize(
    "told", ["[]", "{}", "3", '"x"', "{", '{"op":"and","args":[]}', '{"op":"=","args":[1]}', "null"]
)
async def test_json_that_is_no_filter_is_refused(items: Any, told: str) -> None:
    assert (await items(filter=told, filter_lang="cql2-json")).status_code == 400


async def test_a_language_nobody_speaks_is_refused(items: Any) -> None:
    assert (await items(filter="1=1", filter_lang="ecql")).status_code == 400


async def test_a_filter_lets_nobody_see_more(items: Any) -> None:
    stranger = actor(Post.RESIDENT_SERVICE_OFFICER, "150204999999")
    for told in ("TRUE", "1 = 1", "NOT (floors < 0)", "s_disjoint(geometry, POINT(0 0))"):
        assert (await items("buildings", stranger, filter=told)).json()["features"] == []
