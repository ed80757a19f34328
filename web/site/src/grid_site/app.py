"""The pages as one application: it knows the gateway by an HTTP client only."""

from collections.abc import Sequence

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from grid_site.gateway import Gateway
from grid_site.pages import district, home, lists, own, preferences, progress, reference, session
from grid_site.rendering import ASSETS, Pages, asset
from grid_site.settings import SiteSettings
from grid_site.surroundings import Surroundings
from grid_site.vocabulary import Vocabulary

_KINDS = {404: "missing", 405: "missing", 413: "too-large", 403: "foreign-form"}


def create_site(
    client: httpx.AsyncClient, *, cookie_names: Sequence[str], settings: SiteSettings | None = None
) -> Starlette:
    """The pages. `client` speaks to the gateway; `cookie_names` are the cookies in which it keeps sessions."""
    pages = Pages(settings or SiteSettings())
    gateway = Gateway(client, cookie_names)
    site = Starlette(
        routes=[
            *home.routes(pages),
            *progress.routes(pages, gateway),
            *own.routes(pages, gateway, Vocabulary(gateway), cookie_names),
            *session.routes(pages, gateway, cookie_names),
            *preferences.routes(),
            *district.routes(pages, gateway, Vocabulary(gateway)),
            *lists.routes(pages, gateway, Vocabulary(gateway)),
            *reference.routes(pages, gateway),
            Route("/static/{digest}/{name}", static_file),
            Route("/favicon.ico", favicon),
        ],
        middleware=[
            Middleware(GZipMiddleware, minimum_size=1_000),
            Middleware(Surroundings, pages=pages, cookie_names=cookie_names),
        ],
    )

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        here = None if request.method in {"GET", "HEAD"} else "/"
        return pages.show(request, "error.html", status=status, here=here, kind=_KINDS.get(status, "refused"))

    site.add_exception_handler(HTTPException, refuse)
    return site


async def static_file(request: Request) -> Response:
    """A file whose address changes with its content, so that it may be kept for ever."""
    name = request.path_params["name"]
    if name not in ASSETS or request.url.path != asset(name)[1]:
        raise HTTPException(404)
    kept = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    return Response(asset(name)[0], media_type=ASSETS[name], headers=kept)


async def favicon(_: Request) -> Response:
    """The icon, for whoever asks without reading the page."""
    return Response(asset("favicon.svg")[0], media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})
