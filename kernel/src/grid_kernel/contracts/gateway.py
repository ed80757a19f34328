"""What the gateway says: units, posts, duty, and the working calendar."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from grid_kernel.events import Event


class _UnitEvent(Event):
    unit_code: str
    kind: str
    name: str
    active: bool


class UnitRegistered(_UnitEvent):
    """A department, station, committee or team can be given work."""

    subject: ClassVar[str] = "grid.gateway.unit.registered.v1"


class UnitChanged(_UnitEvent):
    """A unit was renamed, moved or closed."""

    subject: ClassVar[str] = "grid.gateway.unit.changed.v1"


class PostAssigned(Event):
    """Somebody holds a post from a day on."""

    subject: ClassVar[str] = "grid.gateway.post.assigned.v1"
    post: str
    unit_code: str | None
    account_id: UUID
    valid_from: date


class PostVacated(Event):
    """Nobody holds a post from a day on."""

    subject: ClassVar[str] = "grid.gateway.post.vacated.v1"
    post: str
    valid_to: date


class DutyChanged(Event):
    """The roster of a worker changed: window duty or grid duty."""

    subject: ClassVar[str] = "grid.gateway.duty.changed.v1"
    account_id: UUID
    day: date
    half: Literal["am", "pm"]
    duty: Literal["window", "grid"]


class AccountLocked(Event):
    """An account was locked after failed log-ins."""

    subject: ClassVar[str] = "grid.gateway.account.locked.v1"


class CalendarDayChanged(Event):
    """A day was declared a working day or a day off; every service's deadlines follow."""

    subject: ClassVar[str] = "grid.gateway.calendar_day.changed.v1"
    day: date
    working: bool
    name: str
