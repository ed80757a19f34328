"""A few adults and buildings of every grid, kept while the rest streams past: applicants and places of cases."""

from dataclasses import dataclass, field

from grid_deploy.demo.areas import Grid
from grid_deploy.demo.buildings import Building
from grid_deploy.demo.people import ADULT, Household, Person
from grid_deploy.demo.randomness import Random

ADULTS_PER_GRID = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A building and the grid it stands in."""

    grid: Grid
    building: Building


@dataclass(slots=True)
class Samples:
    """Grows with the number of grids, not with the number of persons."""

    adults: dict[str, list[Person]] = field(default_factory=dict)  # by community
    places: list[Place] = field(default_factory=list)

    def keep(self, grid: Grid, buildings: list[Building], households: list[Household], random: Random) -> None:
        """Remember some of a grid."""
        adults = [person for household in households for person in household.persons if person.age >= ADULT]
        chosen = random.choice(len(adults), min(ADULTS_PER_GRID, len(adults)), replace=False).tolist()
        self.adults.setdefault(grid.community.code, []).extend(adults[place] for place in chosen)
        self.places.extend(Place(grid, building) for building in buildings)
