"""From a template to an answer: one environment, one set of things every page knows."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from grid_site.settings import SiteSettings
from grid_site.visitors import Visitor, visitor_of
from grid_site.words import clock_time, number, on_day

STATIC = files("grid_site") / "static"
ASSETS = {"tokens.css": "text/css", "site.css": "text/css", "office.css": "text/css", "favicon.svg": "image/svg+xml"}


@cache
def asset(name: str) -> tuple[bytes, str]:
    """A file every page may load, and the address that changes with its content."""
    content = (STATIC / name).read_bytes()
    return content, f"/static/{hashlib.sha256(content).hexdigest()[:12]}/{name}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("grid_site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = lambda name: asset(name)[1]
    made.filters["number"] = number
    made.filters["iso_day"] = lambda moment: on_day(moment).isoformat()
    made.filters["clock_time"] = clock_time
    return made


class Pages:
    """Renders pages for visitors."""

    def __init__(self, settings: SiteSettings) -> None:
        self._settings = settings

    def show(
        self, request: Request, template: str, *, status: int = 200, here: str | None = None, **told: Any
    ) -> Response:
        """One page, complete; `here` is the address to come back to, where it is not that of the request."""
        return self.for_visitor(visitor_of(request), here or _address(request), template, status=status, **told)

    def for_visitor(self, visitor: Visitor, here: str, template: str, *, status: int = 200, **told: Any) -> Response:
        """One page for somebody whose request may have broken; `here` is where they are."""
        other = "en" if visitor.words.language == "zh_CN" else "zh"
        common: Mapping[str, Any] = {
            "t": visitor.words,
            "visitor": visitor,
            "desk": self._settings,
            "here": here,
            "other_language": f"{here}{'&' if '?' in here else '?'}lang={other}",
        }
        text = _environment().get_template(template).render({**common, **told})
        return HTMLResponse(text, status_code=status, headers={"Content-Language": visitor.words.tag})


def _address(request: Request) -> str:
    """Where the visitor is, without the language, which may be chosen again."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return request.url.path + ("?" + urlencode(kept) if kept else "")
