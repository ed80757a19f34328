"""Buildings and the tree of their addresses. A method per move; it returns the event."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Double, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from gis_svc.models.base import Base
from gis_svc.rules import AddressState
from gis_svc.shapes import geojson_text, stored_shape
from grid_kernel.contracts.gis import BuildingLocated
from grid_kernel.geo import Crs
from grid_kernel.types import AREA_CODE, StringEnum, UtcDateTime, uuid7


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
