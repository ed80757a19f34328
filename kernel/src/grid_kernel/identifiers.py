"""Numbers of persons, organisations, places and cases: checked, made, taken apart and masked."""

import re
import secrets
from datetime import date
from enum import StrEnum
from importlib.resources import files
from operator import mul
from typing import NamedTuple, Self
from unicodedata import normalize

# --- GB 11643: citizens' identity numbers

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID_18 = re.compile(r"[0-9]{17}[0-9X]")
_ID_15 = re.compile(r"[0-9]{15}")
_LENGTH_15, _LENGTH_18 = 15, 18


class IdNumberProblem(StrEnum):
    """What is wrong with an identity number, as the code of the message people get."""

    LENGTH = "id-number-length"
    CHARACTERS = "id-number-characters"
    BIRTH_DATE = "id-number-birth-date"
    CHECK_DIGIT = "id-number-check-digit"


class BadIdNumber(ValueError):  # noqa: N818 - named for what happened, as refusals are
    """The number cannot be a citizen's; the number itself is not in the message."""

    def __init__(self, problem: IdNumberProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def id_check_digit(first_17: str) -> str:
    return _ID_CHECKS[sum(map(mul, _ID_WEIGHTS, map(int, first_17))) % 11]


def to_18(number: str) -> str:
    """Bring an identity number into its stored form: 18 characters, capital X; 15 digits get the century 19."""
    number = normalize("NFKC", number).strip().upper()
    if not _ID_15.fullmatch(number):
        return number
    first_17 = number[:6] + "19" + number[6:]
    return first_17 + id_check_digit(first_17)


def check_id_number(number: str, today: date) -> str:
    """Answer the number in its stored form, or raise BadIdNumber.

    The division code is not checked: people keep the one of the county, and the year, they were registered in.
    """
    number = to_18(number)
    if len(number) != _LENGTH_18:
        raise BadIdNumber(IdNumberProblem.LENGTH)
    if not _ID_18.fullmatch(number):
        raise BadIdNumber(IdNumberProblem.CHARACTERS)
    try:
        born_on = id_birth_date(number)
    except ValueError:
        raise BadIdNumber(IdNumberProblem.BIRTH_DATE) from None
    if born_on > today:
        raise BadIdNumber(IdNumberProblem.BIRTH_DATE)
    if number[17] != id_check_digit(number[:17]):
        raise BadIdNumber(IdNumberProblem.CHECK_DIGIT)
    return number


def id_birth_date(number: str) -> date:
    number = to_18(number)
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def id_sex(number: str) -> str:
    """The code of GB/T 2261.1: 1 male, 2 female."""
    return "1" if int(to_18(number)[16]) % 2 else "2"


# --- GB 32100: unified social credit codes

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES = {character: value for value, character in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_USCC = re.compile(f"[{_USCC_ALPHABET}]{{2}}[0-9]{{6}}[{_USCC_ALPHABET}]{{10}}")


class BadUscc(ValueError):  # noqa: N818 - named for what happened, as refusals are
    """The code cannot be an organisation's."""


def uscc_check_digit(first_17: str) -> str:
    values = (_USCC_VALUES[character] for character in first_17)
    return _USCC_ALPHABET[-sum(map(mul, _USCC_WEIGHTS, values)) % 31]


def check_uscc(code: str) -> str:
    """Answer the code in its stored form, or raise BadUscc."""
    code = normalize("NFKC", code).strip().upper()
    if not _USCC.fullmatch(code) or code[17] != uscc_check_digit(code[:17]):
        raise BadUscc("uscc")
    return code


# --- areas, grids, houses

_AREA = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,3}")


class Level(StrEnum):
    """The four levels an area code can have."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"


_LEVELS = {6: Level.DISTRICT, 9: Level.STREET, 12: Level.COMMUNITY, 15: Level.GRID}


def level_of(area_code: str) -> Level:
    if not _AREA.fullmatch(area_code):
        raise ValueError("an area code has 6, 9, 12 or 15 digits")
    return _LEVELS[len(area_code)]


def parent_of(area_code: str) -> str | None:
    return None if level_of(area_code) is Level.DISTRICT else area_code[:-3]


def is_within(area_code: str, area: str) -> bool:
    """Whether a place lies in an area, or is it."""
    return bool(area) and area_code.startswith(area)


class GridCode(NamedTuple):
    """Community (12 digits) and number of the grid in it, 1 to 999; never re-used."""

    community: str
    sequence: int

    @classmethod
    def parse(cls, text: str) -> Self:
        if level_of(text) is not Level.GRID or text.endswith("000"):
            raise ValueError("a grid code is a community and a number from 001")
        return cls(text[:12], int(text[12:]))

    def __str__(self) -> str:
        return f"{self.community}{self.sequence:03}"


class HouseCode(NamedTuple):
    """Community 12 + building 4 + entrance 2 + dwelling 4 digits; no grid in it, so it survives every split."""

    community: str
    building: str
    entrance: str
    dwelling: str

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(r"[0-9]{22}", text):
            raise ValueError("a house code has 22 digits")
        return cls(text[:12], text[12:16], text[16:18], text[18:])

    def __str__(self) -> str:
        return "".join(self)


# --- case and application codes, query codes


_LAST_SEQUENCE = 999_999


class CaseCode(NamedTuple):
    """Area (6 digits), day, number of the day, and a check digit by ISO 7064 MOD 11,10: one code per case."""

    area: str
    day: date
    sequence: int

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(r"[0-9]{21}", text) or _mod_11_10(text[:20]) != text[20]:
            raise ValueError("a case code has 21 digits, the last one checking the others")
        return cls(text[:6], date.fromisoformat(text[6:14]), int(text[14:20]))

    def __str__(self) -> str:
        digits = f"{self.area}{self.day:%Y%m%d}{self.sequence:06}"
        return digits + _mod_11_10(digits)


def case_code(area6: str, day: date, seq: int) -> str:
    """Make the code of a case or application; seq counts the day's, from 1."""
    if level_of(area6) is not Level.DISTRICT or not 1 <= seq <= _LAST_SEQUENCE:
        raise ValueError("a case code needs a district and a number of the day from 1 to 999999")
    return str(CaseCode(area6, day, seq))


def _mod_11_10(digits: str) -> str:
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


_QUERY_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def query_code() -> str:
    """Make the secret a resident looks up progress with: 8 characters, 40 bits, nothing that reads like another."""
    return "".join(secrets.choice(_QUERY_ALPHABET) for _ in range(8))


def typed_query_code(text: str) -> str:
    """Bring a code typed by a person into the form it was given out in."""
    return re.sub(r"[\s-]", "", normalize("NFKC", text)).upper()


# --- masks

_COMPOUND_SURNAMES = frozenset((files("grid_kernel") / "data" / "compound_surnames.txt").read_text("utf-8").split())
_MOBILE_LENGTH = 11


def mask_id_number(number: str) -> str:
    """First 3 and last 2 characters, as 150*************93."""
    if len(number) < _LENGTH_15:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 5) + number[-2:]


def mask_phone(phone: str) -> str:
    """138****0000; of a number shorter than a mobile one only the last two digits."""
    if len(phone) < _MOBILE_LENGTH:
        return "*" * max(len(phone) - 2, 0) + phone[-2:]
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]


def mask_name(name: str) -> str:
    """Surname and one star. Names without a surname (with a middle dot, or Latin) keep their first character."""
    shown = 2 if len(name) > 2 and name[:2] in _COMPOUND_SURNAMES else 1  # noqa: PLR2004
    return name[:shown] + "*" if len(name) > shown else "*"
