"""What may be held by whom, and what is in force now. No I/O, no framework, no clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.errors import Forbidden, InvalidInput, TooManyRequests, Unauthenticated, WrongState
from grid_kernel.working_calendar import shanghai

COMMUNITY, GRID = 12, 15
NOON = 13
FREE_TRIES = 5
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=1)
SESSION_IDLE = timedelta(minutes=30)
SESSION_LONGEST = timedelta(hours=12)
KEPT_SESSION_IDLE = timedelta(days=7)
"""As long as a phone keeps its list without having heard of us."""
KEPT_SESSION_LONGEST = timedelta(days=30)
SHORTEST_PASSWORD = 10

ADMINS = frozenset({Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN})
GRID_TRIO = frozenset({Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR, Post.PARTY_BUILDING_GUIDE})
"""一格三员 [S]: each has one holder per grid at a time."""
ASSIGNABLE = frozenset(Post) - {Post.RESIDENT, Post.PARTNER, Post.SERVICE}
LEVELS: Mapping[Post, frozenset[int]] = {
    Post.RESIDENT_SERVICE_OFFICER: frozenset({GRID}),
    Post.OPINION_COLLECTOR: frozenset({GRID}),
    Post.PARTY_BUILDING_GUIDE: frozenset({GRID}),
    Post.STATION_HEAD: frozenset({COMMUNITY}),
    Post.WINDOW_CLERK: frozenset({COMMUNITY}),
    Post.STREET_LEADER: frozenset({9}),
    Post.DISTRICT_LEADER: frozenset({6}),
    Post.DEPARTMENT_HANDLER: frozenset({6, 9}),
    Post.MEDIATOR: frozenset({COMMUNITY, 9}),
    Post.ARBITER: frozenset({6, 9}),
    Post.SYSTEM_ADMIN: frozenset({6}),
    Post.SECURITY_ADMIN: frozenset({6}),
    Post.AUDIT_ADMIN: frozenset({6}),
}
"""The length of the area code a post is held at."""


class Duty(StrEnum):
    """AB岗: A is the window, B is the grid."""

    WINDOW = "window"
    GRID = "grid"


class Half(StrEnum):
    """The roster is made by half-days."""

    AM = "am"
    PM = "pm"


class LoginFailed(Unauthenticated):
    """Log-in and password do not fit, or there is no such account: which of them is not said."""

    code = "login-failed"


class SecondFactorRequired(Unauthenticated):
    """The account needs its one-time code as well."""

    code = "second-factor-required"


class LoginLocked(TooManyRequests):
    """Too many failed tries; each further lock lasts longer."""

    code = "login-locked"


class CrossSite(Forbidden):
    """The request was sent by another site's page."""

    code = "cross-site"


class PostTaken(WrongState):
    """Somebody else holds that post at that time."""

    code = "post-taken"


class AdminsApart(WrongState):
    """System, security and audit administrator are separate people who hold no other post."""

    code = "admins-apart"


class NotForOneself(Forbidden):
    """Nobody gives a post to oneself."""

    code = "not-for-oneself"


class LoginTaken(WrongState):
    """There is such a log-in already."""

    code = "login-taken"


class UnitTaken(WrongState):
    """There is such a unit already."""

    code = "unit-taken"


@dataclass(frozen=True, slots=True)
class Held:
    """A post as it was assigned."""

    post: Post
    area_code: str
    unit_code: str | None
    account_id: UUID
    valid_from: date
    valid_to: date | None
    substitute_account_id: UUID | None = None

    def in_force(self, day: date) -> bool:
        """Whether the post is held on a day; the last day is not part of it."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, begins: date, ends: date | None) -> bool:
        """Whether it is held on any day of a period."""
        return (ends is None or self.valid_from < ends) and (self.valid_to is None or begins < self.valid_to)

    def concerns(self, account_id: UUID) -> bool:
        """Whether an account holds it or stands in for it."""
        return account_id in (self.account_id, self.substitute_account_id)


def half_of(moment: datetime) -> Half:
    """The half-day a moment falls in, Shanghai time."""
    return Half.AM if shanghai(moment).hour < NOON else Half.PM


def may_keep_session(held: Iterable[Held], account_id: UUID, day: date) -> bool:
    """Whether a phone may stay signed in between days: the people of a grid, and no administrator."""
    posts = {post.post for post in held if post.in_force(day) and post.concerns(account_id)}
    return bool(posts & GRID_TRIO) and not posts & ADMINS


def session_ended(seen_at: datetime, started_at: datetime, *, kept: bool, now: datetime) -> bool:
    """Whether nobody used a session for too long, or it is too old."""
    idle, longest = (KEPT_SESSION_IDLE, KEPT_SESSION_LONGEST) if kept else (SESSION_IDLE, SESSION_LONGEST)
    return now - seen_at > idle or now - started_at > longest


def effective_grants(held: Iterable[Held], account_id: UUID, duty: Duty | None, day: date) -> tuple[Grant, ...]:
    """The grants in force: B has the own and the substituted grids, A has the community's window."""
    current = [post for post in held if post.in_force(day) and post.concerns(account_id)]
    if duty is Duty.WINDOW and (windows := _windows(current)):
        kept = (_grant(post) for post in current if post.post not in GRID_TRIO | {Post.WINDOW_CLERK})
        return _ordered([*windows, *kept])
    away = {Post.WINDOW_CLERK} if duty is Duty.GRID else frozenset[Post]()
    return _ordered(_grant(post) for post in current if post.post not in away)


def _windows(current: Sequence[Held]) -> list[Grant]:
    workers = {Post.RESIDENT_SERVICE_OFFICER, Post.WINDOW_CLERK}
    places = {(post.area_code[:COMMUNITY], post.unit_code) for post in current if post.post in workers}
    return [
        Grant(post=Post.WINDOW_CLERK, area=area, unit=unit, duty="window") for area, unit in sorted(places, key=str)
    ]


def _grant(held: Held) -> Grant:
    if held.post is Post.WINDOW_CLERK:
        return Grant(post=held.post, area=held.area_code, unit=held.unit_code, duty="window")
    duty = "grid" if held.post in GRID_TRIO else None
    return Grant.model_validate({"post": held.post, "area": held.area_code, "unit": held.unit_code, "duty": duty})


def _ordered(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    return tuple(sorted(set(grants), key=lambda grant: (grant.post, grant.area, grant.unit or "")))


_LEADERS = (Post.STREET_LEADER, Post.DISTRICT_LEADER)
_READERS = (
    Post.RESIDENT_SERVICE_OFFICER,
    Post.OPINION_COLLECTOR,
    Post.WINDOW_CLERK,
    Post.STATION_HEAD,
    *_LEADERS,
)
_KEEPERS = (Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR, Post.WINDOW_CLERK, Post.STATION_HEAD)
_COMMUNITY = (Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR, Post.STATION_HEAD)
_DESK = (Post.WINDOW_CLERK, Post.STATION_HEAD)
CAN: Mapping[str, tuple[Post, ...]] = {
    "person.read": _READERS,
    "person.search": _KEEPERS,
    "household.change": _KEEPERS,
    "application.read": (*_DESK, *_LEADERS, Post.RESIDENT_SERVICE_OFFICER, Post.DEPARTMENT_HANDLER),
    "application.take-in": (*_DESK, Post.RESIDENT_SERVICE_OFFICER),
    "application.pre-review": _DESK,
    "application.decide": (Post.DEPARTMENT_HANDLER,),
    "case.read": (*_READERS, Post.ARBITER, Post.DEPARTMENT_HANDLER, Post.MEDIATOR),
    "case.handle": (Post.DEPARTMENT_HANDLER, Post.MEDIATOR, Post.ARBITER, *_COMMUNITY),
    "case.dispatch": (Post.ARBITER, *_LEADERS),
    "case.verify": (*_COMMUNITY, Post.ARBITER),
    "case.close": (*_COMMUNITY, Post.STREET_LEADER, Post.ARBITER),
    "objection.decide": (Post.ARBITER,),
    "routing.change": (Post.ARBITER, Post.DISTRICT_LEADER),
    "staff.read": (Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.STATION_HEAD, *_LEADERS),
    "account.manage": (Post.SYSTEM_ADMIN,),
    "post.assign": (Post.SECURITY_ADMIN,),
    "audit.read": (Post.AUDIT_ADMIN,),
}
"""Which screens and buttons a post is shown. The services decide: this only spares people a refusal."""


def what_one_can(grants: Iterable[Grant]) -> list[str]:
    """What is shown to whoever holds these grants; anybody who is signed in reports what they see."""
    posts = {grant.post for grant in grants}
    return sorted(["case.report", *(name for name, holders in CAN.items() if posts & set(holders))])


LIVE_POSTS: Mapping[str, tuple[Post, ...]] = {
    "population": _READERS,
    "approval": tuple(post for post in _READERS if post is not Post.OPINION_COLLECTOR),
    "dispute": (*_READERS, Post.ARBITER),
    "gis": (*_READERS, Post.PARTY_BUILDING_GUIDE, Post.ARBITER, Post.MEDIATOR, Post.DEPARTMENT_HANDLER),
}
"""Who hears of what happens in an area: whoever may open it there. Units hear of what they were given, anywhere."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was said on the stream, as far as a page is told."""

    sequence: int
    type: str
    service: str
    aggregate: str
    id: str
    area_code: str
    state: str | None
    occurred_at: str
    units: frozenset[str]
    account_id: str | None
    restricted: bool


def sees_change(actor: Actor, area: str, change: Change) -> bool:
    """Whether a page hears of a change. Of restricted matters none does: who may know them only their service says."""
    if change.restricted:
        return False
    if change.service == "gateway":
        return change.account_id == actor.id or change.aggregate == "unit"
    if not change.area_code.startswith(area):
        return False
    posts = LIVE_POSTS.get(change.service, ())
    return actor.holds(*posts, area=change.area_code) or bool(change.units & set(actor.units()))


def check_assignment(post: Post, area_code: str, held: Iterable[Held], actor_id: str, account_id: UUID) -> None:
    """Refuse a post at the wrong level, for oneself, or beside an administrator's held in the same period."""
    if str(account_id) == actor_id:
        raise NotForOneself
    if post not in ASSIGNABLE or len(area_code) not in LEVELS[post]:
        raise InvalidInput.at("/areaCode", "wrong-level-for-post")
    together = {post} | {other.post for other in held if other.concerns(account_id)}
    if len(together) > 1 and together & ADMINS:
        raise AdminsApart


def vacant(held: Iterable[str]) -> list[Post]:
    """Which of a grid's three posts nobody holds, given those that are held."""
    return sorted(GRID_TRIO - {Post(post) for post in held})


def lock_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: nothing at first, then doubling up to an hour."""
    if failures < FREE_TRIES:
        return timedelta(0)
    doublings = min(failures - FREE_TRIES, 10)
    return min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)
