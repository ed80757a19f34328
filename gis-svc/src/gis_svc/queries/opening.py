"""Reads of opening hours: of one service point, and which are closed at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gis_svc import opening
from gis_svc.models import OpeningWeek, ServicePoint
from gis_svc.opening import Week
from gis_svc.queries.access import column, visible_service_points
from gis_svc.schemas import OpeningHoursOut, OpeningWeekOut, opening_week_of
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.errors import NotFound
from grid_kernel.reads import ReadRunner, Row


@dataclass(frozen=True, slots=True)
class Openings:
    """The weeks of all service points, and the moment they are asked about."""

    weeks: Mapping[UUID, Sequence[Week]]
    at: datetime
    calendar: WorkingCalendar

    def is_open(self, point: UUID) -> bool | None:
        """Whether a point is open at the moment; None when nobody has said."""
        return opening.is_open(self.weeks.get(point, ()), self.at, self.calendar)

    def opens_next(self, point: UUID) -> datetime | None:
        """When a point opens next."""
        return opening.opens_next(self.weeks.get(point, ()), self.at, self.calendar)

    def closed(self) -> list[UUID]:
        """The points known to be closed at the moment."""
        return sorted(point for point in self.weeks if self.is_open(point) is False)


async def openings(reads: ReadRunner, actor: Actor, at: datetime, calendar: WorkingCalendar) -> Openings:
    """The weeks of every service point that may hold at a moment."""
    weeks: dict[UUID, list[Week]] = {}
    for row in await reads.fetch(_weeks(actor)):
        weeks.setdefault(row["service_point_id"], []).append(opening_week_of(row))
    return Openings(weeks, at, calendar)


async def of_point(
    reads: ReadRunner, actor: Actor, point_id: UUID, at: datetime, calendar: WorkingCalendar
) -> OpeningHoursOut:
    """The weeks of one service point, and whether it is open."""
    wanted = (ServicePoint.id, ServicePoint.version, ServicePoint.open)
    columns: list[Any] = list(wanted)
    point = await reads.fetch_one(
        visible_service_points(actor).with_only_columns(*columns).where(column(ServicePoint.id) == point_id)
    )
    if point is None:
        raise NotFound
    rows = await reads.fetch(_weeks(actor).where(column(OpeningWeek.service_point_id) == point_id))
    return told(point, rows, at, calendar)


def told(point: Row, rows: Sequence[Row], at: datetime, calendar: WorkingCalendar) -> OpeningHoursOut:
    """What is said of a point; one that is given up is closed whatever its week says."""
    weeks = [opening_week_of(row) for row in rows]
    used = point["open"]
    return OpeningHoursOut(
        service_point_id=point["id"],
        version=point["version"],
        at=at,
        open=opening.is_open(weeks, at, calendar) if used else False,
        opens_next=opening.opens_next(weeks, at, calendar) if used else None,
        weeks=[OpeningWeekOut.model_validate(row) for row in rows],
    )


def _weeks(actor: Actor) -> Any:
    columns: list[Any] = [getattr(OpeningWeek, name) for name in OpeningWeek.model_fields]
    rows = visible_service_points(actor).with_only_columns(*columns, maintain_column_froms=True)
    rows = rows.join(OpeningWeek, column(OpeningWeek.service_point_id) == column(ServicePoint.id))
    return rows.order_by(column(OpeningWeek.id).desc())
