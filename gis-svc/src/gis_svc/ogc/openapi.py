"""The OpenAPI 3.0 document of the OGC API, made of the collections that are served."""

from typing import Any

from starlette.requests import Request

from gis_svc.ogc.answers import GEOJSON, JSON, MVT
from gis_svc.ogc.collections import COLLECTIONS, Collection
from gis_svc.ogc.crs import SYSTEMS
from gis_svc.ogc.documents import HTML, MATRIX_SET, SCHEMA, SCHEMAS, Words
from gis_svc.ogc.filters import LONGEST
from gis_svc.ogc.links import root_of
from gis_svc.ogc.parameters import DEFAULT_ITEMS, MOST_ITEMS
from gis_svc.tiles import DEEPEST
from grid_kernel.errors import PROBLEM_JSON
from grid_kernel.openapi import CONTACT

_PAGE = {HTML: {"schema": {"type": "string"}}}
_FORM = [{"$ref": "#/components/parameters/f"}]
_ITEMS = (
    "limit",
    "bbox",
    "bbox-crs",
    "datetime",
    "crs",
    "filter",
    "filter-lang",
    "filter-crs",
    "cursor",
    "resultType",
    "f",
)


def document(request: Request, words: Words, version: str) -> dict[str, Any]:
    """The whole document."""
    paths = {
        "/": _get("getLandingPage", words, _json("landingPage") | _PAGE, _FORM),
        "/conformance": _get("getConformance", words, _json("confClasses") | _PAGE, _FORM),
        "/collections": _get("getCollections", words, _json("collections") | _PAGE, _FORM),
        "/tileMatrixSets": _get("getTileMatrixSetsList", words, _json("object") | _PAGE, _FORM),
        f"/tileMatrixSets/{MATRIX_SET}": _get("getTileMatrixSet", words, _json("object") | _PAGE, _FORM),
    }
    paths |= _processes(words)
    for each in COLLECTIONS.values():
        paths |= _collection(each, words)
        if each.editable:
            _add_changes(paths, each, words)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": words("title"),
            "description": words("description"),
            "version": version,
            "contact": CONTACT,
        },
        "servers": [{"url": root_of(request)}],
        "security": [{"session": []}],
        "tags": [
            {"name": each.id, "description": words("collections", each.id, "title")} for each in COLLECTIONS.values()
        ],
        "paths": paths,
        "components": _components(),
    }


def _collection(of: Collection, words: Words) -> dict[str, Any]:
    here, name = f"/collections/{of.id}", "".join(part.capitalize() for part in of.id.split("-"))
    tags = [of.id]
    members = [_parameter(m.name, SCHEMAS[m.kind]) for m in of.source.members]
    common = [_reference(each) for each in _ITEMS]
    tile = [_path_parameter(each) for each in ("tileMatrix", "tileRow", "tileCol")]
    return {
        here: _get(f"describe{name}", words, _json("collection") | _PAGE, _FORM, tags=tags),
        f"{here}/items": _get(
            f"get{name}Features", words, _content(GEOJSON, "featureCollection") | _PAGE, [*common, *members], tags=tags
        ),
        f"{here}/items/{{featureId}}": _get(
            f"get{name}Feature",
            words,
            _content(GEOJSON, "feature") | _PAGE,
            [_path_parameter("featureId"), *map(_reference, ("datetime", "crs", "f"))],
            tags=tags,
        ),
        f"{here}/queryables": _get(f"get{name}Queryables", words, _content(SCHEMA, "object") | _PAGE, _FORM, tags=tags),
        f"{here}/tiles": _get(f"list{name}Tilesets", words, _json("object") | _PAGE, _FORM, tags=tags),
        f"{here}/tiles/{MATRIX_SET}": _get(f"get{name}Tileset", words, _json("object") | _PAGE, _FORM, tags=tags),
        f"{here}/tiles/{MATRIX_SET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            f"get{name}Tile",
            words,
            _content(MVT, "binary"),
            [*tile, _reference("datetime"), _reference("f")],
            tags=tags,
        ),
    }


def _processes(words: Words) -> dict[str, Any]:
    """OGC API - Processes: the same paths whichever process it is."""
    process, job = [_path_parameter("processId")], [_path_parameter("jobId")]
    tile = [_path_parameter(name) for name in ("tileMatrix", "tileRow", "tileCol")]
    execution = _get("executeProcess", words, _json("object"), process)["get"]
    execution["responses"]["201"] = execution["responses"].pop("200")
    execution["responses"].pop("304")
    execution["requestBody"] = {"required": True, "content": _json("object")}
    dismissed = _get("dismissJob", words, _json("object"), job)["get"]
    return {
        "/processes": _get("listProcesses", words, _json("object") | _PAGE, _FORM),
        "/processes/{processId}": _get("getProcess", words, _json("object") | _PAGE, [*process, *_FORM]),
        "/processes/{processId}/execution": {"post": execution},
        "/jobs": _get("listJobs", words, _json("object") | _PAGE, _FORM),
        "/jobs/{jobId}": _get("getJob", words, _json("object") | _PAGE, [*job, *_FORM]) | {"delete": dismissed},
        "/jobs/{jobId}/results": _get("getResults", words, _content(GEOJSON, "object"), job),
        f"/jobs/{{jobId}}/results/tiles/{MATRIX_SET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            "getResultTile", words, _content(MVT, "binary"), [*job, *tile, _reference("f")]
        ),
    }


def _add_changes(paths: dict[str, Any], of: Collection, words: Words) -> None:
    """What Part 4 adds to the items of a collection."""
    items, one = f"/collections/{of.id}/items", f"/collections/{of.id}/items/{{featureId}}"
    name = "".join(part.capitalize() for part in of.id.split("-"))
    held = [_path_parameter("featureId"), _reference("If-Match")]
    body = {"required": True, "content": _content(GEOJSON, "feature")}
    paths[items]["post"] = _change(f"create{name}Feature", of, words, "201", [], body)
    paths[one]["put"] = _change(f"replace{name}Feature", of, words, "204", held, body)
    paths[one]["patch"] = _change(f"update{name}Feature", of, words, "204", held, body)
    if of.removable:
        paths[one]["delete"] = _change(f"delete{name}Feature", of, words, "204", held, None)


def _change(
    name: str, of: Collection, words: Words, status: str, parameters: list[dict[str, Any]], body: dict[str, Any] | None
) -> dict[str, Any]:
    refused = ("400", "401", "403", "404", *(("412", "428") if parameters else ()), "500", "503")
    responses = {each: {"$ref": f"#/components/responses/{each}"} for each in refused}
    made: dict[str, Any] = {"operationId": name, "summary": name, "tags": [of.id], "parameters": parameters}
    made["responses"] = {status: {"description": words("answered")}} | responses
    return made | ({"requestBody": body} if body else {})


def _get(
    name: str,
    words: Words,
    content: dict[str, Any],
    parameters: list[dict[str, Any]] | None = None,
    *,
    tags: list[str] | None = None,
) -> dict[str, Any]:
    refusals = {status: {"$ref": f"#/components/responses/{status}"} for status in ("400", "401", "404", "500", "503")}
    answer = {"description": words("answered"), "content": content}
    responses = {"200": answer, "304": {"description": words("unchanged")}} | refusals
    made = {"operationId": name, "summary": name, "parameters": parameters or [], "responses": responses}
    return {"get": made | ({"tags": tags} if tags else {})}


def _json(schema: str) -> dict[str, Any]:
    return _content(JSON, schema)


def _content(media_type: str, schema: str) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _reference(parameter: str) -> dict[str, Any]:
    return {"$ref": f"#/components/parameters/{parameter}"}


def _parameter(name: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "style": "form", "explode": False, "schema": schema} | more


def _path_parameter(name: str) -> dict[str, Any]:
    tile = (
        {"type": "integer", "minimum": 0, "maximum": DEEPEST}
        if name == "tileMatrix"
        else {"type": "integer", "minimum": 0}
    )
    schema = {"type": "string", "maxLength": 64} if name.endswith("Id") else tile
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _components() -> dict[str, Any]:
    box = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    system = {"type": "string", "enum": list(SYSTEMS)}
    counted = {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": DEFAULT_ITEMS}
    refusal = {"content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/problem"}}}}
    said = {"400": "Invalid input.", "401": "Nobody is signed in.", "404": "No such thing.", "500": "A fault of ours."}
    said |= {"403": "Not yours to do.", "412": "Somebody changed it in between.", "428": "If-Match is missing."}
    said["503"] = "Too much at once, or a part is away."
    return {
        "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        "parameters": {
            "limit": _parameter("limit", counted),
            "If-Match": {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}},
            "bbox": _parameter("bbox", box),
            "bbox-crs": _parameter("bbox-crs", system),
            "crs": _parameter("crs", system),
            "filter": _parameter("filter", {"type": "string", "maxLength": LONGEST}),
            "filter-lang": _parameter("filter-lang", {"type": "string", "enum": ["cql2-text", "cql2-json"]}),
            "filter-crs": _parameter("filter-crs", system),
            "datetime": _parameter("datetime", {"type": "string"}),
            "cursor": _parameter("cursor", {"type": "string", "maxLength": 200}),
            "resultType": _parameter("resultType", {"type": "string", "enum": ["results", "hits"]}),
            "f": _parameter("f", {"type": "string", "enum": ["json", "html", "mvt"]}),
        },
        "responses": {status: {"description": meaning} | refusal for status, meaning in said.items()},
        "schemas": _schemas(),
    }


def _schemas() -> dict[str, Any]:
    links = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
    text, anything = {"type": "string"}, {"type": "object"}

    def shape(required: list[str], **properties: Any) -> dict[str, Any]:
        return {"type": "object", "required": required, "properties": properties}

    feature = {"$ref": "#/components/schemas/feature"}
    collection = {"$ref": "#/components/schemas/collection"}
    return {
        "object": anything,
        "binary": {"type": "string", "format": "binary"},
        "problem": shape(
            ["type", "status", "code", "title"], type=text, status={"type": "integer"}, code=text, title=text
        ),
        "link": shape(["href"], href=text, rel=text, type=text, title=text),
        "landingPage": shape(["links"], title=text, description=text, links=links),
        "confClasses": shape(["conformsTo"], conformsTo={"type": "array", "items": text}),
        "collection": shape(["id", "links"], id=text, title=text, description=text, links=links, extent=anything),
        "collections": shape(["links", "collections"], links=links, collections={"type": "array", "items": collection}),
        "feature": shape(
            ["type", "geometry", "properties"],
            type={"type": "string", "enum": ["Feature"]},
            id=text,
            geometry={"type": "object", "nullable": True},
            properties=anything,
            links=links,
        ),
        "featureCollection": shape(
            ["type", "features"],
            type={"type": "string", "enum": ["FeatureCollection"]},
            features={"type": "array", "items": feature},
            links=links,
            timeStamp={"type": "string", "format": "date-time"},
            numberMatched={"type": "integer", "minimum": 0},
            numberReturned={"type": "integer", "minimum": 0},
        ),
    }
