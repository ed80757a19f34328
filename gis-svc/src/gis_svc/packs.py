"""The map of one grid for a phone: outline and buildings as one small GeoJSON document."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import shapely

from gis_svc import shapes
from gis_svc.location import Place

_DECIMALS = 6
"""About ten centimetres: enough to draw, half the bytes."""
Row = Mapping[str, Any]


def pack(grid: Place, buildings: Sequence[Row]) -> bytes:
    """A feature collection: the grid first, then its buildings by number."""
    features = [_grid(grid), *map(_building, buildings)]
    return orjson.dumps({"type": "FeatureCollection", "gridCode": grid.code, "features": features})


def _grid(grid: Place) -> dict[str, Any]:
    outline = shapely.set_precision(shapes.from_wkb(grid.wkb or b""), 10.0**-_DECIMALS)
    properties = {"kind": "grid", "code": grid.code, "name": grid.name, "synthetic": grid.synthetic}
    geometry = orjson.Fragment(shapes.geojson_text(outline))
    return {"type": "Feature", "id": grid.code, "properties": properties, "geometry": geometry}


def _building(row: Row) -> dict[str, Any]:
    properties = {
        "kind": "building",
        "name": row["name"],
        "buildingNo": row["building_no"],
        "buildingKind": row["kind"],
        "floors": row["floors"],
        "entrances": row["entrances"],
        "point": [round(row["lon"], _DECIMALS), round(row["lat"], _DECIMALS)],
    }
    footprint = row["footprint_geojson"]
    point = {"type": "Point", "coordinates": properties["point"]}
    geometry = _rounded(orjson.loads(footprint)) if footprint else point
    return {"type": "Feature", "id": str(row["id"]), "properties": properties, "geometry": geometry}


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    return geometry | {"coordinates": _round(geometry["coordinates"])}


def _round(node: Any) -> Any:
    return [_round(each) for each in node] if isinstance(node, list) else round(node, _DECIMALS)
