"""Visits of the quarter before and of the running one: planned for the whole quarter, kept up to the day."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from grid_deploy.demo.composition import Draw
from grid_deploy.demo.people import Household
from grid_deploy.demo.plan import Plan, WorkingDays
from grid_deploy.demo.randomness import Kind, identifier, stream
from grid_deploy.demo.roster import HALVES, visiting_days, window_half
from grid_deploy.demo.staff import ON_LEAVE_SINCE, Officer
from grid_kernel.clock import SHANGHAI, Period

FAR_BEHIND, FINISHED = 0.35, 2.2  # paces beside the usual 0.8 to 1.1
SLOWEST, FASTEST = 0.80, 1.10
MOST_PER_DAY = 68
OTHER_DAY_SHARE = 0.10  # of visits made on another day than the visiting day
TRIES = 3
# shares of what a worker finds at the door; the rest are visits
NO_ANSWER, TELEPHONE, MET_OUTSIDE, DECLINED, MOVED = 0.130, 0.150, 0.178, 0.187, 0.191
MORNING, AFTERNOON = (time(8, 35), 200), (time(14, 35), 170)  # start, minutes


@dataclass(slots=True)
class Round:
    """One grid in one quarter: who is still to be seen, in the order of the buildings."""

    officer: Officer
    period: Period
    pace: float
    waiting: deque[tuple[Household, int]]
    cared_for: list[Household]
    found: list[tuple[datetime, Household, str]] = field(default_factory=list)


def visits_of(
    officer: Officer, households: list[Household], cared_for: set[str], plan: Plan, days: WorkingDays
) -> Iterator[dict[str, Any]]:
    """Lines of population/visits.ndjson of one grid, in the order of time."""
    draw = Draw(stream(plan.seed, "visits", officer.grid.code))
    number = 0
    for period, pace in zip(plan.quarters, _paces(officer, draw, plan), strict=True):
        order = _route(households, draw)
        listed = [household for household in order if household.id in cared_for]
        turn = Round(officer, period, pace, deque((household, 0) for household in order), listed)
        _walk(turn, draw, days, plan.as_of)
        for moment, household, outcome in sorted(turn.found, key=lambda visit: (visit[0], visit[1].id)):
            yield _row(officer, number, moment, household, outcome, plan)
            number += 1


def _paces(officer: Officer, draw: Draw, plan: Plan) -> tuple[float, float]:
    """How fast the grid was and is, as a share of what the whole round in the quarter needs."""
    before = 0.87 + 0.24 * draw.unit()
    usual = SLOWEST + (FASTEST - SLOWEST) * draw.unit()
    extreme = draw.unit()
    if officer.left_on is not None or extreme < 0.03:  # noqa: PLR2004 - a share
        return before - 0.2, FAR_BEHIND
    if officer.finished or extreme > 0.97:  # noqa: PLR2004 - a share
        running = plan.quarters[1]
        passed = (plan.as_of - running.start).days / (running.end - running.start).days
        return 1.25, max(FINISHED, 1.6 / max(passed, 0.05))
    return before, usual


def _route(households: list[Household], draw: Draw) -> list[Household]:
    """Building after building, beginning somewhere else every quarter."""
    start = draw.between(0, max(0, len(households) - 1))
    return households[start:] + households[:start]


def _walk(turn: Round, draw: Draw, days: WorkingDays, until: date) -> None:
    visiting = visiting_days(turn.officer, turn.period, days)
    if not visiting:
        return
    last = min(until, turn.officer.left_on or until)
    per_day = min(MOST_PER_DAY, len(turn.waiting) * turn.pace / len(visiting) / (1 - MOVED))
    third = max(1, len(visiting) // 3)
    for number, day in enumerate(visiting):
        doors = _doors(turn, int(per_day * (0.85 + 0.3 * draw.unit()) + 0.5))
        again = [] if number < third else turn.cared_for[number % third :: third]
        today = {household.id for household, _ in doors}
        again = [household for household in again if household.id not in today]
        also = [(household, TRIES) for household in again if draw.chance(min(0.9, turn.pace))]
        moments = _moments(turn, day, len(doors) + len(also), draw, days)
        for moment, (household, tries) in zip(moments, doors + also, strict=True):
            outcome = _outcome(draw)
            if outcome in ("no_answer", "telephone") and tries < TRIES:
                turn.waiting.append((household, tries + 1))
            if moment.date() < last:
                turn.found.append((moment, household, outcome))


def _doors(turn: Round, count: int) -> list[tuple[Household, int]]:
    """The next doors, nobody twice on one day."""
    doors: list[tuple[Household, int]] = []
    while turn.waiting and len(doors) < count:
        doors.append(turn.waiting.popleft())
    return doors


def _outcome(draw: Draw) -> str:
    found = draw.unit()
    for bound, outcome in (
        (NO_ANSWER, "no_answer"),
        (TELEPHONE, "telephone"),
        (MET_OUTSIDE, "met_outside"),
        (DECLINED, "declined"),
        (MOVED, "moved"),
    ):
        if found < bound:
            return outcome
    return "done"


def _moments(turn: Round, day: date, count: int, draw: Draw, days: WorkingDays) -> list[datetime]:
    """When each door was reached: most on the visiting day, some on the working day after, in working hours."""
    other = days.after(day, 1)
    other = other if other < turn.period.end else day
    busy = window_half(turn.officer, other)
    moments = []
    for place in range(count):
        elsewhere = draw.chance(OTHER_DAY_SHARE)
        half = place * 2 >= count
        if elsewhere and busy is not None:
            half = busy == HALVES[0]
        start, minutes = AFTERNOON if half else MORNING
        share = (place * 2 / count) % 1.0
        passed = timedelta(minutes=int(share * minutes), seconds=draw.between(0, 59))
        moments.append(datetime.combine(other if elsewhere else day, start, SHANGHAI) + passed)
    return moments


def _row(
    officer: Officer, number: int, moment: datetime, household: Household, outcome: str, plan: Plan
) -> dict[str, Any]:
    away = officer.substitute_id is not None and moment.date() >= plan.as_of - ON_LEAVE_SINCE
    return {
        "id": identifier(Kind.VISIT, plan.seed, number, officer.grid.number),
        "household_id": household.id,
        "area_code": officer.grid.code,
        "visited_at": moment.isoformat(),
        "outcome": outcome,
        "kind": "home_visit",
        "worker_account_id": officer.substitute_id if away else officer.account_id,
        "synthetic": True,
    }
