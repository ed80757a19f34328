"""What may be known of people and places: the registry of data elements, and which headings never become one."""

import csv
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from population_svc.rules.register import PACKAGE

PLACE = "place"
"""What gis keeps and a campaign may be about: a building or a thing."""


class ElementKind(StrEnum):
    """How the value of an element is written."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CODE = "code"
    CHOICE = "choice"
    YES_NO = "yes_no"
    ID_NUMBER = "id_number"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that is known once: its owner, source, purpose, basis, and for how many days it is fresh."""

    code: str
    name_zh: str
    name_en: str
    subject: str
    kind: ElementKind
    code_table: str
    owner: str
    source: str
    purpose: str
    basis: str
    fresh_days: int
    used_for: frozenset[str]
    synonyms: tuple[str, ...]


@cache
def register_elements() -> dict[str, Element]:
    """The elements the register itself holds, by code."""
    lines = (files(PACKAGE) / "data" / "data_elements.csv").read_text("utf-8").splitlines()
    return {row["code"]: _element(row) for row in csv.DictReader(lines)}


def _element(row: dict[str, str]) -> Element:
    plain = {name: row[name] for name in ("code", "name_zh", "name_en", "subject", "code_table")}
    plain |= {name: row[name] for name in ("owner", "source", "purpose", "basis")}
    return Element(
        **plain,
        kind=ElementKind(row["kind"]),
        fresh_days=int(row["fresh_days"]),
        used_for=frozenset(row["used_for"].split()),
        synonyms=tuple(filter(None, row["synonyms"].split("|"))),
    )


def elements_for(use: str) -> dict[str, Element]:
    """The elements that are imported, exported or stand in forms."""
    return {code: element for code, element in register_elements().items() if use in element.used_for}


_ASIDE = re.compile(r"[（(【\[].*?[）)】\]]|[\s*＊:：、，,。.]+|^(居民|人员|住户|成员)(?=姓名|性别|电话)")


def plain_heading(heading: str) -> str:
    """A heading without its brackets, stars, colons and spaces; what two people write differently becomes the same."""
    return _ASIDE.sub("", unicodedata.normalize("NFKC", heading)).casefold()


@cache
def headings_known() -> dict[str, str]:
    """Which element a plain heading names: by its code, its names, its synonyms."""
    return {
        plain_heading(word): element.code
        for element in register_elements().values()
        if element.subject != PLACE
        for word in (element.code, element.name_en, *element.synonyms, element.name_zh)
    }


_NEVER = (
    "民族", "族别", "宗教", "信仰", "教派", "政治面貌", "党员", "党派", "党籍", "入党", "团员", "党组织", "党支部",
    "积分", "评分", "得分", "打分", "信用分", "信用等级", "风险", "危险等级", "管控", "稳控", "涉稳", "维稳", "重点人",
    "上访", "信访", "前科", "犯罪", "刑满", "刑释", "社区矫正", "矫正", "吸毒", "戒毒", "邪教", "涉恐", "轨迹", "指纹",
    "人脸", "虹膜", "基因", "dna", "血型", "病史", "疾病", "艾滋", "精神状态", "婚姻", "婚否", "照片",
    "ethnic", "religion", "politicalstatus", "partymember", "score", "risklevel", "criminal", "track",
)  # fmt: skip


def is_forbidden(heading: str) -> bool:
    """Whether a column says what no register of ours may hold (ethnicity, religion, party, scores, records of police
    or petitions, biometrics, health, tracks): it is dropped before anything is kept."""
    plain = plain_heading(heading)
    return any(word in plain or word in heading.casefold() for word in _NEVER)


def suggested(heading: str, remembered: dict[str, str | None]) -> str | None:
    """The element a heading probably names: as this unit said the last time, else by its words."""
    plain = plain_heading(heading)
    code = remembered[plain] if plain in remembered else headings_known().get(plain)
    return code if code in elements_for("import") else None


def heading_score(cells: list[str]) -> int:
    """How much a row looks like headings: how many of its cells we know or refuse by name."""
    return sum(plain_heading(cell) in headings_known() or is_forbidden(cell) for cell in cells if cell)
