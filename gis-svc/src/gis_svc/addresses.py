"""Addresses: free text made plain, read as elements (GA/T 2000.32), compared with what is registered. Pure.

Nothing is guessed silently: what two readings are open is said, and a comparison gives a score and its reasons.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

DISTRICT, STREET, COMMUNITY = "13", "23", "31"
ROAD, COMPOUND, YARD, BUILDING, UNIT, ROOM = "41", "42", "43", "50", "61", "62"
CERTAIN, WORTH_SHOWING, MARGIN = 0.97, 0.35, 0.1
_ANOTHER_PLACE = 0.5
_DIGITS = "零一二三四五六七八九"
_NUMBER = "零〇一二三四五六七八九十百两"
_COUNTED = "号院|号楼|号|栋|幢|座|单元|楼|门|室|户|层|段|区|组|排|弄|#"
_CHINESE = re.compile(rf"[{_NUMBER}]+(?=第?(?:{_COUNTED}))")
_BRACKETS = re.compile(r"[（(【\[][^）)】\]]*[）)】\]]")
_DASHES = re.compile(r"[—–－―‐−~_/\\至]+")
_NOISE = re.compile(r"[\s,，。.、;；:：'\"“”]+")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_BUILDING_MARK = re.compile(r"(?<=[0-9A-Z])(?:号楼|#楼|栋楼|幢楼|栋|幢|座|#)")
_PROVINCE = re.compile(r"^(?:内蒙古自治区|内蒙古|[\u4e00-\u9fff]{2,3}省)")
_CITY = re.compile(r"^[\u4e00-\u9fff]{1,3}市")
_ROAD = re.compile(
    r"^(?P<name>[\u4e00-\u9fff0-9]{1,8}?(?:大道|大街|[路街道巷]|胡同))(?P<number>[0-9]+(?:-[0-9]+)?号?)?(?P<yard>院)?"
)
_MARKED = re.compile(r"^(?P<place>.*?)(?P<building>[0-9]{1,4}|[A-Z])幢(?P<tail>.*)$")
_COMPACT = re.compile(
    r"^(?P<place>.*?[\u4e00-\u9fff号])?(?P<building>[0-9]{1,4}|[A-Z])-(?P<unit>[0-9]{1,2})-(?P<room>[0-9]{1,4})$"
)
_SHORT = re.compile(r"^(?P<place>.*?[\u4e00-\u9fff号])?(?P<building>[0-9]{1,3}|[A-Z])-(?P<room>[0-9]{3,4})$")
_FLOORISH = re.compile(r"^(?P<place>.*?)(?P<building>[0-9]{1,3}|[A-Z])楼(?P<tail>.*)$")
_TAIL = re.compile(
    r"^-?(?:(?P<unit>[0-9]{1,2}|[A-Z])(?:单元|门|-|口))?(?:(?P<floor>[0-9]{1,2})(?:层|楼))?(?P<room>[0-9]{1,4}[A-Z]?)?(?:室|户|号|房)?$"
)


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an address: its type (GA/T 2000.32) and its plain text."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """An address as it was read: plain text, elements from the district down, what was left over, what stays open."""

    normal: str
    elements: tuple[Element, ...]
    rest: str = ""
    open: tuple[str, ...] = ()

    def of(self, kind: str) -> str | None:
        """The element of a type."""
        return next((element.name for element in self.elements if element.type == kind), None)

    @property
    def place(self) -> str:
        """Road and compound as one text: what names the ground a building stands on."""
        return "".join(e.name for e in self.elements if e.type in (ROAD, COMPOUND, YARD))


@dataclass(frozen=True, slots=True)
class Compared:
    """How well an address agrees with a registered one, from 0 to 1, and in which elements."""

    score: float
    agrees: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names of areas that may begin an address, longest first within each level."""

    districts: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    levels: tuple[tuple[str, tuple[str, ...]], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the names so that the longest that fits is taken."""
        named = ((DISTRICT, self.districts), (STREET, self.streets), (COMMUNITY, self.communities))
        levels = tuple((kind, tuple(sorted(map(normal, names), key=len, reverse=True))) for kind, names in named)
        object.__setattr__(self, "levels", levels)


def normal(text: str) -> str:
    """Full width, brackets, dashes, Chinese numerals, 栋 / 号楼 / 座 / #: one way of writing each."""
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = _BRACKETS.sub("", plain)
    plain = _NOISE.sub("", _DASHES.sub("-", plain))
    plain = _CHINESE.sub(lambda found: str(_counted(found.group())), plain).replace("第", "")
    return _BUILDING_MARK.sub("幢", _ZEROS.sub("", plain))


def _counted(text: str) -> int:
    """A Chinese numeral: by places (二十三) or digit by digit (二〇四)."""
    text = text.replace("〇", "零").replace("两", "二")
    if not set(text) & {"十", "百"}:
        return int("".join(str(_DIGITS.index(digit)) for digit in text))
    total, digit = 0, 0
    for sign in text:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS.index(sign)
    return total + digit


NOWHERE = Gazetteer()


def parse(text: str, gazetteer: Gazetteer = NOWHERE) -> Parsed:
    """An address out of free text, as far as it can be read."""
    plain = normal(text)
    areas, left = _areas(plain, gazetteer)
    place, numbers, rest, doubts = _numbers(left)
    elements = (*areas, *_ground(place), *(Element(kind, name) for kind, name in numbers if name))
    return Parsed(plain, elements, rest, doubts)


def _areas(plain: str, gazetteer: Gazetteer) -> tuple[tuple[Element, ...], str]:
    left = _CITY.sub("", _PROVINCE.sub("", plain), count=1)
    found = []
    for kind, names in gazetteer.levels:
        name = next((name for name in names if name and left.startswith(name)), None)
        if name is not None:
            found.append(Element(kind, name))
            left = left.removeprefix(name)
    return tuple(found), left


def _numbers(left: str) -> tuple[str, tuple[tuple[str, str | None], ...], str, tuple[str, ...]]:
    """Building, unit and room at the end of an address; what stands before them; what was left; what stays open."""
    if found := _MARKED.match(left):
        tail = _TAIL.match(found["tail"])
        unit, room = (tail["unit"], _room(tail)) if tail else (None, None)
        numbers = ((BUILDING, found["building"]), (UNIT, unit), (ROOM, room))
        return found["place"], numbers, "" if tail else found["tail"], ()
    if found := _COMPACT.match(left):
        numbers = ((BUILDING, found["building"]), (UNIT, found["unit"]), (ROOM, found["room"]))
        return found["place"] or "", numbers, "", ()
    if found := _SHORT.match(left):
        # 16-408 may be building and room, or unit and room.
        return found["place"] or "", ((BUILDING, found["building"]), (ROOM, found["room"])), "", ("unit-or-building",)
    if (found := _FLOORISH.match(left)) and (tail := _TAIL.match(found["tail"])):
        # 3楼 alone may be a building or a floor.
        numbers = ((BUILDING, found["building"]), (UNIT, tail["unit"]), (ROOM, _room(tail)))
        return found["place"], numbers, "", () if tail["unit"] or tail["room"] else ("floor-or-building",)
    return left, (), "", ()


def _room(tail: re.Match[str]) -> str | None:
    """The room, with its floor before it when the two are written apart (5层02)."""
    if tail["floor"] and tail["room"] and len(tail["room"]) <= 2:  # noqa: PLR2004 - 02 is a door, 502 a room
        return f"{tail['floor']}{tail['room']:0>2}"
    return tail["room"]


def _ground(place: str) -> tuple[Element, ...]:
    """Road with its number, compound or courtyard: what stands between the areas and the building."""
    found = _ROAD.match(place)
    made = []
    if found and (found["number"] or found.end() < len(place) or place.endswith(("路", "街", "巷", "大道", "胡同"))):
        number = (found["number"] or "").removesuffix("号")
        made.append(Element(ROAD, found["name"] + (f"{number}号" if number else "")))
        place = ("院" if found["yard"] and found.end() == len(place) else "") + place[found.end() :]
    place = place.removeprefix("院") if place != "院" else ""
    if place:
        kind = YARD if place.endswith(("院", "大院")) and not place.endswith(("家属院",)) else COMPOUND
        made.append(Element(kind, place))
    return tuple(made)


def terms(text: str) -> list[str]:
    """The pairs of neighbouring characters of a name, by which an index finds it."""
    return sorted({text[i : i + 2] for i in range(len(text) - 1)} or ({text} if text else set()))


def compare(asked: Parsed, known: Parsed, *, entrances: int, floors: int) -> Compared:
    """How well a text agrees with a registered address. What the text does not say, speaks neither for nor against."""
    weights: list[tuple[str, float, float]] = []
    weights += _areas_agree(asked, known)
    weights += _places_agree(asked, known)
    if (number := asked.of(BUILDING)) is not None:
        weights.append((BUILDING, 0.4, float(number == known.of(BUILDING))))
    weights += _doors_fit(asked, entrances, floors)
    total = sum(weight for _, weight, _ in weights)
    if total == 0 or (asked.of(BUILDING) is None and not asked.place):
        return Compared(0.0)
    score = sum(weight * agreed for _, weight, agreed in weights) / total
    if any(kind in (COMPOUND, ROAD) and agreed < _ANOTHER_PLACE for kind, _, agreed in weights):
        score = min(score, _ANOTHER_PLACE) / 2
    score *= 0.9 if asked.rest or asked.open else 1.0
    score = min(score, 0.9) if asked.of(BUILDING) is None or not asked.place else score
    agrees = tuple(kind for kind, _, agreed in weights if agreed >= CERTAIN)
    return Compared(round(score, 3), agrees, tuple(kind for kind, _, agreed in weights if agreed < CERTAIN))


def _areas_agree(asked: Parsed, known: Parsed) -> Iterable[tuple[str, float, float]]:
    for kind in (STREET, COMMUNITY):
        if (said := asked.of(kind)) is not None and (other := known.of(kind)) is not None:
            yield kind, 0.1, float(said == other)


def _places_agree(asked: Parsed, known: Parsed) -> Iterable[tuple[str, float, float]]:
    said, other = asked.of(COMPOUND) or asked.of(YARD), known.of(COMPOUND) or known.of(YARD)
    if said is not None:
        yield COMPOUND, 0.5, _alike(said, other) if other else _alike(said, known.of(ROAD) or "")
    if (road := asked.of(ROAD)) is not None and (registered := known.of(ROAD)) is not None:
        yield ROAD, 0.5 if said is None else 0.15, _alike(road, registered)
    elif road is not None and said is None:
        yield ROAD, 0.5, _alike(road, other or "")


def _doors_fit(asked: Parsed, entrances: int, floors: int) -> Iterable[tuple[str, float, float]]:
    unit, room = asked.of(UNIT), asked.of(ROOM)
    if unit is not None and unit.isdigit():
        yield UNIT, 0.05, float(1 <= int(unit) <= entrances)
    if room is not None and room[:-2].isdigit():
        yield ROOM, 0.05, float(1 <= int(room[:-2]) <= floors)


def _alike(one: str, other: str) -> float:
    """1 when equal; else by the characters they share in order, with numbers in names counted as names."""
    if one == other:
        return 1.0
    if not one or not other or re.findall("[0-9]+", one) != re.findall("[0-9]+", other):
        return min(0.5, SequenceMatcher(None, one, other).ratio() * 0.6)
    return min(0.94, SequenceMatcher(None, one, other).ratio())


def is_certain(scores: Sequence[float]) -> bool:
    """Whether the best of some candidates, best first, may be taken without asking anybody."""
    return bool(scores) and scores[0] >= CERTAIN and (len(scores) == 1 or scores[0] - scores[1] >= MARGIN)
