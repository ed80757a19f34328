"""Point → grid from memory: every grid is found, as of any day, and the system of the numbers matters."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from gis_svc import locating, shapes
from gis_svc.location import Place, Places
from gis_svc.schemas import Located, PointsToLocate
from grid_kernel import geo
from grid_kernel.contracts.gis import LocatePoint, LocatePoints
from grid_kernel.geo import Crs

from .conftest import Surfaces
from .drawings import inside, point

TODAY = date(2026, 11, 23)
OUTSIDE = (109.6, 40.4)
SHARED = Path(__file__).parents[3] / "shared" / "data" / "geo"


@pytest.fixture(scope="module")
def grids(shipped_grids: Surfaces) -> Surfaces:
    """Here the grids as they are shipped alone."""
    return shipped_grids


def ask(places: Places, at: dict[str, object], **more: object) -> Located:
    asked = PointsToLocate.model_validate({"points": [{"reference": "a", "point": at, **more}]})
    return locating.locate(places, asked, TODAY).points[0]


def test_all_475_grids_are_known(grids: Surfaces, places: Places) -> None:
    assert len(grids) == 475
    assert all(places.place(code, TODAY) for code in grids)


def test_a_point_inside_each_grid_is_located_in_it(grids: Surfaces, places: Places) -> None:
    points = {code: surface.representative_point() for code, surface in grids.items()}
    assert {code: places.locate(p.x, p.y, TODAY) for code, p in points.items()} == {code: code for code in grids}


def test_many_points_at_once_are_located_as_each_alone(grids: Surfaces, places: Places) -> None:
    random = np.random.default_rng(20131009)
    lons, lats = random.uniform(109.83, 110.1, 3_000), random.uniform(40.6, 40.81, 3_000)
    together = places.locate_many(lons, lats, TODAY)
    assert together == [places.locate(lon, lat, TODAY) for lon, lat in zip(lons, lats, strict=True)]
    expected = {
        index: code
        for code, surface in grids.items()
        for index in np.flatnonzero(shapely.contains_xy(surface, lons, lats)).tolist()
    }
    assert {index: together[index] for index in expected} == expected


def test_every_corner_of_every_grid_is_in_some_grid_and_always_the_same(grids: Surfaces, places: Places) -> None:
    corners = np.concatenate([shapely.get_coordinates(surface) for surface in grids.values()])
    found = places.locate_many(corners[:, 0], corners[:, 1], TODAY)
    assert all(code and len(code) == 15 for code in found)
    assert places.locate_many(corners[::-1, 0], corners[::-1, 1], TODAY) == found[::-1]


def test_a_point_in_the_mountains_is_in_the_district_but_in_no_grid(places: Places) -> None:
    assert places.locate(110.0, 40.77, TODAY) == "150204"


def test_a_point_outside_the_district_is_nowhere(places: Places) -> None:
    assert places.locate(*OUTSIDE, TODAY) is None
    answer = ask(places, point(*OUTSIDE))
    assert (answer.grid_code, answer.area_code, answer.path, answer.suspected) == (None, None, [], None)


def test_names_lead_from_the_district_down(places: Places) -> None:
    names = [place.name for place in places.path("150204006019001", TODAY)]
    assert names == ["青山区", "青山路街道", "都兰社区", "都兰社区第001网格"]


def test_the_day_decides_which_outline_counts() -> None:
    first, second = shapely.to_wkb(box(109, 40, 110, 41)), shapely.to_wkb(box(109, 40, 109.5, 41))
    changed = date(2026, 7, 1)
    code = "150204001021001"
    places = Places(
        1,
        [
            Place(code, "old", "grid", date(2026, 1, 1), changed, first),
            Place(code, "new", "grid", changed, None, second),
            Place("150204001021002", "east", "grid", changed, None, shapely.to_wkb(box(109.5, 40, 110, 41))),
        ],
    )
    before, after = changed - timedelta(days=1), changed
    assert [places.locate(109.7, 40.5, day) for day in (before, after)] == [code, "150204001021002"]
    assert [place.name for day in (before, after) for place in places.path(code, day)] == ["old", "new"]
    assert places.locate(109.7, 40.5, date(2025, 12, 31)) is None


def test_a_picture_without_areas_locates_nothing() -> None:
    assert Places(0, []).locate(109.87, 40.67, TODAY) is None


@given(lon=st.floats(109.7, 110.2), lat=st.floats(40.5, 40.9))
def test_where_it_lies_is_where_it_is(places: Places, grids: Surfaces, lon: float, lat: float) -> None:
    code = places.locate(lon, lat, TODAY)
    if code in grids:
        assert grids[code].distance(shapely.Point(lon, lat)) <= 2e-5


def test_the_same_numbers_in_another_system_are_another_grid(grids: Surfaces, places: Places) -> None:
    town = [code for code, surface in grids.items() if geo.area_m2(surface) < 80_000]
    assert len(town) > 150
    for code in town[::5]:
        here = grids[code].representative_point()
        lon, lat = geo.from_cgcs2000(here.x, here.y, Crs.GCJ02)
        assert ask(places, point(lon, lat, "GCJ02")).grid_code == code
        assert ask(places, point(lon, lat, "WGS84")).grid_code != code
        baidu = geo.from_cgcs2000(here.x, here.y, Crs.BD09)
        assert ask(places, point(*baidu, "BD09")).grid_code == code


def test_an_accurate_fix_leaves_one_grid_and_a_coarse_one_several(grids: Surfaces, places: Places) -> None:
    code, surface = next(iter(grids.items()))
    fine, coarse, wild = (ask(places, inside(surface, accuracyM=metres)) for metres in (5, 400, 50_000))
    assert fine.grids_in_accuracy == [code]
    assert code in coarse.grids_in_accuracy
    assert len(coarse.grids_in_accuracy) > 1
    assert (wild.grid_code, wild.grids_in_accuracy, wild.accuracy_m) == (code, [code], 50_000)


@pytest.mark.parametrize("crs", [Crs.GCJ02, Crs.BD09])
def test_a_fix_off_its_building_as_another_system_would_put_it_is_suspected(
    grids: Surfaces, places: Places, crs: Crs
) -> None:
    code, surface = list(grids.items())[100]
    here = surface.representative_point()
    lon, lat = geo.from_cgcs2000(here.x, here.y, crs)
    answer = ask(places, point(lon, lat, "WGS84"), near=point(here.x, here.y))
    assert answer.suspected is not None
    assert (answer.suspected.crs, answer.suspected.grid_code) == (crs, code)
    assert answer.suspected.position.lon == pytest.approx(here.x, abs=1e-6)


def test_a_fix_near_its_building_is_believed(grids: Surfaces, places: Places) -> None:
    here = next(iter(grids.values())).representative_point()
    answer = ask(places, point(here.x + 0.0003, here.y, "WGS84"), near=point(here.x, here.y))
    assert answer.suspected is None


def test_numbers_outside_every_grid_that_fit_another_system_are_suspected(grids: Surfaces, places: Places) -> None:
    shifted = {
        code: geo.from_cgcs2000(s.representative_point().x, s.representative_point().y, Crs.GCJ02)
        for code, s in grids.items()
    }
    code, (lon, lat) = next((c, at) for c, at in shifted.items() if len(places.locate(*at, TODAY) or "") < 15)
    suspected = ask(places, point(lon, lat, "WGS84")).suspected
    assert suspected is not None
    assert (suspected.crs, suspected.grid_code) == (Crs.GCJ02, code)
    assert ask(places, point(lon, lat, "GCJ02")).suspected is None


def test_another_service_gets_the_grid_and_else_the_smallest_area(grids: Surfaces, places: Places) -> None:
    code, surface = next(iter(grids.items()))
    here = surface.representative_point()
    asked = LocatePoints(
        points=(
            LocatePoint(reference="grid", lon=here.x, lat=here.y),
            LocatePoint(reference="mountain", lon=110.0, lat=40.77),
            LocatePoint(reference="away", lon=OUTSIDE[0], lat=OUTSIDE[1]),
        )
    )
    found = [(p.reference, p.grid_code, p.area_code) for p in locating.answer(places, asked, TODAY).points]
    assert found == [("grid", code, code), ("mountain", None, "150204"), ("away", None, None)]


def test_an_area_is_described_with_its_way_down_and_an_unknown_one_is_not(places: Places) -> None:
    known, unknown = (locating.describe(places, code, TODAY) for code in ("150204006019", "150204006999"))
    assert (known.name, known.level, known.path) == ("都兰社区", "community", ("青山区", "青山路街道", "都兰社区"))
    assert (unknown.name, unknown.level, unknown.path) == (None, None, ())


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the reference data is not here")
def test_the_published_pair_of_outlines_agrees_after_conversion() -> None:
    def read(name: str, crs: Crs) -> shapes.Area:
        text = (SHARED / f"qingshan_boundary_{name}.geojson").read_text("utf-8")
        return shapes.surface_of(json.loads(text)["features"][0]["geometry"], crs)

    converted, published = read("amap_gcj02", Crs.GCJ02), read("amap_wgs84", Crs.WGS84)
    shared, union = converted.intersection(published).area, converted.union(published).area
    assert shared / union > 0.9995
    raw = read("amap_gcj02", Crs.WGS84)
    assert raw.intersection(published).area / raw.union(published).area < 0.97


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the reference data is not here")
def test_what_is_shipped_is_what_was_collected(grids: Surfaces) -> None:
    features = json.loads((SHARED / "synthetic_grids.geojson").read_text("utf-8"))["features"]
    collected = sorted(shapely.normalize(shapes.surface_of(f["geometry"])).wkb for f in features)
    assert sorted(shapely.normalize(surface).wkb for surface in grids.values()) == collected
