"""What every table of this service belongs to, and how its columns are made."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, SQLModel

from grid_kernel.db import new_registry
from grid_kernel.types import AREA_CODE, BlindIndex

PHONE = "population.phone"
ID_NUMBER = "population.id_number"
CARE_BASIS = "population.care.basis"
DOOR = "population.door"
CARE_GUARDIAN = "population.care.guardian"
VISIT_NOTE = "population.visit.note"
IMPORT = "population.import"
EXPORT = "population.export"
CONTACT = "population.contact"
CAMPAIGN = "population.campaign"
REGISTERED_ADDRESS = "population.person.registered_address"
PENDING_CHANGE = "population.pending_change"
OWN_CODE = "population.own.code"
OWN_PASS = "population.own.pass"  # noqa: S105 - the label of a column
REQUEST_TEXT = "population.request.text"
SECRECY_BASIS = "population.secrecy.basis"


class Base(SQLModel, registry=new_registry()):
    """What every table of this service belongs to."""


def area_column() -> Any:
    return Field(sa_type=AREA_CODE)


def blind_column(label: str) -> Any:
    return Field(default=None, sa_type=BlindIndex(label))


def take_over(row: Any, changes: dict[str, Any], *, since: date, now: datetime) -> None:
    """Change a row: what is different has been so since `since`. Its version grows in any case."""
    different = {name: value for name, value in changes.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    if different:
        row.effective_on = since
    row.version += 1
    row.recorded_at = max(row.recorded_at, now)
