"""Taking rows out of the register: who may, how much, for what, and when a second person has to agree."""

from datetime import timedelta
from enum import StrEnum

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import FieldError, Forbidden, InvalidInput, NotFound, WrongState
from population_svc.rules.elements import elements_for
from population_svc.rules.forms import tells

EXPORTERS = (Post.STATION_HEAD, Post.STREET_LEADER, Post.DISTRICT_LEADER)
EXPORT_DECIDERS = (Post.STREET_LEADER, Post.DISTRICT_LEADER)
EXPORT_CAP = 20_000
ALONE_ROWS = 500
"""Up to so many masked rows one person takes out alone; beyond, and for whole numbers, a second one agrees."""
ALONE_WITHIN = timedelta(days=7)
"""Rows one person took out alone within this time are counted together: pieces are not less than the whole."""
EXPORT_KEPT = timedelta(days=7)


class ExportState(StrEnum):
    """Where an export stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    READY = "ready"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"


class ExportPurpose(StrEnum):
    """What rows may be taken out for."""

    REPORTING = "reporting"
    SERVICE_LIST = "service_list"
    SUBSIDY_CHECK = "subsidy_check"
    EMERGENCY_PLAN = "emergency_plan"
    DATA_CHECK = "data_check"


class ExportTooLarge(WrongState):
    """More rows than may be taken out at once."""

    status, code = 409, "export-too-large"


class ExportNotReady(WrongState):
    """There is no file: it waits for a decision or for the job, was refused, or has expired."""

    status, code = 409, "export-not-ready"


class ExportDecided(WrongState):
    """The export was decided on already."""

    status, code = 409, "export-decided"


def check_exports(actor: Actor, area: str) -> None:
    """Refuse whoever may not take rows of an area out; outside one's areas there is no such area."""
    if not actor.holds(*EXPORTERS):
        raise Forbidden
    if not actor.holds(*EXPORTERS, area=area):
        raise NotFound


def check_decides_export(actor: Actor, area: str, asked_by: str) -> None:
    """The second person is a street or district leader, and not the one who asked."""
    if not actor.holds(*EXPORT_DECIDERS, area=area) or actor.id == asked_by:
        raise Forbidden


def check_elements(subject: str, codes: list[str]) -> None:
    """Refuse elements that are not taken out, or that rows of this kind do not have."""
    known = elements_for("export")
    wrong = [
        FieldError(f"/elements/{place}", "unknown-code" if code not in known else "not-of-these-rows")
        for place, code in enumerate(codes)
        if code not in known or not tells(subject, known[code], "export")
    ]
    wrong += [FieldError(f"/elements/{p}", "named-twice") for p, code in enumerate(codes) if code in codes[:p]]
    if wrong:
        raise InvalidInput(errors=wrong)


def needs_second_person(rows: int, *, whole: bool, taken_alone: int = 0) -> bool:
    """Whether somebody else has to agree (a whole table only by two persons, also grid by grid within a week)."""
    return whole or rows + taken_alone > ALONE_ROWS


def check_rows(rows: int) -> None:
    """Refuse more than is taken out at once."""
    if rows > EXPORT_CAP:
        raise ExportTooLarge(rows=rows, most=EXPORT_CAP)
