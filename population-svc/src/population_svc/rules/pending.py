"""Change, check, publish: which members of a record wait for a second person before they count."""

from collections.abc import Mapping
from enum import StrEnum

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import Forbidden, InvalidInput, WrongState


class CheckedKind(StrEnum):
    """What records have members that may be checked."""

    PERSON = "person"
    HOUSEHOLD = "household"
    DWELLING = "dwelling"


class PendingState(StrEnum):
    """Where a change that is checked stands."""

    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"


class PendingRefusal(StrEnum):
    """Why a change is not published."""

    EVIDENCE_MISSING = "evidence_missing"
    NOT_TRUE = "not_true"
    OVERTAKEN = "overtaken"


CHECKABLE: Mapping[CheckedKind, frozenset[str]] = {
    CheckedKind.PERSON: frozenset(
        {"name", "phone", "population_type", "registered_here", "registered_address", "registration_matches"}
    ),
    CheckedKind.HOUSEHOLD: frozenset({"phone", "household_type", "head_person_id"}),
    CheckedKind.DWELLING: frozenset({"use", "area_m2", "address"}),
}
"""What may be checked. What is seen and not stated (presence, visits) never waits for anybody."""


class ChangeDecided(WrongState):
    """The change was published or refused already."""

    status, code = 409, "change-decided"


class SettingEnded(WrongState):
    """The setting has ended."""

    status, code = 409, "setting-ended"


def check_checkable(kind: CheckedKind, member: str) -> None:
    """Refuse a member that cannot wait for a check."""
    if member not in CHECKABLE[kind]:
        raise InvalidInput.at("/member", "not-checkable")


def check_checks(actor: Actor, area_code: str, asked_by: str) -> None:
    """The station head checks, and never what he or she asked for."""
    if actor.id == asked_by or not actor.holds(Post.STATION_HEAD, area=area_code):
        raise Forbidden


def publishes_at_once(actor: Actor, area_code: str) -> bool:
    """Whoever checks an area needs nobody to check."""
    return actor.holds(Post.STATION_HEAD, area=area_code)
