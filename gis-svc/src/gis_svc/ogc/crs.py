"""Coordinate systems of the OGC API (Part 2): CGCS2000 and its kin in degrees, and the square world in metres.

Inside everything is CGCS2000, longitude first; WGS 84 counts as the same. EPSG:4326 and 4490 put the latitude first
wherever their address asks for them, as their authority does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from grid_kernel.errors import InvalidInput

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"
STORED = _EPSG.format(4490)
_RADIUS = 6_378_137.0
_DECIMALS = {"degrees": 9, "metres": 3}
_MOST_METRES = 20_037_508.342789244


@dataclass(frozen=True, slots=True)
class Crs:
    """A system by its address, and how its numbers stand to ours."""

    uri: str
    latitude_first: bool = False
    metres: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether the numbers are as they are kept."""
        return not self.latitude_first and not self.metres

    def of_ours(self, shapes: Any) -> Any:
        """Shapes of ours in this system."""
        if self.is_ours:
            return shapes
        return shapely.transform(shapes, self._forward)

    def to_ours(self, shapes: Any) -> Any:
        """Shapes of this system in ours."""
        if self.is_ours:
            return shapes
        return shapely.transform(shapes, self._back)

    def _forward(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.latitude_first:
            return xy[:, ::-1]
        sine = np.sin(np.radians(xy[:, 1]))
        north = _RADIUS * np.log((1 + sine) / (1 - sine)) / 2
        return np.round(np.column_stack([_RADIUS * np.radians(xy[:, 0]), north]), _DECIMALS["metres"])

    def _back(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.latitude_first:
            return xy[:, ::-1]
        kept = np.clip(xy, -_MOST_METRES, _MOST_METRES)
        lat = np.degrees(np.arctan(np.sinh(kept[:, 1] / _RADIUS)))
        return np.round(np.column_stack([np.degrees(kept[:, 0] / _RADIUS), lat]), _DECIMALS["degrees"])


_KNOWN = (
    Crs(CRS84),
    Crs(_EPSG.format(4326), latitude_first=True),
    Crs(_EPSG.format(4490), latitude_first=True),
    Crs(_EPSG.format(3857), metres=True),
)
SYSTEMS: Mapping[str, Crs] = {crs.uri: crs for crs in _KNOWN}
DEFAULT = SYSTEMS[CRS84]


def crs_of(uri: str | None, parameter: str) -> Crs:
    """The system of an address, CRS84 when none is named; safe CURIEs are taken as well."""
    if uri is None:
        return DEFAULT
    found = SYSTEMS.get(_written_out(uri))
    if found is None:
        raise InvalidInput.at(f"#/query/{parameter}", "unknown-crs")
    return found


def _written_out(text: str) -> str:
    """`[EPSG:3857]` and `EPSG:3857` as the address they stand for."""
    authority, colon, code = text.strip("[]").partition(":")
    if colon and authority == "EPSG" and code.isdigit():
        return _EPSG.format(code)
    return CRS84 if text.strip("[]") == "OGC:CRS84" else text.replace("https://", "http://", 1)
