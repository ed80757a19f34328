"""What this service hears, and what it is asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gis_svc import locating
from gis_svc.location import map_of
from grid_kernel import clock
from grid_kernel.ask import Question
from grid_kernel.auth import Actor
from grid_kernel.contracts.gis import (
    DESCRIBE_AREA,
    LOCATE,
    AreaDescribed,
    DescribeArea,
    LocatePoints,
    PointsLocated,
)
from grid_kernel.events import Event
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


HANDLERS: Mapping[type[Event], Handler] = {}
ANSWERS: Mapping[Question[Any, Any], Answer] = {LOCATE: locate, DESCRIBE_AREA: describe_area}
