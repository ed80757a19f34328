"""Figures of areas and units."""

from datetime import date, datetime

from grid_kernel.schemas import Schema


class Figure(Schema):
    """A count, and the query of the rows behind it. Restricted cases beside it: at district level, from five on."""

    name: str
    count: int
    restricted_count: int | None
    query: str


class WeekFigure(Schema):
    """What came in and what ended in the week that begins on a Monday, and the queries of the rows behind each."""

    week: date
    reported: int
    reported_query: str
    closed: int
    closed_query: str


class WeekFigures(Schema):
    """The last weeks of an area, the oldest first; the running one is the last."""

    area_code: str
    as_of: datetime
    weeks: list[WeekFigure]


class UnitFigure(Schema):
    """What one unit was given since a day: objections count for the unit that objected and for the one that got it."""

    unit_code: str
    dispatched: int
    accepted: int
    handled: int
    late: int
    objected: int
    upheld: int
    rerouted_away: int
    rerouted_to: int


class UnitFigures(Schema):
    """The units of an area, beside each other."""

    area_code: str
    since: date
    units: list[UnitFigure]


class Figures(Schema):
    """What the overview shows of an area."""

    area_code: str
    as_of: datetime
    figures: list[Figure]
