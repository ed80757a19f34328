"""The rows behind a number, page by page, as tables anybody can print."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grid_site import areas
from grid_site.gateway import Answer, Gateway
from grid_site.links import area_link
from grid_site.pages.district import ME, forbidden, not_signed_in, who
from grid_site.rendering import Pages
from grid_site.rows import KINDS, ListKind, Writer
from grid_site.visitors import visitor_of
from grid_site.vocabulary import Enums, Vocabulary
from grid_site.words import Words

PAGE_ROWS: Final = "50"


def routes(pages: Pages, gateway: Gateway, vocabulary: Vocabulary) -> Sequence[BaseRoute]:
    """`/district/lists`."""

    async def rows(request: Request) -> Response:
        visitor, words = visitor_of(request), visitor_of(request).words
        kind, conditions = _asked(request)
        cursor = request.query_params.get("cursor", "")
        params = {**conditions, "limit": PAGE_ROWS} | ({"cursor": cursor} if cursor else {})
        me = await gateway.get(visitor, ME)
        if not me.ok:
            return not_signed_in(pages, request, me)
        answer, enums, places, units = await asyncio.gather(
            gateway.get(visitor, kind.path, params),
            vocabulary.enums(visitor, kind.service),
            vocabulary.areas(visitor),
            vocabulary.units(visitor),
        )
        if (refused := _refused(pages, request, me, answer)) is not None:
            return refused
        write = Writer(words, enums, places, units, datetime.now(UTC))
        area = conditions.get("area", "")
        return pages.show(
            request,
            "list.html",
            me=who(visitor, me.data),
            of=request.query_params["of"],
            area=places.get(area, area),
            area_href=area_link(area) if area else "/district",
            conditions=_told(words, kind, conditions, enums),
            columns=[column.member for column in kind.columns],
            numeric=[column.shown == "number" for column in kind.columns],
            rows=[write.row(kind, row) for row in answer.data["items"]],
            first=_again(request, None) if cursor else None,
            more=_again(request, answer.data["nextCursor"]) if answer.data["nextCursor"] else None,
        )

    return [Route("/district/lists", rows)]


def _asked(request: Request) -> tuple[ListKind, dict[str, str]]:
    """The list and its conditions; what a list does not know is a mistyped address."""
    kind = KINDS.get(request.query_params.get("of", ""))
    given = {name: value for name, value in request.query_params.items() if name not in {"of", "cursor", "lang"}}
    if kind is None or not given.keys() <= kind.conditions or not areas.CODE.match(given.get("area", "150204")):
        raise HTTPException(404)
    return kind, given


def _refused(pages: Pages, request: Request, me: Answer, answer: Answer) -> Response | None:
    if answer.ok:
        return None
    if answer.forbidden:
        return forbidden(pages, request, me, visitor_of(request).words("lists.forbidden"))
    if answer.away:
        return not_signed_in(pages, request, answer)
    raise HTTPException(404)


def _told(words: Words, kind: ListKind, conditions: Mapping[str, str], enums: Enums) -> list[str]:
    """The conditions in words."""
    return [
        _condition(words, name, enums.get(kind.enums.get(name, ""), {}).get(value, value))
        for name, value in conditions.items()
        if name not in {"area", "restricted"}
    ]


def _condition(words: Words, name: str, value: Any) -> str:
    fixed = words.enum(f"condition_{name}", value)
    return fixed if fixed != value else words(f"conditions.{name}", value=value)


def _again(request: Request, cursor: str | None) -> str:
    given = {name: value for name, value in request.query_params.items() if name not in {"cursor", "lang"}}
    return "/district/lists?" + urlencode(given | ({"cursor": cursor} if cursor else {}))
