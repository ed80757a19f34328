"""Areas as files: written and read in three formats and any system, imported whole or not at all."""

import asyncio
import io
import json
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyogrio
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import box, mapping, shape

from gis_svc import exchange
from gis_svc.exchange import FileFormat, OutCrs, UnreadableFileError
from grid_kernel.auth import Actor, Post
from grid_kernel.geo import Crs
from grid_kernel.testing import actor

from .conftest import DISTRICT, Send, Surfaces
from .drawings import building, drawn, inside

STREAM = {"Content-Type": "application/octet-stream"}
STREET = "150204006"


@pytest.fixture(scope="module")
def _small(shipped_grids: Surfaces) -> Iterator[str]:
    codes = [code[:12] for code in shipped_grids]
    return iter(sorted(code for code in set(codes) if codes.count(code) in (2, 3)))


@pytest.fixture
def fitting(_small: Iterator[str]) -> str:
    """A shipped community of two or three grids, which no other test takes: it fits into its street."""
    return next(_small)


def collection(*features: dict[str, Any], crs: str | None = None) -> bytes:
    told = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return orjson.dumps({"type": "FeatureCollection", "features": features} | told)


def feature(code: str | None, surface: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": code, **more}, "geometry": mapping(surface) if surface else None}


@pytest.mark.parametrize("file_format", list(FileFormat))
@pytest.mark.parametrize("crs", list(OutCrs))
async def test_what_is_written_is_read_again(
    send: Send, leader: Actor, grids: Surfaces, tmp_path: Path, file_format: FileFormat, crs: OutCrs
) -> None:
    asked = {"format": file_format.value, "crs": crs.value, "within": STREET, "level": "grid"}
    answer = await send(leader, "GET", "/area-exports", params=asked)
    assert answer.status_code == 200, answer.text
    # The reader of others, GDAL, finds all of them where they are.
    path = tmp_path / f"areas.{exchange.SUFFIXES[file_format]}"
    path.write_bytes(answer.content)
    source = f"/vsizip/{path}/areas.shp" if file_format is FileFormat.SHAPEFILE else str(path)
    meta, _, wkb, columns = await asyncio.to_thread(pyogrio.raw.read, source)
    assert meta["crs"] == crs.value or (file_format is FileFormat.GEOJSON and crs is OutCrs.WGS84)
    found = dict(zip(columns[list(meta["fields"]).index("code")], shapely.from_wkb(wkb), strict=True))
    expected = {code: surface for code, surface in grids.items() if code.startswith(STREET)}
    assert found.keys() >= expected.keys()
    to = Transformer.from_crs(4490, crs.value, always_xy=True).transform
    code = min(expected)
    moved = shapely.transform(expected[code], lambda xy: np.column_stack(to(xy[:, 0], xy[:, 1])))
    assert found[code].hausdorff_distance(moved) < moved.length / 1e6
    # And so do we.
    ours = exchange.read(answer.content, file_format, None)
    again = {each.properties["code"]: each.geometry for each in ours}
    ours_there = again[code]
    assert ours_there is not None
    assert ours_there.hausdorff_distance(expected[code]) < 1e-7


async def test_the_three_outlines_of_the_district_leave_as_what_each_source_says(send: Send, leader: Actor) -> None:
    areas = {}
    for source in ("tianditu", "amap_wgs84", "amap_gcj02"):
        answer = await send(leader, "GET", "/area-exports", params={"level": "district", "source": source})
        [one] = answer.json()["features"]
        areas[source] = (round(one["properties"]["area_m2"] / 1e6), one["properties"]["official"])
    assert areas == {"tianditu": (276, True), "amap_wgs84": (184, False), "amap_gcj02": (184, False)}


def test_a_file_of_gcj02_is_told_by_a_person_and_taken_back() -> None:
    outlines = Path(str(files("gis_svc"))) / "data" / "outlines"
    wgs84, gcj02 = (
        json.loads((outlines / f"district_amap_{name}.geojson").read_text("utf-8")) for name in ("wgs84", "gcj02")
    )
    [moved] = exchange.read(orjson.dumps(gcj02), FileFormat.GEOJSON, Crs.GCJ02)
    [plain] = exchange.read(orjson.dumps(wgs84), FileFormat.GEOJSON, None)
    assert moved.geometry is not None
    assert plain.geometry is not None
    together = moved.geometry.intersection(plain.geometry).area / moved.geometry.union(plain.geometry).area
    assert together > 0.999


@pytest.mark.parametrize(
    ("content", "file_format", "code"),
    [
        (b"{", FileFormat.GEOJSON, "file-unreadable"),
        (b"[]", FileFormat.GEOJSON, "file-unreadable"),
        (
            b'{"features": [{"geometry": {"type": "Polygon", "coordinates": [[[0]]]}}]}',
            FileFormat.GEOJSON,
            "file-unreadable",
        ),
        (b"SQLite format 3\0 and nothing more", FileFormat.GEOPACKAGE, "file-unreadable"),
        (b"no database", FileFormat.GEOPACKAGE, "file-unreadable"),
        (b"no archive", FileFormat.SHAPEFILE, "file-unreadable"),
        (
            collection(feature("1", box(0, 0, 1, 1)), crs="urn:ogc:def:crs:EPSG::999999"),
            FileFormat.GEOJSON,
            "crs-unknown",
        ),
        (collection(feature("1", box(0, 0, 500, 1))), FileFormat.GEOJSON, "outside-the-world"),
        (
            collection(feature("1", box(0, 0, 1, 1)), crs="+proj=longlat +nadgrids=/etc/passwd"),
            FileFormat.GEOJSON,
            "crs-unknown",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(content: bytes, file_format: FileFormat, code: str) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        exchange.read(content, file_format, None)
    assert refused.value.code == code


def _zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def test_an_archive_that_swells_or_holds_no_shapefile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MOST_UNPACKED", 1000)
    for content, code in (
        (_zipped(a_txt=b"x"), "not-one-shapefile"),
        (_zipped(a_shp=b"x", b_shp=b"y"), "not-one-shapefile"),
        (_zipped(a_shp=b"0" * 5000), "unpacks-too-large"),
    ):
        with pytest.raises(UnreadableFileError) as refused:
            exchange.read(content, FileFormat.SHAPEFILE, None)
        assert refused.value.code == code


@pytest.mark.filterwarnings("ignore:.crs. was not provided")
def test_a_shapefile_without_projection_asks_for_the_system(tmp_path: Path) -> None:
    wkb = shapely.to_wkb(np.array([box(109.9, 40.6, 109.91, 40.61)], dtype=object))
    pyogrio.raw.write(
        tmp_path / "a.shp",
        wkb,
        [np.array(["1"], dtype=object)],
        ["code"],
        geometry_type="Polygon",
        driver="ESRI Shapefile",
    )
    members = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"folder/{name}", content)
    with pytest.raises(UnreadableFileError, match="crs-unknown"):
        exchange.read(packed.getvalue(), FileFormat.SHAPEFILE, None)
    [one] = exchange.read(packed.getvalue(), FileFormat.SHAPEFILE, Crs.CGCS2000)
    assert one.geometry is not None
    assert one.geometry.bounds == (109.9, 40.6, 109.91, 40.61)


async def _import(send: Send, who: Actor | None, content: bytes, *, dry: bool = False, **asked: Any) -> Any:
    path = "/area-imports/checks" if dry else "/area-imports"
    key = {} if dry else {"Idempotency-Key": f"import-{np.random.default_rng().integers(1 << 60)}"}
    return await send(who, "POST", path, params={"source": "survey", **asked}, content=content, headers=STREAM | key)


async def test_a_further_source_stands_beside_what_is_in_force(
    send: Send, leader: Actor, grids: Surfaces, community: str
) -> None:
    code = min(c for c in grids if c.startswith(community))
    smaller = grids[code].buffer(-5e-5)
    answer = await _import(send, leader, collection(feature(code, smaller)))
    assert answer.status_code == 201, answer.text
    assert [(a["code"], a["action"]) for a in answer.json()["areas"]] == [(code, "version")]
    versions = (await send(leader, "GET", f"/areas/{code}/versions")).json()
    assert {(v["source"], v["inForce"], v["official"]) for v in versions} == {
        ("synthetic", True, False),
        ("survey", False, False),
    }
    outline = (await send(leader, "GET", f"/areas/{code}/outline", params={"source": "survey"})).json()
    assert shape(outline["geometry"]).equals_exact(shapely.transform(smaller, lambda xy: xy.round(8)), 1e-7)


async def test_another_source_may_become_the_one_in_force_and_the_former_stays(
    send: Send, leader: Actor, fitting: str, shipped: Any
) -> None:
    wkb = next(place.wkb for place in shipped if place.code == fitting)
    same = shapely.from_wkb(wkb)
    assert (await _import(send, leader, collection(feature(fitting, same)))).status_code == 201
    version = (await send(leader, "GET", f"/areas/{fitting}")).headers["etag"]
    path = f"/areas/{fitting}/adoption"
    stale = await send(leader, "POST", path, json={"source": "survey"}, headers={"If-Match": '"99"'})
    assert stale.status_code == 412
    answer = await send(leader, "POST", path, json={"source": "survey"}, headers={"If-Match": version})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["source"], answer.json()["official"]) == ("survey", True)
    versions = (await send(leader, "GET", f"/areas/{fitting}/versions")).json()
    now = {(v["source"], v["inForce"]) for v in versions if v["validTo"] is None}
    assert now == {("survey", True), ("synthetic", False)}
    none = await send(leader, "POST", path, json={"source": "amap_gcj02"}, headers={"If-Match": answer.headers["etag"]})
    assert (none.status_code, none.json()["errors"][0]["code"]) == (400, "no-such-version")


async def test_an_outline_that_leaves_its_grids_outside_is_not_adopted(
    send: Send, leader: Actor, fitting: str, shipped: Any
) -> None:
    wkb = next(place.wkb for place in shipped if place.code == fitting)
    half = shapely.from_wkb(wkb).buffer(-1e-3)
    assert (await _import(send, leader, collection(feature(fitting, half)))).status_code == 201
    version = (await send(leader, "GET", f"/areas/{fitting}")).headers["etag"]
    answer = await send(
        leader, "POST", f"/areas/{fitting}/adoption", json={"source": "survey"}, headers={"If-Match": version}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "areas-outside"), answer.text


async def test_a_file_moves_borders_and_buildings_at_once(
    send: Send, leader: Actor, grids: Surfaces, fitting: str
) -> None:
    codes = sorted(c for c in grids if c.startswith(fitting))
    whole = shapely.union_all([grids[code] for code in codes])
    west, south, east, north = whole.bounds
    middle = (west + east) / 2
    halves = [
        shape(mapping(whole.intersection(box(*bounds))))
        for bounds in ((west, south, middle, north), (middle, south, east, north))
    ]
    head = actor(Post.STATION_HEAD, fitting)
    standing = await send(
        head,
        "POST",
        "/buildings",
        json=building(inside(grids[codes[-1]])),
        headers={"Idempotency-Key": f"imp-{fitting}"},
    )
    assert standing.status_code == 201, standing.text
    content = collection(*(feature(code, grids[code].intersection(halves[0])) for code in codes[:1]))
    # Everything of the other grids stays: the first grid alone becomes smaller, so a gap is told but refuses nothing.
    answer = await _import(send, leader, content, dry=True, inForce=True)
    report = answer.json()
    assert (answer.status_code, report["stored"]) == (200, False), answer.text
    assert report["areas"][0]["action"] == "redrawn"
    before = (await send(leader, "GET", f"/areas/{codes[0]}")).json()
    assert (before["source"], before["version"]) == ("synthetic", 1)
    moved = collection(
        feature(codes[0], grids[codes[0]].union(grids[codes[1]])),
        feature(codes[1], grids[codes[1]]),
    )
    refused = await _import(send, leader, moved, inForce=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "import-refused")
    assert {error["code"] for error in refused.json()["errors"]} == {"topology-overlap"}
    same = collection(*(feature(code, grids[code], name=f"{code[-3:]}号网格") for code in codes))
    stored = await _import(send, leader, same, inForce=True)
    assert stored.status_code == 201, stored.text
    now = (await send(leader, "GET", f"/areas/{codes[0]}")).json()
    assert (now["source"], now["version"], now["name"]) == ("survey", 2, "001号网格")


async def test_a_dry_run_says_of_each_feature_what_is_wrong(
    send: Send, leader: Actor, grids: Surfaces, community: str
) -> None:
    code = min(c for c in grids if c.startswith(community))
    bow = shapely.Polygon([(109.8, 40.6), (109.9, 40.7), (109.9, 40.6), (109.8, 40.7)])
    content = collection(
        feature(None, grids[code]),
        feature(f"{community}999", grids[code]),
        feature(code, bow),
        feature(code[:-1], grids[code]),
        feature(code, None),
        feature(f"{community}998", box(0, 0, 1, 1), name="a\u0000b"),
    )
    answer = await _import(send, leader, content, dry=True)
    problems = {(p["feature"], p["code"]) for p in answer.json()["problems"]}
    assert problems == {
        (0, "code-missing"),
        (1, "area-unknown"),
        (2, "shape-invalid"),
        (3, "code-missing"),
        (4, "shape-invalid"),
        (5, "shape-invalid"),
    }
    assert all(p["text"] and p["code"] not in p["text"] for p in answer.json()["problems"])


async def test_only_who_draws_imports(send: Send, grids: Surfaces) -> None:
    content = collection(feature(min(grids), grids[min(grids)]))
    for who, status in (
        (None, 401),
        (actor(Post.STATION_HEAD, "150204006019"), 403),
        (actor(Post.DISTRICT_LEADER, "150205"), 403),
    ):
        for dry in (True, False):
            assert (await _import(send, who, content, dry=dry)).status_code == status
    bad = await _import(send, actor(Post.SYSTEM_ADMIN, DISTRICT), content, source="nobody")
    assert bad.status_code == 400
    assert (await _import(send, actor(Post.SYSTEM_ADMIN, DISTRICT), b"{")).json()["errors"][0][
        "code"
    ] == "file-unreadable"


async def test_a_park_lies_over_the_grids_and_is_closed_again(
    send: Send, leader: Actor, grids: Surfaces, community: str
) -> None:
    codes = sorted(c for c in grids if c.startswith(community))
    over = shapely.union_all([grids[code].buffer(-1e-5) for code in codes[:2]]).convex_hull
    outline = over.intersection(shapely.union_all([grids[code] for code in codes]).buffer(1e-6)).buffer(-1e-5)
    wanted = {
        "communityCode": community,
        "gridType": "special",
        "kind": "park",
        "name": "创业园",
        "outline": drawn(outline),
    }
    key = {"Idempotency-Key": f"park-{community}"}
    made = await send(
        leader,
        "POST",
        "/grids",
        json=wanted | {"kind": "no_such"},
        headers=key | {"Idempotency-Key": f"park0-{community}"},
    )
    assert made.status_code == 400
    made = await send(leader, "POST", "/grids", json=wanted, headers=key)
    assert made.status_code == 201, made.text
    park = made.json()
    assert (park["gridType"], park["kind"], park["name"]) == ("special", "park", "创业园")
    # A point in it still belongs to a basic grid.
    asked = {"points": [{"reference": "a", "point": inside(grids[codes[0]])}]}
    located = await send(leader, "POST", "/locate", json=asked)
    assert located.json()["points"][0]["gridCode"] == codes[0]
    merged = {"grids": [{"code": park["code"], "version": 1}, {"code": codes[0], "version": 1}]}
    answer = await send(leader, "POST", "/grids/merge", json=merged, headers={"Idempotency-Key": f"merge-{community}"})
    assert (answer.status_code, answer.json()["code"]) == (409, "grid-of-other-type")
    renamed = await send(
        leader, "PATCH", f"/grids/{park['code']}", json={"name": "创新园"}, headers={"If-Match": '"1"'}
    )
    assert renamed.status_code == 200, renamed.text
    assert (renamed.json()["name"], renamed.json()["kind"]) == ("创新园", "park")
    basic = await send(leader, "POST", f"/grids/{codes[0]}/closure", json={}, headers={"If-Match": '"1"'})
    assert (basic.status_code, basic.json()["code"]) == (409, "grid-of-other-type")
    closed = await send(leader, "POST", f"/grids/{park['code']}/closure", json={}, headers={"If-Match": '"2"'})
    assert (closed.status_code, closed.json()["validTo"] is None) == (200, False), closed.text


async def test_the_report_names_the_parts_that_do_not_fit_in_words(send: Send, leader: Actor) -> None:
    answer = await send(leader, "GET", "/topology-report", params={"within": DISTRICT})
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["areas"] > 500
    assert set(report["counts"]) >= {"outside_parent", "overlap", "gap", "building_in_none", "building_in_several"}
    # The official district reaches into the mountains, where no street was drawn: one true gap, told with its ground.
    gaps = [each for each in report["findings"] if each["fault"] == "gap" and each["codes"] == [DISTRICT]]
    assert sum(each["areaM2"] for each in gaps) > 90e6
    assert "平方米" in gaps[0]["text"]
    assert "青山区" in gaps[0]["text"]
    assert (await send(None, "GET", "/topology-report")).status_code == 401
