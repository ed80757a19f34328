"""What the gateway says and answers: units, posts, duty, and the working calendar."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from grid_kernel.ask import Question
from grid_kernel.events import Event
from grid_kernel.schemas import AreaCode, Input, Schema


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


class AskStaffed(Input):
    """How many people hold some posts in an area on a day, today when none is named."""

    area_code: AreaCode
    on: date | None = None
    posts: tuple[str, ...]


class StaffedPost(Schema):
    """So many people hold a post in an area; somebody who holds it in two grids counts once above them."""

    area_code: str
    post: str
    people: int


class StaffedPosts(Schema):
    """The posts of an area and of everything below it; one that nobody holds is left out."""

    posts: list[StaffedPost]


STAFFED_POSTS = Question(
    service="gateway", name="staffed-posts", asks=AskStaffed, answers=StaffedPosts, askers=frozenset({"population"})
)
