"""查进度: where an application stands, by receipt number and query code. Neither is ever part of an address."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grid_site.application import Application
from grid_site.forms import read_form
from grid_site.gateway import Answer, Gateway
from grid_site.rendering import Pages
from grid_site.trouble import Trouble
from grid_site.visitors import Visitor, visitor_of

PROGRESS: Final = "/api/approval/v1/progress"
FIELDS: Final = ("number", "code")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it is shown again."""

    name: str
    value: str
    error: str | None = None


def routes(pages: Pages, gateway: Gateway) -> Sequence[BaseRoute]:
    """`/progress`."""

    async def form(request: Request) -> Response:
        number = typed(request.query_params.get("number", ""))
        return pages.show(
            request, "progress_form.html", trouble=None, fields=[Field("number", number), Field("code", "")]
        )

    async def look_up(request: Request) -> Response:
        visitor = visitor_of(request)
        given = {name: typed(value) for name, value in (await read_form(request)).items() if name in FIELDS}
        fields = _checked(visitor, given)
        if any(field.error for field in fields):
            return pages.show(request, "progress_form.html", status=400, trouble=None, fields=fields)
        answer = await gateway.post(visitor, PROGRESS, {"receiptNumber": given["number"], "queryCode": given["code"]})
        if not answer.ok:
            status = 503 if answer.away else answer.status
            told = {"trouble": _trouble_of(visitor, answer), "fields": [fields[0], Field("code", "")]}
            return pages.show(request, "progress_form.html", status=status, **told)
        return pages.show(request, "progress.html", application=Application.read(answer.data, visitor.words))

    return [Route("/progress", form), Route("/progress", look_up, methods=["POST"])]


def typed(text: str) -> str:
    """What a person typed, without the spaces and full-width characters people type."""
    return re.sub(r"\s", "", normalize("NFKC", text)).upper()[:_LONGEST]


def _checked(visitor: Visitor, given: Mapping[str, str]) -> list[Field]:
    values = {name: given.get(name, "") for name in FIELDS}
    return [
        Field(name, value, None if value else visitor.words(f"progress.{name}-missing"))
        for name, value in values.items()
    ]


def _trouble_of(visitor: Visitor, answer: Answer) -> Trouble:
    words = visitor.words
    if answer.away:
        return Trouble.away(visitor)
    if answer.too_many:
        return Trouble.wait(visitor, answer, words("progress.locked"))
    return Trouble(words("progress.not-found"), words("progress.not-found-detail"))
