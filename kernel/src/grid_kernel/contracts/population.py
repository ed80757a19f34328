"""What population-svc says and answers. Identifiers, codes, states, areas and times only."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from grid_kernel.ask import Question
from grid_kernel.events import Event
from grid_kernel.schemas import Input, Schema

VisitOutcome = Literal["done", "met_outside", "telephone", "no_answer", "declined", "moved"]


class PersonRegistered(Event):
    """A person entered the register."""

    subject: ClassVar[str] = "grid.population.person.registered.v1"
    household_id: UUID
    building_id: UUID
    population_type: str


class PersonMoved(Event):
    """A person lives somewhere else now."""

    subject: ClassVar[str] = "grid.population.person.moved.v1"
    household_id: UUID
    building_id: UUID
    from_area_code: str
    moved_on: date


class PersonLeft(Event):
    """A person no longer lives in the district."""

    subject: ClassVar[str] = "grid.population.person.left.v1"
    left_on: date


class PersonMerged(Event):
    """Two records turned out to be one person; the aggregate is the one that stays."""

    subject: ClassVar[str] = "grid.population.person.merged.v1"
    merged_id: UUID


class HouseholdFormed(Event):
    """A household began to live in a dwelling."""

    subject: ClassVar[str] = "grid.population.household.formed.v1"
    building_id: UUID
    dwelling_id: UUID


class HouseholdDissolved(Event):
    """A household no longer exists as such."""

    subject: ClassVar[str] = "grid.population.household.dissolved.v1"
    dissolved_on: date


class HouseholdVisited(Event):
    """A worker tried to visit a household; only the outcome `done` counts as a home visit."""

    subject: ClassVar[str] = "grid.population.household.visited.v1"
    visit_id: UUID
    outcome: VisitOutcome
    visited_on: date


class CareListed(Event):
    """A person was put on the care list for a service need, with basis and expiry."""

    subject: ClassVar[str] = "grid.population.care.listed.v1"
    household_id: UUID
    expires_on: date


class CareEnded(Event):
    """A care entry ended."""

    subject: ClassVar[str] = "grid.population.care.ended.v1"
    household_id: UUID
    ended_on: date


class FiguresTaken(Event):
    """The figures of a grid in a quarter changed; the aggregate is the grid in that quarter."""

    subject: ClassVar[str] = "grid.population.figures.taken.v1"
    quarter: str
    households: int
    persons: int
    visited: int
    fresh: int


class OrganizationRegistered(Event):
    """A firm, shop or institution entered the register."""

    subject: ClassVar[str] = "grid.population.organization.registered.v1"
    kind: str
    building_id: UUID | None


class OrganizationClosed(Event):
    """A firm, shop or institution exists no more."""

    subject: ClassVar[str] = "grid.population.organization.closed.v1"
    closed_on: date


class TeamChanged(Event):
    """A volunteer team was formed, changed or ended; `unit_code` says as which unit it can be given work."""

    subject: ClassVar[str] = "grid.population.team.changed.v1"
    kind: str
    unit_code: str | None
    active: bool


Fact = Literal["lives_here", "registered_here", "household_size", "age", "months_lived_here", "consented_care_reasons"]


class AskFacts(Input):
    """Questions about one person, for a stated purpose; care reasons are told only where the person agreed to them."""

    person_id: UUID
    facts: tuple[Fact, ...]
    purpose: str


class Facts(Schema):
    """Each fact that was asked and may be answered; a fact not known is None."""

    person_id: UUID
    values: dict[str, bool | int | list[str] | None]


class FindByIdNumber(Input):
    """The whole identity number of a person who is present, for a stated purpose."""

    id_number: str
    purpose: str


class PersonFound(Schema):
    """The minimum answer: whether such a person is registered, and where."""

    person_id: UUID | None
    community_code: str | None


FACTS = Question(service="population", name="facts", asks=AskFacts, answers=Facts, askers=frozenset({"approval"}))
FIND_PERSON = Question(
    service="population", name="find-person", asks=FindByIdNumber, answers=PersonFound, askers=frozenset({"approval"})
)
