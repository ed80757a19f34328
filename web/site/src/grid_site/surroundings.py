"""Around every page, in pure ASGI: who visits, the headers of every answer, and a page when something breaks."""

import logging
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grid_site.rendering import Pages
from grid_site.visitors import LANGUAGE_COOKIE, Visitor

log = logging.getLogger("grid.site")

POLICY = (
    "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # not `no-referrer`: browsers without Fetch Metadata would send forms with `Origin: null`
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_YEAR_SECONDS = 31_536_000


class Surroundings:
    """Knows the visitor before the page does, and answers when the page cannot."""

    def __init__(self, app: ASGIApp, *, pages: Pages, cookie_names: Sequence[str]) -> None:
        self._app = app
        self._pages = pages
        self._cookie_names = tuple(cookie_names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visitor = Visitor.of(scope, self._cookie_names)
        scope["state"] = {**scope.get("state", {}), "visitor": visitor}
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._complete(MutableHeaders(scope=message), visitor)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            log.exception("a page broke", extra={"trace_id": visitor.trace_id})
            if not started:
                page = self._pages.for_visitor(visitor, scope["path"], "error.html", status=500, kind="broken")
                await page(scope, receive, send_with_headers)

    @staticmethod
    def _complete(headers: MutableHeaders, visitor: Visitor) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if visitor.language_chosen:
            kept = f"{LANGUAGE_COOKIE}={visitor.language_chosen}; Path=/; Max-Age={_YEAR_SECONDS}; SameSite=Lax"
            headers.append("Set-Cookie", kept)
