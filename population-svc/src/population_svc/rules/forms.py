"""One form for everything (一表通): a form is a choice of data elements; whoever wants a new one sees what is known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, WrongState
from population_svc.rules.elements import PLACE, Element, is_forbidden, plain_heading

FORM_ASKERS = (Post.STATION_HEAD, Post.STREET_LEADER, Post.DISTRICT_LEADER)
FORM_DECIDERS = (Post.STREET_LEADER, Post.DISTRICT_LEADER)
FORM_SUBJECTS = ("person", "household", "dwelling", PLACE)
_TELLS: Mapping[str, frozenset[str]] = {
    "person": frozenset({"person", "household", "dwelling"}),
    "household": frozenset({"household", "dwelling"}),
    "dwelling": frozenset({"dwelling"}),
    PLACE: frozenset({PLACE}),
}


class FormState(StrEnum):
    """Where a form stands: asked for, in use until its day, or not wanted."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"


class MatchedBy(StrEnum):
    """Why a field of a form is one we know."""

    CODE = "code"
    NAME = "name"
    SYNONYM = "synonym"


class FormDecided(WrongState):
    """The form was decided on already, or has ended."""

    status, code = 409, "form-decided"


class FormNotInUse(WrongState):
    """The form is not in use: nobody approved it yet, or its last day is over."""

    status, code = 409, "form-not-in-use"


class ForbiddenElement(InvalidInput):
    """No form may ask this: ethnicity, religion, party, scores, records of police or petitions, health, tracks."""

    status, code = 400, "forbidden-element"


@dataclass(frozen=True, slots=True)
class Match:
    """Which element a field is, and by what."""

    element: str
    by: MatchedBy


def matched(code: str | None, name: str, elements: Iterable[Element]) -> Match | None:
    """The element a field of a form is: by its code, its name, or a word people use for it."""
    plain = plain_heading(name)
    by_word: Match | None = None
    for element in elements:
        if code == element.code:
            return Match(element.code, MatchedBy.CODE)
        if plain in {plain_heading(element.name_zh), plain_heading(element.name_en)}:
            by_word = Match(element.code, MatchedBy.NAME)
        elif by_word is None and plain in {plain_heading(word) for word in element.synonyms}:
            by_word = Match(element.code, MatchedBy.SYNONYM)
    return by_word


def tells(subject: str, element: Element, use: str = "form") -> bool:
    """Whether the register knows an element of each row about persons, households or dwellings, for such a use."""
    return use in element.used_for and element.subject in _TELLS[subject]


def may_mean(subject: str, element: Element) -> bool:
    """Whether a field of a form about this can be that element: what people are asked is not what a place has."""
    return not element.used_for or (element.subject == PLACE) == (subject == PLACE)


def check_asks_for_form(actor: Actor, area: str) -> None:
    """A form is asked for by whoever leads a station or an area above it."""
    if not actor.holds(*FORM_ASKERS):
        raise Forbidden
    if not actor.holds(*FORM_ASKERS, area=area):
        raise NotFound


def check_decides_form(actor: Actor, area: str, asked_by: str) -> None:
    """A form is decided on by a street or district leader who did not ask for it."""
    if not actor.holds(*FORM_DECIDERS, area=area) or actor.id == asked_by:
        raise Forbidden


def check_no_forbidden(names: Sequence[str]) -> None:
    """Refuse a form that asks what no register of ours may hold."""
    if wrong := [place for place, name in enumerate(names) if is_forbidden(name)]:
        raise ForbiddenElement.at(f"/fields/{wrong[0]}/name", "forbidden-element")
