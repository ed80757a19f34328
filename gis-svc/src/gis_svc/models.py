"""Tables: areas and their dated outlines, buildings. A method per move; it returns the event."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Column, Double, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from gis_svc import rules
from gis_svc.rules import AddressState, ConsentForm, GridType, InspectionResult, JobState, Level, ThingState
from gis_svc.shapes import Outline, geojson_text, stored_shape
from grid_kernel.contracts.gis import BuildingLocated, GridDrawn, GridMerged, GridSplit, ThingRegistered
from grid_kernel.db import new_registry
from grid_kernel.geo import Crs
from grid_kernel.types import AREA_CODE, EncryptedText, StringEnum, UtcDateTime, uuid7


class Base(SQLModel, registry=new_registry()):
    """The registry of this service's tables."""


def _codes() -> Column[list[str]]:
    return Column(ARRAY(AREA_CODE), nullable=False, server_default="{}")


def _photos() -> Column[list[str]]:
    return Column(ARRAY(Text), nullable=False, server_default="{}")


class AreaRevision(Base, table=True):
    """One row that every change of areas counts up: the lock of such changes, and the sign to read them again."""

    __tablename__ = "area_revision"

    single: bool = Field(default=True, primary_key=True)
    revision: int = 0


class LayerRevision(Base, table=True):
    """One row per layer of things on the map; the database counts it up with every statement that changes the layer."""

    __tablename__ = "layer_revision"

    layer: str = Field(primary_key=True)
    revision: int = 0


class LayerCell(Base, table=True):
    """The revision of a layer that last touched a tile of zoom 14: row * 16384 + column, -1 for all of them."""

    __tablename__ = "layer_cell"

    layer: str = Field(primary_key=True)
    cell: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int


class Area(Base, table=True):
    """A code of the division tree. A code names one place for ever; after a split or merge others follow it."""

    __tablename__ = "area"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    code: str = Field(sa_type=AREA_CODE, unique=True)
    level: Level = Field(sa_type=StringEnum(Level))
    parent_code: str | None = Field(default=None, sa_type=AREA_CODE, index=True)
    grid_type: GridType | None = Field(default=None, sa_type=StringEnum(GridType))
    valid_from: date
    valid_to: date | None = None
    predecessors: list[str] = Field(default_factory=list, sa_column=_codes())
    successors: list[str] = Field(default_factory=list, sa_column=_codes())
    version: int = 1

    @property
    def area_code(self) -> str:
        """Where an act on this area is recorded."""
        return self.code

    def drawn(self, now: datetime, *, valid_from: date) -> GridDrawn:
        """The outline holds from that day on."""
        return GridDrawn(**self._head(now), valid_from=valid_from)

    def redraw(self, now: datetime, *, effective_on: date) -> GridDrawn:
        """Give the grid another outline or name from a day on."""
        self._check_in_force()
        self.version += 1
        return self.drawn(now, valid_from=effective_on)

    def close(self, effective_on: date) -> None:
        """End without a successor."""
        self._end((), effective_on)

    def split(
        self, successors: Sequence[str], buildings: Mapping[UUID, "Building"], now: datetime, *, effective_on: date
    ) -> GridSplit:
        """End the grid; its successors take its buildings."""
        self._end(successors, effective_on)
        change = _changed([self.code], successors, buildings)
        return GridSplit(**self._head(now), **change, effective_on=effective_on)

    def merged(
        self, predecessors: "Sequence[Area]", buildings: Mapping[UUID, "Building"], now: datetime, *, effective_on: date
    ) -> GridMerged:
        """End the predecessors; this grid takes their buildings."""
        for predecessor in predecessors:
            predecessor._end([self.code], effective_on)
        change = _changed([p.code for p in predecessors], [self.code], buildings)
        return GridMerged(**self._head(now), **change, effective_on=effective_on)

    def _end(self, successors: Sequence[str], effective_on: date) -> None:
        self._check_in_force()
        self.valid_to, self.successors = effective_on, list(successors)
        self.version += 1

    def _check_in_force(self) -> None:
        rules.check_in_force(self.code, self.valid_to, self.successors)

    def _head(self, now: datetime) -> dict[str, object]:
        return {"aggregate_id": self.id, "sequence": self.version, "occurred_at": now, "area_code": self.code}


def _changed(
    predecessors: Sequence[str], successors: Sequence[str], buildings: Mapping[UUID, "Building"]
) -> dict[str, object]:
    return {
        "predecessors": tuple(predecessors),
        "successors": tuple(successors),
        "buildings": {key: building.area_code for key, building in buildings.items()},
        "building_versions": {key: building.version for key, building in buildings.items()},
    }


class AreaVersion(Base, table=True):
    """Name and outline of an area from one source, for the days from valid_from up to, not including, valid_to."""

    __tablename__ = "area_version"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    code: str = Field(sa_type=AREA_CODE, index=True, foreign_key="area.code")
    name: str
    kind: str
    source: str
    in_force: bool
    synthetic: bool
    valid_from: date
    valid_to: date | None = None
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    outline_wkb: bytes | None = Field(default=None, sa_type=LargeBinary)
    outline_geojson: str | None = Field(default=None, sa_type=Text)
    west: float | None = Field(default=None, sa_type=Double)
    south: float | None = Field(default=None, sa_type=Double)
    east: float | None = Field(default=None, sa_type=Double)
    north: float | None = Field(default=None, sa_type=Double)
    area_m2: float | None = Field(default=None, sa_type=Double)
    centre_lon: float | None = Field(default=None, sa_type=Double)
    centre_lat: float | None = Field(default=None, sa_type=Double)

    def outlined(self, outline: Outline) -> "AreaVersion":
        """Take an outline with its measures."""
        self.outline_wkb, self.outline_geojson = outline.wkb, outline.geojson
        self.west, self.south, self.east, self.north = outline.box
        self.area_m2 = outline.area_m2
        self.centre_lon, self.centre_lat = outline.centre
        return self


class Building(Base, table=True):
    """A building: a fact of the public space, with the grid it stands in."""

    __tablename__ = "building"
    __table_args__ = (
        UniqueConstraint("community_code", "building_no"),
        Index("ix_building_box", "west", "east", "south", "north"),
        Index("ix_building_point", "lon", "lat"),
    )

    kinds: ClassVar[str] = "building_kinds"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    community_code: str = Field(sa_type=AREA_CODE)
    building_no: str
    name: str
    compound: str | None = None
    road: str | None = None
    kind: str
    floors: int
    entrances: int
    address_text: str
    lon: float = Field(sa_type=Double)
    lat: float = Field(sa_type=Double)
    point_crs: Crs = Field(sa_type=StringEnum(Crs))
    point_source: str
    accuracy_m: float | None = Field(default=None, sa_type=Double)
    captured_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    footprint_geojson: str | None = Field(default=None, sa_type=Text)
    shape_wkb: bytes = Field(sa_type=LargeBinary)
    west: float = Field(sa_type=Double)
    south: float = Field(sa_type=Double)
    east: float = Field(sa_type=Double)
    north: float = Field(sa_type=Double)
    synthetic: bool = False
    registered_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1

    def located(self, now: datetime) -> BuildingLocated:
        """The building stands in its grid."""
        return BuildingLocated(
            aggregate_id=self.id,
            sequence=self.version,
            occurred_at=now,
            area_code=self.area_code,
            building_no=self.building_no,
        )

    def change(self, members: Mapping[str, object]) -> None:
        """Be as somebody says now."""
        for name, value in members.items():
            setattr(self, name, value)
        self.version += 1

    def stand(self, area_code: str, point: Point, footprint: BaseGeometry | None) -> None:
        """Stand where somebody has drawn it."""
        self.area_code, self.lon, self.lat = area_code, point.x, point.y
        self.point_crs, self.point_source, self.accuracy_m, self.captured_at = Crs.CGCS2000, "map", None, None
        self.footprint_geojson = geojson_text(footprint) if footprint is not None else None
        for name, value in stored_shape(footprint if footprint is not None else point).items():
            setattr(self, name, value)

    def assign(self, area_code: str) -> None:
        """Belong to a grid from now on."""
        self.area_code = area_code
        self.version += 1


class Address(Base, table=True):
    """An element of an address below its community: a road, a compound, a building. The way up is the address.

    What stands at a door in the street is a public fact; the building it leads to is seen as buildings are.
    """

    __tablename__ = "address"
    __table_args__ = (
        Index(
            "uq_address_place",
            *("community_code", "element_type", "name", "parent_id"),
            unique=True,
            postgresql_where=text("building_id is null and parent_id is not null"),
        ),
        Index(
            "uq_address_root",
            *("community_code", "element_type", "name"),
            unique=True,
            postgresql_where=text("building_id is null and parent_id is null"),
        ),
        Index("ix_address_number", "name", postgresql_where=text("building_id is not null")),
    )

    kinds: ClassVar[str] = "address_element_types"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    community_code: str = Field(sa_type=AREA_CODE)
    parent_id: UUID | None = Field(default=None, foreign_key="address.id", index=True)
    element_type: str
    name: str
    building_id: UUID | None = Field(default=None, foreign_key="building.id", index=True)
    state: AddressState = Field(default=AddressState.IN_USE, sa_type=StringEnum(AddressState))
    source: str
    registered_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1

    @property
    def area_code(self) -> str:
        """Where an act on this address is recorded."""
        return self.community_code

    def abandon(self) -> None:
        """Be no longer used; it still leads to its building."""
        self.state = AddressState.ABANDONED
        self.version += 1


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


class AreaFigure(Base, table=True):
    """Figures of a grid or a community in a quarter, out of what others say; null is not known. Never a person."""

    __tablename__ = "area_figure"
    __table_args__ = (UniqueConstraint("area_code", "valid_from"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE)
    level: Level = Field(sa_type=StringEnum(Level))
    valid_from: date
    valid_to: date
    households: int | None = None
    persons: int | None = None
    visited: int | None = None
    fresh: int | None = None
    cases: int | None = None
    open_cases: int | None = None
    version: int = 1


class CaseMark(Base, table=True):
    """Where and when a case was reported, and whether it is open; restricted cases leave no mark."""

    __tablename__ = "case_mark"

    id: UUID = Field(primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    reported_on: date | None = None
    closed: bool = False
    counted: bool = True
    sequence: int = 0

    def follow(self, area_code: str, sequence: int, *, closed: bool) -> None:
        """Be where and as the latest word says."""
        self.area_code, self.sequence, self.closed = area_code, sequence, closed


class ProcessJob(Base, table=True):
    """One run of a process: who asked for what, how far it is, and what came out."""

    __tablename__ = "process_job"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    process: str
    area_code: str = Field(sa_type=AREA_CODE)
    actor_id: str = Field(index=True)
    state: JobState = Field(default=JobState.ACCEPTED, sa_type=StringEnum(JobState))
    progress: int = 0
    message: str | None = None
    inputs: dict[str, Any] = Field(sa_type=JSONB)
    result: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, state: JobState, now: datetime, *, message: str | None = None, result: str | None = None) -> None:
        """Go on to another state."""
        self.state, self.updated_at, self.message = state, now, message
        if state in JobState.ended():
            self.finished_at, self.result = now, result
            self.progress = 100 if state is JobState.SUCCESSFUL else self.progress
