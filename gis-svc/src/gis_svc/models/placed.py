"""What the map shows beside areas and buildings: things, service points, roads. A move returns its event."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Double, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from gis_svc.models.base import Base
from gis_svc.rules import ConsentForm, InspectionResult, ThingState
from grid_kernel.contracts.gis import ThingRegistered
from grid_kernel.types import AREA_CODE, EncryptedText, StringEnum, UtcDateTime, uuid7


def _photos() -> Column[list[str]]:
    return Column(ARRAY(Text), nullable=False, server_default="{}")


class _Placed(SQLModel):
    """What everything on the map has that is no area and no building."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    kind: str
    name: str
    shape_geojson: str = Field(sa_type=Text)
    shape_wkb: bytes = Field(sa_type=LargeBinary)
    west: float = Field(sa_type=Double)
    south: float = Field(sa_type=Double)
    east: float = Field(sa_type=Double)
    north: float = Field(sa_type=Double)
    source: str = "entered"
    synthetic: bool = False
    registered_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    def assign(self, area_code: str) -> None:
        """Belong to another grid from now on."""
        self.area_code = area_code
        self.version += 1

    def replace(self, members: Mapping[str, object]) -> None:
        """Be as somebody says now."""
        for name, value in members.items():
            setattr(self, name, value)
        self.version += 1

    def remove(self, now: datetime) -> None:
        """Be there no more; the row stays."""
        self.removed_at = now
        self.version += 1


class Thing(Base, _Placed, table=True):
    """A public or shared facility, asset or place; never what is inside a home."""

    __tablename__ = "thing"
    __table_args__ = (Index("ix_thing_box", "west", "east", "south", "north"),)

    kinds: ClassVar[str] = "thing_kinds"

    authority_unit: str | None = None
    owner: str | None = None
    maintainer: str | None = None
    state: ThingState = Field(default=ThingState.IN_USE, sa_type=StringEnum(ThingState))
    next_inspection_on: date | None = None
    photos: list[str] = Field(default_factory=list, sa_column=_photos())

    def inspected(self, result: InspectionResult, next_on: date | None) -> None:
        """Be as somebody found it."""
        self.state = _STATES[result]
        self.next_inspection_on = next_on
        self.version += 1

    def show(self, photos: Sequence[str]) -> None:
        """Look as these photographs show it."""
        self.photos = list(photos)
        self.version += 1

    def registered(self, now: datetime) -> ThingRegistered:
        """The thing is in the register."""
        return ThingRegistered(
            aggregate_id=self.id, sequence=self.version, occurred_at=now, area_code=self.area_code, kind=self.kind
        )


_STATES = {
    InspectionResult.OK: ThingState.IN_USE,
    InspectionResult.DEFECT: ThingState.DAMAGED,
    InspectionResult.OUT_OF_USE: ThingState.OUT_OF_USE,
}


class Inspection(Base, table=True):
    """Somebody looked at a thing: what was found, the photographs, when to look again. Never changed afterwards."""

    __tablename__ = "inspection"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    thing_id: UUID = Field(foreign_key="thing.id", index=True)
    inspected_on: date
    result: InspectionResult = Field(sa_type=StringEnum(InspectionResult))
    note: str | None = None
    attachments: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    next_inspection_on: date | None = None
    recorded_at: datetime = Field(sa_type=UtcDateTime)


class HomeCheck(Base, table=True):
    """What a safety check found inside a home whose resident agreed to it; gone when the consent ends."""

    __tablename__ = "home_check"

    kinds: ClassVar[str] = "home_appliance_kinds"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    building_id: UUID = Field(index=True)
    dwelling_id: UUID
    consent_form: ConsentForm = Field(sa_type=StringEnum(ConsentForm))
    agreed_on: date
    checked_on: date
    expires_on: date = Field(index=True)
    appliances: str = Field(sa_type=EncryptedText("gis.home_check.appliances"))
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1


class ServicePoint(Base, _Placed, table=True):
    """A place where residents are served: a public fact."""

    __tablename__ = "service_point"
    __table_args__ = (Index("ix_service_point_box", "west", "east", "south", "north"),)

    kinds: ClassVar[str] = "service_point_kinds"

    opening_hours: str | None = None
    open: bool = True


class OpeningWeek(Base, table=True):
    """Hours of a service point for some days; entered over what was known, never changed afterwards."""

    __tablename__ = "opening_week"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    service_point_id: UUID = Field(foreign_key="service_point.id", index=True)
    valid_from: date
    valid_to: date | None = None
    hours: list[dict[str, Any]] = Field(sa_type=JSONB)
    on_holidays: bool = False
    note: str | None = None
    recorded_at: datetime = Field(sa_type=UtcDateTime)


class Road(Base, _Placed, table=True):
    """A piece of road or path between two crossings: a public fact."""

    __tablename__ = "road"
    __table_args__ = (Index("ix_road_box", "west", "east", "south", "north"),)

    kinds: ClassVar[str] = "road_kinds"

    walkable: bool = True
