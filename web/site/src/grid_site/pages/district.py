"""The page of an area for those who lead it: map by coverage, four figures, what is late."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from grid_site import areas, drawing, figures
from grid_site.gateway import Answer, Gateway
from grid_site.late import late_items
from grid_site.links import area_link
from grid_site.rendering import Pages
from grid_site.trouble import Trouble
from grid_site.visitors import Visitor, visitor_of
from grid_site.vocabulary import Vocabulary
from grid_site.words import moment_of

MOST_LATE: Final = 8
_WRITTEN_ON_MAP: Final = 40
ME: Final = "/api/gateway/v1/me"


def routes(pages: Pages, gateway: Gateway, vocabulary: Vocabulary) -> Sequence[BaseRoute]:
    """`/district`."""

    async def district(request: Request) -> Response:
        visitor = visitor_of(request)
        me = await gateway.get(visitor, ME)
        if not me.ok:
            return not_signed_in(pages, request, me)
        area = request.query_params.get("area") or areas.first_of(me.data["areas"])
        if area is None:
            return forbidden(pages, request, me, visitor.words("district.no-area"))
        if not areas.CODE.match(area):
            raise HTTPException(404)
        return await _AreaPage(pages, gateway, vocabulary, request, me.data, area).shown()

    return [Route("/district", district)]


def not_signed_in(pages: Pages, request: Request, me: Answer) -> Response:
    """To the sign-in and back, or what is wrong with the gateway."""
    if me.signed_out:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(here, safe='')}", status_code=303)
    trouble = Trouble.away(visitor_of(request))
    return pages.show(request, "refused.html", status=503, me=None, trouble=trouble, retry=True)


def forbidden(pages: Pages, request: Request, me: Answer, title: str) -> Response:
    """What the visitor may not see, and who can grant it."""
    words = visitor_of(request).words
    trouble = Trouble(title, words("district.who-grants"))
    return pages.show(
        request, "refused.html", status=403, me=who(visitor_of(request), me.data), trouble=trouble, retry=False
    )


def who(visitor: Visitor, me: Mapping[str, Any]) -> Mapping[str, str]:
    """Name and posts of whoever is signed in."""
    posts = dict.fromkeys(visitor.words.enum("post", grant["post"]) for grant in me["grants"])
    return {"name": me["displayName"], "posts": " · ".join(posts)}


class _AreaPage:
    """One area, asked for in parallel."""

    def __init__(
        self,
        pages: Pages,
        gateway: Gateway,
        vocabulary: Vocabulary,
        request: Request,
        me: Mapping[str, Any],
        area: str,
    ) -> None:
        self._pages, self._gateway, self._vocabulary = pages, gateway, vocabulary
        self._request, self._me, self._area = request, me, area
        self._visitor = visitor_of(request)
        self._words = self._visitor.words

    async def shown(self) -> Response:
        """The page, with whatever answered."""
        visitor, gateway, late = self._visitor, self._gateway, {"area": self._area, "queue": "late", "limit": "50"}
        overview, grids, cases, applications, names, units = await asyncio.gather(
            gateway.get(visitor, "/api/gateway/v1/overview", {"area": self._area}),
            gateway.get(visitor, "/api/gis/v1/grids", {"within": self._area}),
            gateway.get(visitor, "/api/dispute/v1/cases", late),
            gateway.get(visitor, "/api/approval/v1/applications", late),
            self._vocabulary.areas(visitor),
            self._vocabulary.units(visitor),
        )
        if overview.forbidden:
            title = self._words("district.forbidden", name=names.get(self._area, self._area))
            return forbidden(self._pages, self._request, Answer(200, self._me), title)
        if not overview.ok:
            return not_signed_in(self._pages, self._request, overview)
        items = late_items(self._words, cases, applications, units, names, MOST_LATE)
        told = self._told(overview.data, grids, names)
        return self._pages.show(self._request, "district.html", late=items, most=MOST_LATE, **told)

    def _told(self, overview: Mapping[str, Any], grids: Answer, names: Mapping[str, str]) -> dict[str, Any]:
        parts, words = overview["parts"], self._words
        population = parts["population"]
        approval = figures.counts_of(parts["approval"], words, "approval")
        dispute = figures.counts_of(parts["dispute"], words, "dispute")
        return {
            "me": who(self._visitor, self._me),
            "area": self._area,
            "steps": self._way_down(names),
            "made_at": moment_of(overview["madeAt"]),
            "quarter": population["data"] and population["data"]["quarter"],
            "figures": [
                figures.coverage_figure(population, words),
                figures.open_figure(approval, words, "approval", ("desk", "due-today")),
                figures.open_figure(dispute, words, "dispute", ("undispatched", "to-verify")),
                figures.late_figure(approval, dispute, words),
            ],
            "late_counts": [count for counts in (dispute, approval) if (count := counts.get("late"))],
            "late_missing": [counts.state for counts in (approval, dispute) if counts.state],
            "rows": figures.rows_of(population, names),
            "population_state": figures.state_of(population, words, "population"),
            **self._map(population, grids, names),
        }

    def _map(self, population: figures.Part, grids: Answer, names: Mapping[str, str]) -> dict[str, Any]:
        if not grids.ok:
            state = self._words("parts.unavailable", part=self._words("parts.gis"))
            return {"map": None, "map_state": state, "coverage": {}, "legend": [], "short": False}
        features = grids.data["features"]
        coverage = figures.coverage_by_grid(population)
        few = len(features) <= _WRITTEN_ON_MAP
        length = None if few else areas.below(self._area)
        places = {code: name for code, name in names.items() if len(code) == length and code.startswith(self._area)}
        drawn = drawing.draw(features, coverage, places)
        levels = [shape.level for shape in drawn.shapes] if drawn else []
        legend = [(level, levels.count(level)) for level in (*range(len(drawing.BOUNDS) + 1), drawing.NO_HOUSEHOLDS)]
        return {"map": drawn, "map_state": None, "coverage": coverage, "legend": legend, "short": few}

    def _way_down(self, names: Mapping[str, str]) -> list[areas.Step]:
        own = self._me["areas"]
        return [
            areas.Step(code, names.get(code, code), area_link(code) if areas.inside(code, own) else None)
            for code in areas.above(self._area)
        ]
