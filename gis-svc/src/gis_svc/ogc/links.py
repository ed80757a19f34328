"""Addresses and links of the OGC API, as the caller reached us."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

ROOT = "/ogc"


def root_of(request: Request) -> str:
    """The address of the landing page as the caller knows it."""
    headers = request.headers
    host = headers.get("x-forwarded-host") or headers.get("host", "localhost")
    return f"{headers.get('x-forwarded-proto') or request.url.scheme}://{host}{ROOT}"


def link(href: str, rel: str, media_type: str, title: str | None = None, **more: Any) -> dict[str, Any]:
    """A link of RFC 8288, as the standards write it."""
    made = {"href": href, "rel": rel, "type": media_type} | ({"title": title} if title else {})
    return made | more


def this_address(request: Request, **changed: str | None) -> str:
    """The address asked for, with some parameters changed or, when None, left out."""
    given = {**dict(request.query_params), **changed}
    kept = {name: value for name, value in given.items() if value is not None}
    address = f"{root_of(request)}{request.url.path.removeprefix(ROOT)}"
    return f"{address}?{urlencode(kept, safe=':/,')}" if kept else address
