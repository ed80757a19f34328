"""What the register and the visiting regulation say: states, checks, who sees what. No I/O, no framework, no clock."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from grid_kernel.auth import Actor, Post
from grid_kernel.codes import codes
from grid_kernel.errors import FieldError, Forbidden, InvalidInput, NotFound, WrongState
from grid_kernel.identifiers import BadIdNumber, check_id_number, id_birth_date, id_sex, to_18
from population_svc.grams import query_name_grams

PACKAGE = "population_svc"
ID_CARD = "111"
HEADS = frozenset({"01", "02"})
VACANT = "03"
SEARCH_CAP = 10
CLOCK_TOLERANCE = timedelta(minutes=5)
OLDEST_VISIT = timedelta(days=120)
REVISIT_AFTER = timedelta(days=7)
RENEW_BEFORE = timedelta(days=30)
AGE_OF_CONSENT = 14
COME_AGAIN = "come_again"


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


class VisitState(StrEnum):
    """Where a living household stands in the quarterly round: the most that was reached with it."""

    VISITED = "visited"
    CONTACTED = "contacted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    NOT_ATTEMPTED = "not_attempted"


class CheckAbout(StrEnum):
    """What a household is asked back about: a visit, or that it really lives elsewhere."""

    VISIT = "visit"
    PRESENCE = "presence"


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


class Sight(StrEnum):
    """How much of a person a reader with right to the row sees."""

    NAMES = "names"
    MASKED = "masked"


SIGHT: Mapping[Post, Sight] = {
    Post.RESIDENT_SERVICE_OFFICER: Sight.NAMES,
    Post.OPINION_COLLECTOR: Sight.NAMES,
    Post.WINDOW_CLERK: Sight.NAMES,
    Post.STATION_HEAD: Sight.NAMES,
    Post.STREET_LEADER: Sight.MASKED,
    Post.DISTRICT_LEADER: Sight.MASKED,
}
"""Who reads the register at all. A post that is not named here sees no person."""

KEEPERS = tuple(post for post, sight in SIGHT.items() if sight is Sight.NAMES)
"""Who keeps the register: the others of SIGHT read figures and masked rosters, they neither write nor search."""

WALKERS = frozenset({Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR})
"""Who walks through a grid and carries its pack."""

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


class PersonHasLeft(WrongState):
    """The person does not live in the district any more."""

    status, code = 409, "person-has-left"


class HouseholdEnded(WrongState):
    """The household was dissolved."""

    status, code = 409, "household-ended"


class AlreadyRecorded(WrongState):
    """There is already a record with this id."""

    status, code = 409, "already-recorded"


class IdNumberRegistered(WrongState):
    """A person with this identity number is registered and lives somewhere in the district."""

    status, code = 409, "id-number-registered"


class DwellingKnown(WrongState):
    """There is already a dwelling with this house code."""

    status, code = 409, "dwelling-known"


class CareEntryEnded(WrongState):
    """The care entry has ended."""

    status, code = 409, "care-entry-ended"


class AlreadyUndone(WrongState):
    """The merger was undone already."""

    status, code = 409, "already-undone"


class AlreadyAnswered(WrongState):
    """The household was asked back already."""

    status, code = 409, "already-answered"


class NoConsentToWithdraw(WrongState):
    """The care entry rests on a statute or a decision, not on a consent."""

    status, code = 409, "no-consent-to-withdraw"


class SearchTooBroad(InvalidInput):
    """A search needs a whole identity or telephone number, or a name and a grid, building, address or birth date."""

    status, code = 400, "search-too-broad"


class PersonFacts(Protocol):
    """What is checked of a person who is entered."""

    @property
    def sex(self) -> str: ...
    @property
    def birth_date(self) -> date: ...
    @property
    def birth_precision(self) -> BirthPrecision: ...
    @property
    def id_document_type(self) -> str: ...
    @property
    def id_number(self) -> str | None: ...
    @property
    def relation_to_head(self) -> str: ...
    @property
    def population_type(self) -> str: ...


def scope(actor: Actor) -> tuple[str, ...]:
    """The areas whose rows an actor may see here."""
    return actor.areas(*SIGHT)


def sight(actor: Actor, area_code: str) -> Sight:
    """How much an actor sees of a person of an area: the widest of the posts that reach it."""
    return Sight.NAMES if actor.holds(*KEEPERS, area=area_code) else Sight.MASKED


def check_keeps_register(actor: Actor) -> None:
    """Refuse whoever does not keep the register at all, before anything is looked up."""
    if not actor.holds(*KEEPERS):
        raise Forbidden


def check_serves_at_window(actor: Actor) -> None:
    """Somebody from elsewhere who is present is served at the window: A duty, nobody else."""
    if not any(grant.post is Post.WINDOW_CLERK and grant.duty == "window" for grant in actor.grants):
        raise Forbidden


def check_may_keep(actor: Actor, area_code: str) -> None:
    """Refuse a reader of the row who may not change it."""
    if not actor.holds(*KEEPERS, area=area_code):
        raise Forbidden


def check_holds_grid(actor: Actor, grid: str) -> None:
    """A pack is for the phone of whoever goes through this very grid today, in the own or in a substituted post."""
    check_asked_area(actor, grid)
    if not any(grant.post in WALKERS and grant.area == grid for grant in actor.grants):
        raise Forbidden


def check_sets_rules(actor: Actor, area: str) -> None:
    """What visiting demands is set by whoever leads the area, not by those who visit."""
    if not actor.holds(Post.STREET_LEADER, Post.DISTRICT_LEADER, area=area):
        raise Forbidden


def check_asks_back(actor: Actor, area: str) -> None:
    """Asking back is done by the station, not by whoever made the visit."""
    if not actor.holds(Post.STATION_HEAD, Post.WINDOW_CLERK, area=area):
        raise Forbidden


def sample_size(number: int) -> int:
    """How many of so many are asked back: three in a hundred, one at least."""
    return min(number, max(1, -(-number * 3 // 100)))


def note_limit(day: date) -> date:
    """Notes of visits before this day are forgotten: twelve months."""
    return day - timedelta(days=365)


def care_state(expires_on: date, ended_on: date | None, day: date) -> CareState:
    """How a care entry stands on a day."""
    if ended_on is not None and ended_on <= day:
        return CareState.ENDED
    if expires_on <= day:
        return CareState.TO_CONFIRM
    return CareState.EXPIRING if expires_on - RENEW_BEFORE <= day else CareState.RUNNING


def check_basis(kind: BasisKind, guardian: str | None, birth_date: date, day: date) -> None:
    """A child under 14 cannot consent (PIPL art 31), and a guardian has a name."""
    if kind is BasisKind.GUARDIAN and guardian is None:
        raise InvalidInput.at("/guardian", "missing")
    age = day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
    if kind is BasisKind.CONSENT and age < AGE_OF_CONSENT:
        raise InvalidInput.at("/basisKind", "guardian-needed")


def check_in_scope(actor: Actor, area_code: str | None, pointer: str, message: str) -> str:
    """Refuse an area outside the actor's as if it did not exist."""
    if area_code is None or not actor.holds(*SIGHT, area=area_code):
        raise NotFound(errors=[FieldError(pointer, message)])
    return area_code


def check_asked_area(actor: Actor, area: str) -> None:
    """Refuse to list an area of which the actor sees nothing."""
    if not any(prefix.startswith(area) or area.startswith(prefix) for prefix in scope(actor)):
        raise NotFound


def code_error(table: str, code: str, pointer: str) -> list[FieldError]:
    """The error of a code its table does not have."""
    return [] if code in codes(PACKAGE, table) else [FieldError(pointer, "unknown-code")]


def normalised_id_number(person: PersonFacts) -> str | None:
    """The number as it is stored: an identity card's in its 18-character form, others as they are written."""
    if person.id_number is None or person.id_document_type != ID_CARD:
        return person.id_number
    return to_18(person.id_number)


def person_errors(person: PersonFacts, at: str, today: date) -> list[FieldError]:
    """Everything wrong with a person at once (GB 11643, GB/T 2261.1, GB/T 4761)."""
    errors = [
        *code_error("sexes", person.sex, f"{at}/sex"),
        *code_error("id_document_types", person.id_document_type, f"{at}/idDocumentType"),
        *code_error("family_relations", person.relation_to_head, f"{at}/relationToHead"),
        *code_error("population_types", person.population_type, f"{at}/populationType"),
    ]
    if person.birth_date > today:
        errors.append(FieldError(f"{at}/birthDate", "in-the-future"))
    if person.birth_date != first_known_day(person.birth_date, person.birth_precision):
        errors.append(FieldError(f"{at}/birthDate", "more-precise-than-known"))
    return [*errors, *_id_card_errors(person, at, today)]


def first_known_day(day: date, precision: BirthPrecision) -> date:
    """How a partial date of birth is written: the first day of the month or year that is known."""
    if precision is BirthPrecision.DAY:
        return day
    return day.replace(day=1) if precision is BirthPrecision.MONTH else day.replace(day=1, month=1)


def _id_card_errors(person: PersonFacts, at: str, today: date) -> list[FieldError]:
    if person.id_number is None or person.id_document_type != ID_CARD:
        return []
    try:
        check_id_number(person.id_number, today)
    except BadIdNumber as error:
        return [FieldError(f"{at}/idNumber", error.problem)]
    errors = []
    if id_birth_date(person.id_number) != person.birth_date:
        errors.append(FieldError(f"{at}/birthDate", "differs-from-id-number"))
    if person.sex in {"1", "2"} and id_sex(person.id_number) != person.sex:
        errors.append(FieldError(f"{at}/sex", "differs-from-id-number"))
    return errors


def check_one_head(relations: list[str]) -> None:
    """Refuse a household without a head, or with two."""
    if sum(relation in HEADS for relation in relations) != 1:
        raise InvalidInput.at("/persons", "one-head-needed")


def check_not_future(day: date, today: date, pointer: str) -> None:
    """Refuse a fact that has not happened yet."""
    if day > today:
        raise InvalidInput.at(pointer, "in-the-future")


def check_not_before(day: date, start: date, pointer: str) -> None:
    """Refuse an end before its beginning."""
    if day < start:
        raise InvalidInput.at(pointer, "before-the-start", start=start.isoformat())


def check_visit_time(visited_at: datetime, now: datetime, *, from_phone: bool = False) -> None:
    """Refuse a visit from the future, and one from before the last quarter unless a phone kept it until now."""
    if visited_at > now + CLOCK_TOLERANCE:
        raise InvalidInput.at("/visitedAt", "in-the-future")
    if visited_at < now - OLDEST_VISIT and not from_phone:
        raise InvalidInput.at("/visitedAt", "too-long-ago")


def revisit_day(needs: Sequence[str], asked: date | None, visited_on: date) -> date | None:
    """The day somebody asked to be visited again: the one named, a week later when none was."""
    if asked is not None:
        check_not_before(asked, visited_on, "/revisitOn")
        return asked
    return visited_on + REVISIT_AFTER if COME_AGAIN in needs else None


def house_code(community: str, building_no: str, entrance: int, dwelling_no: str) -> str:
    """Community 12 + building 4 + entrance 2 + dwelling 4 digits; never the grid."""
    return f"{community}{building_no:0>4}{entrance:02}{dwelling_no:0>4}"


def dwelling_no(room_no: str) -> str | None:
    """The four digits of a room number, None when it does not have one to four."""
    digits = "".join(character for character in room_no if character.isdecimal() and character.isascii())
    return digits.zfill(4) if 0 < len(digits) <= 4 else None  # noqa: PLR2004 - the code's own width


def roster_key(code: str, floor: int, room_no: str) -> str:
    """The place of a dwelling in a walk through the building: building, entrance, floor, room."""
    return f"{code[:18]}{floor + 100:03}{room_no:0>6}"


def check_search(name: str | None, exact: bool, narrowed: bool) -> None:
    """Refuse a search that would list people instead of finding one (PIPL art 6).

    `exact` is a whole identity or telephone number. A name of dots and spaces alone has nothing to find by.
    """
    if not exact and not (name and query_name_grams(name) and narrowed):
        raise SearchTooBroad


def months_lived_here(stays: Sequence[tuple[date, date | None]], day: date) -> int | None:
    """Full months of living in the district without a break up to a day; None when somebody does not live here.

    `stays` are the homes of a person, each from a day up to another, the end of one being the start of the next.
    """
    since = next((start for start, end in stays if start <= day and (end is None or end > day)), None)
    if since is None:
        return None
    while (earlier := next((start for start, end in stays if end == since and start < since), None)) is not None:
        since = earlier
    return (day.year - since.year) * 12 + day.month - since.month - (day.day < since.day)
