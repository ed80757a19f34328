"""Firms and shops, volunteer teams, seats in committees, and what a community publishes."""

from datetime import date
from enum import StrEnum

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import FieldError, Forbidden, InvalidInput, WrongState
from grid_kernel.identifiers import BadUscc, check_uscc
from population_svc.rules.permissions import KEEPERS

COMMUNITY = 12
LONGEST_TERM_YEARS = 6
"""A residents' committee is elected for five years (城市居民委员会组织法 art 8, as amended 2018), and may run over."""


class SeatBody(StrEnum):
    """What somebody is a member of: the residents' representatives and the five committees."""

    REPRESENTATIVES = "representatives"
    MEDIATION = "mediation"
    PUBLIC_SECURITY = "public_security"
    PUBLIC_HEALTH = "public_health"
    FAMILY_PLANNING = "family_planning"
    CULTURE = "culture"


class SeatRole(StrEnum):
    """What a member does there."""

    CHAIR = "chair"
    DEPUTY = "deputy"
    MEMBER = "member"


class DocumentKind(StrEnum):
    """What a community publishes."""

    CONVENTION = "convention"
    DUTIES = "duties"
    REPORT = "report"
    NOTICE = "notice"


class UsccRegistered(WrongState):
    """An open organisation with this code is registered."""

    status, code = 409, "uscc-registered"


class OrganizationClosed(WrongState):
    """The organisation was closed."""

    status, code = 409, "organization-closed"


class TeamEnded(WrongState):
    """The team was ended."""

    status, code = 409, "team-ended"


class SeatTaken(WrongState):
    """The person holds this seat, or somebody else chairs this body already."""

    status, code = 409, "seat-taken"


class SeatEnded(WrongState):
    """The term has ended."""

    status, code = 409, "seat-ended"


def normalised_uscc(code: str | None) -> str | None:
    """A unified social credit code in its stored form (GB 32100)."""
    if code is None:
        return None
    try:
        return check_uscc(code)
    except BadUscc:
        raise InvalidInput(errors=[FieldError("/uscc", "uscc-invalid")]) from None


def check_term(since: date, until: date) -> None:
    """A term has an end, and no longer than the law and some delay allow."""
    if until <= since:
        raise InvalidInput.at("/until", "before-the-start", start=since.isoformat())
    if until.year - since.year > LONGEST_TERM_YEARS:
        raise InvalidInput.at("/until", "term-too-long")


def reaches(actor: Actor, area_code: str) -> bool:
    """Whether an actor keeps the register of an area, or of a part of it: whom the contacts of teams are for."""
    kept = [grant.area for grant in actor.grants if grant.post in KEEPERS]
    return any(area.startswith(area_code) or area_code.startswith(area) for area in kept)


def check_keeps_community(actor: Actor, community: str) -> None:
    """What belongs to a whole community is kept by its station, not by one grid."""
    if not actor.holds(Post.STATION_HEAD, Post.WINDOW_CLERK, area=community):
        raise Forbidden


def check_publishes(actor: Actor, community: str) -> None:
    """The station head publishes for the community."""
    if not actor.holds(Post.STATION_HEAD, area=community):
        raise Forbidden
