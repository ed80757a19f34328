"""Today's walk through a grid: who is visited, in which order, and for which reason. Pure rules on top of `pace`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from grid_kernel.clock import Period
from population_svc.pace import Rule
from population_svc.rules import Presence, VisitOutcome

_DAY = timedelta(days=1)
_WORKING_WEEK = 5
_BUILDING_DIGITS = 16
TRY_AGAIN_AFTER = timedelta(days=3)
ASK_AGAIN_AFTER = timedelta(days=30)


class Reason(StrEnum):
    """Why a household is on today's list."""

    CARE_DUE = "care_due"
    CASE_FOLLOW_UP = "case_follow_up"
    REVISIT_ASKED = "revisit_asked"
    NOT_REACHED = "not_reached"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class Stop:
    """A household as the planner sees it. `roster_key` is its place in a walk: building, entrance, floor, room."""

    id: UUID
    roster_key: str
    presence: Presence
    on_care_list: bool
    care_visits: int
    visited_in_quarter: bool
    last_visited_on: date | None
    last_tried_on: date | None
    last_outcome: VisitOutcome | None
    revisit_on: date | None
    follow_up_since: date | None
    campaign_until: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A household of today's list with its reasons, and the day by which the first of them wants a visit."""

    household: UUID
    reasons: tuple[Reason, ...]
    due_on: date


def todays_list(stops: Sequence[Stop], rule: Rule, *, day: date, quarter: Period, left_this_week: int) -> list[Line]:
    """Care visits that are due first, then the rest, each in the order of a walk.

    What is owed to somebody (care, a case's follow-up, a promised return) is listed whatever the pace. Households not
    reached yet fill the list up to today's share of the week: those in buildings one walks to anyway come first.
    A campaign joins them: whoever is on the list is asked on the same visit, homes of a campaign fill the list before
    others, and only as many are added beyond the share as a day needs for the campaign to end in time.
    """
    care = {stop.id: due for stop, due in care_dues(stops, rule, quarter)}
    owed = [line for stop in stops if (line := _owed(stop, care.get(stop.id), day)) is not None]
    places = {stop.id: (stop.roster_key, stop.id) for stop in stops}
    share = todays_share(left_this_week, day, rule.visit_weekday)
    buildings = {places[line.household][0][:_BUILDING_DIGITS] for line in owed}
    listed = {line.household for line in owed}
    wanting = [stop for stop in stops if stop.id not in listed and (_not_reached(stop, day) or _asked(stop, day))]
    wanting.sort(
        key=lambda stop: (
            stop.campaign_until is None,
            stop.roster_key[:_BUILDING_DIGITS] not in buildings,
            places[stop.id],
        )
    )
    last_day = quarter.end - _DAY
    asked = {stop.id: stop.campaign_until for stop in stops if stop.campaign_until is not None}
    owed = [_joined(line, asked) for line in owed]
    number = max(share - len(owed), campaign_share(stops, day) - sum(Reason.CAMPAIGN in line.reasons for line in owed))
    filling = [_filling(stop, day, last_day) for stop in wanting[: max(0, number)]]
    return sorted([*owed, *filling], key=lambda line: (Reason.CARE_DUE not in line.reasons, places[line.household]))


def care_dues(stops: Iterable[Stop], rule: Rule, quarter: Period) -> list[tuple[Stop, date]]:
    """From which day each household on the care list is due again; those that had all their visits are left out.

    The visits of a household are spread over the quarter and never closer than the minimum gap; the households of a
    grid are spread over each part of it, so that they do not all fall due on its first day.
    """
    listed = sorted(
        (stop for stop in stops if stop.on_care_list and stop.presence is Presence.LIVING),
        key=lambda stop: (stop.roster_key, stop.id),
    )
    length = (quarter.end - quarter.start).days
    dues = []
    for place, stop in enumerate(listed):
        if stop.care_visits >= rule.care_visits:
            continue
        turns = stop.care_visits * len(listed) + place
        due = quarter.start + _DAY * (length * turns // (rule.care_visits * len(listed)))
        if stop.last_visited_on is not None:
            due = max(due, stop.last_visited_on + _DAY * rule.care_gap_days)
        dues.append((stop, due))
    return dues


def todays_share(left_this_week: int, day: date, visit_weekday: int | None) -> int:
    """How many households today's list wants of those left this week.

    All of them on the visiting day of the week and from Friday on, an even part of them on other days.
    """
    weekday = day.isoweekday()
    if weekday in (visit_weekday, _WORKING_WEEK) or weekday > _WORKING_WEEK:
        return max(0, left_this_week)
    return -(-max(0, left_this_week) // (_WORKING_WEEK - weekday + 1))


def campaign_share(stops: Sequence[Stop], day: date) -> int:
    """How many homes of campaigns today's list wants, so that each campaign ends in time."""
    open_until: dict[date, int] = {}
    for stop in stops:
        if stop.campaign_until is not None and stop.presence is Presence.LIVING:
            open_until[stop.campaign_until] = open_until.get(stop.campaign_until, 0) + 1
    return sum(-(-number // _working_days(day, until)) for until, number in open_until.items())


def _working_days(day: date, until: date) -> int:
    days = ((day + _DAY * number).isoweekday() for number in range((until - day).days + 1))
    return max(1, sum(weekday <= _WORKING_WEEK for weekday in days))


def _asked(stop: Stop, day: date) -> bool:
    """Whether a campaign still wants an answer there, and nobody tried in the last days."""
    if stop.campaign_until is None or stop.presence is not Presence.LIVING:
        return False
    pause = ASK_AGAIN_AFTER if stop.last_outcome is VisitOutcome.DECLINED else TRY_AGAIN_AFTER
    return stop.last_tried_on is None or day >= stop.last_tried_on + pause


def _filling(stop: Stop, day: date, last_day: date) -> Line:
    if stop.campaign_until is None:
        return Line(stop.id, (Reason.NOT_REACHED,), last_day)
    also = (Reason.NOT_REACHED,) if _not_reached(stop, day) else ()
    reasons = (*also, Reason.CAMPAIGN)
    return Line(stop.id, reasons, min(stop.campaign_until, last_day))


def _joined(line: Line, asked: Mapping[UUID, date]) -> Line:
    return line if line.household not in asked else replace(line, reasons=(*line.reasons, Reason.CAMPAIGN))


def _owed(stop: Stop, care_due: date | None, day: date) -> Line | None:
    dues: dict[Reason, date] = {}
    if care_due is not None and care_due <= day:
        dues[Reason.CARE_DUE] = care_due
    if stop.follow_up_since is not None:
        dues[Reason.CASE_FOLLOW_UP] = stop.follow_up_since
    if stop.revisit_on is not None and stop.revisit_on <= day:
        dues[Reason.REVISIT_ASKED] = stop.revisit_on
    if not dues:
        return None
    also = (Reason.NOT_REACHED,) if stop.presence is Presence.LIVING and not stop.visited_in_quarter else ()
    return Line(stop.id, (*dues, *also), min(dues.values()))


def _not_reached(stop: Stop, day: date) -> bool:
    if stop.presence is not Presence.LIVING or stop.visited_in_quarter:
        return False
    if stop.last_tried_on is None:
        return True
    pause = ASK_AGAIN_AFTER if stop.last_outcome is VisitOutcome.DECLINED else TRY_AGAIN_AFTER
    return day >= stop.last_tried_on + pause
