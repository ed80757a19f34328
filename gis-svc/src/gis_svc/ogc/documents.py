"""The documents of the OGC API that describe it: landing page, conformance, collections, tilesets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from gis_svc.ogc.answers import GEOJSON, JSON, MVT
from gis_svc.ogc.collections import COLLECTIONS, Collection
from gis_svc.ogc.crs import CRS84, STORED, SYSTEMS
from gis_svc.ogc.links import link, root_of
from gis_svc.tiles import DEEPEST, corners
from grid_kernel.geo import Box
from grid_kernel.labels import Labels, Language, preferred_language

GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
MATRIX_SET = "WebMercatorQuad"
MATRIX_SET_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{MATRIX_SET}"
SCHEMA = "application/schema+json"
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
HTML = "text/html"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf"
_FILTER = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
_EDITING = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf"
_PROCESSES = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"
_COMMON = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf"
CONFORMANCE = (
    f"{_COMMON}/core",
    f"{_COMMON}/json",
    f"{_COMMON}/html",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    f"{_FEATURES}/core",
    f"{_FEATURES}/oas30",
    f"{_FEATURES}/geojson",
    f"{_FEATURES}/html",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    f"{_EDITING}/create-replace-delete",
    f"{_EDITING}/update",
    f"{_EDITING}/optimistic-locking",
    f"{_EDITING}/optimistic-locking-etags",
    f"{_EDITING}/features",
    f"{_FILTER}/queryables",
    f"{_FILTER}/queryables-query-parameters",
    f"{_FILTER}/filter",
    f"{_FILTER}/features-filter",
    f"{_CQL2}/cql2-text",
    f"{_CQL2}/cql2-json",
    f"{_CQL2}/basic-cql2",
    f"{_CQL2}/advanced-comparison-operators",
    f"{_CQL2}/case-insensitive-comparison",
    f"{_CQL2}/basic-spatial-functions",
    f"{_CQL2}/basic-spatial-functions-plus",
    f"{_CQL2}/spatial-functions",
    f"{_CQL2}/property-property",
    f"{_PROCESSES}/core",
    f"{_PROCESSES}/ogc-process-description",
    f"{_PROCESSES}/json",
    f"{_PROCESSES}/job-list",
    f"{_PROCESSES}/dismiss",
    f"{_TILES}/core",
    f"{_TILES}/tileset",
    f"{_TILES}/tilesets-list",
    f"{_TILES}/geodata-tilesets",
    f"{_TILES}/mvt",
    f"{_TILES}/oas30",
)
_SCALE_0, _WORLD_M = 559_082_264.028_717_7, 20_037_508.342_789_244
Words = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where all the data lies, and since when."""

    box: Box
    since: str


def words_of(request: Request, labels: Labels) -> Words:
    """The words of the labels in the caller's language."""
    language: Language = preferred_language(request.headers.get("accept-language", ""))
    return lambda *path, **params: labels.text(language, "ogc", *path, **params)


def page_link(address: str, words: Words) -> dict[str, Any]:
    """The link to the same as a page for people."""
    return link(f"{address}?f=html", "alternate", HTML, words("links", "html"))


def landing(request: Request, words: Words) -> dict[str, Any]:
    """The landing page."""
    root = root_of(request)
    return {
        "title": words("title"),
        "description": words("description"),
        "links": [
            link(f"{root}/", "self", JSON, words("links", "self")),
            page_link(f"{root}/", words),
            link(f"{root}/api", "service-desc", OPENAPI, words("links", "api")),
            link(f"{root}/conformance", "conformance", JSON, words("links", "conformance")),
            link(f"{root}/collections", "data", JSON, words("links", "collections")),
            link(f"{root}/processes", f"{_REL}/processes", JSON, words("links", "processes")),
            link(f"{root}/jobs", f"{_REL}/job-list", JSON, words("links", "jobs")),
            link(
                f"{root}/tileMatrixSets",
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes",
                JSON,
                words("links", "matrix-sets"),
            ),
        ],
    }


def conformance() -> dict[str, Any]:
    """The classes that are met."""
    return {"conformsTo": list(CONFORMANCE)}


def collections(request: Request, words: Words, place: Place) -> dict[str, Any]:
    """All collections."""
    root = root_of(request)
    return {
        "links": [
            link(f"{root}/collections", "self", JSON, words("links", "self")),
            page_link(f"{root}/collections", words),
        ],
        "collections": [collection(request, words, place, each) for each in COLLECTIONS.values()],
    }


def collection(request: Request, words: Words, place: Place, of: Collection) -> dict[str, Any]:
    """One collection."""
    here = f"{root_of(request)}/collections/{of.id}"
    temporal = {"interval": [[place.since, None]], "trs": GREGORIAN}
    extent = {"spatial": {"bbox": [list(place.box)], "crs": CRS84}} | (
        {"temporal": temporal} if of.source.dated else {}
    )
    return {
        "id": of.id,
        "title": words("collections", of.id, "title"),
        "description": words("collections", of.id, "description"),
        "itemType": "feature",
        "extent": extent,
        "crs": list(SYSTEMS),
        "storageCrs": STORED,
        "links": [
            link(here, "self", JSON, words("links", "self")),
            page_link(here, words),
            link(f"{here}/items", "items", GEOJSON, words("links", "items")),
            link(f"{here}/items?f=html", "items", HTML, words("links", "items")),
            link(
                f"{here}/queryables",
                "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                SCHEMA,
                words("links", "queryables"),
            ),
            link(
                f"{here}/tiles",
                "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector",
                JSON,
                words("links", "tiles"),
            ),
        ],
    }


def queryables(request: Request, words: Words, of: Collection) -> dict[str, Any]:
    """What a filter may speak of, as a JSON Schema."""
    shape = {"title": words("geometry"), "format": f"geometry-{of.geometry}", "x-ogc-role": "primary-geometry"}
    members = {member.name: dict(SCHEMAS[member.kind]) for member in of.source.members}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{root_of(request)}/collections/{of.id}/queryables",
        "title": words("collections", of.id, "title"),
        "type": "object",
        "additionalProperties": False,
        "properties": {"geometry": shape} | members,
    }


def tilesets(request: Request, words: Words, place: Place, of: Collection) -> dict[str, Any]:
    """The list of tilesets of a collection: one."""
    here = f"{root_of(request)}/collections/{of.id}/tiles"
    listed = {name: value for name, value in tileset(request, words, place, of).items() if name in _LISTED}
    return {"links": [link(here, "self", JSON, words("links", "self"))], "tilesets": [listed]}


_LISTED = ("title", "dataType", "crs", "tileMatrixSetURI", "links")


def tileset(request: Request, words: Words, place: Place, of: Collection) -> dict[str, Any]:
    """What is in the tiles of a collection, and at which zooms."""
    root = root_of(request)
    here = f"{root}/collections/{of.id}/tiles/{MATRIX_SET}"
    return {
        "title": words("collections", of.id, "title"),
        "dataType": "vector",
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": MATRIX_SET_URI,
        "boundingBox": {
            "lowerLeft": [place.box.west, place.box.south],
            "upperRight": [place.box.east, place.box.north],
            "crs": CRS84,
        },
        "tileMatrixSetLimits": _limits(of, place.box),
        "layers": [_layer(of, of.id, of.geometry), _layer(of, f"{of.id}-labels", "points")],
        "links": [
            link(here, "self", JSON, words("links", "self")),
            link(
                f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=mvt",
                "item",
                MVT,
                words("links", "tile"),
                templated=True,
            ),
            link(
                f"{root}/tileMatrixSets/{MATRIX_SET}",
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme",
                JSON,
                words("links", "matrix-set"),
            ),
        ],
    }


def _limits(of: Collection, box: Box) -> list[dict[str, Any]]:
    return [
        {
            "tileMatrix": str(zoom),
            "minTileRow": north.row,
            "maxTileRow": south.row,
            "minTileCol": north.column,
            "maxTileCol": south.column,
        }
        for zoom in range(of.shallowest, DEEPEST + 1)
        for north, south in [corners(box, zoom)]
    ]


def _layer(of: Collection, name: str, geometry: str) -> dict[str, Any]:
    dimensions = {"points": 0, "point": 0, "linestring": 1, "polygon": 2}
    drawn = {member.name: SCHEMAS[member.kind] for member in of.source.members if member.drawn}
    made: dict[str, Any] = {
        "id": name,
        "dataType": "vector",
        "minTileMatrix": str(of.shallowest),
        "maxTileMatrix": str(DEEPEST),
        "propertiesSchema": {"type": "object", "properties": drawn},
    }
    return made | ({"geometryDimension": dimensions[geometry]} if geometry in dimensions else {})


def matrix_sets(request: Request, words: Words) -> dict[str, Any]:
    """The one tile matrix set."""
    here = f"{root_of(request)}/tileMatrixSets"
    described = {"id": MATRIX_SET, "title": MATRIX_SET, "uri": MATRIX_SET_URI}
    links = [link(f"{here}/{MATRIX_SET}", "self", JSON, words("links", "matrix-set"))]
    return {"tileMatrixSets": [described | {"links": links}]}


def matrix_set() -> dict[str, Any]:
    """WebMercatorQuad, in the words of the standard for tile matrix sets (OGC 17-083r4)."""
    return {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": MATRIX_SET_URI,
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [
            {
                "id": str(zoom),
                "scaleDenominator": _SCALE_0 / 2**zoom,
                "cellSize": 2 * _WORLD_M / 256 / 2**zoom,
                "pointOfOrigin": [-_WORLD_M, _WORLD_M],
                "tileWidth": 256,
                "tileHeight": 256,
                "matrixWidth": 2**zoom,
                "matrixHeight": 2**zoom,
            }
            for zoom in range(DEEPEST + 1)
        ],
    }


SCHEMAS: Mapping[str, Mapping[str, str]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "date-time": {"type": "string", "format": "date-time"},
}
