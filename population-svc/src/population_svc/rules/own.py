"""A person's own view and rights (PIPL 44-50): codes of the window, requests, restriction, lawful secrecy."""

from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, TooManyRequests, Unavailable, WrongState
from population_svc.rules.register import code_error

CODE_LASTS = timedelta(minutes=30)
PASS_LASTS = timedelta(minutes=30)
WRONG_TRIES = 5
ANSWER_REQUEST_WITHIN = 15
"""Working days for a request, well inside the thirty days of GB/T 35273-2020 8.7."""
LOOK_BACK = timedelta(days=365)
LONGEST_SECRECY = timedelta(days=366)


class RequestKind(StrEnum):
    """What a person asks for of the own record."""

    CORRECTION = "correction"
    DELETION = "deletion"
    RESTRICTION = "restriction"
    LIFT_RESTRICTION = "lift_restriction"
    EXPLANATION = "explanation"
    VISIT_NOTES = "visit_notes"


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


class OwnCodeUnknown(NotFound):
    """No code of the window fits; which part of what was typed is wrong is not said."""

    status, code = 404, "own-code-unknown"


class OwnCodeLocked(TooManyRequests):
    """The code was tried too often; the window makes another."""

    status, code = 429, "own-code-locked"


class OwnSignInNotOffered(NotFound):
    """No identity provider is configured; the code of the window is the way."""

    status, code = 404, "own-sign-in-not-offered"


class OwnSignInRefused(Forbidden):
    """What the identity provider answered does not fit what was asked, or is too old."""

    status, code = 403, "own-sign-in-refused"


class OwnRecordUnknown(NotFound):
    """Nobody is registered with the number the provider vouches for."""

    status, code = 404, "own-record-unknown"


class IdentityProviderAway(Unavailable):
    """The identity provider does not answer as it should."""

    code = "identity-provider-away"


class OwnRecordClosed(NotFound):
    """The half hour is over, or the record was closed."""

    status, code = 404, "own-record-closed"


class RequestDecided(WrongState):
    """The request was decided already."""

    status, code = 409, "request-decided"


class SecrecyDecided(WrongState):
    """The secrecy was confirmed or ended already."""

    status, code = 409, "secrecy-decided"


class AnotherPersonNeeded(Forbidden):
    """Whoever proposed it cannot confirm it."""

    status, code = 403, "another-person-needed"


def check_shown(id_number: str | None, person_id: UUID | None, document: str | None) -> None:
    """At the window a number is typed from a document; where none is recorded, it is said which document was shown."""
    if id_number is not None:
        if person_id is not None:
            raise InvalidInput.at("/personId", "one-of-two")
        return
    if person_id is None:
        raise InvalidInput.at("/idNumber", "missing")
    if document is None:
        raise InvalidInput.at("/document", "missing")
    if errors := code_error("id_document_types", document, "/document"):
        raise InvalidInput(errors=errors)


def as_resident(person_id: object) -> Actor:
    """A resident with the one grant a code of the window gives: the own record."""
    grant = Grant(post=Post.RESIDENT, area="", resource=f"person:{person_id}")
    return Actor(kind="resident", id=f"person:{person_id}", grants=(grant,))


def check_decides_requests(actor: Actor, area_code: str) -> None:
    """Requests of persons are decided by the station head."""
    if not actor.holds(Post.STATION_HEAD, area=area_code):
        raise Forbidden


def check_brings_correction(kind: RequestKind, *, granted: bool, brings: str | None) -> None:
    """A granted correction says what is written into the record; nothing else brings anything."""
    corrects = granted and kind is RequestKind.CORRECTION
    if corrects and brings is None:
        raise InvalidInput.at("/correction", "missing")
    if not corrects and brings is not None:
        raise InvalidInput.at(f"/{brings}", "not-acceptable")


def check_may_see_reads(actor: Actor) -> None:
    """Who looked is seen by the person, and by whoever audits."""
    if not actor.holds(Post.AUDIT_ADMIN):
        raise Forbidden


def check_proposes_secrecy(actor: Actor, area_code: str) -> None:
    """Secrecy is proposed by whoever leads the area (PIPL 18, 35)."""
    if not actor.holds(Post.STREET_LEADER, Post.DISTRICT_LEADER, area=area_code):
        raise Forbidden


def check_confirms_secrecy(actor: Actor, area_code: str, proposed_by: str) -> None:
    """It takes a second person, who audits and answers to nobody of the line."""
    if actor.id == proposed_by:
        raise AnotherPersonNeeded
    if not actor.holds(Post.AUDIT_ADMIN, area=area_code):
        raise Forbidden


def check_secrecy_period(since: date, until: date, post: str | None, unit: str | None) -> None:
    """Secrecy has an end within a year, and hides the reads of one post or unit, never all."""
    if until <= since:
        raise InvalidInput.at("/until", "before-the-start", start=since.isoformat())
    if until - since > LONGEST_SECRECY:
        raise InvalidInput.at("/until", "too-long")
    if post is not None and post not in set(Post):
        raise InvalidInput.at("/post", "unknown-code")
    if post is None and unit is None:
        raise InvalidInput.at("/unit", "missing")


def sees_restricted(actor: Actor) -> bool:
    """A record whose processing is restricted rests in the archive of the station (PIPL 47)."""
    return actor.holds(Post.STATION_HEAD)


AUDITOR = Post.AUDIT_ADMIN


def check_sees_secrecies(actor: Actor) -> None:
    """Those who may set it see what was set."""
    if not actor.holds(Post.STREET_LEADER, Post.DISTRICT_LEADER, AUDITOR):
        raise Forbidden


SECRECY_POSTS = (Post.STREET_LEADER, Post.DISTRICT_LEADER, Post.AUDIT_ADMIN)
