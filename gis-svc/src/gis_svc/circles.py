"""The 15-minute circle: ground within 5, 10 and 15 minutes on foot of service points, and who lives outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPoint, mapping
from shapely.geometry.base import BaseGeometry

from gis_svc.walking import METRES_PER_MINUTE, Network
from grid_kernel import geo

MINUTES = (5, 10, 15)
DOORS_PER_FLOOR = 2
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Home:
    """A building people live in, with the households it holds or may hold."""

    id: str
    name: str
    area_code: str
    lon: float
    lat: float
    households: int


@dataclass(frozen=True, slots=True)
class Spot:
    """A service point, or one that might be."""

    id: str
    name: str
    kind: str
    lon: float
    lat: float


def circles(
    roads: Sequence[BaseGeometry], spots: Sequence[Spot], homes: Sequence[Home], progress: Progress
) -> dict[str, Any]:
    """A GeoJSON collection of circles, the largest first, with what each holds, and a summary of who is outside."""
    network = Network(roads)
    limit = MINUTES[-1] * METRES_PER_MINUTE
    standing = network.stand(_plane([(home.lon, home.lat) for home in homes])) if homes else None
    nearest = np.full(len(homes), np.inf)
    households = np.array([home.households for home in homes], dtype=np.int64)
    features: list[dict[str, Any]] = []
    for number, spot in enumerate(spots):
        start = network.stand(_plane([(spot.lon, spot.lat)]))
        reached = network.walk(start, limit)
        metres = network.metres(start, reached, standing) if standing else np.empty(0)
        nearest = np.minimum(nearest, metres)
        for minutes in reversed(MINUTES):
            within = metres <= minutes * METRES_PER_MINUTE
            ground = network.ground(start, reached, minutes * METRES_PER_MINUTE)
            held = {"buildings": int(within.sum()), "households": int(households[within].sum())}
            features.append(_circle(spot, minutes, ground, held))
        progress((number + 1) / len(spots))
    outside = np.flatnonzero(nearest > limit)
    summary = {
        "servicePoints": len(spots),
        "buildings": len(homes),
        "households": int(households.sum()),
        "buildingsOutside": len(outside),
        "householdsOutside": int(households[outside].sum()),
        "outside": [_outside(homes[index], float(nearest[index])) for index in outside.tolist()],
        "minutes": list(MINUTES),
        "metresPerMinute": METRES_PER_MINUTE,
    }
    return {"type": "FeatureCollection", "features": features, "summary": summary}


def _plane(places: Sequence[tuple[float, float]]) -> Any:
    return shapely.get_coordinates(geo.to_plane(MultiPoint(places)))


def _circle(spot: Spot, minutes: int, ground: BaseGeometry, held: dict[str, int]) -> dict[str, Any]:
    drawn = shapely.set_precision(geo.to_degrees(ground.simplify(4)), 1e-6)
    properties = {"servicePointId": spot.id, "name": spot.name, "kind": spot.kind, "minutes": minutes, **held}
    return {"type": "Feature", "id": f"{spot.id}-{minutes}", "properties": properties, "geometry": mapping(drawn)}


def _outside(home: Home, metres: float) -> dict[str, Any]:
    known = round(metres) if np.isfinite(metres) else None
    return {"buildingId": home.id, "name": home.name, "households": home.households, "metres": known}
