"""What crosses HTTP at the gateway itself."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, SecretStr, StringConstraints

from gateway.rules import SHORTEST_PASSWORD, Duty, Half
from grid_kernel.auth import Post
from grid_kernel.schemas import AreaCode, Input, Line, Schema, ShortText, UnitCode

Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,63}$")]
TotpCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Password = Annotated[SecretStr, Field(min_length=SHORTEST_PASSWORD, max_length=200)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9 -]{4,24}$")]


class SignIn(Input):
    """Log-in, password, and the one-time code of accounts that have a second factor.

    `keep` asks to stay signed in on the phone of somebody of a grid: until seven days without a request, thirty at
    most. For everybody else it changes nothing.
    """

    login: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    totp: TotpCode | None = None
    keep: bool = False


class GrantOut(Schema):
    """A post in force now."""

    post: Post
    area_code: str
    unit_code: str | None
    duty: Literal["grid", "window"] | None
    area_name: str | None
    unit_name: str | None


class MeOut(Schema):
    """Who is signed in, and as what."""

    account_id: UUID
    login: str
    display_name: str
    grants: list[GrantOut]
    duty: Duty | None
    areas: list[str]
    can: list[str]
    second_factor: bool


class WorkItem(Schema):
    """Something that waits for whoever asks."""

    kind: Literal["application", "case", "follow_up"]
    id: UUID
    code: str
    title: str | None
    state: str | None
    area_code: str
    due_at: datetime | None
    late: bool


class WorkPart(Schema):
    """How one source answered: where its whole list is, and whether it holds more than is shown."""

    status: Literal["ok", "unavailable", "forbidden"]
    source: str
    shown: int
    more: bool


class WorkbenchOut(Schema):
    """What waits for whoever asks, the earliest end first; what has no end comes last, the oldest first."""

    made_at: datetime
    items: list[WorkItem]
    parts: dict[str, WorkPart]


class PasswordChange(Input):
    """The present password and the one to come."""

    current: SecretStr
    fresh: Password


class TotpOut(Schema):
    """A new second factor, shown once; it counts after it was confirmed by a code."""

    secret: str
    address: str


class TotpConfirm(Input):
    """The first code of a new second factor."""

    code: TotpCode


class AccountIn(Input):
    """A new account. It can do nothing before a post is assigned to it."""

    login: Login
    display_name: ShortText
    area_code: AreaCode
    password: Password


class AccountChange(Input):
    """What may be changed of an account."""

    display_name: ShortText
    disabled: bool


class PasswordReset(Input):
    """A password set by a system administrator."""

    password: Password


class AccountOut(Schema):
    """An account without any secret."""

    id: UUID
    login: str
    display_name: str
    area_code: str
    disabled: bool
    totp_confirmed: bool
    locked_until: datetime | None
    created_at: datetime
    version: int


class UnitIn(Input):
    """A new unit."""

    code: UnitCode
    kind: Literal[
        "street_office",
        "service_station",
        "residents_committee",
        "community_party_committee",
        "mediation_committee",
        "department",
        "volunteer_team",
        "governance_centre",
        "utility",
    ]
    name: Line
    area_code: AreaCode
    phone: Phone | None = None


class UnitChange(Input):
    """What may be changed of a unit."""

    name: Line
    phone: Phone | None
    active: bool


class UnitOut(Schema):
    """A unit that can be given work."""

    id: UUID
    code: str
    kind: str
    name: str
    area_code: str
    phone: str | None
    active: bool
    synthetic: bool
    version: int


class PostIn(Input):
    """A post given to an account from a day on."""

    post: Post
    area_code: AreaCode
    unit_code: UnitCode | None = None
    account_id: UUID
    valid_from: date
    valid_to: date | None = None


class PostEnd(Input):
    """The first day the post is no longer held."""

    valid_to: date


class SubstituteIn(Input):
    """Who stands in; null ends it."""

    account_id: UUID | None


class PostOut(Schema):
    """A post and who holds it."""

    id: UUID
    post: Post
    area_code: str
    unit_code: str | None
    account_id: UUID
    display_name: str
    valid_from: date
    valid_to: date | None
    substitute_account_id: UUID | None
    to_reassign: bool
    synthetic: bool
    version: int


class VacancyOut(Schema):
    """A grid without one of its three, and which posts nobody holds."""

    area_code: str
    posts: list[Post]


class RosterIn(Input):
    """The duty of an account on one half-day."""

    account_id: UUID
    day: date
    half: Half
    duty: Duty


class RosterOut(Schema):
    """One half-day of the roster."""

    id: UUID
    account_id: UUID
    day: date
    half: Half
    duty: Duty
    area_code: str
    version: int


class CalendarDayIn(Input):
    """Whether people work on a day, and what it is called."""

    working: bool
    name: ShortText


class CalendarDayOut(Schema):
    """A day as it counts in deadlines."""

    day: date
    working: bool
    name: str


class Part(Schema):
    """The answer of one service inside a composed one: where it is from, how old it is, whether it is there."""

    status: Literal["ok", "stale", "unavailable", "forbidden"]
    source: str
    age_seconds: float | None
    data: dict[str, Any] | None


class OverviewOut(Schema):
    """One area in figures of all four services; a part that is missing says so."""

    area_code: str
    made_at: datetime
    parts: dict[str, Part]
