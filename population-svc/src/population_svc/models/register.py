"""Dwellings, households, persons and who lived where: the register, with every version of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from grid_kernel.contracts import population as says
from grid_kernel.types import AREA_CODE, BlindIndex, EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.grams import name_grams
from population_svc.history import version_table
from population_svc.models.base import (
    DOOR,
    ID_NUMBER,
    PHONE,
    REGISTERED_ADDRESS,
    Base,
    area_column,
    blind_column,
    take_over,
)
from population_svc.models.visiting import Visit
from population_svc.rules import BirthPrecision, PersonStatus, Presence


class Dwelling(Base, table=True):
    """A flat or house: where a household can live."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    building_id: UUID = Field(index=True)
    area_code: str = area_column()
    house_code: str = Field(unique=True)
    entrance: int
    floor: int
    room_no: str
    use: str
    area_m2: float | None = Field(default=None, sa_type=Numeric(8, 2, asdecimal=False))
    address: str
    address_grams: list[str] = Field(sa_type=ARRAY(Text))
    synthetic: bool = False
    version: int = 1
    effective_on: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_dwelling_area_code", "area_code", "house_code"),
        Index(
            "ix_dwelling_address_grams", "address_grams", postgresql_using="gin", postgresql_with={"fastupdate": "off"}
        ),
    )

    @property
    def roster_key(self) -> str:
        """Its place in a walk through the building."""
        return rules.roster_key(self.house_code, self.floor, self.room_no)

    def change(self, changes: dict[str, Any], *, since: date, now: datetime) -> None:
        """Take over what is said of it since a day."""
        take_over(self, changes, since=since, now=now)


class DoorToken(Base, table=True):
    """That a code at a door names a dwelling, until another is put up. The code says nothing by itself."""

    __tablename__ = "door_token"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    dwelling_id: UUID = Field(foreign_key="dwelling.id")
    token_index: str | bytes = Field(sa_type=BlindIndex(DOOR), unique=True)
    phone_digest: str | None = None
    issued_at: datetime = Field(sa_type=UtcDateTime)
    replaced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        Index("uq_door_token_current", "dwelling_id", unique=True, postgresql_where=text("replaced_at is null")),
    )


class Household(Base, table=True):
    """People who live together in a dwelling, or are registered there."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    dwelling_id: UUID = Field(foreign_key="dwelling.id", index=True)
    area_code: str = area_column()
    roster_key: str = Field(sa_type=AREA_CODE)
    household_type: str = "10"
    presence: Presence = Field(default=Presence.LIVING, sa_type=StringEnum(Presence))
    presence_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    head_person_id: UUID | None = None
    formed_on: date
    dissolved_on: date | None = None
    phone: str | None = Field(default=None, sa_type=EncryptedText(PHONE))
    phone_index: str | bytes | None = blind_column(PHONE)
    synthetic: bool = False
    version: int = 1
    effective_on: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    # Area first: one index serves the roster of a grid and of a whole district, in the order of the walk.
    __table_args__ = (Index("ix_household_roster", "area_code", "roster_key", "id"),)

    def formed(self, building_id: UUID) -> says.HouseholdFormed:
        """Say that it began to live here."""
        return says.HouseholdFormed(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            building_id=building_id,
            dwelling_id=self.dwelling_id,
        )

    def visited(self, visit: Visit) -> says.HouseholdVisited:
        """Count a visit; one that found it at home or gone tells where it lives, unless somebody saw it later."""
        presence = rules.PRESENCE_AFTER.get(visit.outcome)
        word = Household.seen(self, presence, visit.visited_at) if presence is not None else {}
        take_over(self, word, since=visit.visited_on, now=visit.recorded_at)
        return says.HouseholdVisited(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            visit_id=visit.id,
            outcome=visit.outcome.value,
            visited_on=visit.visited_on,
        )

    def seen(self, presence: Presence, at: datetime) -> dict[str, Any]:
        """What a word on the presence changes: what was seen last stands, whichever word arrives last."""
        if self.presence_seen_at is not None and at <= self.presence_seen_at:
            return {}
        return {"presence": presence, "presence_seen_at": at}

    def change(self, changes: dict[str, Any], *, since: date, now: datetime) -> None:
        """Take over what is said of it since a day."""
        take_over(self, _with_index(self, changes), since=since, now=now)

    def move(self, dwelling: Dwelling, *, on: date, now: datetime) -> None:
        """Live in another dwelling from a day on; its persons say that they moved."""
        place = {"dwelling_id": dwelling.id, "area_code": dwelling.area_code, "roster_key": dwelling.roster_key}
        take_over(self, place | {"presence": Presence.LIVING}, since=on, now=now)

    def dissolve(self, *, on: date, now: datetime) -> says.HouseholdDissolved:
        """End, because nobody is left in it."""
        if self.dissolved_on is not None:
            raise rules.HouseholdEnded
        take_over(self, {"dissolved_on": on}, since=min(self.effective_on, on), now=now)
        return says.HouseholdDissolved(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            dissolved_on=on,
        )


class Person(Base, table=True):
    """A person who lives or lived in the district. Where is said by the occupancies."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = area_column()
    name: str
    name_grams: list[str] = Field(sa_type=ARRAY(Text))
    sex: str
    birth_date: date
    birth_precision: BirthPrecision = Field(default=BirthPrecision.DAY, sa_type=StringEnum(BirthPrecision))
    id_document_type: str
    id_number: str | None = Field(default=None, sa_type=EncryptedText(ID_NUMBER))
    id_number_index: str | bytes | None = blind_column(ID_NUMBER)
    phone: str | None = Field(default=None, sa_type=EncryptedText(PHONE))
    phone_index: str | bytes | None = blind_column(PHONE)
    population_type: str
    registered_here: bool
    registered_address: str | None = Field(default=None, sa_type=EncryptedText(REGISTERED_ADDRESS))
    registration_matches: bool | None = None
    status: PersonStatus = Field(default=PersonStatus.PRESENT, sa_type=StringEnum(PersonStatus))
    left_on: date | None = None
    restricted_on: date | None = None
    synthetic: bool = False
    version: int = 1
    effective_on: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_person_area_code", "area_code", "birth_date"),
        Index("ix_person_birth_date", "birth_date"),
        Index("ix_person_name_grams", "name_grams", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        UniqueConstraint("id_number_index"),
        Index("ix_person_phone_index", "phone_index", postgresql_where=text("phone_index is not null")),
    )

    def registered(self, *, household_id: UUID, building_id: UUID) -> says.PersonRegistered:
        """Say that this person entered the register."""
        return says.PersonRegistered(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            household_id=household_id,
            building_id=building_id,
            population_type=self.population_type,
        )

    def correct(self, changes: dict[str, Any], *, since: date, now: datetime) -> None:
        """Take over what was always so and was recorded otherwise; a number brings its index along."""
        number = {"id_number_index": changes["id_number"]} if "id_number" in changes else {}
        self.change(changes | number, since=since, now=now)

    def move(self, household: Household, *, building_id: UUID, on: date, now: datetime) -> says.PersonMoved:
        """Live in another household from a day on, or come back to the district."""
        came_from = self.area_code
        place = {"area_code": household.area_code, "status": PersonStatus.PRESENT, "left_on": None}
        take_over(self, place, since=on, now=now)
        return says.PersonMoved(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            household_id=household.id,
            building_id=building_id,
            from_area_code=came_from,
            moved_on=on,
        )

    def absorbed(self, merged_id: UUID, *, now: datetime) -> says.PersonMerged:
        """Say that another record is this person too."""
        take_over(self, {}, since=self.effective_on, now=now)
        return says.PersonMerged(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            merged_id=merged_id,
        )

    def die(self, *, on: date, now: datetime) -> says.PersonLeft:
        """Live no more, from a day on."""
        return self._gone(PersonStatus.DECEASED, on=on, now=now)

    def leave(self, *, on: date, now: datetime) -> says.PersonLeft:
        """Live outside the district from a day on."""
        return self._gone(PersonStatus.LEFT, on=on, now=now)

    def _gone(self, status: PersonStatus, *, on: date, now: datetime) -> says.PersonLeft:
        if status not in rules.TRANSITIONS[self.status]:
            raise rules.PersonHasLeft
        take_over(self, {"status": status, "left_on": on}, since=on, now=now)
        return says.PersonLeft(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            left_on=on,
        )

    def change(self, changes: dict[str, Any], *, since: date, now: datetime) -> None:
        """Take over what is said of this person since a day."""
        grown = {"name_grams": name_grams(changes["name"])} if "name" in changes else {}
        take_over(self, _with_index(self, changes) | grown, since=since, now=now)


class Occupancy(Base, table=True):
    """That a person lived in a household's dwelling from one day up to another; null = still does."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    household_id: UUID = Field(foreign_key="household.id")
    dwelling_id: UUID = Field(foreign_key="dwelling.id", index=True)
    area_code: str = area_column()
    relation_to_head: str
    valid_from: date
    valid_to: date | None = None
    effective_on: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_occupancy_household_id", "household_id", "valid_to"),
        Index("uq_occupancy_current", "person_id", unique=True, postgresql_where=text("valid_to is null")),
    )

    def resume(self, *, on: date, now: datetime) -> None:
        """Go on from the day on which it ended."""
        self.valid_to = None
        self.effective_on = on
        self.recorded_at = max(self.recorded_at, now)

    def end(self, *, on: date, now: datetime) -> None:
        """End on a day; the days before stay as they were."""
        self.valid_to = on
        self.effective_on = min(self.effective_on, on)
        self.recorded_at = max(self.recorded_at, now)


def _with_index(row: Household | Person, changes: dict[str, Any]) -> dict[str, Any]:
    if "phone" not in changes or changes["phone"] == row.phone:
        return changes
    return changes | {"phone_index": changes["phone"]}


dwelling_version = version_table(Dwelling, without=("address_grams",), counted=("use",))
household_version = version_table(Household, without=("phone_index", "presence_seen_at"), counted=("id", "presence"))
_NO_HISTORY = ("name_grams", "id_number_index", "phone_index", "restricted_on")
_COUNTED = ("status", "sex", "population_type", "registered_here", "registration_matches", "birth_date")
person_version = version_table(Person, without=_NO_HISTORY, counted=_COUNTED)
occupancy_version = version_table(Occupancy, without=("valid_from", "valid_to"))

KEPT: Sequence[type[SQLModel]] = (Dwelling, Household, Person, Occupancy)
"""The tables whose every version is kept."""
