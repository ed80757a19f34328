"""The tables of the population base. A method moves the state of a row and returns the event that says so."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Identity, Index, Numeric, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from grid_kernel.clock import today
from grid_kernel.contracts import population as says
from grid_kernel.db import new_registry
from grid_kernel.types import AREA_CODE, BlindIndex, EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.grams import name_grams
from population_svc.history import version_table
from population_svc.rules import PersonStatus, Presence, VisitOutcome

PHONE = "population.phone"
ID_NUMBER = "population.id_number"
CARE_BASIS = "population.care.basis"
DOOR = "population.door"
VISIT_NOTE = "population.visit.note"


class Base(SQLModel, registry=new_registry()):
    """What every table of this service belongs to."""


def _area() -> Any:
    return Field(sa_type=AREA_CODE)


def _blind(label: str) -> Any:
    return Field(default=None, sa_type=BlindIndex(label))


class Dwelling(Base, table=True):
    """A flat or house: where a household can live."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    building_id: UUID = Field(index=True)
    area_code: str = _area()
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
        _take_over(self, changes, since=since, now=now)


class DoorToken(Base, table=True):
    """That a code at a door names a dwelling, until another is put up. The code says nothing by itself."""

    __tablename__ = "door_token"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    dwelling_id: UUID = Field(foreign_key="dwelling.id")
    token_index: str | bytes = Field(sa_type=BlindIndex(DOOR), unique=True)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    replaced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        Index("uq_door_token_current", "dwelling_id", unique=True, postgresql_where=text("replaced_at is null")),
    )


class Household(Base, table=True):
    """People who live together in a dwelling, or are registered there."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    dwelling_id: UUID = Field(foreign_key="dwelling.id", index=True)
    area_code: str = _area()
    roster_key: str = Field(sa_type=AREA_CODE)
    household_type: str = "10"
    presence: Presence = Field(default=Presence.LIVING, sa_type=StringEnum(Presence))
    presence_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    head_person_id: UUID | None = None
    formed_on: date
    dissolved_on: date | None = None
    phone: str | None = Field(default=None, sa_type=EncryptedText(PHONE))
    phone_index: str | bytes | None = _blind(PHONE)
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

    def visited(self, visit: "Visit") -> says.HouseholdVisited:
        """Count a visit; one that found it at home or gone tells where it lives, unless somebody saw it later."""
        presence = rules.PRESENCE_AFTER.get(visit.outcome)
        word = Household.seen(self, presence, visit.visited_at) if presence is not None else {}
        _take_over(self, word, since=visit.visited_on, now=visit.recorded_at)
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
        _take_over(self, _with_index(self, changes), since=since, now=now)

    def move(self, dwelling: Dwelling, *, on: date, now: datetime) -> None:
        """Live in another dwelling from a day on; its persons say that they moved."""
        place = {"dwelling_id": dwelling.id, "area_code": dwelling.area_code, "roster_key": dwelling.roster_key}
        _take_over(self, place | {"presence": Presence.LIVING}, since=on, now=now)

    def dissolve(self, *, on: date, now: datetime) -> says.HouseholdDissolved:
        """End, because nobody is left in it."""
        if self.dissolved_on is not None:
            raise rules.HouseholdEnded
        _take_over(self, {"dissolved_on": on}, since=min(self.effective_on, on), now=now)
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
    area_code: str = _area()
    name: str
    name_grams: list[str] = Field(sa_type=ARRAY(Text))
    sex: str
    birth_date: date
    id_document_type: str
    id_number: str | None = Field(default=None, sa_type=EncryptedText(ID_NUMBER))
    id_number_index: str | bytes | None = _blind(ID_NUMBER)
    phone: str | None = Field(default=None, sa_type=EncryptedText(PHONE))
    phone_index: str | bytes | None = _blind(PHONE)
    population_type: str
    registered_here: bool
    status: PersonStatus = Field(default=PersonStatus.PRESENT, sa_type=StringEnum(PersonStatus))
    left_on: date | None = None
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

    def move(self, household: Household, *, building_id: UUID, on: date, now: datetime) -> says.PersonMoved:
        """Live in another household from a day on, or come back to the district."""
        came_from = self.area_code
        place = {"area_code": household.area_code, "status": PersonStatus.PRESENT, "left_on": None}
        _take_over(self, place, since=on, now=now)
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

    def leave(self, *, on: date, now: datetime) -> says.PersonLeft:
        """Live outside the district from a day on."""
        if PersonStatus.LEFT not in rules.TRANSITIONS[self.status]:
            raise rules.PersonHasLeft
        _take_over(self, {"status": PersonStatus.LEFT, "left_on": on}, since=on, now=now)
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
        _take_over(self, _with_index(self, changes) | grown, since=since, now=now)


class Occupancy(Base, table=True):
    """That a person lived in a household's dwelling from one day up to another; null = still does."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    household_id: UUID = Field(foreign_key="household.id")
    dwelling_id: UUID = Field(foreign_key="dwelling.id", index=True)
    area_code: str = _area()
    relation_to_head: str
    valid_from: date
    valid_to: date | None = None
    effective_on: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_occupancy_household_id", "household_id", "valid_to"),
        Index("uq_occupancy_current", "person_id", unique=True, postgresql_where=text("valid_to is null")),
    )

    def end(self, *, on: date, now: datetime) -> None:
        """End on a day; the days before stay as they were."""
        self.valid_to = on
        self.effective_on = min(self.effective_on, on)
        self.recorded_at = max(self.recorded_at, now)


class Visit(Base, table=True):
    """A visit or an attempt, as it was; never changed but for the area it is looked up by."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    household_id: UUID = Field(foreign_key="household.id")
    dwelling_id: UUID = Field(index=True)
    area_code: str = _area()
    grid_code_then: str = _area()
    visited_at: datetime = Field(sa_type=UtcDateTime)
    visited_on: date
    outcome: VisitOutcome = Field(sa_type=StringEnum(VisitOutcome))
    kind: str
    needs: list[str] = Field(sa_type=ARRAY(Text))
    unchanged: bool = False
    revisit_on: date | None = None
    note: str | None = Field(default=None, sa_type=EncryptedText(VISIT_NOTE))
    worker_id: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_visit_household_id", "household_id", "visited_on", "id"),
        Index("ix_visit_area_code", "area_code", "visited_on"),
    )


class VisitRule(Base, table=True):
    """What visiting demands in an area and below from a day on; the longest area code wins."""

    __tablename__ = "visit_rule"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE)
    valid_from: date
    valid_to: date | None = None
    monthly_minimum: int
    coverage_percent: int
    care_visits: int
    care_gap_days: int
    visit_weekday: int | None = None

    __table_args__ = (UniqueConstraint("area_code", "valid_from"),)


class CareEntry(Base, table=True):
    """That a person needs care for a reason with a basis, until a day. Only the reasons of the code table exist."""

    __tablename__ = "care_entry"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    household_id: UUID = Field(foreign_key="household.id", index=True)
    area_code: str = _area()
    reason: str = Field(foreign_key="care_reason.code")
    basis: str = Field(sa_type=EncryptedText(CARE_BASIS))
    starts_on: date
    expires_on: date
    ended_on: date | None = None
    version: int = 1
    recorded_at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        Index("ix_care_entry_area_code", "area_code", "household_id"),
        Index("uq_care_entry_running", "person_id", "reason", unique=True, postgresql_where=text("ended_on is null")),
    )

    def listed(self) -> says.CareListed:
        """Say that somebody is on the care list; never for what."""
        return says.CareListed(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            household_id=self.household_id,
            expires_on=self.expires_on,
        )

    def end(self, *, on: date, now: datetime) -> says.CareEnded:
        """End on a day."""
        if self.ended_on is not None:
            raise rules.CareEntryEnded
        self.ended_on = on
        self.version += 1
        self.recorded_at = max(self.recorded_at, now)
        return says.CareEnded(
            aggregate_id=self.id,
            sequence=self.version,
            area_code=self.area_code,
            occurred_at=self.recorded_at,
            household_id=self.household_id,
            ended_on=on,
        )


class CareReason(Base, table=True):
    """The service needs that can be on the care list; no other kind can be stored (DOMAIN.md 6.3)."""

    __tablename__ = "care_reason"

    code: str = Field(primary_key=True)


class FollowUp(Base, table=True):
    """A visit a case asked for; open until a visit of that household after it."""

    __tablename__ = "follow_up"

    id: UUID = Field(primary_key=True)
    case_id: UUID
    case_code: str
    household_id: UUID = Field(foreign_key="household.id", index=True)
    area_code: str = _area()
    requested_at: datetime = Field(sa_type=UtcDateTime)
    visit_id: UUID | None = None


class BuildingGrid(Base, table=True):
    """In which grid a building stands from a moment on: every word of gis, kept, so that their order is no matter.

    `sequence` is the building's own count at gis; what a file says of it comes before all words and has 0.
    """

    __tablename__ = "building_grid"

    building_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    takes_effect_at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    area_code: str = Field(sa_column=Column(AREA_CODE, primary_key=True))
    effective_on: date = Field(sa_column=Column(Date, nullable=False))
    building_no: str | None = None


class RosterChange(Base, table=True):
    """That a household of a grid changed in a transaction; appended by triggers, see `changes`."""

    __tablename__ = "roster_change"

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    area_code: str = _area()
    household_id: UUID
    person_id: UUID | None = None
    changed_in: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("pg_current_xact_id()::text::bigint"))
    )
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, server_default=func.now()))

    __table_args__ = (Index("ix_roster_change_area_code", "area_code", "changed_in"),)


class Statement(Base, table=True):
    """That somebody said something of one member of a row: who, when, by what evidence. Appended, never changed."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    object_kind: str
    object_id: UUID
    member: str
    stated_at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    actor_id: str
    post: str | None = None
    unit: str | None = None
    evidence: str
    operation_id: UUID | None = None

    __table_args__ = (Index("ix_statement_object_id", "object_id", "member", "stated_at"),)


class SyncOperation(Base, table=True):
    """An operation of a phone that was taken over; the same id again is answered from here."""

    __tablename__ = "sync_operation"

    id: UUID = Field(primary_key=True)
    actor_id: str
    kind: str
    version: int | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)


dwelling_version = version_table(Dwelling, without=("address_grams",))
household_version = version_table(Household, without=("phone_index", "presence_seen_at"))
person_version = version_table(Person, without=("name_grams", "id_number_index", "phone_index"))
occupancy_version = version_table(Occupancy, without=("valid_from", "valid_to"))

KEPT: Sequence[type[SQLModel]] = (Dwelling, Household, Person, Occupancy)
"""The tables whose every version is kept."""


def day_of(moment: datetime) -> date:
    """The day in Shanghai of a moment."""
    return today(moment)


def _with_index(row: Household | Person, changes: dict[str, Any]) -> dict[str, Any]:
    if "phone" not in changes or changes["phone"] == row.phone:
        return changes
    return changes | {"phone_index": changes["phone"]}


def _take_over(row: Any, changes: dict[str, Any], *, since: date, now: datetime) -> None:
    """Change a row: what is different has been so since `since`. Its version grows in any case."""
    different = {name: value for name, value in changes.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    if different:
        row.effective_on = since
    row.version += 1
    row.recorded_at = max(row.recorded_at, now)
