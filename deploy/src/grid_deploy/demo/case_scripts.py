"""The ways a case can have gone so far, as verbs with gaps in working days; L is the handling limit."""

from collections.abc import Callable
from dataclasses import dataclass

from grid_deploy.demo.composition import Draw

Steps = list[tuple[str, int]]
FIRST_RESPONSE = 1  # working days until a unit usually accepts


@dataclass(frozen=True, slots=True)
class Course:
    """A way to go: its share of 150, its steps, how long nothing happened since, what it needs."""

    name: str
    count: int
    steps: Callable[[Draw, int], Steps]
    idle: Callable[[Draw, int], int]
    objectable: bool = False


def _accepted(draw: Draw, _: int) -> Steps:
    return [("accept", draw.between(0, FIRST_RESPONSE))]


def _within(draw: Draw, limit: int) -> int:
    return draw.between(0, max(0, min(limit - 2, 8)))


def _over(draw: Draw, limit: int) -> int:
    return limit + draw.between(1, 6)


def _handled(draw: Draw, limit: int, *, late: bool = False) -> Steps:
    taken = limit + draw.between(1, 6) if late else draw.between(0, max(0, min(limit - 1, 10)))
    return [*_accepted(draw, limit), ("handle", taken)]


def _verified(draw: Draw, limit: int, *, late: bool = False) -> Steps:
    return [*_handled(draw, limit, late=late), ("verify_pass", draw.between(0, 2))]


def _closed(draw: Draw, limit: int, *, late: bool = False) -> Steps:
    return [*_verified(draw, limit, late=late), ("close", draw.between(0, 1))]


def _rated(draw: Draw, limit: int) -> Steps:
    return [*_closed(draw, limit), ("rate", draw.between(0, 3))]


def _failed(draw: Draw, limit: int) -> Steps:
    return [*_handled(draw, limit), ("verify_fail", draw.between(0, 2))]


def _second_try(draw: Draw, limit: int) -> Steps:
    again = [("handle", draw.between(1, 3)), ("verify_pass", draw.between(0, 2)), ("close", 0)]
    return [*_failed(draw, limit), *again]


def _objected(draw: Draw, _: int) -> Steps:
    return [("object", draw.between(0, 1))]


def _rerouted(draw: Draw, limit: int) -> Steps:
    return [*_objected(draw, limit), ("rerouted", draw.between(0, 2)), ("accept", draw.between(0, 1))]


def _rerouted_closed(draw: Draw, limit: int) -> Steps:
    more = [("handle", draw.between(0, 3)), ("verify_pass", draw.between(0, 2)), ("close", 0)]
    return [*_rerouted(draw, limit), *more]


def _upheld(draw: Draw, limit: int) -> Steps:
    return [*_objected(draw, limit), ("upheld", draw.between(0, 2)), ("accept", draw.between(0, 1))]


def _days(lowest: int, highest: int) -> Callable[[Draw, int], int]:
    return lambda draw, _: draw.between(lowest, highest)


def _none(_draw: Draw, _limit: int) -> Steps:
    return []


COURSES = (
    Course("dispatched", 14, _none, _days(0, 0)),
    Course("dispatched, late", 8, _none, _over),
    Course("handling", 14, _accepted, _within),
    Course("handling, late", 9, _accepted, _over),
    Course("objected", 6, _objected, _days(0, 1), objectable=True),
    Course("rerouted", 3, _rerouted, _days(0, 2), objectable=True),
    Course("rerouted, closed", 3, _rerouted_closed, _days(0, 20), objectable=True),
    Course("objection refused", 3, _upheld, _days(0, 2), objectable=True),
    Course("handled", 14, _handled, _days(0, 2)),
    Course("verification failed", 7, _failed, _days(0, 2)),
    Course("closed after a second try", 6, _second_try, _days(0, 25)),
    Course("verified", 6, _verified, _days(0, 1)),
    Course("closed", 30, _closed, _days(0, 40)),
    Course("closed, late", 7, lambda draw, limit: _closed(draw, limit, late=True), _days(0, 25)),
    Course("rated", 14, _rated, _days(0, 35)),
)
OUTSIDE_COUNT, OPINION_COUNT = 4, 2
