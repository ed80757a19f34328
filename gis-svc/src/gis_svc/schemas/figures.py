"""Statistics on the map: layers, figures, class breaks."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from gis_svc.class_breaks import Method
from gis_svc.rules import Level
from grid_kernel.schemas import Schema

QuarterName = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}Q[1-4]$")]


class FigureLayer(StrEnum):
    """The layers of figures."""

    VISIT_COVERAGE = "visit-coverage"
    CASE_DENSITY = "case-density"


class Figure(StrEnum):
    """The figures a map is coloured by."""

    HOUSEHOLDS = "households"
    PERSONS = "persons"
    VISITED = "visited"
    COVERAGE = "coverage"
    FRESH = "fresh"
    FRESHNESS = "freshness"
    CASES = "cases"
    OPEN_CASES = "openCases"
    CASES_PER_100_HOUSEHOLDS = "casesPer100Households"
    CASES_PER_KM2 = "casesPerKm2"


class ClassBreaks(Schema):
    """Upper bounds of classes, rising, and how many areas are in each."""

    layer: FigureLayer
    quarter: str
    level: Level
    figure: Figure
    method: Method
    breaks: list[float]
    counts: list[int]
