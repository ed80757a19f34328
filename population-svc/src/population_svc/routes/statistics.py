"""Statistics of persons, households and dwellings, and the rows behind the numbers of a grid."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import GridCode
from population_svc import queries, rules, tables
from population_svc.routes.asked import Area, Quarter
from population_svc.schemas import DwellingStatistics, HouseholdStatistics, PersonRow, PersonStatistics
from population_svc.schemas.persons import Code
from population_svc.statistics import born_between

AsOf = Annotated[date | None, Query(alias="asOf", description="As it was on that day; today when left out.")]

statistics = GridRouter(tags=["statistics"])


@statistics.get("/statistics/persons", responses=refusals(NotFound))
async def get_person_statistics(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, now: Now, as_of: AsOf = None
) -> PersonStatistics:
    """Persons by age and sex, population type and registration on a day; small numbers only for who sees the rows."""
    return await tables.person_statistics(runtime.system_reads(actor), actor, area, as_of or today(now))


@statistics.get("/statistics/households", responses=refusals(InvalidInput, NotFound))
async def get_household_statistics(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, now: Now, quarter: Quarter = None
) -> HouseholdStatistics:
    """Households by presence, state of the quarterly round, and how long ago they were entered."""
    return await tables.household_statistics(runtime.system_reads(actor), actor, area, quarter, today(now))


@statistics.get("/statistics/dwellings", responses=refusals(NotFound))
async def get_dwelling_statistics(
    area: Area, actor: CurrentActor, runtime: CurrentRuntime, now: Now, as_of: AsOf = None
) -> DwellingStatistics:
    """Dwellings by use on a day."""
    return await tables.dwelling_statistics(runtime.system_reads(actor), actor, area, as_of or today(now))


@statistics.get("/persons", responses=refusals(Forbidden, NotFound))
async def list_persons(  # noqa: PLR0917 - one query parameter each
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    now: Now,
    area: Annotated[GridCode, Query(description="A grid; longer lists of people do not exist.")],
    as_of: AsOf = None,
    sex: Code | None = None,
    population_type: Annotated[Code | None, Query(alias="populationType")] = None,
    registered_here: Annotated[bool | None, Query(alias="registeredHere")] = None,
    age_from: Annotated[int | None, Query(alias="ageFrom", ge=0, le=100, description="A band of five years.")] = None,
) -> Page[PersonRow]:
    """The persons a number of a grid counts, for whoever looks after that grid; masked and recorded."""
    rules.check_asked_area(actor, area)
    rules.check_may_keep(actor, area)
    day = as_of or today(now)
    asked = queries.listed_persons(
        actor,
        area,
        day,
        sex=sex,
        population_type=population_type,
        registered_here=registered_here,
        born=born_between(age_from, day),
        after=paging.after(UUID),
        limit=paging.limit,
    )
    rows = await reads.fetch(asked, access="person", fields=queries.FIELDS)
    shown = [queries.masked(actor, row) for row in rows]
    return page_of(shown, paging, key=lambda row: (row["id"],), item=PersonRow.model_validate)
