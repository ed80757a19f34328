"""What a form is on paper and on a screen: a workbook with lists to choose from, a JSON Schema with `x-ui`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from population_svc import register_text
from population_svc.models import Form
from population_svc.returned_tables import KEY_HEADING
from population_svc.rules import Element, ElementKind
from population_svc.spreadsheets import Choice, xlsx_chunks

_TYPES: Mapping[ElementKind, dict[str, Any]] = {
    ElementKind.NUMBER: {"type": "number"},
    ElementKind.DATE: {"type": "string", "format": "date"},
    ElementKind.YES_NO: {"type": "boolean"},
}
_LONG = 500


def json_schema(form: Form, known: Mapping[str, Element]) -> dict[str, Any]:
    """The form as JSON Schema 2020-12; fields the register knows are read-only and come filled in."""
    properties = {field["element"]: _member(field, known, order) for order, field in enumerate(form.fields, 1)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:grid:form:{form.id}:{form.version}",
        "title": form.name,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": [field["element"] for field in form.fields if field["required"] and not field["known"]],
    }


def _member(field: Mapping[str, Any], known: Mapping[str, Element], order: int) -> dict[str, Any]:
    element = known.get(field["element"])
    kind = ElementKind(field["kind"])
    choices = [*(register_text.choices_of(element) if element and field["known"] else ()), *field["options"]]
    shape = _TYPES.get(kind, {"type": "string", "maxLength": _LONG})
    if choices and kind is not ElementKind.YES_NO:
        shape = {"type": "string", "enum": choices}
    asked = {"title": field["name"], **shape, "x-ui": {"order": order, "width": "half" if choices else "full"}}
    if element is not None:
        asked["x-ui"]["hint"] = f"{element.source} · {element.purpose}"
    return asked | ({"readOnly": True} if field["known"] else {})


def workbook(
    form: Form, known: Mapping[str, Element], rows: Iterable[Sequence[str]], mark: str, *, numbered: bool
) -> Iterator[bytes]:
    """The form as a workbook: its name and basis, headings, the rows that are known; lists where there is a choice.

    Rows that are `numbered` end with what each is found again by when the form comes back.
    """

    def lines() -> Iterator[Sequence[str]]:
        yield [f"{form.name}　依据：{form.basis}　用至 {form.ends_on.isoformat()}　{mark}"]
        yield [*(field["name"] for field in form.fields), *([KEY_HEADING] if numbered else [])]
        yield from rows

    choices = [
        Choice(place, values) for place, field in enumerate(form.fields) if (values := _offered(field, known)) != ()
    ]
    return xlsx_chunks(lines(), title=form.name, headings_at=2, choices=choices)


def _offered(field: Mapping[str, Any], known: Mapping[str, Element]) -> tuple[str, ...]:
    if field["options"]:
        return tuple(field["options"])
    if ElementKind(field["kind"]) is ElementKind.YES_NO:
        return ("是", "否")
    element = known.get(field["element"])
    return register_text.choices_of(element) if element else ()


def table(form: Form, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Rows of a form as a plain workbook, to be corrected."""
    return xlsx_chunks(chain([headings], rows), title=form.name)
