"""Pages for people: the same documents and features as JSON, written out by the server, without script."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from gis_svc.ogc.answers import answer, json_answer
from gis_svc.ogc.documents import HTML, Words
from gis_svc.ogc.links import link, root_of, this_address
from gis_svc.ogc.pictures import picture_of
from grid_kernel.errors import InvalidInput

Form = Literal["json", "html"]
_TITLE_MEMBERS = ("name", "code", "id")


def form_of(request: Request) -> Form:
    """Whether a page or JSON is asked for: by `f`, else by what the caller likes best; a browser likes a page."""
    told = request.query_params.get("f")
    if told is not None:
        if told not in ("json", "html"):
            raise InvalidInput.at("#/query/f", "not-acceptable")
        return "html" if told == "html" else "json"
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
    return "html" if first in (HTML, "application/xhtml+xml") else "json"


def other_form(request: Request, words: Words) -> dict[str, Any]:
    """The link to the same as a page."""
    return link(this_address(request, f="html"), "alternate", HTML, words("links", "html"))


def page(request: Request, words: Words, template: str, **said: Any) -> Response:
    """A page out of a template; nothing on it comes from elsewhere, and nothing runs."""
    style = _style()
    text = (
        _templates()
        .get_template(f"{template}.html")
        .render(
            words=words,
            root=root_of(request),
            language=request.headers.get("accept-language", "zh")[:2],
            style=style,
            json_address=this_address(request, f="json"),
            **said,
        )
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "private, no-cache"}
    return answer(request, text.encode(), "text/html; charset=utf-8", headers=headers)


def shown(request: Request, words: Words, title: str, document: Mapping[str, Any]) -> Response:
    """A document as JSON or, for people, its members by name with addresses as links."""
    if form_of(request) == "html":
        return page(request, words, "document", heading=title, document=document)
    return json_answer(request, document)


def items_page(
    request: Request, words: Words, collection: str, features: Sequence[Mapping[str, Any]], **said: Any
) -> Response:
    """A page of features: a drawing, and a table of what is said of each."""
    names = list(dict.fromkeys(name for feature in features for name in feature["properties"]))
    rows = [{"id": f["id"], "cells": [_cell(f["properties"].get(name)) for name in names]} for f in features]
    picture = picture_of([feature.get("geometry") for feature in features])
    return page(request, words, "items", collection=collection, names=names, rows=rows, picture=picture, **said)


def item_page(request: Request, words: Words, collection: str, feature: Mapping[str, Any]) -> Response:
    """One feature."""
    told = {name: _cell(value) for name, value in feature["properties"].items()}
    title = next((told[name] for name in _TITLE_MEMBERS if told.get(name)), feature["id"])
    picture = picture_of([feature.get("geometry")])
    return page(request, words, "item", collection=collection, title=title, told=told, picture=picture)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return {True: "✓", False: "–"}[value] if isinstance(value, bool) else str(value)


@cache
def _style() -> str:
    return (files("gis_svc") / "templates" / "pages.css").read_text("utf-8")


@cache
def _templates() -> Environment:
    loader = PackageLoader("gis_svc")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
