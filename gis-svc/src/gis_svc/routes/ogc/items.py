"""Items of a collection: pages of features, and one feature."""

import orjson
from fastapi.responses import Response

from gis_svc.ogc import parameters
from gis_svc.ogc.answers import GEOJSON, JSON, answer, etag_of, is_known, not_modified
from gis_svc.ogc.collections import Collection, collection_of
from gis_svc.ogc.links import ROOT, link, root_of, this_address
from gis_svc.ogc.serving import Caller, CurrentCaller
from gis_svc.queries import features
from gis_svc.queries.features import Asked, Found
from grid_kernel.clock import SHANGHAI
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.routing import GridRouter

router = GridRouter(prefix=f"{ROOT}/collections/{{collection}}/items")
_OURS = ("f", "limit", "bbox", "datetime", "cursor", "resultType")
_KINDS = (None, "results", "hits")


@router.get("")
async def get_items(caller: CurrentCaller, collection: str) -> Response:
    """A page of features; the next one is a link away."""
    of = collection_of(collection)
    asked, hits = _asked(caller, of)
    etag = etag_of(
        await caller.revision(of), of.id, caller.sight(of), str(caller.request.url), asked.during, caller.language
    )
    if is_known(caller.request, etag):
        return not_modified(etag)
    found = Found([], None) if hits else await features.page(caller.reads, of.source, caller.actor, asked)
    matched = await _matched(caller, of, asked, found, hits=hits)
    return answer(caller.request, _page(caller, of, found, matched), GEOJSON, etag=etag)


def _asked(caller: Caller, of: Collection) -> tuple[Asked, bool]:
    request = caller.request
    parameters.only(request, (*_OURS, *(member.name for member in of.source.members)))
    kind = request.query_params.get("resultType")
    if kind not in _KINDS:
        raise InvalidInput.at("#/query/resultType", "not-acceptable")
    after = request.query_params.get("cursor")
    if after is not None and features.key_of(of.source, after) is None:
        raise InvalidInput.at("#/query/cursor", "cursor-malformed")
    asked = Asked(
        during=parameters.during_of(request, caller.now),
        box=parameters.box_of(request),
        conditions=parameters.conditions_of(request, of.source),
        after=after,
        limit=parameters.limit_of(request),
    )
    return asked, kind == "hits"


async def _matched(caller: Caller, of: Collection, asked: Asked, found: Found, *, hits: bool) -> int | None:
    """How many there are of all: counted when asked, known when all are on the page."""
    if hits:
        return await features.count(caller.reads, of.source, caller.actor, asked)
    whole = asked.after is None and found.next_after is None
    return len(found.features) if whole else None


def _page(caller: Caller, of: Collection, found: Found, matched: int | None) -> bytes:
    request, words = caller.request, caller.words
    links = [
        link(this_address(request), "self", GEOJSON, words("links", "self")),
        link(f"{root_of(request)}/collections/{of.id}", "collection", JSON, words("links", "collection")),
    ]
    if found.next_after is not None:
        links.append(link(this_address(request, cursor=found.next_after), "next", GEOJSON, words("links", "next")))
    head = {
        "links": links,
        "timeStamp": caller.now.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "numberReturned": len(found.features),
    } | ({} if matched is None else {"numberMatched": matched})
    listed = ",".join(found.features)
    return b'{"type":"FeatureCollection","features":[%b],%b' % (listed.encode(), orjson.dumps(head)[1:])


@router.get("/{feature_id}")
async def get_item(caller: CurrentCaller, collection: str, feature_id: str) -> Response:
    """One feature."""
    of = collection_of(collection)
    parameters.only(caller.request, ("f", "datetime"))
    during = parameters.during_of(caller.request, caller.now)
    row = await features.feature(caller.reads, of.source, caller.actor, feature_id, during)
    if row is None:
        raise NotFound
    here = f"{root_of(caller.request)}/collections/{of.id}"
    links = [
        link(this_address(caller.request), "self", GEOJSON, caller.words("links", "self")),
        link(here, "collection", JSON, caller.words("links", "collection")),
    ]
    body = row["feature"][:-1].encode() + b',"links":' + orjson.dumps(links) + b"}"
    # The version of the row: what a change of it must name (Part 4, If-Match).
    return answer(caller.request, body, GEOJSON, etag=f'"{row["version"]}"')
