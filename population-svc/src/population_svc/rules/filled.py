"""What a filled form says: cells understood by the registry, as answers or as what is known now. No I/O, no clock."""

from collections.abc import Mapping
from typing import Any

from grid_kernel.errors import FieldError, InvalidInput
from population_svc.rules.elements import Element, ElementKind
from population_svc.rules.import_rows import read_day

MOST_RETURNED = 2_000
"""Rows of a filled form that are taken at once."""

CHANGED_BY_FORM: Mapping[str, Mapping[str, str]] = {
    "person": {
        "name": "name",
        "phone": "phone",
        "population_type": "population_type",
        "registered_here": "registered_here",
    },
    "household": {"household_phone": "phone", "household_type": "household_type"},
    "dwelling": {"dwelling_use": "use", "area_m2": "area_m2", "address": "address"},
}
"""Of forms about these: the elements that may be corrected in a cell, and the member each one is."""

_YES_NO = {"是": True, "有": True, "否": False, "无": False}


def read_answer(field: Mapping[str, Any], said: str) -> Any:
    """The answer in a cell, in the shape of the form's schema; what cannot be understood is refused by name."""
    kind, pointer = ElementKind(field["kind"]), f"/{field['element']}"
    if kind is ElementKind.YES_NO:
        return _yes_no(said, pointer)
    if kind is ElementKind.NUMBER:
        return _number(said, pointer)
    if kind is ElementKind.DATE:
        if (day := read_day(said)) is None:
            raise InvalidInput.at(pointer, "date-from-datetime-parsing")
        return day.isoformat()
    if field["options"] and said not in field["options"]:
        raise InvalidInput.at(pointer, "not-one-of-these", options="、".join(field["options"]))
    return said


def read_known(element: Element, said: str, codes: Mapping[str, str]) -> Any:
    """What a cell says of a member of the record; `codes` are those of the element's table by their words."""
    pointer = f"/{element.code}"
    if element.code_table:
        if said not in codes:
            raise InvalidInput.at(pointer, "unknown-code")
        return codes[said]
    if element.kind is ElementKind.YES_NO:
        return _yes_no(said, pointer)
    return _number(said, pointer) if element.kind is ElementKind.NUMBER else said


def _yes_no(said: str, pointer: str) -> bool:
    if said not in _YES_NO:
        raise InvalidInput.at(pointer, "bool-parsing")
    return _YES_NO[said]


def _number(said: str, pointer: str) -> float:
    try:
        return float(said)
    except ValueError:
        raise InvalidInput.at(pointer, "float-parsing") from None


def not_by_form(subject: str, elements: list[str]) -> list[FieldError]:
    """What of a record was changed in a cell and may not be."""
    may = CHANGED_BY_FORM.get(subject, {})
    return [FieldError(f"/{element}", "not-by-a-form") for element in elements if element not in may]
