"""The areas of the district as the GIS ships them, in metres (EPSG:4546)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from grid_deploy.demo.shipped import shipped, table
from grid_deploy.demo.words import word

Coordinates = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Community:
    """A residents' committee, a village or the virtual community of the park."""

    code: str
    name: str
    street_code: str
    street_name: str
    kind: str

    @property
    def short(self) -> str:
        """The name without its last word, as estates are called."""
        return word("park_name") if self.kind == "virtual" else self.name.removesuffix(word("community_word"))


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid; `number` counts all grids of the district, `position` those of its community, both from 0."""

    code: str
    name: str
    number: int
    position: int
    households: int
    community: Community
    shape: shapely.Polygon

    @property
    def dense(self) -> bool:
        """Built up in blocks, not a village and not the industrial park."""
        return self.community.kind == "urban"


@dataclass(frozen=True, slots=True)
class District:
    """Everything the generator needs to know of the ground."""

    streets: dict[str, str]
    communities: dict[str, Community]
    grids: tuple[Grid, ...]
    outline: shapely.Polygon

    def grids_of(self, communities: tuple[str, ...]) -> tuple[Grid, ...]:
        """The grids of these communities, in their order; of all when none is named."""
        if not communities:
            return self.grids
        order = {code: place for place, code in enumerate(communities)}
        chosen = [grid for grid in self.grids if grid.community.code in order]
        return tuple(sorted(chosen, key=lambda grid: (order[grid.community.code], grid.code)))


@cache
def _transformer(*, to_metres: bool) -> pyproj.Transformer:
    source, target = ("EPSG:4490", "EPSG:4546") if to_metres else ("EPSG:4546", "EPSG:4490")
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def to_metres(points: Coordinates) -> Coordinates:
    """Longitude and latitude to metres east and north."""
    east, north = _transformer(to_metres=True).transform(points[:, 0], points[:, 1])
    return np.column_stack((east, north))


def to_degrees(points: Coordinates) -> Coordinates:
    """Metres to longitude and latitude, rounded to 1e-6 degree (0.1 m)."""
    lon, lat = _transformer(to_metres=False).transform(points[:, 0], points[:, 1])
    return np.round(np.column_stack((lon, lat)), 6)


def _features(name: str) -> Iterator[dict[str, Any]]:
    yield from json.loads(shipped("gis_svc", name))["features"]


def _outline() -> shapely.Polygon:
    feature = next(_features("outlines/district_tianditu_cgcs2000.geojson"))
    outline = shapely.geometry.shape(feature["geometry"])
    return shapely.Polygon(to_metres(shapely.get_coordinates(shapely.get_exterior_ring(outline))))


@cache
def load_district() -> District:
    """Read the shipped areas once."""
    rows = table("gis_svc", "divisions")
    streets = {row["code"]: row["name"] for row in rows if row["level"] == "street"}
    communities = {
        row["code"]: Community(row["code"], row["name"], row["parent_code"], streets[row["parent_code"]], row["kind"])
        for row in rows
        if row["level"] == "community"
    }
    grids: list[Grid] = []
    seen: dict[str, int] = {}
    for number, feature in enumerate(sorted(_features("grids.geojson"), key=lambda f: str(f["properties"]["code"]))):
        facts = feature["properties"]
        parent = facts["parent_code"]
        position = seen[parent] = seen.get(parent, -1) + 1
        ring = np.asarray(feature["geometry"]["coordinates"][0], dtype=np.float64)
        shape = shapely.Polygon(to_metres(ring))
        households = int(facts["households_model"])
        grids.append(Grid(facts["code"], facts["name"], number, position, households, communities[parent], shape))
    return District(streets, communities, tuple(grids), _outline())
