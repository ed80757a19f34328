"""One row of an imported table, understood and checked like a person entered by hand. No I/O, no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Any

from grid_kernel.codes import read_table
from grid_kernel.errors import FieldError
from grid_kernel.identifiers import id_birth_date, id_sex, to_18
from grid_kernel.schemas import clean
from population_svc.rules.register import (
    HEADS,
    ID_CARD,
    PACKAGE,
    dwelling_no,
    house_code,
    normalised_id_number,
    person_errors,
)
from population_svc.rules.states import BirthPrecision

_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T].*)?")
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?")
_PACKED, _SERIAL = re.compile(r"(\d{4})(\d{2})(\d{2})"), re.compile(r"\d{3,5}(?:\.\d+)?")
_SERIAL_ZERO = date(1899, 12, 30)
_PHONE, _DOCUMENT = re.compile(r"[0-9+][0-9 -]{4,19}"), re.compile(r"[0-9A-Za-z()（）-]{4,40}")
_SPOILT = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_DIGITS = re.compile(r"\d+")
_YES = frozenset({"是", "有", "y", "yes", "true", "1", "√", "对"})
_NO = frozenset({"否", "无", "n", "no", "false", "0", "×", "不是", ""})
_ALSO = {
    "family_relations": {
        "户主": "02", "本人": "01", "本人或户主": "02", "丈夫": "11", "妻子": "12", "儿子": "20", "女儿": "30",
        "爸爸": "51", "妈妈": "52", "母亲": "52", "儿媳妇": "38", "孙子女": "40", "外孙子女": "40", "租户": "99",
        "其他": "97", "保姆": "99", "亲属": "97", "岳父母": "50", "公婆": "50", "兄弟": "70", "姐妹": "70",
    },
    "sexes": {"男": "1", "女": "2"},
    "population_types": {"户籍": "1", "常住人口": "1", "流动": "2", "流入人口": "2", "境外": "3", "未落户": "4"},
    "dwelling_uses": {"自有": "01", "自用": "01", "租赁": "02", "出租房": "02", "租住": "02", "空房": "03"},
    "id_document_types": {"身份证": "111", "护照": "414", "户口本": "113"},
    "household_types": {"家庭": "10", "集体": "20"},
}  # fmt: skip
_MOST_NAME, _MOST_ADDRESS, _MOST_ROOM = 100, 200, 20
_REGISTERED = "1"


@dataclass(frozen=True, slots=True)
class Given:
    """What holds for every row that does not say otherwise."""

    community: str | None
    moved_in_on: date
    population_type: str = "1"
    dwelling_use: str = "01"

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Given":
        """As an import keeps it."""
        return cls(**{**said, "moved_in_on": date.fromisoformat(said["moved_in_on"])})


@dataclass(slots=True)
class Draft:
    """A row that can be entered: a person in a dwelling. Shaped so that the rules of the register read it."""

    row_no: int
    name: str = ""
    sex: str = ""
    birth_date: date = _SERIAL_ZERO
    birth_precision: BirthPrecision = BirthPrecision.DAY
    id_document_type: str = ID_CARD
    id_number: str | None = None
    phone: str | None = None
    relation_to_head: str = ""
    population_type: str = ""
    registered_here: bool = False
    moved_in_on: date = _SERIAL_ZERO
    household_no: str = ""
    household_phone: str | None = None
    household_type: str = "10"
    house_code: str = ""
    building_no: str = ""
    entrance: int = 1
    floor: int = 1
    room_no: str = ""
    address: str = ""
    dwelling_use: str = "01"
    area_m2: float | None = None
    told: frozenset[str] = frozenset()
    """The elements the row itself says something of."""
    twice: bool = False
    """That the person stands in the table before."""
    errors: list[FieldError] = field(default_factory=list)

    @property
    def home(self) -> tuple[str, str]:
        """What rows of one household have in common."""
        return self.house_code, self.household_no

    @property
    def since(self) -> date:
        """Since when somebody lives there: a child from its birth on, not before."""
        return max(self.moved_in_on, self.birth_date)

    @property
    def is_head(self) -> bool:
        return self.relation_to_head in HEADS


def read_row(row_no: int, cells: Mapping[str, str], given: Given, today: date) -> Draft:
    """Understand a row; what is wrong with it is in `errors`, each beside its element."""
    row = _Reader(cells)
    draft = Draft(row_no, told=_shared(tuple(code for code, said in cells.items() if said)), errors=row.errors)
    _read_person(draft, row, given, today)
    _read_place(draft, row, given)
    if not row.errors:
        draft.id_number = normalised_id_number(draft)
        row.errors += [FieldError(_element_of(error.pointer), error.code) for error in person_errors(draft, "", today)]
    return draft


def _read_person(draft: Draft, row: "_Reader", given: Given, today: date) -> None:
    draft.name = row.text("name", _MOST_NAME, needed=True)
    draft.id_document_type = row.code("id_document_type", "id_document_types", ID_CARD)
    number = row.number_of_document("id_number")
    draft.id_number = to_18(number) if number and draft.id_document_type == ID_CARD else number
    born, precision = row.born("birth_date")
    has_card = draft.id_document_type == ID_CARD and row.said("id_number")
    from_card = _told_by(draft.id_number) if has_card else None
    sex = row.code("sex", "sexes", "")
    if from_card is not None:
        born, sex = born or from_card[0], sex or from_card[1]
    if born is None and not row.said("birth_date") and not has_card:
        row.wrong("birth_date", "missing")
    draft.birth_date, draft.birth_precision = born or draft.birth_date, precision
    draft.sex = sex or ("" if row.said("sex") else "0")
    draft.phone = row.phone("phone")
    relation = row.code("relation_to_head", "family_relations", "")
    if not relation and row.cells.get("head_name", "") == draft.name != "":
        relation = "02"
    if not relation and not row.said("relation_to_head"):
        row.wrong("relation_to_head", "missing")
    draft.relation_to_head = relation
    draft.population_type = row.code("population_type", "population_types", given.population_type)
    draft.registered_here = row.yes_no("registered_here", draft.population_type == _REGISTERED)
    draft.moved_in_on = row.day("moved_in_on") or given.moved_in_on
    if draft.moved_in_on > today:
        row.wrong("moved_in_on", "in-the-future")


def _read_place(draft: Draft, row: "_Reader", given: Given) -> None:
    draft.household_no = row.text("household_no", 40)
    draft.household_phone = row.phone("household_phone")
    draft.household_type = row.code("household_type", "household_types", "10")
    draft.address = row.text("address", _MOST_ADDRESS)
    draft.dwelling_use = row.code("dwelling_use", "dwelling_uses", given.dwelling_use)
    draft.area_m2 = row.square_metres("area_m2")
    _read_house(draft, row, given)
    draft.floor = row.integer("floor", -9, 200, _floor_of(draft.room_no))


@lru_cache(256)
def _shared(codes: tuple[str, ...]) -> frozenset[str]:
    """One set for all rows that fill in the same columns."""
    return frozenset(codes)


def row_keys(cells: Mapping[str, str], given: Given) -> tuple[str, str]:
    """The dwelling and the person of a row, as far as they can be told without checking it; empty where not."""
    row, draft = _Reader(cells), Draft(0)
    _read_house(draft, row, given)
    kind = row.code("id_document_type", "id_document_types", ID_CARD)
    number = row.number_of_document("id_number")
    if number:
        return draft.house_code, (to_18(number) if kind == ID_CARD else number) or ""
    name = cells.get("name", "")
    return draft.house_code, f"{draft.house_code} {name} {cells.get('birth_date', '')}" if name else ""


def _read_house(draft: Draft, row: "_Reader", given: Given) -> None:
    code = row.text("house_code", 22)
    if code:
        if not re.fullmatch(r"\d{22}", code):
            row.wrong("house_code", "house-code-digits")
            return
        draft.house_code, draft.building_no, draft.entrance = code, code[12:16], int(code[16:18])
        draft.room_no = row.text("room_no", _MOST_ROOM) or code[18:].lstrip("0") or "0"
    else:
        _read_door(draft, row, given)


def _read_door(draft: Draft, row: "_Reader", given: Given) -> None:
    community = row.text("community_code", 12) or given.community
    building = _DIGITS.search(row.text("building_no", _MOST_ROOM, needed=True))
    draft.room_no = row.text("room_no", _MOST_ROOM, needed=True).removesuffix("室").removesuffix("号")
    draft.entrance = row.integer("entrance", 1, 99, 1)
    if community is None or not re.fullmatch(r"\d{12}", community):
        row.wrong("community_code", "missing" if community is None else "community-code-digits")
        return
    number = dwelling_no(draft.room_no)
    if building is None or len(building.group()) > 4:  # noqa: PLR2004 - the code's own width
        row.wrong("building_no", "unknown-building")
    elif number is None:
        row.wrong("room_no", "room-number-digits")
    else:
        draft.building_no = building.group().zfill(4)
        draft.house_code = house_code(community, draft.building_no, draft.entrance, number)


def _floor_of(room_no: str) -> int:
    digits = "".join(character for character in room_no if character.isdecimal())
    return int(digits[:-2]) if 3 <= len(digits) <= 4 else 1  # noqa: PLR2004 - 502 is on the 5th, 1203 on the 12th


def _told_by(number: str | None) -> tuple[date, str] | None:
    try:
        return (id_birth_date(number), id_sex(number)) if number else None
    except (ValueError, IndexError):
        return None


def _element_of(pointer: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found.group().lower()}", pointer.lstrip("/"))


@cache
def _words(table: str) -> Mapping[str, str]:
    """Codes by what people write for them: the code itself, its name, everyday words."""
    rows = read_table(PACKAGE, table).rows
    said = {row["code"]: row["code"] for row in rows} | {row["name_zh"]: row["code"] for row in rows}
    return (
        said | {row["code"].lstrip("0"): row["code"] for row in rows if row["code"].strip("0")} | _ALSO.get(table, {})
    )


class _Reader:
    """The cells of a row by element; what cannot be read is noted beside it."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.errors: list[FieldError] = []

    def wrong(self, element: str, code: str, **params: object) -> None:
        self.errors.append(FieldError(element, code, params))

    def said(self, element: str) -> bool:
        return bool(self.cells.get(element))

    def text(self, element: str, longest: int, *, needed: bool = False) -> str:
        said = self.cells.get(element, "")
        if not said:
            if needed:
                self.wrong(element, "missing")
            return ""
        try:
            plain = clean(said)
        except ValueError:
            self.wrong(element, "not-acceptable")
            return ""
        if len(plain) > longest:
            self.wrong(element, "string-too-long", max_length=longest)
        return plain

    def code(self, element: str, table: str, otherwise: str) -> str:
        said = self.cells.get(element, "")
        if not said:
            return otherwise
        if (code := _words(table).get(said)) is None:
            self.wrong(element, "unknown-code")
        return code or ""

    def yes_no(self, element: str, otherwise: bool) -> bool:
        said = self.cells.get(element, "").casefold()
        if not said:
            return otherwise
        if said not in _YES | _NO:
            self.wrong(element, "bool-parsing")
        return said in _YES

    def day(self, element: str) -> date | None:
        said = self.cells.get(element, "")
        found = read_day(said)
        if said and found is None:
            self.wrong(element, "date-from-datetime-parsing")
        return found

    def born(self, element: str) -> tuple[date | None, BirthPrecision]:
        """A day, a month, or a year; what is not known stands on the first."""
        said = self.cells.get(element, "")
        if month := _MONTH.fullmatch(said):
            return _day(month[1], month[2], "1"), BirthPrecision.MONTH
        if len(said.removesuffix("年")) == 4 and said[:4].isdecimal():  # noqa: PLR2004 - a year
            return _day(said[:4], "1", "1"), BirthPrecision.YEAR
        return self.day(element), BirthPrecision.DAY

    def phone(self, element: str) -> str | None:
        said = self.cells.get(element, "").replace("－", "-").replace("—", "-")
        if said and not _PHONE.fullmatch(said):
            self.wrong(element, "number-became-figures" if _SPOILT.fullmatch(said) else "string-pattern-mismatch")
        return said or None

    def number_of_document(self, element: str) -> str | None:
        said = self.cells.get(element, "").replace(" ", "")
        if said and not _DOCUMENT.fullmatch(said):
            self.wrong(element, "number-became-figures" if _SPOILT.fullmatch(said) else "string-pattern-mismatch")
        return said.upper() or None

    def integer(self, element: str, least: int, most: int, otherwise: int) -> int:
        said = self.cells.get(element, "")
        if not said:
            return otherwise
        digits = re.search(r"-?\d+", said)
        if digits is None or len(digits.group()) > 4:  # noqa: PLR2004 - wider than any bound
            self.wrong(element, "int-parsing")
            return otherwise
        number = int(digits.group())
        if not least <= number <= most:
            self.wrong(element, "greater-than-equal" if number < least else "less-than-equal", ge=least, le=most)
        return number

    def square_metres(self, element: str) -> float | None:
        said = self.cells.get(element, "").removesuffix("㎡").removesuffix("平方米").removesuffix("平米").strip()
        if not said:
            return None
        try:
            number = float(said)
        except ValueError:
            self.wrong(element, "float-parsing")
            return None
        if not 0 < number <= 99_999:  # noqa: PLR2004 - what a dwelling may say
            self.wrong(element, "float-parsing")
            return None
        return round(number, 2)


def read_day(said: str) -> date | None:
    """A day as people and spreadsheets write it: 2020-1-5, 2020/01/05, 2020年1月5日, 20200105, a serial number."""
    if found := _DATE.fullmatch(said) or _PACKED.fullmatch(said):
        return _day(*found.groups())
    if _SERIAL.fullmatch(said):
        return _SERIAL_ZERO + timedelta(days=int(float(said)))
    return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
