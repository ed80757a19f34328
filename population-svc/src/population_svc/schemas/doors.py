"""Codes at doors, and calling a household, on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from grid_kernel.schemas import Input, Schema
from population_svc.schemas.households import DwellingOut, HouseholdOut

Token = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[0-9A-Za-z]{16}$")]


class DoorTokenOut(Schema):
    """The code for a door, shown once; the one before it opens nothing any more.

    Printed as a QR behind the town's address, `path` lets the phone open the door without a signal: what stands behind
    the # is sent to nobody.
    """

    dwelling_id: UUID
    token: str
    path: str


class DoorOpening(Input):
    """What was read at a door."""

    token: Token


class DoorOpened(Schema):
    """The dwelling behind a door and who lives there."""

    dwelling: DwellingOut
    households: list[HouseholdOut]


class Call(Schema):
    """The number to call a household under."""

    household_id: UUID
    phone: str | None
