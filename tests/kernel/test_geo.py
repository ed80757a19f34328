"""Coordinates: the numbers measured at Qingshan, and what must hold anywhere in China."""

import json
import math
import threading
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from grid_kernel.geo import (
    Box,
    Crs,
    area_m2,
    distance_m,
    distances_m,
    from_cgcs2000,
    from_cgcs2000_many,
    length_m,
    suspected_crs,
    to_cgcs2000,
    to_cgcs2000_many,
    to_degrees,
    to_plane,
)

QINGSHAN = (109.9017, 40.6434)
SHARED = Path(__file__).parents[3] / "shared" / "data" / "geo"
SHIFTED = (Crs.GCJ02, Crs.BD09)

lons = st.floats(74, 135)
lats = st.floats(18, 53)


@pytest.mark.parametrize(
    ("lon", "lat", "crs", "metres"),
    [
        (*QINGSHAN, Crs.GCJ02, 488.4),
        (*QINGSHAN, Crs.BD09, 1299.4),
        (109.87, 40.66, Crs.GCJ02, 492),
        (109.87, 40.66, Crs.BD09, 1281),
    ],
)
def test_the_shift_at_qingshan_is_the_measured_one(lon: float, lat: float, crs: Crs, metres: float) -> None:
    """The figures were measured on a sphere, ours lie on the ellipsoid: 0.3 % apart."""
    assert distance_m(lon, lat, *from_cgcs2000(lon, lat, crs)) == pytest.approx(metres, rel=0.004)


def test_the_shift_at_the_district_centre_goes_477_m_east_and_122_m_north() -> None:
    lon, lat = from_cgcs2000(109.87, 40.66, Crs.GCJ02)
    assert distance_m(109.87, 40.66, lon, 40.66) == pytest.approx(477, abs=1)
    assert distance_m(109.87, 40.66, 109.87, lat) == pytest.approx(122, abs=1)


@pytest.mark.parametrize("crs", SHIFTED)
def test_the_inverse_at_qingshan_is_exact_to_a_hundredth_of_a_micrometre(crs: Crs) -> None:
    assert distance_m(*QINGSHAN, *to_cgcs2000(*from_cgcs2000(*QINGSHAN, crs), crs)) < 1e-8


@pytest.mark.parametrize("crs", list(Crs))
@given(lon=lons, lat=lats)
def test_there_and_back_ends_at_the_same_point_all_over_china(crs: Crs, lon: float, lat: float) -> None:
    assert distance_m(lon, lat, *to_cgcs2000(*from_cgcs2000(lon, lat, crs), crs)) < 1e-5


@pytest.mark.parametrize("crs", list(Crs))
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_a_point_anywhere_on_earth_stays_a_point_near_where_it_was(crs: Crs, lon: float, lat: float) -> None:
    x, y = to_cgcs2000(lon, lat, crs)
    assert abs(x - lon) < 0.05
    assert abs(y - lat) < 0.05


@pytest.mark.parametrize("crs", [Crs.CGCS2000, Crs.WGS84])
def test_satellite_coordinates_are_taken_as_they_are(crs: Crs) -> None:
    assert to_cgcs2000(*QINGSHAN, crs) == QINGSHAN
    assert from_cgcs2000(*QINGSHAN, crs) == QINGSHAN


@pytest.mark.parametrize("crs", list(Crs))
def test_many_points_convert_as_each_of_them_would(crs: Crs) -> None:
    rng = np.random.default_rng(20131009)
    x, y = rng.uniform(109.7, 110.1, 200), rng.uniform(40.5, 40.9, 200)
    one_by_one = [to_cgcs2000(a, b, crs) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert np.column_stack(to_cgcs2000_many(x, y, crs)) == pytest.approx(np.array(one_by_one), abs=1e-12)
    back = from_cgcs2000_many(*to_cgcs2000_many(x, y, crs), crs)
    assert np.column_stack(back) == pytest.approx(np.column_stack((x, y)), abs=1e-12)


def test_distances_to_many_points_are_those_to_each() -> None:
    x, y = np.array([109.91, 109.92]), np.array([40.65, 40.66])
    assert distances_m(*QINGSHAN, x, y).tolist() == [distance_m(*QINGSHAN, a, b) for a, b in zip(x, y, strict=True)]


def test_a_degree_of_latitude_is_some_111_kilometres() -> None:
    assert distance_m(109.9, 40.0, 109.9, 41.0) == pytest.approx(111_050, abs=50)


def square(side_m: float) -> Polygon:
    """A square on the ellipsoid, to the accuracy of small distances."""
    lon, lat = QINGSHAN
    dx = side_m / distance_m(lon, lat, lon + 1e-3, lat) * 1e-3
    dy = side_m / distance_m(lon, lat, lon, lat + 1e-3) * 1e-3
    return box(lon, lat, lon + dx, lat + dy)


def test_areas_and_lengths_are_metres_on_the_ground_to_a_few_ten_thousandths() -> None:
    assert area_m2(square(100)) == pytest.approx(10_000, rel=4e-4)
    assert length_m(LineString(square(100).exterior.coords)) == pytest.approx(400, rel=2e-4)


def test_the_plane_is_x_east_y_north_and_leads_back() -> None:
    plane = to_plane(shapely.Point(*QINGSHAN))
    assert 400_000 < plane.x < 500_000  # west of 111° E, the false easting of 500 km
    assert 4_490_000 < plane.y < 4_510_000
    back = to_degrees(plane)
    assert distance_m(*QINGSHAN, back.x, back.y) < 1e-4


def test_measuring_works_in_several_threads_at_once() -> None:
    areas: list[float] = []
    threads = [threading.Thread(target=lambda: areas.extend(area_m2(square(100)) for _ in range(50))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(areas) == 150
    assert len(set(areas)) == 1


def test_a_point_just_outside_the_district_is_inside_the_margin() -> None:
    district = Box(109.7, 40.5, 110.1, 40.9)
    north_of_it = (109.9, 40.9 + 900 / 111_320)
    assert district.contains(*QINGSHAN)
    assert not district.contains(*north_of_it)
    assert district.widened(1000).contains(*north_of_it)
    assert not district.widened(800).contains(*north_of_it)
    assert not district.widened(2000).contains(116.4, 39.9)
    assert not district.contains(math.nan, 40.6)


@pytest.mark.parametrize("crs", SHIFTED)
def test_a_fix_off_by_the_shift_of_another_system_is_suspected(crs: Crs) -> None:
    assert suspected_crs(*from_cgcs2000(*QINGSHAN, crs), *QINGSHAN) is crs


def off(east_m: float, north_m: float) -> tuple[float, float]:
    lon, lat = QINGSHAN
    return lon + east_m / (111_320 * math.cos(math.radians(lat))), lat + north_m / 111_050


@pytest.mark.parametrize(
    ("east_m", "north_m", "suspected"),
    [
        (5, 3, None),
        (250, 60, None),
        (310, 80, Crs.GCJ02),
        (660, 170, Crs.GCJ02),
        (760, 180, None),
        (-477, -122, None),
        (0, 490, None),
        (477, -250, None),
    ],
)
def test_only_a_fix_300_to_700_m_to_the_east_north_east_is_suspected(
    east_m: float, north_m: float, suspected: Crs | None
) -> None:
    assert suspected_crs(*off(east_m, north_m), *QINGSHAN) is suspected


def outline(name: str) -> BaseGeometry:
    collection = json.loads((SHARED / name).read_text("utf-8"))
    return shape(collection["features"][0]["geometry"])


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data is not beside the project")
def test_the_outline_of_the_district_converts_to_the_one_converted_by_others() -> None:
    raw, golden = outline("qingshan_boundary_amap_gcj02.geojson"), outline("qingshan_boundary_amap_wgs84.geojson")
    ours = shapely.transform(raw, lambda xy: np.column_stack(to_cgcs2000_many(xy[:, 0], xy[:, 1], Crs.GCJ02)))
    assert ours.intersection(golden).area / ours.union(golden).area > 0.9996
    assert raw.intersection(golden).area / raw.union(golden).area < 0.95


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data is not beside the project")
def test_the_official_outline_has_its_published_area() -> None:
    assert area_m2(outline("qingshan_boundary_tianditu_cgcs2000.geojson")) / 1e6 == pytest.approx(275.46, abs=0.1)
