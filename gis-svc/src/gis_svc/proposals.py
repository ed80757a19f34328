"""What a design is as GeoJSON: the grids proposed, those that stay, and figures to compare proposals by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from gis_svc import designer, rules
from gis_svc.designer import Block, Design, Progress, Wish
from gis_svc.designing import Commission, carry_out
from grid_kernel import geo


@dataclass(frozen=True, slots=True)
class House:
    """A building with the households it holds or may hold."""

    id: str
    grid: str
    lon: float
    lat: float
    households: int


@dataclass(frozen=True, slots=True)
class Ground:
    """A community, or a grid, to divide: its outline in degrees, its houses, and the grids in it that stay.

    `base` are its present grids with their versions; empty where only one grid is divided.
    """

    code: str
    outline: BaseGeometry
    houses: Sequence[House]
    fixed: Mapping[str, BaseGeometry] = field(default_factory=dict)
    base: Mapping[str, int] = field(default_factory=dict)

    @property
    def plane(self) -> BaseGeometry:
        """What of it is divided, in metres of the plane."""
        ground: BaseGeometry = geo.to_plane(self.outline)
        return ground.difference(geo.to_plane(shapely.union_all([*self.fixed.values()]))) if self.fixed else ground

    @property
    def divided(self) -> list[House]:
        """The houses of all grids that do not stay, those with households."""
        return [house for house in self.houses if house.grid not in self.fixed]


def propose(grounds: Sequence[Ground], roads: Sequence[BaseGeometry], wish: Wish, tell: Progress) -> dict[str, Any]:
    """Divide each ground as wished; a GeoJSON collection with a summary, and what it was made on."""
    begun = monotonic()
    lines: Any = np.array([geo.to_plane(road) for road in roads], dtype=object)
    tree = shapely.STRtree(lines)
    commissions = [_commission(ground, lines, tree, wish) for ground in grounds if ground.divided]
    found = carry_out(commissions, wish.seconds, tell) if commissions else {}
    features: list[dict[str, Any]] = []
    communities = []
    for ground in grounds:
        made = _stay(ground, wish)
        design = found.get(ground.code)
        if design is not None:
            made += _features(next(c for c in commissions if c.code == ground.code), ground, design, wish)
        features += made
        communities.append(_figures(ground.code, made, design))
    return {
        "type": "FeatureCollection",
        "features": features,
        "summary": _summed(communities) | {"seconds": round(monotonic() - begun, 1), "communities": communities},
        "bases": {ground.code: _base(ground) for ground in grounds if ground.base},
    }


def _commission(ground: Ground, roads: Any, tree: shapely.STRtree, wish: Wish) -> Commission:
    houses, plane = ground.divided, ground.plane
    places = shapely.get_coordinates(geo.to_plane(shapely.multipoints([(house.lon, house.lat) for house in houses])))
    blocks = tuple(
        Block(x, y, house.households, house.grid if ground.base else None)
        for (x, y), house in zip(places.tolist(), houses, strict=True)
    )
    near = roads[np.sort(tree.query(plane))]
    return Commission(ground.code, blocks, plane, tuple(near.tolist()), wish)


def _stay(ground: Ground, wish: Wish) -> list[dict[str, Any]]:
    made = []
    for code, outline in sorted(ground.fixed.items()):
        held = [house.households for house in ground.houses if house.grid == code]
        properties = {
            "areaCode": ground.code,
            "fixed": True,
            "before": code,
            "households": sum(held),
            "buildings": len(held),
            "met": wish.holds(sum(held)),
            "changedHouseholds": 0,
        }
        made.append({"type": "Feature", "id": code, "properties": properties, "geometry": mapping(outline)})
    return made


def _features(asked: Commission, ground: Ground, found: Design, wish: Wish) -> list[dict[str, Any]]:
    drawn = designer.outlines(asked.blocks, found.parts, asked.ground)
    reasons = {each["part"]: each["reason"] for each in found.unmet}
    features = []
    for part, outline in drawn.items():
        members = [block for block, own in zip(asked.blocks, found.parts, strict=True) if own == part]
        came: dict[str, int] = {}
        for block in members:
            if block.grid:
                came[block.grid] = came.get(block.grid, 0) + block.households
        properties = {
            "areaCode": ground.code,
            "part": part,
            "fixed": False,
            "households": found.households[part],
            "buildings": len(members),
            "met": wish.holds(found.households[part]),
            "reason": reasons.get(part),
            "from": came,
        }
        shape = shapely.set_precision(geo.to_degrees(outline), 1e-7)
        feature_id = f"{ground.code}-{part}"
        features.append({"type": "Feature", "id": feature_id, "properties": properties, "geometry": mapping(shape)})
    _say_what_changes(features)
    return features


def _say_what_changes(features: Sequence[dict[str, Any]]) -> None:
    """The code each goes on under, and how many households come under another one than now."""
    proposed = [feature["properties"] for feature in features]
    for told, code in zip(proposed, rules.codes_kept([each["from"] for each in proposed]), strict=True):
        came = told["from"]
        told["before"] = code
        told["changedHouseholds"] = sum(came.values()) - (came[code] if code else 0)


def _figures(code: str, made: Sequence[Mapping[str, Any]], design: Design | None) -> dict[str, Any]:
    told = [each["properties"] for each in made]
    unmet = [
        {"part": each.get("part"), "households": each["households"], "reason": each.get("reason") or "fixed"}
        for each in told
        if not each["met"]
    ]
    return {
        "areaCode": code,
        "grids": len(told),
        "met": sum(each["met"] for each in told),
        "unmet": [{"areaCode": code, **each} for each in unmet],
        "fixed": sum(each["fixed"] for each in told),
        "households": sum(each["households"] for each in told),
        "changedHouseholds": sum(each["changedHouseholds"] for each in told),
        "roadBorders": design.road_borders if design else 0,
        "openBorders": design.open_borders if design else 0,
        "roadsInside": design.roads_inside if design else 0,
    }


def _summed(communities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = [name for name in communities[0] if name not in ("areaCode", "unmet")]
    summed = {name: sum(each[name] for each in communities) for name in names}
    return summed | {"unmet": [reason for each in communities for reason in each["unmet"]]}


def _base(ground: Ground) -> dict[str, Any]:
    return {"grids": dict(ground.base), "buildings": {house.id: house.grid for house in ground.houses}}
