"""Areas and their dated outlines. A method per move; it returns the event."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Double, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from gis_svc import rules
from gis_svc.models.base import Base
from gis_svc.models.buildings import Building
from gis_svc.rules import GridType, Level
from gis_svc.shapes import Outline
from grid_kernel.contracts.gis import GridDrawn, GridMerged, GridSplit
from grid_kernel.types import AREA_CODE, StringEnum, UtcDateTime, uuid7


def _codes() -> Column[list[str]]:
    return Column(ARRAY(AREA_CODE), nullable=False, server_default="{}")


class AreaRevision(Base, table=True):
    """One row that every change of areas counts up: the lock of such changes, and the sign to read them again."""

    __tablename__ = "area_revision"

    single: bool = Field(default=True, primary_key=True)
    revision: int = 0


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
        self, successors: Sequence[str], buildings: Mapping[UUID, Building], now: datetime, *, effective_on: date
    ) -> GridSplit:
        """End the grid; its successors take its buildings."""
        self._end(successors, effective_on)
        change = _changed([self.code], successors, buildings)
        return GridSplit(**self._head(now), **change, effective_on=effective_on)

    def merged(
        self, predecessors: "Sequence[Area]", buildings: Mapping[UUID, Building], now: datetime, *, effective_on: date
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
    predecessors: Sequence[str], successors: Sequence[str], buildings: Mapping[UUID, Building]
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
