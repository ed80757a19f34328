"""When service points are open: weeks as they are entered and told."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema, model_validator

from gis_svc.opening import Span, Week, overlapping
from gis_svc.schemas.shapes import Day
from grid_kernel.schemas import Input, Line, Schema


def _minutes(value: time) -> time:
    if value.tzinfo is not None or value.second or value.microsecond:
        raise ValueError("a time of the day is written as 08:30")
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, time | str):
        raise ValueError("a time of the day is written as 08:30")
    return value


def _in_reach(value: datetime) -> datetime:
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise ValueError("a moment of this age")
    return value


EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
Minute = Annotated[
    time, BeforeValidator(_text), AfterValidator(_minutes), WithJsonSchema({"type": "string", "format": "time-local"})
]
Moment = Annotated[AwareDatetime, AfterValidator(_in_reach)]


class SpanIn(Input):
    """Hours of some days of the week (1 is Monday)."""

    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1, max_length=7)]
    opens: Minute
    closes: Minute

    @model_validator(mode="after")
    def _has_time(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("it closes before it opens")
        return self

    def spans(self) -> list[Span]:
        """One per day of the week."""
        return [Span(weekday, self.opens, self.closes) for weekday in sorted(set(self.weekdays))]


class OpeningWeekIn(Input):
    """Hours that hold from a day on, or for some days; without hours it is closed on them."""

    valid_from: Day
    valid_to: Day | None = None
    hours: Annotated[tuple[SpanIn, ...], Field(max_length=14)] = ()
    on_holidays: bool = False
    note: Line | None = None

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("it ends before it begins")
        if overlapping(self.spans()):
            raise ValueError("two of the hours overlap")
        return self

    def spans(self) -> list[Span]:
        """One per day of the week and opening."""
        return [span for hours in self.hours for span in hours.spans()]


class SpanOut(Schema):
    """Hours of one day of the week (1 is Monday)."""

    weekday: int
    opens: str
    closes: str


class OpeningWeekOut(Schema):
    """A week as it was entered; of those that cover a day the one entered last holds."""

    id: UUID
    valid_from: date
    valid_to: date | None
    hours: list[SpanOut]
    on_holidays: bool
    note: str | None
    recorded_at: datetime


class OpeningHoursOut(Schema):
    """Whether a service point is open at a moment, when it opens next, and every week that was entered."""

    service_point_id: UUID
    version: int
    at: datetime
    open: bool | None
    opens_next: datetime | None
    weeks: list[OpeningWeekOut]


def week_of(row: Mapping[str, Any]) -> Week:
    """A stored week as the rules take it."""
    spans = (Span(h["weekday"], time.fromisoformat(h["opens"]), time.fromisoformat(h["closes"])) for h in row["hours"])
    return Week(row["valid_from"], row["valid_to"], tuple(spans), row["on_holidays"])


def stored(spans: list[Span]) -> list[dict[str, Any]]:
    """Hours as they are stored."""
    return [
        {"weekday": span.weekday, "opens": f"{span.opens:%H:%M}", "closes": f"{span.closes:%H:%M}"} for span in spans
    ]
