"""What is said of the care list: how an entry stands, on what basis it rests."""

from datetime import date, timedelta

from grid_kernel.errors import InvalidInput
from population_svc.rules.states import BasisKind, CareState

RENEW_BEFORE = timedelta(days=30)
AGE_OF_CONSENT = 14


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
