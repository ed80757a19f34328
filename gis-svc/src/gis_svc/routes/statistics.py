"""Statistics on the map: where the classes of a figure are cut. The figures themselves are collections below /ogc."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query

from gis_svc import class_breaks
from gis_svc.class_breaks import Method
from gis_svc.queries import figures
from gis_svc.queries.sources import SOURCES
from gis_svc.rules import Level
from gis_svc.schemas import ClassBreaks, Figure, FigureLayer, QuarterName
from grid_kernel import clock
from grid_kernel.auth import CurrentActor
from grid_kernel.errors import InvalidInput, NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads

router = GridRouter(prefix="/statistics", tags=["statistics"])
_LEVELS = (Level.GRID, Level.COMMUNITY)


@dataclass(frozen=True, slots=True)
class Cut:
    """How the classes shall be cut."""

    method: Method
    classes: int


async def cut(
    method: Annotated[Method, Query(description="As many areas in each class, or natural classes.")] = Method.QUANTILE,
    classes: Annotated[int, Query(ge=2, le=9)] = 5,
) -> Cut:
    """The parameters of the cut."""
    return Cut(method, classes)


@router.get("/{layer}/breaks", responses=refusals(NotFound))
async def get_class_breaks(
    reads: Reads,
    actor: CurrentActor,
    now: Now,
    how: Annotated[Cut, Depends(cut)],
    layer: FigureLayer,
    figure: Annotated[Figure, Query(description="Which figure of the layer.")],
    quarter: Annotated[QuarterName | None, Query(description="The running one unless said.")] = None,
    level: Annotated[Level, Query(description="Grids or communities.")] = Level.GRID,
) -> ClassBreaks:
    """The upper bounds of the classes of a figure over the whole district in a quarter, and how many areas each has."""
    source = SOURCES[layer.value]
    if source.member(figure.value) is None:
        raise InvalidInput.at("#/query/figure", "not-acceptable")
    if level not in _LEVELS:
        raise InvalidInput.at("#/query/level", "not-acceptable")
    period = _period(quarter) if quarter else clock.quarter_of(clock.today(now))
    values = await figures.values_of(reads, actor, source, figure.value, level=level, quarter=period)
    bounds = class_breaks.breaks(values, how.classes, how.method)
    return ClassBreaks(
        layer=layer,
        quarter=period.label,
        level=level,
        figure=figure,
        method=how.method,
        breaks=bounds,
        counts=class_breaks.counts(values, bounds),
    )


def _period(name: str) -> clock.Period:
    return clock.quarter_of(date(int(name[:4]), int(name[-1]) * 3, 1))
