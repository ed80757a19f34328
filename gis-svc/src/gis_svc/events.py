"""What this service hears, and what it is asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import commands, locating, queries
from gis_svc.location import map_of
from grid_kernel import clock
from grid_kernel.ask import Question
from grid_kernel.auth import Actor
from grid_kernel.contracts.dispute import CaseClosed, CaseLocated, CaseReopened, CaseReported
from grid_kernel.contracts.gis import (
    DESCRIBE_AREA,
    LIST_PLACES,
    LOCATE,
    AreaDescribed,
    DescribeArea,
    ListPlaces,
    LocatePoints,
    PlacesListed,
    PointsLocated,
)
from grid_kernel.contracts.population import FiguresTaken
from grid_kernel.events import Event
from grid_kernel.inbox import Hearing, is_newer
from grid_kernel.runtime import Runtime
from grid_kernel.service import Answer, Handler


async def locate(runtime: Runtime, _: Actor, asked: LocatePoints, now: datetime) -> PointsLocated:
    """The grid of each point at the moment asked for; areas are public, so every asker gets the same."""
    places = await map_of(runtime).current(runtime)
    return locating.answer(places, asked, clock.today(asked.at or now))


async def describe_area(runtime: Runtime, _: Actor, asked: DescribeArea, now: datetime) -> AreaDescribed:
    """Name and level of an area; a code that ended is described as it last was."""
    places = await map_of(runtime).current(runtime)
    return locating.describe(places, asked.code, clock.today(now))


async def list_places(runtime: Runtime, _: Actor, asked: ListPlaces, __: datetime) -> PlacesListed:
    """The buildings or things of an area by name; who stands on the list of askers may know them."""
    async with runtime.system_session() as session:
        return await queries.places_named(session, asked)


async def on_figures(session: AsyncSession, event: FiguresTaken, _: Hearing) -> None:
    """Know how many households and persons live in a grid, and how many of them were visited."""
    if await is_newer(session, event):
        await commands.take_figures(session, event)


async def on_case(session: AsyncSession, event: commands.CaseTold, _: Hearing) -> None:
    """Know where a case was reported and whether it is open; each word is kept in whatever order they come."""
    await commands.take_case(session, event)


HANDLERS: Mapping[type[Event], Handler] = {
    FiguresTaken: on_figures,
    CaseReported: on_case,
    CaseLocated: on_case,
    CaseClosed: on_case,
    CaseReopened: on_case,
}
ANSWERS: Mapping[Question[Any, Any], Answer] = {
    LOCATE: locate,
    DESCRIBE_AREA: describe_area,
    LIST_PLACES: list_places,
}
