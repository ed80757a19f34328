"""The one way out of the pages: questions to the gateway, as the visitor and in the visitor's language."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx

from grid_site.visitors import Visitor
from grid_site.words import LANGUAGES

DEADLINE_SECONDS = 8.0
NOBODY_ANSWERED = 0
_UNAUTHENTICATED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _BROKEN = 401, 403, 404, 429, 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway said; `status` 0 when nobody answered in time."""

    status: int
    data: Any = None
    set_cookies: tuple[str, ...] = ()
    retry_after: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 15.3

    @property
    def away(self) -> bool:
        """Whether the part that should answer is not there."""
        return self.status == NOBODY_ANSWERED or self.status >= _BROKEN

    @property
    def signed_out(self) -> bool:
        """Whether nobody is signed in."""
        return self.status == _UNAUTHENTICATED

    @property
    def forbidden(self) -> bool:
        """Whether the visitor may not see it, or may not know of it."""
        return self.status in {_FORBIDDEN, _NOT_FOUND}

    @property
    def not_found(self) -> bool:
        """Whether there is no such thing."""
        return self.status == _NOT_FOUND

    @property
    def too_many(self) -> bool:
        """Whether it was tried too often."""
        return self.status == _TOO_MANY

    def problem(self, member: str) -> str:
        """One member of the problem document (RFC 9457), empty when it is not one."""
        return str(self.data.get(member) or "") if isinstance(self.data, Mapping) else ""


class Gateway:
    """Asks the gateway. The session goes along only where a page asks `as_visitor`."""

    def __init__(self, client: httpx.AsyncClient, cookie_names: Sequence[str]) -> None:
        # One client serves all visitors: it must never keep the cookie of one and send it for another.
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._client = client
        self._cookie_names = tuple(cookie_names)

    async def get(self, visitor: Visitor, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Read as the visitor."""
        return await self._ask("GET", visitor, path, params=dict(params or {}), as_visitor=True)

    async def read(self, visitor: Visitor, path: str) -> Answer:
        """Read what everybody may, as nobody."""
        return await self._ask("GET", visitor, path, as_visitor=False)

    async def post(self, visitor: Visitor, path: str, body: Mapping[str, Any]) -> Answer:
        """Send as nobody: looking up by a code and signing in need no session."""
        return await self._ask("POST", visitor, path, json=dict(body), as_visitor=False)

    async def delete(self, visitor: Visitor, path: str) -> Answer:
        """Delete as the visitor."""
        return await self._ask("DELETE", visitor, path, as_visitor=True)

    async def _ask(self, method: str, visitor: Visitor, path: str, *, as_visitor: bool, **more: Any) -> Answer:
        headers = self._headers(visitor, as_visitor=as_visitor)
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                response = await self._client.request(method, path, headers=headers, follow_redirects=False, **more)
        except (httpx.HTTPError, TimeoutError):
            return Answer(NOBODY_ANSWERED)
        return Answer(
            status=response.status_code,
            data=_json_of(response),
            set_cookies=tuple(self._ours(response)),
            retry_after=_seconds(response.headers.get("retry-after", "")),
        )

    def _headers(self, visitor: Visitor, *, as_visitor: bool) -> dict[str, str]:
        headers = {
            "accept": "application/json, application/geo+json",
            "accept-language": {language: language.replace("_", "-") for language in LANGUAGES}[visitor.words.language],
            "traceparent": visitor.traceparent,
            "x-grid-request": "site",
        }
        if visitor.request_id:
            headers["x-request-id"] = visitor.request_id
        if as_visitor and visitor.session:
            headers["cookie"] = visitor.session
        return headers

    def _ours(self, response: httpx.Response) -> list[str]:
        lines = response.headers.get_list("set-cookie")
        return [line for line in lines if line.partition("=")[0].strip() in self._cookie_names]


def _json_of(response: httpx.Response) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
