"""Places: one coordinate system inside (CGCS2000, x = longitude), conversion from the others, metres on the ground."""

import math
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
G = TypeVar("G", bound=BaseGeometry)

_AXIS = 6378245.0  # Krasovsky 1940, the ellipsoid of the GCJ-02 shift
_ECCENTRICITY = 0.00669342162296594323
_CHINA = (72.004, 0.8293, 137.8347, 55.8271)
_BD_ANGLE = math.pi * 3000 / 180
_ROUNDS = 6  # each round of the inverse gains about two digits: 1e-8 m is left, anywhere in China
_METRES_PER_DEGREE = 111_320.0
_SUSPICIOUS_SHARE = (0.61, 1.43)  # 300 to 700 m where GCJ-02 is off by 490 m
_SUSPICIOUS_ANGLE = 25.0
_GEOD = Geod(ellps="GRS80")


class Crs(StrEnum):
    """The systems a point may come in: satellite and Tianditu, Amap and Tencent, Baidu."""

    CGCS2000 = "CGCS2000"
    WGS84 = "WGS84"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


def to_cgcs2000(lon: float, lat: float, crs: Crs) -> tuple[float, float]:
    """Degrees of any system in CGCS2000; WGS 84 counts as the same (they differ by centimetres)."""
    return _inverse(lon, lat, crs, math)


def from_cgcs2000(lon: float, lat: float, crs: Crs) -> tuple[float, float]:
    return _forward(lon, lat, crs, math)


def to_cgcs2000_many(lons: Floats, lats: Floats, crs: Crs) -> tuple[Floats, Floats]:
    return _inverse(lons, lats, crs, np)


def from_cgcs2000_many(lons: Floats, lats: Floats, crs: Crs) -> tuple[Floats, Floats]:
    return _forward(lons, lats, crs, np)


def _inverse(lon: Any, lat: Any, crs: Crs, m: Any) -> tuple[Any, Any]:
    if crs in (Crs.CGCS2000, Crs.WGS84):
        return lon, lat
    x, y = lon, lat
    for _ in range(_ROUNDS):
        shifted_x, shifted_y = _forward(x, y, crs, m)
        x, y = x - (shifted_x - lon), y - (shifted_y - lat)
    return x, y


def _forward(lon: Any, lat: Any, crs: Crs, m: Any) -> tuple[Any, Any]:
    """Shift into another system; m is `math` for one point and `numpy` for arrays."""
    if crs in (Crs.CGCS2000, Crs.WGS84):
        return lon, lat
    lon, lat = _to_gcj02(lon, lat, m)
    return _to_bd09(lon, lat, m) if crs is Crs.BD09 else (lon, lat)


def _to_gcj02(lon: Any, lat: Any, m: Any) -> tuple[Any, Any]:
    x, y, pi, sin = lon - 105.0, lat - 35.0, math.pi, m.sin
    root, product = m.sqrt(abs(x)), x * y
    shared = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * product + 0.2 * root + shared
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * product + 0.1 * root + shared
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    radians = lat * (pi / 180)
    flattening = 1 - _ECCENTRICITY * sin(radians) ** 2
    per_degree = _AXIS * pi / 180
    shift_lat = north * flattening * m.sqrt(flattening) / (per_degree * (1 - _ECCENTRICITY))
    shift_lon = east * m.sqrt(flattening) / (per_degree * m.cos(radians))
    # The shift is defined in the rectangle around China; at the poles its formula leaves the numbers.
    inside = (lon >= _CHINA[0]) & (lat >= _CHINA[1]) & (lon <= _CHINA[2]) & (lat <= _CHINA[3])
    return lon + shift_lon * inside, lat + shift_lat * inside


def _to_bd09(lon: Any, lat: Any, m: Any) -> tuple[Any, Any]:
    radius = m.sqrt(lon * lon + lat * lat) + 0.00002 * m.sin(lat * _BD_ANGLE)
    angle = m.atan2(lat, lon) + 0.000003 * m.cos(lon * _BD_ANGLE)
    return radius * m.cos(angle) + 0.0065, radius * m.sin(angle) + 0.006


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres along the ellipsoid."""
    return float(_GEOD.inv(lon1, lat1, lon2, lat2)[2])


def distances_m(lon: float, lat: float, lons: Floats, lats: Floats) -> Floats:
    """Metres from one point to many."""
    _, _, metres = _GEOD.inv(np.full(len(lons), lon), np.full(len(lats), lat), lons, lats)
    return np.asarray(metres, dtype=np.float64)


class _Projection(threading.local):
    """EPSG:4546 (CGCS2000, 3-degree zone, 111° E), the plane of the city survey; transformers are not shared."""

    def __init__(self) -> None:
        self.to_plane: Callable[..., Any] = Transformer.from_crs(4490, 4546, always_xy=True).transform
        self.to_degrees: Callable[..., Any] = Transformer.from_crs(4546, 4490, always_xy=True).transform


_projection = _Projection()


def to_plane(geometry: G) -> G:
    """A geometry in degrees as one in metres."""
    return shapely.transform(geometry, _projection.to_plane, interleaved=False)


def to_degrees(geometry: G) -> G:
    """A geometry in metres as one in degrees."""
    return shapely.transform(geometry, _projection.to_degrees, interleaved=False)


def area_m2(geometry: BaseGeometry) -> float:
    return float(to_plane(geometry).area)


def length_m(geometry: BaseGeometry) -> float:
    return float(to_plane(geometry).length)


class Box(NamedTuple):
    """West, south, east, north in degrees."""

    west: float
    south: float
    east: float
    north: float

    def widened(self, margin_m: float) -> "Box":
        lat = margin_m / _METRES_PER_DEGREE
        lon = lat / math.cos(math.radians(max(abs(self.south), abs(self.north))))
        return Box(self.west - lon, self.south - lat, self.east + lon, self.north + lat)

    def contains(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north


def suspected_crs(lon: float, lat: float, building_lon: float, building_lat: float) -> Crs | None:
    """Guess the system a fix really came in, when it lies off the chosen building just as that system would put it.

    At Qingshan: 300 to 700 m towards east-north-east for GCJ-02. All arguments are taken for CGCS2000.
    """
    bearing, _, metres = _GEOD.inv(building_lon, building_lat, lon, lat)
    for crs in (Crs.GCJ02, Crs.BD09):
        expected, _, shift = _GEOD.inv(building_lon, building_lat, *from_cgcs2000(building_lon, building_lat, crs))
        turned = abs((bearing - expected + 180) % 360 - 180)
        least, most = (share * shift for share in _SUSPICIOUS_SHARE)
        if least <= metres <= most and turned <= _SUSPICIOUS_ANGLE:
            return crs
    return None
