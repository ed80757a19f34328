"""Who stands where: one visiting day a week in the grid, one half-day a week at the window."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from grid_deploy.demo.plan import Plan, WorkingDays
from grid_deploy.demo.staff import Officer, Staff
from grid_kernel.clock import Period

SPAN = timedelta(days=30)
HALVES = ("am", "pm")
WORKWEEK = 5


def visiting_days(officer: Officer, period: Period, days: WorkingDays) -> list[date]:
    """One day a week; a holiday moves it to the next working day of the same week."""
    wanted = officer.grid.position % WORKWEEK
    monday = period.start - timedelta(days=period.start.weekday())
    chosen = []
    while monday < period.end:
        week = days.between(monday + timedelta(days=wanted), monday + timedelta(days=7))
        if week and period.start <= week[0] < period.end:
            chosen.append(week[0])
        monday += timedelta(days=7)
    return chosen


def window_half(officer: Officer, day: date) -> str | None:
    """The half of the day the officer is at the window by rotation, if any; never on the own visiting weekday."""
    if officer.always_grid_duty:
        return None
    week = day.isocalendar().week
    turn = (officer.grid.position % WORKWEEK + 2 + week % 2) % WORKWEEK
    return HALVES[(officer.grid.position // WORKWEEK + week) % 2] if day.weekday() == turn else None


def roster_rows(plan: Plan, staff: Staff, days: WorkingDays) -> Iterator[dict[str, Any]]:
    """Lines of gateway/roster.ndjson: every half-day from 30 days before to 30 days after, week-ends too.

    Every station worker has grid duty unless it is the turn at the window; the clerks are always at the window.
    """
    span = [plan.as_of + timedelta(days=number) for number in range(-SPAN.days, SPAN.days + 1)]
    period = Period(span[0], span[-1] + timedelta(days=1), "roster")
    for officer in staff.officers.values():
        visiting = set(visiting_days(officer, period, days))
        held = (day for day in span if officer.left_on is None or day < officer.left_on)
        for day in held:
            at_window = window_half(officer, day) if days.is_worked(day) and day not in visiting else None
            for half in HALVES:
                yield _row(officer, day, half, window=half == at_window)
    for community, clerk in staff.clerks.items():
        for day in span:
            for half in HALVES:
                yield _entry(clerk, day, half, "window", community)


def _row(officer: Officer, day: date, half: str, *, window: bool) -> dict[str, Any]:
    area = officer.grid.community.code if window else officer.grid.code
    return _entry(officer.account_id, day, half, "window" if window else "grid", area)


def _entry(account_id: str, day: date, half: str, duty: str, area: str) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "day": day.isoformat(),
        "half": half,
        "duty": duty,
        "area_code": area,
        "synthetic": True,
    }
