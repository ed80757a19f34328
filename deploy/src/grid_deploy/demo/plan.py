"""What to generate: the seed, the day it is for, the communities, and how much of the rest."""

from dataclasses import dataclass
from datetime import date, timedelta

from grid_kernel.clock import Period, WorkingCalendar, quarter_of

DISTRICT = "150204"
DEFAULT_COMMUNITIES = ("150204006019", "150204008015")


@dataclass(frozen=True, slots=True)
class Plan:
    """One demonstration: same plan, same bytes. `communities` empty = the whole district.

    Nothing happens on `as_of` itself or later, so that the data never lies in the future of the clock.
    """

    seed: int
    as_of: date
    communities: tuple[str, ...] = DEFAULT_COMMUNITIES
    applications: int = 300
    cases: int = 150

    @property
    def quarters(self) -> tuple[Period, Period]:
        """The quarter before and the running one."""
        running = quarter_of(self.as_of)
        return quarter_of(running.start - timedelta(days=1)), running


class WorkingDays:
    """Steps over working days."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self._calendar = calendar

    def is_worked(self, day: date) -> bool:
        """Whether offices are open that day."""
        return self._calendar.is_working_day(day)

    def between(self, start: date, end: date) -> list[date]:
        """The working days from start up to, not including, end."""
        return self._calendar.working_days(start, end)

    def before(self, day: date, count: int) -> date:
        """The working day `count` working days before `day`; 1 = the last one before it."""
        while count > 0:
            day -= timedelta(days=1)
            count -= self.is_worked(day)
        return day

    def after(self, day: date, count: int) -> date:
        """The working day `count` working days after `day`; 0 = the day itself."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_worked(day)
        return day
