"""The states and codes of the register, and which moves there are between them."""

from collections.abc import Mapping
from enum import StrEnum


class PersonStatus(StrEnum):
    """Whether a person lives in the district; a merged record stands for nobody until that is undone."""

    PRESENT = "present"
    LEFT = "left"
    DECEASED = "deceased"
    MERGED = "merged"


class BirthPrecision(StrEnum):
    """How much of a date of birth is known; what is not stands on the first day or month."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class AlikeReason(StrEnum):
    """What two records have in common."""

    SAME_NAME = "same_name"
    SAME_BIRTH_DATE = "same_birth_date"
    SAME_PHONE = "same_phone"
    SAME_HOUSEHOLD = "same_household"
    NUMBER_MISSING = "number_missing"


class Presence(StrEnum):
    """Whether a household really lives where it is registered; only `living` ones are to be visited."""

    LIVING = "living"
    REGISTERED_ONLY = "registered_only"
    REPORTED_MOVED = "reported_moved"


class VisitOutcome(StrEnum):
    """How a visit ended; only `done` is a home visit (入户)."""

    DONE = "done"
    MET_OUTSIDE = "met_outside"
    TELEPHONE = "telephone"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    MOVED = "moved"


class Freshness(StrEnum):
    """How long ago a household was last entered in the grid it lives in."""

    WITHIN_90_DAYS = "within_90_days"
    WITHIN_180_DAYS = "within_180_days"
    WITHIN_365_DAYS = "within_365_days"
    OLDER = "older"
    NEVER = "never"


class Registration(StrEnum):
    """Whether somebody lives where he or she is registered: 人户一致, 人户分离, or nobody asked."""

    MATCHES = "matches"
    DIFFERS = "differs"
    NOT_ASKED = "not_asked"


MATCHES = {Registration.MATCHES: True, Registration.DIFFERS: False, Registration.NOT_ASKED: None}


class VisitState(StrEnum):
    """Where a living household stands in the quarterly round: the most that was reached with it."""

    VISITED = "visited"
    CONTACTED = "contacted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    NOT_ATTEMPTED = "not_attempted"


class CheckAbout(StrEnum):
    """What is asked back: a visit, that a household lives elsewhere or declined, that a dwelling is empty."""

    VISIT = "visit"
    PRESENCE = "presence"
    DECLINED = "declined"
    VACANT = "vacant"


class CheckAnswer(StrEnum):
    """What a household said when it was asked back."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    NOT_REMEMBERED = "not_remembered"
    NOT_REACHED = "not_reached"


class BasisKind(StrEnum):
    """On what somebody is on the care list: the own consent, the guardian's, or a statute or decision."""

    CONSENT = "consent"
    GUARDIAN = "guardian"
    STATUTORY = "statutory"


class CareState(StrEnum):
    """How a care entry stands: past its expiry it stays and waits for a decision, nothing ends silently."""

    RUNNING = "running"
    EXPIRING = "expiring"
    TO_CONFIRM = "to_confirm"
    ENDED = "ended"


class CareEnd(StrEnum):
    """Why a care entry ended."""

    NO_LONGER_NEEDED = "no_longer_needed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    LEFT_THE_DISTRICT = "left_the_district"
    DIED = "died"


class RevealPurpose(StrEnum):
    """What a masked field may be revealed for."""

    HANDLING_APPLICATION = "handling_application"
    ARRANGING_VISIT = "arranging_visit"
    HANDLING_CASE = "handling_case"
    CORRECTING_DATA = "correcting_data"
    EMERGENCY = "emergency"


class RevealField(StrEnum):
    """The fields that are masked everywhere else."""

    ID_NUMBER = "id_number"
    PHONE = "phone"


TRANSITIONS: Mapping[PersonStatus, frozenset[PersonStatus]] = {
    PersonStatus.PRESENT: frozenset({PersonStatus.LEFT, PersonStatus.DECEASED, PersonStatus.MERGED}),
    PersonStatus.LEFT: frozenset({PersonStatus.PRESENT}),
    PersonStatus.DECEASED: frozenset(),
    PersonStatus.MERGED: frozenset({PersonStatus.PRESENT}),
}

PRESENCE_AFTER: Mapping[VisitOutcome, Presence] = {
    VisitOutcome.DONE: Presence.LIVING,
    VisitOutcome.MOVED: Presence.REPORTED_MOVED,
}
"""What a visit says about where the household lives; the other outcomes say nothing."""

BY_WORD = "said_by_person"
NOT_STATED = frozenset({"name_grams", "address_grams", "phone_index", "presence_seen_at"})
SEEN = frozenset({"presence"})
"""Members that are seen and not stated: what was seen last stands, nobody has to decide between two of them."""
