"""Statistics of persons, households and dwellings, and the persons behind a number."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from grid_kernel.auth import CurrentActor
from grid_kernel.errors import InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now
from grid_kernel.schemas import AreaCode
from population_svc import queries, rules, tables
from population_svc.queries import PersonFilter
from population_svc.routes.asked import Area, AsOf, Quarter, When, day_asked
from population_svc.rules import Registration
from population_svc.schemas import DwellingStatistics, HouseholdStatistics, PersonRow, PersonStatistics
from population_svc.schemas.persons import Code
from population_svc.statistics import born_between

statistics = GridRouter(tags=["statistics"])


@statistics.get("/statistics/persons", responses=refusals(NotFound))
async def get_person_statistics(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, when: When
) -> PersonStatistics:
    """Persons by age and sex, population type and registration on a day; small numbers only for who sees the rows."""
    return await tables.person_statistics(runtime.system_reads(actor), actor, area, when.day, when.known)


@statistics.get("/statistics/households", responses=refusals(InvalidInput, NotFound))
async def get_household_statistics(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, now: Now, quarter: Quarter = None, as_of: AsOf = None
) -> HouseholdStatistics:
    """Households by presence, state of the quarterly round, and how long ago they were entered, on a day."""
    day = day_asked(as_of, now)
    return await tables.household_statistics(runtime.system_reads(actor), actor, area, quarter, day)


@statistics.get("/statistics/dwellings", responses=refusals(NotFound))
async def get_dwelling_statistics(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, when: When
) -> DwellingStatistics:
    """Dwellings by use on a day."""
    return await tables.dwelling_statistics(runtime.system_reads(actor), actor, area, when.day, when.known)


@statistics.get("/persons", responses=refusals(NotFound))
async def list_persons(  # noqa: PLR0917 - one query parameter each
    actor: CurrentActor,
    runtime: CurrentRuntime,
    paging: Paging,
    when: When,
    area: Area,
    sex: Code | None = None,
    population_type: Annotated[Code | None, Query(alias="populationType")] = None,
    registered_here: Annotated[bool | None, Query(alias="registeredHere")] = None,
    registration: Annotated[Registration | None, Query(description="人户一致, 人户分离, or nobody asked.")] = None,
    age_from: Annotated[int | None, Query(alias="ageFrom", ge=0, le=100, description="A band of five years.")] = None,
) -> Page[PersonRow]:
    """The persons a number counts, for whoever sees them; masked by the reader's right and recorded."""
    rules.check_asked_area(actor, area)
    born = born_between(age_from, when.day)
    wanted = PersonFilter(sex, population_type, registered_here, registration, born, when.known)
    asked = queries.listed_persons(
        actor, area, when.day, wanted, after=paging.after(AreaCode, UUID), limit=paging.limit
    )
    # As system behind `visible`: whether somebody who moved away is restricted stands in a row of elsewhere.
    rows = await runtime.system_reads(actor).fetch(asked, access="person", fields=queries.FIELDS)
    shown = [queries.listed(actor, row) for row in rows]
    return page_of(shown, paging, key=lambda row: (row["area_code"], row["id"]), item=PersonRow.model_validate)
