"""Who looks at a page: language, size of letters, session, and what of the request goes on to the gateway."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from grid_site.words import LANGUAGES, Language, Words, preferred, words_in

LANGUAGE_COOKIE, LETTERS_COOKIE = "grid-lang", "grid-letters"
LARGE = "large"
_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,100}$")
_LOCAL_PATH = re.compile(r"^/(?![/\\])[A-Za-z0-9/_.?=&%+-]{0,500}$")


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a page needs to know of whoever asks for it."""

    words: Words
    language_chosen: Language | None
    large_letters: bool
    session: str
    request_id: str | None
    traceparent: str

    @classmethod
    def of(cls, scope: Scope, cookie_names: Sequence[str]) -> "Visitor":
        """Read from the head of a request; of its cookies only our own are kept."""
        headers = Headers(scope=scope)
        cookies = _cookies(headers.getlist("cookie"))
        chosen = _language(parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0])
        kept = _language(cookies.get(LANGUAGE_COOKIE, ""))
        given = headers.get("traceparent", "")
        request_id = headers.get("x-request-id", "")
        return cls(
            words=words_in(chosen or kept or preferred(headers.get("accept-language", ""))),
            language_chosen=chosen,
            large_letters=cookies.get(LETTERS_COOKIE) == LARGE,
            session="; ".join(f"{name}={cookies[name]}" for name in cookie_names if cookies.get(name)),
            request_id=request_id if _REQUEST_ID.match(request_id) else None,
            traceparent=given if _TRACEPARENT.match(given) else f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
        )

    @property
    def trace_id(self) -> str:
        """The number to quote when asking about this page."""
        return self.traceparent[3:35]


def visitor_of(request: Request) -> Visitor:
    """Whoever asks."""
    visitor: Visitor = request.state.visitor
    return visitor


def from_own_page(request: Request) -> bool:
    """Whether a form came from our own page: Fetch Metadata, else Origin (RFC 6454); neither is not enough."""
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host")


def local_path(wanted: str, otherwise: str) -> str:
    """A place on this site to go to; anything else is not followed."""
    return wanted if _LOCAL_PATH.match(wanted) else otherwise


def _language(tag: str) -> Language | None:
    return next((language for language in LANGUAGES if tag and language.startswith(tag[:2].lower())), None)


def _cookies(lines: Sequence[str]) -> dict[str, str]:
    pairs = (part.strip().partition("=") for line in lines for part in line.split(";"))
    return {name: value for name, _, value in pairs}
