"""Figures on the wire: every number carries the query that lists its rows."""

from datetime import date, datetime

from grid_kernel.schemas import Schema


class Figure(Schema):
    """A number, and the path and query (below this service's address) whose rows it counts."""

    value: int
    query: str


class RuleOut(Schema):
    """The visiting rule that was applied."""

    monthly_minimum: int
    weekly_minimum: int
    coverage_percent: int
    care_visits: int
    care_gap_days: int
    visit_weekday: int | None


class PaceOut(Schema):
    """A stretch of the running quarter: distinct households entered in it, the minimum, and the pace that is needed."""

    label: str
    done: Figure
    minimum: int
    minimum_reached: bool
    pace: int


class CareProgress(Schema):
    """Households on the care list, and those among them that were entered often enough."""

    households: Figure
    visited_enough: Figure


class AreaProgress(Schema):
    """How an area stands in the quarterly round.

    `households` live there on the day and are `visited` + `contacted` + `declined` + `noAnswer` + `notAttempted`;
    `registeredOnly`, `reportedMoved` and `emptyDwellings` stand beside them.
    """

    area_code: str
    households: Figure
    visited: Figure
    contacted: Figure
    declined: Figure
    no_answer: Figure
    not_attempted: Figure
    registered_only: Figure
    reported_moved: Figure
    empty_dwellings: Figure
    coverage_percent: float
    target: int
    on_track: bool
    forecast: int
    month: PaceOut | None
    week: PaceOut | None
    care: CareProgress


class ProgressOut(Schema):
    """The quarter of an area as of a day, and of each of its grids."""

    area_code: str
    quarter: str
    as_of: date
    rule: RuleOut
    total: AreaProgress
    grids: list[AreaProgress]


class CountsOut(Schema):
    """Households, persons and dwellings of an area on a day, as known at a moment: the same at any later time."""

    area_code: str
    as_of: date
    known_at: datetime
    households: int
    living_households: int
    persons: int
    dwellings: int
