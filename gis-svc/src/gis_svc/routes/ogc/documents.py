"""Landing page, conformance, OpenAPI document, collections, tile matrix sets."""

from fastapi.responses import Response

from gis_svc.ogc import documents, openapi, parameters
from gis_svc.ogc.answers import json_answer
from gis_svc.ogc.collections import collection_of
from gis_svc.ogc.html import form_of, page, shown
from gis_svc.ogc.links import ROOT
from gis_svc.ogc.serving import CurrentCaller
from grid_kernel.app import API_VERSION
from grid_kernel.errors import NotFound
from grid_kernel.routing import GridRouter

router = GridRouter(prefix=ROOT)


@router.get("")
@router.get("/")
async def get_landing_page(caller: CurrentCaller) -> Response:
    """What this API has, by links."""
    parameters.only(caller.request, ("f",))
    if form_of(caller.request) == "html":
        return page(caller.request, caller.words, "landing")
    return json_answer(caller.request, documents.landing(caller.request, caller.words))


@router.get("/conformance")
async def get_conformance(caller: CurrentCaller) -> Response:
    """Which parts of which standards are met."""
    parameters.only(caller.request, ("f",))
    if form_of(caller.request) == "html":
        return page(caller.request, caller.words, "conformance", document=documents.conformance())
    return json_answer(caller.request, documents.conformance())


@router.get("/api")
async def get_ogc_document(caller: CurrentCaller) -> Response:
    """The OpenAPI 3.0 document of this API."""
    parameters.only(caller.request, ("f",))
    made = openapi.document(caller.request, caller.words, API_VERSION)
    if form_of(caller.request) == "html":
        return page(caller.request, caller.words, "api", document=made)
    return json_answer(caller.request, made, documents.OPENAPI)


@router.get("/collections")
async def get_collections(caller: CurrentCaller) -> Response:
    """All collections."""
    parameters.only(caller.request, ("f",))
    made = documents.collections(caller.request, caller.words, await caller.whole())
    if form_of(caller.request) == "html":
        return page(caller.request, caller.words, "collections", document=made)
    return json_answer(caller.request, made)


@router.get("/collections/{collection}")
async def get_collection(caller: CurrentCaller, collection: str) -> Response:
    """One collection."""
    parameters.only(caller.request, ("f",))
    of = collection_of(collection)
    made = documents.collection(caller.request, caller.words, await caller.whole(), of)
    if form_of(caller.request) == "html":
        names = [member.name for member in of.source.members]
        return page(caller.request, caller.words, "collection", document=made, members=names)
    return json_answer(caller.request, made)


@router.get("/collections/{collection}/queryables")
async def get_queryables(caller: CurrentCaller, collection: str) -> Response:
    """What filters of a collection may speak of."""
    parameters.only(caller.request, ("f",))
    made = documents.queryables(caller.request, caller.words, collection_of(collection))
    if form_of(caller.request) == "html":
        return shown(caller.request, caller.words, made["title"], made["properties"])
    return json_answer(caller.request, made, documents.SCHEMA)


@router.get("/tileMatrixSets")
async def get_matrix_sets(caller: CurrentCaller) -> Response:
    """The tile matrix sets: one."""
    parameters.only(caller.request, ("f",))
    return shown(
        caller.request,
        caller.words,
        caller.words("links", "matrix-sets"),
        documents.matrix_sets(caller.request, caller.words),
    )


@router.get("/tileMatrixSets/{matrix_set}")
async def get_matrix_set(caller: CurrentCaller, matrix_set: str) -> Response:
    """One tile matrix set."""
    parameters.only(caller.request, ("f",))
    if matrix_set != documents.MATRIX_SET:
        raise NotFound
    return shown(caller.request, caller.words, caller.words("links", "matrix-set"), documents.matrix_set())
