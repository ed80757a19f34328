"""How the pages shall look: the larger letters of 长辈版, kept in a cookie that says nothing else."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from grid_site.forms import read_form
from grid_site.visitors import LARGE, LETTERS_COOKIE, local_path

_YEAR_SECONDS = 31_536_000


def routes() -> Sequence[BaseRoute]:
    """`/letters`."""
    return [Route("/letters", choose_letters, methods=["POST"])]


async def choose_letters(request: Request) -> Response:
    """Take over the wish and go back to where it was uttered."""
    form = await read_form(request)
    response = RedirectResponse(local_path(form.get("back", ""), "/"), status_code=303)
    if form.get("size") == LARGE:
        response.set_cookie(LETTERS_COOKIE, LARGE, max_age=_YEAR_SECONDS, samesite="lax", httponly=True)
    else:
        response.delete_cookie(LETTERS_COOKIE, samesite="lax", httponly=True)
    return response
