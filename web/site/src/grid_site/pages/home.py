"""The residents' home: what can be done here now."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grid_site.rendering import Pages


def routes(pages: Pages) -> Sequence[BaseRoute]:
    """`/`."""

    async def home(request: Request) -> Response:
        return pages.show(request, "home.html")

    return [Route("/", home)]
