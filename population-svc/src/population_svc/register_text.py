"""What the register knows, as text in a cell: words for codes, masked by the reader's right."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from grid_kernel.auth import Actor
from grid_kernel.codes import read_table
from grid_kernel.identifiers import mask_id_number, mask_name, mask_phone
from population_svc import rules
from population_svc.rules import Element, ExportPurpose, Presence, Sight

_PRESENCE = {Presence.LIVING: "常住", Presence.REGISTERED_ONLY: "户在人不在", Presence.REPORTED_MOVED: "据报已搬离"}
_NUMBERS = {"id_number": mask_id_number, "phone": mask_phone, "household_phone": mask_phone}
_NAMES = frozenset({"name", "head_name"})


@cache
def words_of(table: str) -> Mapping[str, str]:
    """The names of a code table by code."""
    return {row["code"]: row["name_zh"] for row in read_table(rules.PACKAGE, table).rows}


def choices_of(element: Element) -> tuple[str, ...]:
    """The words an element of the register may take; none when it is free."""
    if element.code_table:
        return tuple(words_of(element.code_table).values())
    if element.kind is rules.ElementKind.YES_NO:
        return ("是", "否")
    return tuple(_PRESENCE.values()) if element.code == "presence" else ()


def codes_by_words(element: Element) -> Mapping[str, str]:
    """The codes of an element by what people read for them."""
    return {words: code for code, words in words_of(element.code_table).items()} if element.code_table else {}


_PURPOSES = {
    ExportPurpose.REPORTING: "统计上报",
    ExportPurpose.SERVICE_LIST: "上门服务名单",
    ExportPurpose.SUBSIDY_CHECK: "补贴核对",
    ExportPurpose.EMERGENCY_PLAN: "应急预案",
    ExportPurpose.DATA_CHECK: "核对更正信息",
}


def purpose_words(purpose: ExportPurpose) -> str:
    """What rows are taken out for, in words."""
    return _PURPOSES[purpose]


def cell(actor: Actor, element: Element, row: Mapping[str, Any], *, whole: bool = False) -> str:
    """The value of an element in a row. `whole` numbers are for those who were allowed them."""
    value = row[f"e_{element.code}"]
    if value is None:
        return ""
    if element.code in _NUMBERS:
        return str(value) if whole else _NUMBERS[element.code](str(value))
    if rules.sight(actor, row["area_code"]) is not Sight.NAMES:
        if element.code in _NAMES:
            return mask_name(str(value))
        value = "" if element.code == "birth_date" else value
    return _worded(element, value)


def known_of(actor: Actor, fields: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> dict[str, str]:
    """What the register fills in of a form, by element."""
    elements = rules.register_elements()
    told = {f["element"]: cell(actor, elements[f["element"]], row) for f in fields if f["known"]}
    return {code: text for code, text in told.items() if text}


def _worded(element: Element, value: Any) -> str:
    if element.code_table:
        return words_of(element.code_table).get(str(value), str(value))
    if element.code == "presence":
        return _PRESENCE[Presence(value)]
    if isinstance(value, bool):
        return "是" if value else "否"
    return value.isoformat() if isinstance(value, date) else str(value)
