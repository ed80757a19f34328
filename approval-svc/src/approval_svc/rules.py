"""What the regulation says of an application: states, moves, limits and checks. No I/O, no framework, no clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from grid_kernel.auth import Actor, Post
from grid_kernel.clock import Deadline, Unit, WorkingCalendar, deadline
from grid_kernel.errors import FieldError, Forbidden, InvalidInput, TooManyRequests, WrongState


class State(StrEnum):
    """Where an application stands (after GB/T 39046-2020 and the provinces' systems)."""

    SUBMITTED = "submitted"
    CORRECTION_REQUIRED = "correction_required"
    PRE_REVIEW_REFUSED = "pre_review_refused"
    PRE_REVIEWED = "pre_reviewed"
    FORWARDED = "forwarded"
    ACCEPTED = "accepted"
    DEEMED_ACCEPTED = "deemed_accepted"
    NOT_ACCEPTED = "not_accepted"
    SUSPENDED = "suspended"
    APPROVED = "approved"
    DENIED = "denied"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Link(StrEnum):
    """What is known of the applicant in the register of persons."""

    WAITING = "waiting"
    LINKED = "linked"
    NOT_REGISTERED = "not_registered"
    UNANSWERED = "unanswered"


class Verb(StrEnum):
    """What can be done with an application."""

    SUBMIT = "submit"
    PASS_PRE_REVIEW = "pass_pre_review"  # noqa: S105 - a verb
    REFUSE_PRE_REVIEW = "refuse_pre_review"
    REQUIRE_CORRECTION = "require_correction"
    CORRECT = "correct"
    FORWARD = "forward"
    ACCEPT = "accept"
    REFUSE_ACCEPTANCE = "refuse_acceptance"
    DEEM_ACCEPTED = "deem_accepted"
    SUSPEND = "suspend"
    RESUME = "resume"
    APPROVE = "approve"
    DENY = "deny"
    COMPLETE = "complete"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    RATE = "rate"


_IN_PROCESS: Mapping[Verb, State] = {
    Verb.SUSPEND: State.SUSPENDED,
    Verb.APPROVE: State.APPROVED,
    Verb.DENY: State.DENIED,
    Verb.WITHDRAW: State.WITHDRAWN,
}
TRANSITIONS: Mapping[State, Mapping[Verb, State]] = {
    State.SUBMITTED: {
        Verb.PASS_PRE_REVIEW: State.PRE_REVIEWED,
        Verb.REFUSE_PRE_REVIEW: State.PRE_REVIEW_REFUSED,
        Verb.REQUIRE_CORRECTION: State.CORRECTION_REQUIRED,
        Verb.WITHDRAW: State.WITHDRAWN,
    },
    State.CORRECTION_REQUIRED: {
        Verb.CORRECT: State.SUBMITTED,
        Verb.WITHDRAW: State.WITHDRAWN,
        Verb.LAPSE: State.LAPSED,
    },
    State.PRE_REVIEWED: {Verb.FORWARD: State.FORWARDED, Verb.WITHDRAW: State.WITHDRAWN},
    State.FORWARDED: {
        # The unit may find what the desk missed: the applicant is told once, and the desk looks again.
        Verb.REQUIRE_CORRECTION: State.CORRECTION_REQUIRED,
        Verb.ACCEPT: State.ACCEPTED,
        Verb.REFUSE_ACCEPTANCE: State.NOT_ACCEPTED,
        Verb.DEEM_ACCEPTED: State.DEEMED_ACCEPTED,
        Verb.WITHDRAW: State.WITHDRAWN,
    },
    State.ACCEPTED: _IN_PROCESS,
    State.DEEMED_ACCEPTED: _IN_PROCESS,
    State.SUSPENDED: {Verb.RESUME: State.ACCEPTED, Verb.WITHDRAW: State.WITHDRAWN},
    State.APPROVED: {Verb.COMPLETE: State.COMPLETED},
    State.DENIED: {Verb.COMPLETE: State.COMPLETED},
    State.COMPLETED: {Verb.RATE: State.COMPLETED},
    State.PRE_REVIEW_REFUSED: {},
    State.NOT_ACCEPTED: {},
    State.WITHDRAWN: {},
    State.LAPSED: {},
}
"""From which state a verb leads where; what is not written here is refused."""

AT_ONCE: Mapping[State, Mapping[Verb, State]] = {
    State.FORWARDED: {Verb.APPROVE: State.APPROVED, Verb.DENY: State.DENIED},
}
"""What an instant item (即办件, GB/T 39046 A.6) may skip: the unit decides without accepting first."""
INSTANT = "1"

ENDED = frozenset({State.PRE_REVIEW_REFUSED, State.NOT_ACCEPTED, State.COMPLETED, State.WITHDRAWN, State.LAPSED})
OPEN = frozenset(State) - ENDED
AT_THE_DESK = frozenset({State.SUBMITTED, State.CORRECTION_REQUIRED, State.PRE_REVIEWED})

DESK_POSTS = (Post.WINDOW_CLERK, Post.STATION_HEAD)
"""Who pre-reviews: the window (A角) and the head of the station."""
INTAKE_POSTS = (*DESK_POSTS, Post.RESIDENT_SERVICE_OFFICER)
"""Who takes an application in: the window, and a grid worker for a resident (帮办代办)."""
AREA_POSTS = (*INTAKE_POSTS, Post.STREET_LEADER, Post.DISTRICT_LEADER)
"""Who reads the applications of an area."""


class NotPreReviewed(WrongState):
    """Only an application whose papers were found in order goes to a department."""

    code = "application-not-pre-reviewed"


class MoveNotAllowed(WrongState):
    """The application is in a state that does not allow this."""

    code = "application-move-not-allowed"


class AlreadyRated(WrongState):
    """An application is rated once (一次一评)."""

    code = "application-already-rated"


class UnitCannotReceive(WrongState):
    """The unit that decides this item is no longer there; the catalogue must name its successor."""

    code = "application-unit-cannot-receive"


class InconsistentItem(InvalidInput):
    """A version of a service item contradicts itself."""

    code = "item-inconsistent"


class SecondNotice(WrongState):
    """What to correct is told once and completely; another list needs the head of the station and a reason."""

    code = "application-second-notice"


class ProgressNotFound(Forbidden):
    """No application has this receipt number and this code; which of them is wrong is not said."""

    status, code = 404, "progress-not-found"


class ProgressLocked(TooManyRequests):
    """Too many wrong codes for this receipt number."""

    code = "progress-locked"


def next_state(state: State, verb: Verb, *, handling_type: str) -> State:
    """Where a verb leads from a state; MoveNotAllowed, or NotPreReviewed for a forward too early."""
    found = TRANSITIONS[state].get(verb)
    if found is None and handling_type == INSTANT:
        found = AT_ONCE.get(state, {}).get(verb)
    if found is None:
        early = verb is Verb.FORWARD and state in AT_THE_DESK
        raise NotPreReviewed(state=state) if early else MoveNotAllowed(state=state)
    return found


class ClockKind(StrEnum):
    """The clocks of an application."""

    PRE_REVIEW = "pre_review"
    NOTICE = "notice"
    CORRECTION = "correction"
    PROMISED = "promised"
    STATUTORY = "statutory"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many units, and where that is written."""

    amount: int
    unit: Unit
    basis: str


PRE_REVIEW_LIMIT = Limit(2, Unit.WORKING_DAY, "ours")
CORRECTION_LIMIT = Limit(30, Unit.DAY, "ours")
NOTICE_LIMIT = Limit(5, Unit.WORKING_DAY, "ours")
"""To say everything that is missing, where the item has no basis of its own; art 32 of 行政许可法 is for permits."""
DELIVERY_LIMIT = Limit(10, Unit.WORKING_DAY, "行政许可法 art 44")
RECEIPT_DIGITS = 21
LOCK_AFTER, LOCK_FOR = 5, timedelta(minutes=15)
"""So many wrong codes in a row, none of them older than this, lock a receipt number for as long."""

STOPS: Mapping[Verb, frozenset[ClockKind]] = {
    Verb.SUBMIT: frozenset(),
    Verb.PASS_PRE_REVIEW: frozenset({ClockKind.PRE_REVIEW}),
    Verb.REQUIRE_CORRECTION: frozenset({ClockKind.PRE_REVIEW, ClockKind.NOTICE}),
    Verb.CORRECT: frozenset({ClockKind.CORRECTION}),
    Verb.FORWARD: frozenset(),
    Verb.ACCEPT: frozenset({ClockKind.NOTICE}),
    Verb.DEEM_ACCEPTED: frozenset({ClockKind.NOTICE}),
    Verb.SUSPEND: frozenset(),
    Verb.RESUME: frozenset(),
    Verb.APPROVE: frozenset({ClockKind.NOTICE, ClockKind.PROMISED, ClockKind.STATUTORY}),
    Verb.DENY: frozenset({ClockKind.NOTICE, ClockKind.PROMISED, ClockKind.STATUTORY}),
    Verb.COMPLETE: frozenset({ClockKind.DELIVERY}),
    Verb.RATE: frozenset(),
    Verb.REFUSE_PRE_REVIEW: frozenset(ClockKind),
    Verb.REFUSE_ACCEPTANCE: frozenset(ClockKind),
    Verb.WITHDRAW: frozenset(ClockKind),
    Verb.LAPSE: frozenset(ClockKind),
}
"""Which clocks a verb ends."""
PAUSING = frozenset({Verb.SUSPEND, Verb.RESUME, Verb.WITHDRAW})
"""After which verbs the clocks stand, or run on with the pause behind them."""


@dataclass(frozen=True, slots=True)
class ItemLimits:
    """The limits of one version of a service item; None where the source prints none."""

    notice: Limit | None
    promised: Limit | None
    statutory: Limit | None


def started_by(verb: Verb, limits: ItemLimits) -> Mapping[ClockKind, Limit]:
    """Which clocks a verb starts, with their limits."""
    match verb:
        case Verb.SUBMIT | Verb.CORRECT:
            return {ClockKind.PRE_REVIEW: PRE_REVIEW_LIMIT}
        case Verb.REQUIRE_CORRECTION:
            return {ClockKind.CORRECTION: CORRECTION_LIMIT}
        case Verb.FORWARD:
            return {ClockKind.NOTICE: limits.notice or NOTICE_LIMIT}
        case Verb.ACCEPT | Verb.DEEM_ACCEPTED:
            found = {ClockKind.PROMISED: limits.promised, ClockKind.STATUTORY: limits.statutory}
            return {kind: limit for kind, limit in found.items() if limit is not None}
        case Verb.APPROVE | Verb.DENY:
            return {ClockKind.DELIVERY: DELIVERY_LIMIT}
        case _:
            return {}


def starts_at(verb: Verb, received_at: datetime | None, now: datetime) -> datetime:
    """When the clocks of a verb begin: silence is acceptance from the day of receipt (行政许可法 art 32)."""
    return received_at if verb is Verb.DEEM_ACCEPTED and received_at else now


def due(
    start: datetime,
    limit: Limit,
    calendar: WorkingCalendar,
    pauses: Sequence[tuple[datetime, datetime | None]] = (),
) -> Deadline:
    """When a limit that began at a moment ends, pauses not counted (行政许可法 art 45, 82)."""
    return deadline(start, limit.amount, limit.unit, calendar, pauses)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an application is, for the question who may act on it."""

    area_code: str
    unit_code: str
    state: State


def check_may_take_in(actor: Actor, area_code: str) -> None:
    """Applications are taken in by the window of the community, or by a worker of the grid."""
    if not actor.holds(*INTAKE_POSTS, area=area_code):
        raise Forbidden


def check_at_the_desk(actor: Actor, standing: Standing) -> None:
    """Pre-review is the desk's: the window clerk on duty and the head of the station."""
    if not actor.holds(*DESK_POSTS, area=standing.area_code):
        raise Forbidden


def check_may_forward(actor: Actor, standing: Standing) -> None:
    """The desk that pre-reviewed hands the application on."""
    check_at_the_desk(actor, standing)


def check_may_receive(receives: bool) -> None:
    """A unit that is gone decides nothing."""
    if not receives:
        raise UnitCannotReceive


def check_of_the_unit(actor: Actor, standing: Standing) -> None:
    """Accepting and deciding is the unit's the application was forwarded to."""
    if standing.unit_code not in actor.units(Post.DEPARTMENT_HANDLER):
        raise Forbidden


def check_may_complete(actor: Actor, standing: Standing) -> None:
    """The result is handed over by the unit, or at the desk."""
    if not actor.holds(*DESK_POSTS, area=standing.area_code):
        check_of_the_unit(actor, standing)


def check_may_require_correction(actor: Actor, standing: Standing) -> None:
    """The desk before it forwards, the unit afterwards."""
    if standing.state is State.FORWARDED:
        check_of_the_unit(actor, standing)
    else:
        check_at_the_desk(actor, standing)


def check_for_applicant(actor: Actor, standing: Standing) -> None:
    """Correcting and withdrawing is done for the applicant by whoever takes applications in."""
    if not actor.holds(*INTAKE_POSTS, area=standing.area_code):
        raise Forbidden


CHECKS: Mapping[Verb, Callable[[Actor, Standing], None]] = {
    Verb.PASS_PRE_REVIEW: check_at_the_desk,
    Verb.CORRECT: check_for_applicant,
    Verb.FORWARD: check_may_forward,
    Verb.ACCEPT: check_of_the_unit,
    Verb.APPROVE: check_of_the_unit,
    Verb.COMPLETE: check_may_complete,
    Verb.RESUME: check_of_the_unit,
    Verb.REQUIRE_CORRECTION: check_may_require_correction,
    Verb.REFUSE_PRE_REVIEW: check_at_the_desk,
    Verb.REFUSE_ACCEPTANCE: check_of_the_unit,
    Verb.DENY: check_of_the_unit,
    Verb.SUSPEND: check_of_the_unit,
    Verb.WITHDRAW: check_for_applicant,
}
"""Who may do what an account does, the usual first."""


def offers(actor: Actor, standing: Standing, *, handling_type: str, receives: bool) -> list[Verb]:
    """Everything the actor may do now, by the checks the commands make; the usual one first."""
    return [verb for verb in CHECKS if _is_offered(verb, actor, standing, handling_type, receives=receives)]


def _is_offered(verb: Verb, actor: Actor, standing: Standing, handling_type: str, *, receives: bool) -> bool:
    try:
        CHECKS[verb](actor, standing)
        next_state(standing.state, verb, handling_type=handling_type)
        if verb is Verb.FORWARD:
            check_may_receive(receives)
    except (Forbidden, WrongState):
        return False
    return True


def check_notice(
    told: Sequence[frozenset[str]], deficiencies: frozenset[str], *, by_head: bool, reason: str | None
) -> None:
    """A notice is given once: a further list may only repeat what is still missing, unless the head signs a reason."""
    if not deficiencies:
        raise InvalidInput.at("/deficiencies", "too-short", min_length=1)
    known = frozenset().union(*told)
    if told and not deficiencies <= known and not (by_head and reason):
        raise SecondNotice(fresh=len(deficiencies - known))


def check_item(handling_type: str, limits: ItemLimits) -> None:
    """即办 means a promise of zero, and a promise is no longer than the law (GB/T 39046-2020, table 4)."""
    promised, statutory = limits.promised, limits.statutory
    errors = []
    if (handling_type == INSTANT) != (promised is not None and promised.amount == 0):
        errors.append(FieldError("/handlingType", "instant-means-promised-zero"))
    # Working days and days of the calendar cannot be compared without a date.
    if promised and statutory and promised.unit is statutory.unit and promised.amount > statutory.amount:
        errors.append(FieldError("/promisedLimit", "promised-longer-than-statutory"))
    if errors:
        raise InconsistentItem(errors=errors)


def check_follows(before: date, valid_from: date) -> None:
    """A later version begins on a later day."""
    if valid_from <= before:
        raise InconsistentItem(errors=[FieldError("/validFrom", "not-after-the-version-before")])


def is_receipt_number(text: str) -> bool:
    """Whether a text can be a receipt number at all: district 6, day 8, sequence 6, check digit."""
    return len(text) == RECEIPT_DIGITS and text.isascii() and text.isdigit()
