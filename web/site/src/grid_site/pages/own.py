"""我的信息: the own record, opened by a code of the window or by the identity provider.

Code of the window, date and pass are never part of an address.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from grid_site.forms import read_form
from grid_site.gateway import Answer, Gateway
from grid_site.own import Own, kinds
from grid_site.pages.progress import typed
from grid_site.rendering import Pages
from grid_site.trouble import Trouble
from grid_site.visitors import Visitor, from_own_page, visitor_of
from grid_site.vocabulary import Vocabulary

OWN: Final = "/api/population/v1/own-record"
TABLES: Final = ("sexes", "family_relations", "population_types", "care_reasons")
_SEE_OTHER, _FORBIDDEN, _NOT_FOUND, _HALF_HOUR, _TEN_MINUTES = 303, 403, 404, 1_800, 600
_LONGEST_WORDS = 1_000


def routes(pages: Pages, gateway: Gateway, vocabulary: Vocabulary, cookie_names: Sequence[str]) -> Sequence[BaseRoute]:
    """`/mine` and what is asked for there."""
    secure = any(name.startswith("__Host-") for name in cookie_names)
    page = _Page(pages, gateway, vocabulary, "__Host-grid-own" if secure else "grid-own", secure=secure)
    return [
        Route("/mine", page.show),
        Route("/mine", page.open, methods=["POST"]),
        Route("/mine/sign-in", page.sign_in),
        Route("/mine/signed-in", page.signed_in),
        Route("/mine/requests", page.ask, methods=["POST"]),
        Route("/mine/withdrawals", page.withdraw, methods=["POST"]),
        Route("/mine/closing", page.close, methods=["POST"]),
    ]


class _Page:
    def __init__(self, pages: Pages, gateway: Gateway, vocabulary: Vocabulary, cookie: str, *, secure: bool) -> None:
        self._pages, self._gateway, self._vocabulary = pages, gateway, vocabulary
        self._cookie, self._ticket, self._secure = cookie, f"{cookie}-ticket", secure

    async def show(self, request: Request) -> Response:
        """The own record while the pass holds, else the form for a code."""
        secret = request.cookies.get(self._cookie)
        if not secret:
            return await self._form(request)
        return await self._told(request, await self._gateway.post(visitor_of(request), OWN, {"secret": secret}))

    async def open(self, request: Request) -> Response:
        """Turn the code of the window into a pass, kept in a cookie for half an hour."""
        given, visitor = await _own_form(request), visitor_of(request)
        code, born = typed(given.get("code", "")), _date_of(given)
        if not code or born is None:
            trouble = Trouble(visitor.words("own.incomplete"), visitor.words("own.incomplete-detail"), "bad")
            return await self._form(request, trouble, given, status=400)
        opening = {"code": code, "birthDate": born.isoformat()}
        answer = await self._gateway.post(visitor, f"{OWN}/openings", opening)
        if not answer.ok:
            return await self._form(request, _trouble_of(visitor, answer), given, status=_status_of(answer))
        return self._opened(RedirectResponse("/mine", status_code=_SEE_OTHER), answer)

    async def sign_in(self, request: Request) -> Response:
        """Off to the identity provider; what must come back stays with this browser for ten minutes."""
        visitor = visitor_of(request)
        answer = await self._gateway.post(visitor, f"{OWN}/sign-ins", {})
        if not answer.ok:
            return await self._form(request, _trouble_of(visitor, answer), status=_status_of(answer))
        response = RedirectResponse(answer.data["address"], status_code=_SEE_OTHER)
        # Lax: the provider leads back here from another site.
        kept: Mapping[str, Any] = {"httponly": True, "samesite": "lax", "secure": self._secure, "path": "/"}
        response.set_cookie(self._ticket, answer.data["ticket"], max_age=_TEN_MINUTES, **kept)
        return response

    async def signed_in(self, request: Request) -> Response:
        """Back from the identity provider: its answer is turned into a pass, once."""
        visitor, given = visitor_of(request), request.query_params
        opening = {name: given.get(name, "") for name in ("state", "code")}
        opening["ticket"] = request.cookies.get(self._ticket, "")
        if not all(opening.values()):
            trouble = Trouble(visitor.words("own.not-signed-in"), visitor.words("own.not-signed-in-detail"))
            return self._without_ticket(await self._form(request, trouble, status=400))
        answer = await self._gateway.post(visitor, f"{OWN}/sign-ins/openings", opening)
        if not answer.ok:
            trouble = _trouble_of(visitor, answer)
            return self._without_ticket(await self._form(request, trouble, status=_status_of(answer)))
        # A page and no redirect: a browser led here from another site would not send the strict cookie along.
        shown = self._pages.show(request, "own_signed_in.html", here="/mine")
        return self._without_ticket(self._opened(shown, answer))

    async def ask(self, request: Request) -> Response:
        """Ask for something of the own record."""
        given = await _own_form(request)
        words = given.get("words", "").strip()[:_LONGEST_WORDS]
        return await self._do(request, "requests", {"kind": given.get("kind", ""), "words": words or None})

    async def withdraw(self, request: Request) -> Response:
        """Withdraw a consent."""
        given = await _own_form(request)
        return await self._do(request, "withdrawals", {"careEntryId": given.get("entry", "")})

    async def close(self, request: Request) -> Response:
        """Close the record: on a shared computer nobody else shall read it."""
        if not from_own_page(request):
            raise HTTPException(403)
        secret = request.cookies.get(self._cookie, "")
        await self._gateway.post(visitor_of(request), f"{OWN}/closing", {"secret": secret})
        return self._forgotten(RedirectResponse("/", status_code=_SEE_OTHER))

    async def _do(self, request: Request, what: str, body: Mapping[str, Any]) -> Response:
        secret, visitor = request.cookies.get(self._cookie, ""), visitor_of(request)
        answer = await self._gateway.post(visitor, f"{OWN}/{what}", {"secret": secret, **body})
        if answer.ok:
            return RedirectResponse("/mine", status_code=_SEE_OTHER)
        if answer.away or answer.problem("code") == "own-record-closed":
            return await self._told(request, answer)
        again = await self._gateway.post(visitor, OWN, {"secret": secret})
        return await self._told(request, again, Trouble(answer.problem("title"), answer.problem("detail"), "bad"))

    async def _told(self, request: Request, answer: Answer, trouble: Trouble | None = None) -> Response:
        visitor = visitor_of(request)
        if not answer.ok:
            shown = await self._form(request, _trouble_of(visitor, answer), status=_status_of(answer))
            return shown if answer.away else self._forgotten(shown)
        enums = await self._vocabulary.enums(visitor, "population")
        codes = {name: await self._vocabulary.codes(visitor, "population", name) for name in TABLES}
        own = Own.read(answer.data, visitor.words, enums, codes)
        told: Mapping[str, Any] = {"own": own, "kinds": kinds(enums), "trouble": trouble}
        return self._pages.show(request, "own.html", here="/mine", status=400 if trouble else 200, **told)

    async def _form(
        self,
        request: Request,
        trouble: Trouble | None = None,
        given: Mapping[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        kept = {name: (given or {}).get(name, "") for name in ("year", "month", "day")}
        ways = await self._gateway.read(visitor_of(request), f"{OWN}/ways")
        told: Mapping[str, Any] = {"trouble": trouble, "born": kept, "sign_in": ways.ok and ways.data["signIn"]}
        return self._pages.show(request, "own_form.html", here="/mine", status=status, **told)

    def _opened(self, response: Response, answer: Answer) -> Response:
        kept: Mapping[str, Any] = {"httponly": True, "samesite": "strict", "secure": self._secure, "path": "/"}
        response.set_cookie(self._cookie, answer.data["secret"], max_age=_HALF_HOUR, **kept)
        return response

    def _without_ticket(self, response: Response) -> Response:
        response.delete_cookie(self._ticket, path="/", secure=self._secure, httponly=True, samesite="lax")
        return response

    def _forgotten(self, response: Response) -> Response:
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="strict")
        return response


async def _own_form(request: Request) -> dict[str, str]:
    if not from_own_page(request):
        raise HTTPException(403)
    return await read_form(request)


def _date_of(given: Mapping[str, str]) -> date | None:
    """A date typed in three fields, so that nobody guesses its order."""
    try:
        year, month, day = (int(typed(given.get(name, ""))) for name in ("year", "month", "day"))
        return date(year, month, day)
    except ValueError:
        return None


def _status_of(answer: Answer) -> int:
    return 503 if answer.away else answer.status


def _trouble_of(visitor: Visitor, answer: Answer) -> Trouble:
    if answer.away:
        return Trouble.away(visitor)
    if answer.status in (_FORBIDDEN, _NOT_FOUND) or answer.too_many:
        return Trouble(answer.problem("title"), answer.problem("detail"))
    return Trouble(visitor.words("own.incomplete"), visitor.words("own.incomplete-detail"), "bad")
