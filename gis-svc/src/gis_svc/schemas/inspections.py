"""Things as they are looked after: inspections, and safety checks in homes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import orjson
from pydantic import Field

from gis_svc.rules import ApplianceState, ConsentForm, InspectionResult, ThingState
from gis_svc.schemas.shapes import Day, Kind
from grid_kernel.schemas import Input, Line, Note, Schema, Sha256

Photos = Annotated[tuple[Sha256, ...], Field(max_length=9)]


class ThingOut(Schema):
    """A thing as a list of work shows it."""

    id: UUID
    area_code: str
    kind: str
    name: str
    state: ThingState
    authority_unit: str | None
    owner: str | None
    maintainer: str | None
    next_inspection_on: date | None
    photos: list[str]
    version: int


class PhotosIn(Input):
    """The photographs of a thing, the one that shows it best first; sent as attachments before."""

    photos: Photos


class InspectionIn(Input):
    """What was found at a thing; photographs are sent as attachments before."""

    inspected_on: Day
    result: InspectionResult
    note: Note | None = None
    attachments: Photos = ()
    next_inspection_on: Day | None = None


class InspectionOut(Schema):
    """What was found at a thing."""

    id: UUID
    thing_id: UUID
    inspected_on: date
    result: InspectionResult
    note: str | None
    attachments: list[str]
    next_inspection_on: date | None
    recorded_at: datetime


class Consent(Input):
    """How and when the resident agreed to the check and to what is kept of it."""

    form: ConsentForm
    agreed_on: Day


class ApplianceChecked(Input):
    """One appliance and how it was found."""

    kind: Kind
    state: ApplianceState
    note: Line | None = None


class HomeCheckIn(Input):
    """A safety check in a home: only with the resident's consent, and for no longer than a year."""

    building_id: UUID
    dwelling_id: UUID
    consent: Consent
    checked_on: Day
    expires_on: Day | None = None
    appliances: Annotated[tuple[ApplianceChecked, ...], Field(min_length=1, max_length=20)]


class HomeCheckOut(Schema):
    """A safety check in a home, and until when it is kept."""

    id: UUID
    area_code: str
    building_id: UUID
    dwelling_id: UUID
    consent_form: ConsentForm
    agreed_on: date
    checked_on: date
    expires_on: date
    appliances: list[ApplianceChecked]
    version: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Out of a row of the table."""
        return cls.model_validate({**row, "appliances": orjson.loads(row["appliances"])})
