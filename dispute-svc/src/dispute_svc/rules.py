"""What the regulation says of cases: states, moves with their reasons, who may do what. No I/O, no clock."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from grid_kernel.auth import Actor, Post
from grid_kernel.clock import Unit
from grid_kernel.errors import Forbidden, NotFound, TooManyRequests, WrongState

GRID_CODE_LENGTH = 15
COMMUNITY_CODE_LENGTH = 12
DISTRICT_CODE_LENGTH = 6
SMALLEST_COUNT_SHOWN = 5
"""Restricted cases are counted at district level only, and only from five on (privacy rule of restricted matters)."""


Grade = Literal[1, 2, 3, 4, 5]
"""From very satisfied to very dissatisfied, as in the rating of government services."""


class CaseKind(StrEnum):
    """What somebody brings forward."""

    HAZARD = "hazard"
    DISPUTE = "dispute"
    OPINION = "opinion"


class CaseState(StrEnum):
    """Where a case stands."""

    REPORTED = "reported"
    DISPATCHED = "dispatched"
    OBJECTED = "objected"
    HANDLING = "handling"
    HANDLED = "handled"
    VERIFIED = "verified"
    CLOSED = "closed"
    RATED = "rated"


class DispatchState(StrEnum):
    """Where the part of one unit stands."""

    SENT = "sent"
    OBJECTED = "objected"
    ACCEPTED = "accepted"
    HANDLED = "handled"
    WITHDRAWN = "withdrawn"


class DispatchRole(StrEnum):
    """The first receiver leads; the others report to it (Beijing 接诉即办 art 14)."""

    LEAD = "lead"
    CO = "co"


class ObjectionState(StrEnum):
    """What became of an objection: upheld means the dispatch stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REROUTED = "rerouted"


class ObjectionReason(StrEnum):
    """Why a unit says a dispatch is wrong."""

    NOT_OUR_DUTY = "not_our_duty"
    WRONG_PLACE = "wrong_place"
    DUPLICATE = "duplicate"
    LACKS_INFORMATION = "lacks_information"
    OTHER = "other"


class Outcome(StrEnum):
    """How a case ended."""

    SOLVED = "solved"
    SELF_RESOLVED = "self_resolved"


class EntryKind(StrEnum):
    """What an entry of the timeline tells."""

    REPORTED = "reported"
    LOCATED = "located"
    RELOCATED = "relocated"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    OBJECTED = "objected"
    UPHELD = "upheld"
    REROUTED = "rerouted"
    HANDLED = "handled"
    VERIFIED = "verified"
    RETURNED = "returned"
    CLOSED = "closed"
    SELF_RESOLVED = "self_resolved"
    RATED = "rated"


class Channel(StrEnum):
    """How a report came in."""

    FIELD = "field"
    WINDOW = "window"
    TELEPHONE = "telephone"
    HOTLINE = "hotline"
    ONLINE = "online"


TRANSITIONS: Mapping[CaseState, Mapping[CaseState, str]] = {
    CaseState.REPORTED: {
        CaseState.DISPATCHED: "a rule or a person named the unit",
        CaseState.CLOSED: "solved on the spot by the worker who saw it; it still counts",
    },
    CaseState.DISPATCHED: {
        CaseState.HANDLING: "the leading unit accepted",
        CaseState.OBJECTED: "the leading unit says the dispatch is wrong (Beijing 接诉即办 art 12)",
        CaseState.CLOSED: "solved on the spot before the unit began",
    },
    CaseState.OBJECTED: {
        CaseState.DISPATCHED: "the arbiter let the dispatch stand, or sent the case to another unit",
    },
    CaseState.HANDLING: {
        CaseState.HANDLED: "the leading unit says what it did; no other unit is still at it",
    },
    CaseState.HANDLED: {
        CaseState.VERIFIED: "a worker saw on the spot that it is solved",
        CaseState.HANDLING: "a worker saw on the spot that it is not solved",
    },
    CaseState.VERIFIED: {
        CaseState.CLOSED: "the community or the street ended the case",
    },
    CaseState.CLOSED: {
        CaseState.RATED: "the reporter rated the handling",
    },
    CaseState.RATED: {},
}

DISPATCH_TRANSITIONS: Mapping[DispatchState, Mapping[DispatchState, str]] = {
    DispatchState.SENT: {
        DispatchState.ACCEPTED: "the unit took it",
        DispatchState.OBJECTED: "the unit says it is wrong",
        DispatchState.WITHDRAWN: "solved on the spot before the unit began",
    },
    DispatchState.OBJECTED: {
        DispatchState.SENT: "the arbiter let it stand",
        DispatchState.WITHDRAWN: "the arbiter sent the case elsewhere",
    },
    DispatchState.ACCEPTED: {DispatchState.HANDLED: "the unit says what it did"},
    DispatchState.HANDLED: {DispatchState.ACCEPTED: "a worker saw that it is not solved"},
    DispatchState.WITHDRAWN: {},
}

OPEN_STATES = frozenset(CaseState) - {CaseState.CLOSED, CaseState.RATED}
CLOCK_RUNS = frozenset({CaseState.DISPATCHED, CaseState.OBJECTED, CaseState.HANDLING})
"""States in which a passed limit makes a case late: an objection does not stop the clock of a unit."""
CO_UNITS_MAY_JOIN = frozenset({CaseState.DISPATCHED, CaseState.OBJECTED, CaseState.HANDLING})
PENDING_DISPATCH = frozenset({DispatchState.SENT, DispatchState.OBJECTED, DispatchState.ACCEPTED})


class Limit(NamedTuple):
    """How long something may take."""

    amount: int
    unit: Unit


DEFAULT_LIMIT = Limit(5, Unit.WORKING_DAY)
"""For a dispatch by hand that names none (ours)."""
OBJECTION_LIMIT = Limit(2, Unit.WORKING_DAY)
"""For the arbiter to decide an objection (ours; cities differ)."""
WRONG_CODES_ALLOWED = 5
LOCKED_MINUTES = 15

GRID_POSTS = (Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR)
COMMUNITY_POSTS = (*GRID_POSTS, Post.STATION_HEAD)
AREA_POSTS = (*COMMUNITY_POSTS, Post.WINDOW_CLERK, Post.STREET_LEADER, Post.DISTRICT_LEADER)
TRIAGE_POSTS = (Post.ARBITER, Post.STREET_LEADER, Post.DISTRICT_LEADER)
RULE_POSTS = (Post.ARBITER, Post.DISTRICT_LEADER)
CLOSING_POSTS = (*COMMUNITY_POSTS, Post.STREET_LEADER, Post.ARBITER)
UNIT_POSTS = (Post.DEPARTMENT_HANDLER, Post.MEDIATOR, Post.ARBITER, *COMMUNITY_POSTS)
"""Who acts for the unit of the own post: departments and committees, but also a centre, a station, a team."""


class MoveNotAllowed(WrongState):
    """The case, or the part of a unit in it, is in a state that does not allow this."""

    code = "case-move-not-allowed"


class CoUnitsPending(WrongState):
    """Another unit has not reported to the leading one yet."""

    code = "co-units-pending"


class AlreadyWithUnit(WrongState):
    """The unit has this case already."""

    code = "already-with-unit"


class AlreadyDecided(WrongState):
    """The objection was decided before."""

    code = "objection-already-decided"


class NotOfTheUnit(Forbidden):
    """Only the unit the case was dispatched to may do this."""

    code = "not-of-the-unit"


class NotTheArbiter(Forbidden):
    """Only an arbiter of the area who does not belong to the objecting unit decides."""

    code = "not-the-arbiter"


class MayNotDispatch(Forbidden):
    """Only the centre of the street or district dispatches by hand."""

    code = "may-not-dispatch"


class MayNotVerify(Forbidden):
    """Only the people of the grid look whether it is solved."""

    code = "may-not-verify"


class VerifierHandled(Forbidden):
    """Who handled a case, or belongs to the unit that did, does not verify it."""

    code = "verifier-handled"


class MayNotClose(Forbidden):
    """Only the community, the street or the arbiter ends a case."""

    code = "may-not-close"


class MayNotResolve(Forbidden):
    """Only a worker of the grid solves on the spot."""

    code = "may-not-resolve"


class MayNotChangeRule(Forbidden):
    """Only an arbiter or leader whose area contains the rule's changes it."""

    code = "may-not-change-rule"


class MayNotKnowReporter(Forbidden):
    """Who reported is not for this reader."""

    code = "may-not-know-reporter"


class ProgressNotFound(NotFound):
    """There is no case of this code with this query code."""

    code = "progress-not-found"


class TooManyWrongCodes(TooManyRequests):
    """Too many wrong query codes; the look-up of this case rests for a while."""

    code = "too-many-wrong-codes"


def check_may_act_for(actor: Actor, unit_code: str) -> None:
    """The act of a unit is done by its own people."""
    if unit_code not in actor.units(*UNIT_POSTS):
        raise NotOfTheUnit


def check_may_dispatch(actor: Actor, area_code: str) -> None:
    """The centre works the list of what no rule could send."""
    if not actor.holds(*TRIAGE_POSTS, area=area_code):
        raise MayNotDispatch


def check_may_decide(actor: Actor, area_code: str, objecting_unit: str) -> None:
    """Nobody decides the objection of the own unit."""
    if not actor.holds(Post.ARBITER, area=area_code) or objecting_unit in actor.units():
        raise NotTheArbiter


def check_may_verify(actor: Actor, area_code: str, *, restricted: bool) -> None:
    """The people of the grid verify; of a restricted case, or where there is no grid, the centre does."""
    if actor.holds(*COMMUNITY_POSTS, area=area_code) and not restricted:
        return
    nobody_nearer = restricted or len(area_code) < GRID_CODE_LENGTH
    if not (nobody_nearer and actor.holds(Post.ARBITER, area=area_code)):
        raise MayNotVerify


def check_did_not_handle(actor: Actor, units: Iterable[str], handlers: Iterable[str | None]) -> None:
    """Verifier ≠ handler: neither the person nor the unit."""
    if actor.id in set(handlers) or set(units) & set(actor.units()):
        raise VerifierHandled


def check_may_close(actor: Actor, area_code: str) -> None:
    """The community, the street or the arbiter ends a case."""
    if not actor.holds(*CLOSING_POSTS, area=area_code):
        raise MayNotClose


def check_may_resolve(actor: Actor, area_code: str | None) -> None:
    """A worker solves on the spot what lies in the own area (or what is being reported, its place not yet known)."""
    if not actor.holds(*COMMUNITY_POSTS, area=area_code):
        raise MayNotResolve


def check_may_change_rule(actor: Actor, area_prefix: str) -> None:
    """Routing is business of the centre, not of the administrators."""
    if not actor.holds(*RULE_POSTS, area=area_prefix):
        raise MayNotChangeRule


def may_see_reporter(actor: Actor, area_code: str, *, anonymous: bool, restricted: bool) -> bool:
    """Who reported is known to the arbiter; to the people who call back unless asked otherwise; to no unit ever."""
    if actor.holds(Post.ARBITER, area=area_code):
        return True
    return not anonymous and not restricted and actor.holds(*COMMUNITY_POSTS, Post.WINDOW_CLERK, area=area_code)


def is_late(state: CaseState, due_at: datetime | None, now: datetime) -> bool:
    """Whether the limit of the leading unit has passed while it is still its turn."""
    return due_at is not None and due_at < now and state in CLOCK_RUNS
