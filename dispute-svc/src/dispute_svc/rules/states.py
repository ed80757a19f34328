"""States, their moves with the reasons, and how long things may take."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from grid_kernel.clock import Unit

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
    LIMIT_TOO_SHORT = "limit_too_short"
    OTHER = "other"


class Outcome(StrEnum):
    """How a case ended."""

    SOLVED = "solved"
    SELF_RESOLVED = "self_resolved"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class ExtensionKind(StrEnum):
    """More time to finish, or put off until a day to look again (挂账)."""

    EXTENSION = "extension"
    DEFERRAL = "deferral"


class ExtensionState(StrEnum):
    """What became of a request for time."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


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
    SUPPLEMENTED = "supplemented"
    MERGED = "merged"
    ABSORBED = "absorbed"
    SPLIT = "split"
    EXTENSION_ASKED = "extension_asked"
    EXTENSION_APPROVED = "extension_approved"
    EXTENSION_REFUSED = "extension_refused"
    REMINDED = "reminded"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"
    TRANSFERRED = "transferred"


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
        CaseState.CLOSED: "solved on the spot by the worker who saw it, or merged, taken back, void",
    },
    CaseState.DISPATCHED: {
        CaseState.HANDLING: "the leading unit accepted",
        CaseState.OBJECTED: "the leading unit says the dispatch is wrong (Beijing 接诉即办 art 12)",
        CaseState.CLOSED: "solved on the spot before the unit began, or merged, taken back, void",
    },
    CaseState.OBJECTED: {
        CaseState.DISPATCHED: "the arbiter let the dispatch stand, or sent the case to another unit",
    },
    CaseState.HANDLING: {
        CaseState.HANDLED: "the leading unit says what it did; no other unit is still at it",
        CaseState.DISPATCHED: "the centre gave it to another unit",
        CaseState.CLOSED: "merged into another case, taken back by its reporter, or void",
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
        CaseState.HANDLING: "it was not solved after all: back to the unit that led, with its limit anew",
        CaseState.REPORTED: "what had ended without a unit goes on; a person decides who gets it",
    },
    CaseState.RATED: {
        CaseState.HANDLING: "the reporter is not content: back to the unit that led, with its limit anew",
        CaseState.REPORTED: "what had ended without a unit goes on; a person decides who gets it",
    },
}

DISPATCH_TRANSITIONS: Mapping[DispatchState, Mapping[DispatchState, str]] = {
    DispatchState.SENT: {
        DispatchState.ACCEPTED: "the unit took it",
        DispatchState.OBJECTED: "the unit says it is wrong",
        DispatchState.WITHDRAWN: "solved on the spot before the unit began, given to another unit, or the case ended",
    },
    DispatchState.OBJECTED: {
        DispatchState.SENT: "the arbiter let it stand",
        DispatchState.WITHDRAWN: "the arbiter sent the case elsewhere",
    },
    DispatchState.ACCEPTED: {
        DispatchState.HANDLED: "the unit says what it did",
        DispatchState.WITHDRAWN: "given to another unit, or the case was merged, taken back or void",
    },
    DispatchState.HANDLED: {DispatchState.ACCEPTED: "a worker saw that it is not solved, or it was reopened"},
    DispatchState.WITHDRAWN: {},
}

OPEN_STATES = frozenset(CaseState) - {CaseState.CLOSED, CaseState.RATED}
MAY_RESOLVE = frozenset({CaseState.REPORTED, CaseState.DISPATCHED})
MAY_BE_DROPPED = MAY_RESOLVE | {CaseState.HANDLING}
"""Merged, taken back, void: not while an objection waits for the arbiter, nor once the unit has said what it did."""
MAY_REOPEN = frozenset({CaseState.CLOSED, CaseState.RATED})
MAY_BE_REMINDED = frozenset({DispatchState.SENT, DispatchState.ACCEPTED})
MAY_BE_TRANSFERRED = MAY_BE_REMINDED
"""An objected part is the arbiter's to decide; what a unit has done it has done."""
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
NEARBY_M = 100.0
"""How far apart two reports may lie to be one matter (ours); an uncertain fix looks farther by its accuracy."""
NEARBY_SHOWN = 5
WRONG_CODES_ALLOWED = 5
LOCKED_MINUTES = 15


def is_late(state: CaseState, due_at: datetime | None, now: datetime) -> bool:
    """Whether the limit of the leading unit has passed while it is still its turn."""
    return due_at is not None and due_at < now and state in CLOCK_RUNS
