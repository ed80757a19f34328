"""What is checked of persons, households and dwellings, and how they are written down."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Protocol

from grid_kernel.codes import codes
from grid_kernel.errors import FieldError, InvalidInput
from grid_kernel.identifiers import BadIdNumber, check_id_number, id_birth_date, id_sex, to_18
from population_svc.grams import query_name_grams
from population_svc.rules.refusals import SearchTooBroad
from population_svc.rules.states import BirthPrecision

PACKAGE = "population_svc"
ID_CARD = "111"
HEADS = frozenset({"01", "02"})
VACANT = "03"
SEARCH_CAP = 10


class PersonFacts(Protocol):
    """What is checked of a person who is entered."""

    @property
    def sex(self) -> str: ...
    @property
    def birth_date(self) -> date: ...
    @property
    def birth_precision(self) -> BirthPrecision: ...
    @property
    def id_document_type(self) -> str: ...
    @property
    def id_number(self) -> str | None: ...
    @property
    def relation_to_head(self) -> str: ...
    @property
    def population_type(self) -> str: ...


def code_error(table: str, code: str, pointer: str) -> list[FieldError]:
    """The error of a code its table does not have."""
    return [] if code in codes(PACKAGE, table) else [FieldError(pointer, "unknown-code")]


def normalised_id_number(person: PersonFacts) -> str | None:
    """The number as it is stored: an identity card's in its 18-character form, others as they are written."""
    if person.id_number is None or person.id_document_type != ID_CARD:
        return person.id_number
    return to_18(person.id_number)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as it is checked when it is corrected."""

    sex: str
    birth_date: date
    birth_precision: BirthPrecision
    id_document_type: str
    id_number: str | None
    population_type: str
    relation_to_head: str = "01"

    @classmethod
    def of(cls, person: Any, changes: Mapping[str, Any]) -> "Identity":
        """Of a record with what is corrected in it."""
        names = ("sex", "birth_date", "birth_precision", "id_document_type", "id_number", "population_type")
        return cls(**{name: changes.get(name, getattr(person, name)) for name in names})


def check_registration(registered_here: bool, matches: bool | None) -> None:
    """Whoever is registered elsewhere does not live where he or she is registered (人户分离)."""
    if matches and not registered_here:
        raise InvalidInput.at("/registrationMatches", "registered-elsewhere")


def as_stored(number: str) -> str:
    """A number somebody asks by, as it would be stored: a card's in 18 characters, others as they are."""
    try:
        return to_18(number)
    except BadIdNumber:
        return number


def person_errors(person: PersonFacts, at: str, today: date) -> list[FieldError]:
    """Everything wrong with a person at once (GB 11643, GB/T 2261.1, GB/T 4761)."""
    errors = [
        *code_error("sexes", person.sex, f"{at}/sex"),
        *code_error("id_document_types", person.id_document_type, f"{at}/idDocumentType"),
        *code_error("family_relations", person.relation_to_head, f"{at}/relationToHead"),
        *code_error("population_types", person.population_type, f"{at}/populationType"),
    ]
    if person.birth_date > today:
        errors.append(FieldError(f"{at}/birthDate", "in-the-future"))
    if person.birth_date != first_known_day(person.birth_date, person.birth_precision):
        errors.append(FieldError(f"{at}/birthDate", "more-precise-than-known"))
    return [*errors, *_id_card_errors(person, at, today)]


def first_known_day(day: date, precision: BirthPrecision) -> date:
    """How a partial date of birth is written: the first day of the month or year that is known."""
    if precision is BirthPrecision.DAY:
        return day
    return day.replace(day=1) if precision is BirthPrecision.MONTH else day.replace(day=1, month=1)


def _id_card_errors(person: PersonFacts, at: str, today: date) -> list[FieldError]:
    if person.id_number is None or person.id_document_type != ID_CARD:
        return []
    try:
        check_id_number(person.id_number, today)
    except BadIdNumber as error:
        return [FieldError(f"{at}/idNumber", error.problem)]
    errors = []
    if id_birth_date(person.id_number) != person.birth_date:
        errors.append(FieldError(f"{at}/birthDate", "differs-from-id-number"))
    if person.sex in {"1", "2"} and id_sex(person.id_number) != person.sex:
        errors.append(FieldError(f"{at}/sex", "differs-from-id-number"))
    return errors


def check_one_head(relations: list[str]) -> None:
    """Refuse a household without a head, or with two."""
    if sum(relation in HEADS for relation in relations) != 1:
        raise InvalidInput.at("/persons", "one-head-needed")


def check_not_future(day: date, today: date, pointer: str) -> None:
    """Refuse a fact that has not happened yet."""
    if day > today:
        raise InvalidInput.at(pointer, "in-the-future")


def check_not_before(day: date, start: date, pointer: str) -> None:
    """Refuse an end before its beginning."""
    if day < start:
        raise InvalidInput.at(pointer, "before-the-start", start=start.isoformat())


def house_code(community: str, building_no: str, entrance: int, dwelling_no: str) -> str:
    """Community 12 + building 4 + entrance 2 + dwelling 4 digits; never the grid."""
    return f"{community}{building_no:0>4}{entrance:02}{dwelling_no:0>4}"


def door_digest(token: str) -> str:
    """By what a phone without a signal knows a code: 48 bits of its hash, which open nothing at the service."""
    return urlsafe_b64encode(sha256(token.upper().encode()).digest()[:6]).decode()


def dwelling_no(room_no: str) -> str | None:
    """The four digits of a room number, None when it does not have one to four."""
    digits = "".join(character for character in room_no if character.isdecimal() and character.isascii())
    return digits.zfill(4) if 0 < len(digits) <= 4 else None  # noqa: PLR2004 - the code's own width


def roster_key(code: str, floor: int, room_no: str) -> str:
    """The place of a dwelling in a walk through the building: building, entrance, floor, room."""
    return f"{code[:18]}{floor + 100:03}{room_no:0>6}"


def check_search(name: str | None, exact: bool, narrowed: bool) -> None:
    """Refuse a search that would list people instead of finding one (PIPL art 6).

    `exact` is a whole identity or telephone number. A name of dots and spaces alone has nothing to find by.
    """
    if not exact and not (name and query_name_grams(name) and narrowed):
        raise SearchTooBroad


def months_lived_here(stays: Sequence[tuple[date, date | None]], day: date) -> int | None:
    """Full months of living in the district without a break up to a day; None when somebody does not live here.

    `stays` are the homes of a person, each from a day up to another, the end of one being the start of the next.
    """
    since = next((start for start, end in stays if start <= day and (end is None or end > day)), None)
    if since is None:
        return None
    while (earlier := next((start for start, end in stays if end == since and start < since), None)) is not None:
        since = earlier
    return (day.year - since.year) * 12 + day.month - since.month - (day.day < since.day)
