"""Items of a collection: pages of features, and one feature."""

from dataclasses import replace
from typing import Any, Literal, cast

import orjson
from fastapi import Request
from fastapi.responses import Response

from gis_svc.kept import KeptAnswer, KeptCount, drawing_of
from gis_svc.ogc import filters, parameters
from gis_svc.ogc.answers import GEOJSON, JSON, answer, etag_of, is_known, not_modified, takes_gzip
from gis_svc.ogc.collections import Collection, collection_of
from gis_svc.ogc.crs import Crs, crs_of
from gis_svc.ogc.html import form_of, item_page, items_page, other_form
from gis_svc.ogc.links import ROOT, link, root_of, this_address
from gis_svc.ogc.serving import Caller, CurrentCaller
from gis_svc.queries import features
from gis_svc.queries.features import Asked, Found
from grid_kernel.clock import SHANGHAI
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.geo import Box
from grid_kernel.routing import GridRouter

router = GridRouter(prefix=f"{ROOT}/collections/{{collection}}/items")
_FILTER = ("filter", "filter-lang", "filter-crs")
_OURS = ("f", "limit", "bbox", "bbox-crs", "datetime", "cursor", "resultType", "crs", *_FILTER)
_OF_A_PAGE = ("f", "limit", "cursor", "crs", "resultType")
Kind = Literal["results", "hits"] | None


@router.get("")
async def get_items(caller: CurrentCaller, collection: str) -> Response:
    """A page of features; the next one is a link away."""
    of = collection_of(collection)
    request = caller.request
    parameters.only(request, (*_OURS, *(member.name for member in of.source.members)))
    crs, kind = crs_of(request.query_params.get("crs"), "crs"), _kind(request)
    asked = _asked(caller, of)
    address = f"{root_of(request)}{request.url.path}?{request.url.query}"
    form = form_of(request)
    key = (await caller.revision(of), of.id, caller.sight(of), address, asked.during, caller.language, form)
    etag = etag_of(*key)
    if is_known(request, etag):
        return not_modified(etag)
    pages = drawing_of(caller.runtime).pages
    if (kept := pages.get(key)) is None:
        found, matched = await _found(caller, of, asked, crs, kind, key[:3])
        if form == "html":
            return _people(caller, of, found, matched)
        kept = pages.keep(key, KeptAnswer(_page(caller, of, found, matched)))
    packed = kept.packed if takes_gzip(request) else None
    return answer(request, kept.plain, GEOJSON, etag=etag, packed=packed, headers=_in(crs))


async def _found(
    caller: Caller, of: Collection, asked: Asked, crs: Crs, kind: Kind, seen: tuple[object, ...]
) -> tuple[Found, int | None]:
    """The features of a page, and how many there are of all where that was asked for or is known."""
    asked = await _filtered(caller, of, asked)
    moved = None if crs.is_ours else crs.of_ours
    found = Found([], None)
    if kind != "hits":
        found = await features.page(caller.reads, of.source, caller.actor, asked, moved)
    if kind is not None:
        return found, await _counted(caller, of, asked, seen)
    whole = asked.after is None and found.next_after is None
    return found, len(found.features) if whole else None


async def _counted(caller: Caller, of: Collection, asked: Asked, seen: tuple[object, ...]) -> int:
    """Counted once for all pages of what is asked for."""
    given = sorted(pair for pair in caller.request.query_params.multi_items() if pair[0] not in _OF_A_PAGE)
    key = (*seen, asked.during, tuple(given))

    async def count() -> KeptCount:
        return KeptCount(await features.count(caller.reads, of.source, caller.actor, asked))

    return (await drawing_of(caller.runtime).counts.made(key, count)).number


def _people(caller: Caller, of: Collection, found: Found, matched: int | None) -> Response:
    """The page of features as a page for people."""
    told = [orjson.loads(text) for text in found.features]
    onward = this_address(caller.request, cursor=found.next_after) if found.next_after is not None else None
    return items_page(caller.request, caller.words, of.id, told, matched=matched, next=onward)


def _in(crs: Crs) -> dict[str, str]:
    return {"Content-Crs": f"<{crs.uri}>"}


def _kind(request: Request) -> Kind:
    """Whether all are to be counted, and whether nothing else is wanted."""
    kind = request.query_params.get("resultType")
    if kind in ("results", "hits"):
        return cast("Kind", kind)
    if kind is not None:
        raise InvalidInput.at("#/query/resultType", "not-acceptable")
    return None


def _asked(caller: Caller, of: Collection) -> Asked:
    request = caller.request
    after = request.query_params.get("cursor")
    if after is not None and features.key_of(of.source, after) is None:
        raise InvalidInput.at("#/query/cursor", "cursor-malformed")
    return Asked(
        during=parameters.during_of(request, caller.now),
        box=parameters.box_of(request),
        conditions=parameters.conditions_of(request, of.source),
        after=after,
        limit=parameters.limit_of(request),
    )


async def _filtered(caller: Caller, of: Collection, asked: Asked) -> Asked:
    """With the condition of the filter; its spatial parts are answered first."""
    given = caller.request.query_params
    crs = crs_of(given.get("filter-crs"), "filter-crs")
    if (text := given.get("filter")) is None:
        return asked
    told = filters.read(text, given.get("filter-lang"), crs)
    filters.condition(told, of.source, [()] * len(told.spatial))  # refuse before anything is looked at
    keys = [await _shaped(caller, of, asked, each) for each in told.spatial]
    return replace(asked, conditions=(*asked.conditions, filters.condition(told, of.source, keys)))


async def _shaped(caller: Caller, of: Collection, asked: Asked, told: filters.Spatial) -> list[Any]:
    box = None if told.relation == "s_disjoint" else Box(*told.to.bounds)
    around = Asked(asked.during, box=box, conditions=asked.conditions)
    return await features.shaped(caller.reads, of.source, caller.actor, around, told.holds)


def _page(caller: Caller, of: Collection, found: Found, matched: int | None) -> bytes:
    request, words = caller.request, caller.words
    links = [
        link(this_address(request), "self", GEOJSON, words("links", "self")),
        other_form(request, words),
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
    parameters.only(caller.request, ("f", "datetime", "crs"))
    crs = crs_of(caller.request.query_params.get("crs"), "crs")
    during = parameters.during_of(caller.request, caller.now)
    moved = None if crs.is_ours else crs.of_ours
    found = await features.feature(caller.reads, of.source, caller.actor, feature_id, during, moved)
    if found is None:
        raise NotFound
    text, version = found
    if form_of(caller.request) == "html":
        return item_page(caller.request, caller.words, of.id, orjson.loads(text))
    here = f"{root_of(caller.request)}/collections/{of.id}"
    links = [
        link(this_address(caller.request), "self", GEOJSON, caller.words("links", "self")),
        other_form(caller.request, caller.words),
        link(here, "collection", JSON, caller.words("links", "collection")),
    ]
    body = text[:-1].encode() + b',"links":' + orjson.dumps(links) + b"}"
    # The version of the row: what a change of it must name (Part 4, If-Match).
    return answer(caller.request, body, GEOJSON, etag=f'"{version}"', headers=_in(crs))
