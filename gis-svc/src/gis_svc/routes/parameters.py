"""Query parameters that mean one thing each."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Header, Query

from gis_svc.schemas import Day
from grid_kernel import clock
from grid_kernel.errors import InvalidInput
from grid_kernel.geo import Box
from grid_kernel.runtime import Now
from grid_kernel.schemas import AreaCode

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=200, description="The ETag at hand.")]
WORLD = Box(-180, -90, 180, 90)
Within = Annotated[AreaCode | None, Query(description="Only what lies in this area.")]


async def as_of(
    now: Now,
    day: Annotated[Day | None, Query(alias="asOf", description="The day that counts; today unless said.")] = None,
) -> date:
    """The day an answer shall hold for."""
    return day or clock.today(now)


async def box(
    bbox: Annotated[
        str | None,
        Query(
            max_length=200,
            description="west,south,east,north in degrees of CGCS2000",
            examples=["109.8,40.6,109.9,40.7"],
        ),
    ] = None,
) -> Box | None:
    """The box a map shows."""
    if bbox is None:
        return None
    try:
        west, south, east, north = (float(number) for number in bbox.split(","))
    except ValueError:
        raise InvalidInput.at("#/query/bbox", "box-malformed") from None
    if not (WORLD.contains(west, south) and WORLD.contains(east, north) and west < east and south < north):
        raise InvalidInput.at("#/query/bbox", "box-malformed")
    return Box(west, south, east, north)


AsOf = Annotated[date, Depends(as_of)]
InBox = Annotated[Box | None, Depends(box)]
