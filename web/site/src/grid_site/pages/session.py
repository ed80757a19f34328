"""Signing in and out of the pages for staff. The session itself is the gateway's."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from grid_site.forms import read_form
from grid_site.gateway import Answer, Gateway
from grid_site.rendering import Pages
from grid_site.trouble import Trouble
from grid_site.visitors import Visitor, from_own_page, local_path, visitor_of

SESSION = "/api/gateway/v1/session"
AFTER_SIGN_IN = "/district"
_SECOND_FACTOR = "second-factor-required"
_SEE_OTHER = 303


def routes(pages: Pages, gateway: Gateway, cookie_names: Sequence[str]) -> Sequence[BaseRoute]:
    """`/sign-in` and `/sign-out`."""

    async def form(request: Request) -> Response:
        return _shown(pages, request, {"next": request.query_params.get("next", "")})

    async def sign_in(request: Request) -> Response:
        if not from_own_page(request):
            raise HTTPException(403)
        given = await read_form(request)
        visitor = visitor_of(request)
        if (trouble := _incomplete(visitor, given)) is not None:
            return _shown(pages, request, given, trouble, status=400)
        answer = await gateway.post(visitor, SESSION, _credentials(given))
        if not answer.ok:
            asked = answer.problem("code") == _SECOND_FACTOR
            status = 503 if answer.away else answer.status
            return _shown(pages, request, given, _trouble_of(visitor, given, answer), status=status, ask=asked)
        response = RedirectResponse(local_path(given.get("next", ""), AFTER_SIGN_IN), status_code=_SEE_OTHER)
        for line in answer.set_cookies:
            response.headers.append("Set-Cookie", line)
        return response

    async def sign_out(request: Request) -> Response:
        if not from_own_page(request):
            raise HTTPException(403)
        await gateway.delete(visitor_of(request), SESSION)
        response = RedirectResponse("/", status_code=_SEE_OTHER)
        for name in cookie_names:
            response.delete_cookie(name, secure=name.startswith("__Host-"), httponly=True, samesite="lax")
        return response

    return [
        Route("/sign-in", form),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]


def _shown(
    pages: Pages,
    request: Request,
    given: Mapping[str, str],
    trouble: Trouble | None = None,
    *,
    status: int = 200,
    ask: bool = False,
) -> Response:
    wanted = local_path(given.get("next", ""), AFTER_SIGN_IN)
    return pages.show(
        request,
        "sign_in.html",
        status=status,
        here=f"/sign-in?next={quote(wanted, safe='')}",
        trouble=trouble,
        next=wanted,
        login=given.get("login", ""),
        second_factor=ask or "asked" in given,
    )


def _credentials(given: Mapping[str, str]) -> dict[str, str]:
    credentials = {"login": given["login"].strip().lower(), "password": given["password"]}
    if totp := given.get("totp", "").strip():
        credentials["totp"] = totp
    return credentials


def _incomplete(visitor: Visitor, given: Mapping[str, str]) -> Trouble | None:
    if given.get("login", "").strip() and given.get("password"):
        return None
    return Trouble(visitor.words("sign-in.incomplete"), visitor.words("sign-in.incomplete-detail"), "bad")


def _trouble_of(visitor: Visitor, given: Mapping[str, str], answer: Answer) -> Trouble:
    words = visitor.words
    if answer.away:
        return Trouble.away(visitor)
    if answer.too_many:
        return Trouble.wait(visitor, answer, words("sign-in.locked"))
    if answer.problem("code") == _SECOND_FACTOR and "asked" not in given:
        return Trouble(words("sign-in.second-factor"), words("sign-in.second-factor-detail"))
    if answer.status == 400:  # noqa: PLR2004 - the code was not six digits, or the log-in not one
        return Trouble(words("sign-in.failed"), words("sign-in.failed-detail"), "bad")
    return Trouble(answer.problem("title"), answer.problem("detail"), "bad")
