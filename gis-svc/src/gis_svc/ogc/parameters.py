"""Query parameters as the standards write them; one that is not known is refused (Part 1, 7.4)."""

import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import shapely
from sqlalchemy import ColumnElement
from starlette.requests import Request

from gis_svc.ogc.crs import crs_of
from gis_svc.queries.features import During
from gis_svc.queries.sources import Member, Source
from grid_kernel import clock
from grid_kernel.errors import FieldError, InvalidInput
from grid_kernel.geo import Box

MOST_ITEMS, DEFAULT_ITEMS = 1_000, 10
_WORLD = Box(-180, -90, 180, 90)
_OPEN = ("", "..")
_TRUTH = {"true": True, "false": False}
_BOX_NUMBERS = (4, 6)


def only(request: Request, known: Iterable[str]) -> None:
    """Refuse parameters nobody described, and those said twice."""
    allowed, given = set(known), request.query_params.multi_items()
    names = [name for name, _ in given]
    errors = [_at(name, "unknown-parameter") for name in names if name not in allowed]
    errors += [_at(name, "said-twice") for name in set(names) if names.count(name) > 1]
    if errors:
        raise InvalidInput(errors=errors)


def _at(name: str, code: str) -> FieldError:
    return FieldError(f"#/query/{name.replace('~', '~0').replace('/', '~1')[:60]}", code)


def limit_of(request: Request) -> int:
    """How many items a page may have; more than the most is the most (Part 1, 7.15.2)."""
    text = request.query_params.get("limit")
    if text is None:
        return DEFAULT_ITEMS
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < 1:  # noqa: PLR2004
        raise InvalidInput.at("#/query/limit", "not-a-count")
    return min(int(text), MOST_ITEMS)


def box_of(request: Request) -> Box | None:
    """The box asked for, in CRS84 or the system named beside it; heights are ignored."""
    crs = crs_of(request.query_params.get("bbox-crs"), "bbox-crs")
    text = request.query_params.get("bbox")
    if text is None:
        return None
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        raise InvalidInput.at("#/query/bbox", "box-malformed") from None
    if len(numbers) not in _BOX_NUMBERS:
        raise InvalidInput.at("#/query/bbox", "box-malformed")
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    if not all(map(math.isfinite, numbers)) or low[0] > high[0] or low[1] > high[1]:
        raise InvalidInput.at("#/query/bbox", "box-malformed")
    west, south, east, north = crs.to_ours(shapely.box(low[0], low[1], high[0], high[1])).bounds
    if not (_WORLD.contains(west, south) and _WORLD.contains(east, north)):
        raise InvalidInput.at("#/query/bbox", "box-malformed")
    return Box(west, south, east, north)


def during_of(request: Request, now: datetime) -> During:
    """The days asked for; today unless said (Part 1, 7.15.4)."""
    text = request.query_params.get("datetime")
    if text is None:
        return During(clock.today(now), clock.today(now))
    first, slash, last = text.partition("/")
    if not slash:
        day = _day(first)
        return During(day, day)
    during = During(*(None if part in _OPEN else _day(part) for part in (first, last)))
    if during.first and during.last and during.first > during.last:
        raise InvalidInput.at("#/query/datetime", "datetime-malformed")
    return during


def _day(text: str) -> date:
    try:
        if len(text) == len("2026-11-23"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput.at("#/query/datetime", "datetime-malformed") from None
    if moment.tzinfo is None:
        raise InvalidInput.at("#/query/datetime", "datetime-malformed")
    return clock.today(moment)


def conditions_of(request: Request, source: Source) -> tuple[ColumnElement[bool], ...]:
    """Properties that must equal a value (Part 1, 7.15.5)."""
    given = request.query_params
    return tuple(
        member.column == value_of(member, given[member.name]) for member in source.members if member.name in given
    )


def value_of(member: Member, text: str) -> Any:
    """A value of a property out of the text of an address."""
    try:
        match member.kind:
            case "integer":
                return _whole(int(text))
            case "number":
                return float(text)
            case "boolean":
                return _TRUTH[text]
            case "date":
                return date.fromisoformat(text)
            case "date-time":
                return datetime.fromisoformat(text)
            case _:
                return member.of(text)
    except (ValueError, KeyError):
        raise InvalidInput(errors=[_at(member.name, "not-acceptable")]) from None


def _whole(number: int) -> int:
    if not -(2**31) <= number < 2**31:
        raise ValueError
    return number
