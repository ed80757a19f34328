"""查进度: where an application stands, by receipt number and query code. Neither is ever part of an address."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize
from urllib.parse import urlencode

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
GRADES: Final = frozenset("12345")
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
        # Nothing but the number is taken over from an address, not even into the link to the other language.
        number = typed(request.query_params.get("number", ""))
        here = f"/progress?{urlencode({'number': number})}" if number else "/progress"
        fields = [Field("number", number), Field("code", "")]
        return pages.show(request, "progress_form.html", here=here, trouble=None, fields=fields)

    async def look_up(request: Request) -> Response:
        visitor = visitor_of(request)
        given = {name: typed(value) for name, value in (await read_form(request)).items() if name in FIELDS}
        fields = _checked(visitor, given)
        if any(field.error for field in fields):
            return pages.show(request, "progress_form.html", status=400, trouble=None, fields=fields)
        answer = await gateway.post(visitor, PROGRESS, _codes(given))
        if not answer.ok:
            return _refused(pages, request, given, answer)
        return _told(pages, request, given, answer)

    async def rate(request: Request) -> Response:
        visitor, form_fields = visitor_of(request), await read_form(request)
        given = {name: typed(form_fields.get(name, "")) for name in FIELDS}
        grade = form_fields.get("grade", "")
        chosen = grade in GRADES
        more = {"grade": int(grade)} if chosen else {}
        answer = await gateway.post(visitor, PROGRESS + "/rating" * chosen, _codes(given) | more)
        if not answer.ok:
            return _refused(pages, request, given, answer)
        return _told(pages, request, given, answer, rated=chosen, unrated=not chosen)

    return [
        Route("/progress", form),
        Route("/progress", look_up, methods=["POST"]),
        Route("/progress/rating", rate, methods=["POST"]),
    ]


def typed(text: str) -> str:
    """What a person typed, without the spaces and full-width characters people type."""
    return re.sub(r"\s", "", normalize("NFKC", text)).upper()[:_LONGEST]


def _codes(given: Mapping[str, str]) -> dict[str, str | int]:
    return {"receiptNumber": given["number"], "queryCode": given["code"]}


def _told(
    pages: Pages,
    request: Request,
    given: Mapping[str, str],
    answer: Answer,
    *,
    rated: bool = False,
    unrated: bool = False,
) -> Response:
    application = Application.read(answer.data, visitor_of(request).words)
    return pages.show(
        request,
        "progress.html",
        here="/progress",
        application=application,
        number=given["number"],
        code=given["code"],
        rated=rated,
        unrated=unrated,
    )


def _refused(pages: Pages, request: Request, given: Mapping[str, str], answer: Answer) -> Response:
    status = 503 if answer.away else answer.status
    trouble = _trouble_of(visitor_of(request), answer)
    fields = [Field("number", given["number"]), Field("code", "")]
    return pages.show(request, "progress_form.html", status=status, here="/progress", trouble=trouble, fields=fields)


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
