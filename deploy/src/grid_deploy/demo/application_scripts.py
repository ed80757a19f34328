"""The ways an application can have gone so far, as verbs with gaps in working days."""

from collections.abc import Callable
from dataclasses import dataclass

from grid_deploy.demo.composition import Draw

Steps = list[tuple[str, int]]
LATE_PRE_REVIEW, NOTICE_LIMIT = 6, 5
LONGEST_DECISION = 30  # so that limits of a year do not fill the demonstration with old files
USUAL_LIMIT = 15  # working days, where the catalogue prints none


@dataclass(frozen=True, slots=True)
class Item:
    """What a script must know of a service item; `limit` in working days, None = none printed."""

    code: str
    theme: str
    department: str
    limit: int | None
    permit: bool
    materials: tuple[str, ...]

    @property
    def instant(self) -> bool:
        """Handled at once (A.6)."""
        return self.limit == 0


@dataclass(frozen=True, slots=True)
class Course:
    """A way to go: its share of 300, which items suit it, its steps, and how long nothing has happened since."""

    name: str
    count: int
    suits: Callable[[Item], bool]
    steps: Callable[[Draw, Item], Steps]
    idle: Callable[[Draw, Item], int]


def _any(_: Item) -> bool:
    return True


def _timed(item: Item) -> bool:
    return item.limit is not None and 0 < item.limit <= 25 and not item.permit  # noqa: PLR2004 - five weeks


def _not_instant(item: Item) -> bool:
    return not item.instant


def _permit(item: Item) -> bool:
    return item.permit


def _ordinary(item: Item) -> bool:
    return not item.permit and not item.instant


def _limit(item: Item) -> int:
    return item.limit if item.limit is not None else USUAL_LIMIT


def _short(draw: Draw, _: Item) -> int:
    return draw.between(0, 1)


def _days(lowest: int, highest: int) -> Callable[[Draw, Item], int]:
    return lambda draw, _: draw.between(lowest, highest)


def pre_reviewed(draw: Draw, item: Item) -> Steps:
    """To the pass of the desk, in one of five cases with a correction before it."""
    if item.permit or item.instant or not draw.chance(0.2):
        return [("pre_review_pass", 0 if item.instant or draw.chance(0.5) else 1)]
    notice = draw.between(0, 3)
    return [("require_correction", notice), ("correct", draw.between(1, 8)), ("pre_review_pass", draw.between(0, 1))]


def accepted(draw: Draw, item: Item) -> Steps:
    """To the acceptance by the department; permits within the five days of the notice."""
    if item.instant:
        return [*pre_reviewed(draw, item), ("forward", 0), ("accept", 0)]
    slow = 1 if item.permit else 3
    return [*pre_reviewed(draw, item), ("forward", draw.between(0, 1)), ("accept", draw.between(1, slow))]


def _decision(draw: Draw, item: Item, *, late: bool = False) -> int:
    limit = _limit(item)
    if late:
        return limit + draw.between(2, 9)
    return 0 if item.instant else max(1, round(min(limit, LONGEST_DECISION) * (0.3 + 0.6 * draw.unit())))


def _delivery(draw: Draw, item: Item) -> int:
    return 0 if item.instant else draw.between(0, 4)


def decided(verb: str, *, late: bool = False) -> Callable[[Draw, Item], Steps]:
    """To approval or denial."""
    return lambda draw, item: [*accepted(draw, item), (verb, _decision(draw, item, late=late))]


def completed(*, late: bool = False, rated: bool = False) -> Callable[[Draw, Item], Steps]:
    """To delivery, and to the rating of the applicant."""

    def steps(draw: Draw, item: Item) -> Steps:
        to_decision = decided("approve", late=late)(draw, item)
        rating = [("rate", draw.between(0, 3))] if rated else []
        return [*to_decision, ("complete", _delivery(draw, item)), *rating]

    return steps


def suspended(draw: Draw, item: Item) -> Steps:
    """Into a special procedure that stops the clock."""
    return [*accepted(draw, item), ("suspend", draw.between(1, 3))]


def resumed(draw: Draw, item: Item) -> Steps:
    """Through a special procedure, on in process."""
    return [*suspended(draw, item), ("resume", draw.between(3, 10))]


def withdrawn(draw: Draw, item: Item) -> Steps:
    """Taken back by the applicant, before or after the department had it."""
    before = accepted(draw, item) if draw.chance(0.4) else []
    return [*before, ("withdraw", draw.between(1, 3))]


def _within_limit(draw: Draw, item: Item) -> int:
    return draw.between(0, max(0, min(_limit(item) - 2, 12)))


def _over_limit(draw: Draw, item: Item) -> int:
    return _limit(item) + draw.between(1, 8)


COURSES = (
    Course("submitted", 22, _any, lambda _draw, _item: [], _days(0, 1)),
    Course("submitted, late", 6, _ordinary, lambda _draw, _item: [], _days(LATE_PRE_REVIEW, 9)),
    Course(
        "correction required", 14, _ordinary, lambda draw, _: [("require_correction", draw.between(0, 3))], _days(0, 9)
    ),
    Course(
        "correction overdue", 4, _ordinary, lambda draw, _: [("require_correction", draw.between(0, 2))], _days(24, 34)
    ),
    Course(
        "corrected",
        6,
        _ordinary,
        lambda draw, _: [("require_correction", draw.between(0, 3)), ("correct", draw.between(1, 6))],
        _short,
    ),
    Course(
        "pre-review refused", 14, _ordinary, lambda draw, _: [("pre_review_refuse", draw.between(0, 3))], _days(0, 40)
    ),
    Course("pre-review passed", 14, _not_instant, pre_reviewed, _short),
    Course("forwarded", 11, _ordinary, lambda draw, item: [*pre_reviewed(draw, item), ("forward", 0)], _days(0, 2)),
    Course(
        "forwarded, silent", 5, _permit, lambda _draw, _item: [("pre_review_pass", 0), ("forward", 0)], _days(6, 12)
    ),
    Course("in process", 34, _not_instant, accepted, _within_limit),
    Course("in process, late", 14, _timed, accepted, _over_limit),
    Course("suspended", 12, _timed, suspended, _days(0, 12)),
    Course("resumed", 8, _timed, resumed, _days(0, 2)),
    Course("approved", 16, _not_instant, decided("approve"), _days(0, 5)),
    Course("denied", 14, _not_instant, decided("deny"), _days(0, 30)),
    Course("completed", 50, _any, completed(), _days(0, 45)),
    Course("completed, late", 16, _timed, completed(late=True), _days(0, 30)),
    Course("rated", 28, _any, completed(rated=True), _days(0, 40)),
    Course("withdrawn", 12, _not_instant, withdrawn, _days(0, 30)),
)
