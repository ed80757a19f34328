"""Households and persons of a grid: composed, named, numbered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from grid_deploy.demo.areas import Grid
from grid_deploy.demo.composition import Draw, Member, calibrated_mix, head_age
from grid_deploy.demo.identity import FEMALE, MALE, Names, Registry
from grid_deploy.demo.plan import Plan
from grid_deploy.demo.randomness import Kind, identifier, stream

HEAD = "02"
RESIDENT, MIGRANT = "1", "2"
ADULT, PHONE_FROM = 18, 14
MIGRANTS_IF_RENTED, MIGRANTS_IF_OWNED = 0.42, 0.05
REGISTERED_ELSEWHERE = 0.12  # of residents who do not live where they are registered
EARLIEST_MOVE = 1985


@dataclass(frozen=True, slots=True)
class Person:
    """A person with what the other parts of the demonstration need to know."""

    id: str
    name: str
    sex: str
    age: int
    birth_date: date
    id_number: str
    phone: str | None
    kin: str


@dataclass(frozen=True, slots=True)
class Household:
    """A household in its dwelling; the first person is the head."""

    id: str
    dwelling: dict[str, Any]
    persons: tuple[Person, ...]
    formed_on: date
    migrant: bool
    registered_here: bool


class Population:
    """Makes the households of one grid after the other; identity numbers and telephones never repeat."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.registry = Registry(plan.seed)
        mix = calibrated_mix()
        self._mix = mix
        self._starts = _starts_of_ages(plan.as_of)

    def households_of(self, grid: Grid, dwellings: list[dict[str, Any]]) -> list[Household]:
        """One household for every dwelling that is not vacant."""
        seed = self._plan.seed
        occupied = [dwelling for dwelling in dwellings if dwelling["use"] != "03"]
        random = stream(seed, "households", grid.code)
        chosen = random.choice(len(self._mix.makes), len(occupied), p=self._mix.shares).tolist()
        draw, names = Draw(random), Names(stream(seed, "names", grid.code))
        number = 0
        households = []
        for sequence, dwelling in enumerate(occupied):
            make, low = self._mix.makes[chosen[sequence]]
            members = make.compose(draw, head_age(draw, make, low))
            persons = tuple(self._persons(grid, number, members, draw, names))
            number += len(persons)
            rented = dwelling["use"] == "02"
            migrant = draw.chance(MIGRANTS_IF_RENTED if rented else MIGRANTS_IF_OWNED)
            here = not migrant and not draw.chance(REGISTERED_ELSEWHERE)
            formed = self._formed_on(draw, persons[0], rented=rented or migrant)
            household_id = identifier(Kind.HOUSEHOLD, seed, sequence, grid.number)
            households.append(Household(household_id, dwelling, persons, formed, migrant, here))
        return households

    def _persons(self, grid: Grid, first: int, members: list[Member], draw: Draw, names: Names) -> Iterator[Person]:
        surnames = {"head": names.surname(), "spouse": names.surname(), "young": names.surname()}
        for place, member in enumerate(members):
            surname = names.surname() if member.line == "own" else surnames[member.line]
            born = self._starts[member.age] - timedelta(days=draw.between(0, 364))
            phone = self.registry.phone() if member.age >= PHONE_FROM and draw.chance(0.78) else None
            yield Person(
                id=identifier(Kind.PERSON, self._plan.seed, first + place, grid.number),
                name=surname + names.given(member.sex),
                sex=member.sex,
                age=member.age,
                birth_date=born,
                id_number=self.registry.id_number(born, member.sex),
                phone=phone,
                kin=member.kin,
            )

    def _formed_on(self, draw: Draw, head: Person, *, rented: bool) -> date:
        """Tenants came in the last six years, owners any time since the head grew up."""
        latest = self._plan.as_of - timedelta(days=1)
        grown = date(max(EARLIEST_MOVE, head.birth_date.year + ADULT), 1, 1)
        earliest = max(grown, latest - timedelta(days=6 * 365)) if rented else grown
        days = max(0, (latest - earliest).days)
        return latest - timedelta(days=int(days * draw.unit()))


def _starts_of_ages(as_of: date) -> list[date]:
    """For every age the latest birthday of somebody who is that old on the day."""
    starts = []
    for age in range(101):
        year = as_of.year - age
        leap = as_of.month == 2 and as_of.day == 29  # noqa: PLR2004 - 29 February
        starts.append(date(year, 2, 28) if leap else as_of.replace(year=year))
    return starts


def household_row(grid: Grid, household: Household) -> dict[str, Any]:
    """A line of population/households.ndjson."""
    return {
        "id": household.id,
        "dwelling_id": household.dwelling["id"],
        "area_code": grid.code,
        "formed_on": household.formed_on.isoformat(),
        "head_person_id": household.persons[0].id,
        "phone": household.persons[0].phone,
        "synthetic": True,
    }


def person_rows(grid: Grid, household: Household) -> Iterator[dict[str, Any]]:
    """Lines of population/persons.ndjson."""
    for person in household.persons:
        yield {
            "id": person.id,
            "household_id": household.id,
            "dwelling_id": household.dwelling["id"],
            "area_code": grid.code,
            "name": person.name,
            "sex": person.sex,
            "birth_date": person.birth_date.isoformat(),
            "id_document_type": "111",
            "id_number": person.id_number,
            "phone": person.phone,
            "relation_to_head": person.kin,
            "population_type": MIGRANT if household.migrant else RESIDENT,
            "registered_here": household.registered_here,
            "moved_in_on": max(household.formed_on, person.birth_date).isoformat(),
            "synthetic": True,
        }


__all__ = ["ADULT", "FEMALE", "HEAD", "MALE", "Household", "Person", "Population", "household_row", "person_rows"]
