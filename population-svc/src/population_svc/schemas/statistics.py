"""Statistics on the wire."""

from datetime import date

from grid_kernel.schemas import Schema


class Cell(Schema):
    """A number under a code, and the query of its rows for those who may see them. A count of 1 to 4 persons is null
    for everybody else, and so is one more where the total would give it away."""

    code: str
    value: int | None
    query: str | None


class PyramidRow(Schema):
    """A band of age by sex, of the codes of the table sexes."""

    band: str
    cells: list[Cell]


class PersonStatistics(Schema):
    """The persons of an area on a day."""

    area_code: str
    as_of: date
    total: Cell
    by_area: list[Cell]
    by_sex: list[Cell]
    by_population_type: list[Cell]
    by_registration: list[Cell]
    by_residence: list[Cell]
    pyramid: list[PyramidRow]


class HouseholdStatistics(Schema):
    """The households of an area on a day: never withheld, because a household is a place to go to."""

    area_code: str
    as_of: date
    quarter: str
    total: Cell
    by_area: list[Cell]
    by_presence: list[Cell]
    by_visit_state: list[Cell]
    by_freshness: list[Cell]


class DwellingStatistics(Schema):
    """The dwellings of an area on a day."""

    area_code: str
    as_of: date
    total: Cell
    by_area: list[Cell]
    by_use: list[Cell]
