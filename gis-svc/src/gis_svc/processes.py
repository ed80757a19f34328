"""The processes of OGC API – Processes: what each takes, and the work it does apart from the request."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from typing import Annotated, Any

import numpy as np
import shapely
from pydantic import Field
from shapely.geometry.base import BaseGeometry

from gis_svc import circles, proposals, rules, shapes
from gis_svc.circles import DOORS_PER_FLOOR, Home, Spot
from gis_svc.designer import Wish
from gis_svc.location import Places
from gis_svc.proposals import Ground, House
from gis_svc.queries import areas, opening, placed
from gis_svc.schemas import Degree, Kind, Moment
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar
from grid_kernel.errors import InvalidInput, NotFound
from grid_kernel.reads import ReadRunner
from grid_kernel.schemas import AreaCode, GridCode, Input

Row = Mapping[str, Any]


class DismissedError(Exception):
    """Somebody does not want the result any more."""


@dataclass
class Ticket:
    """What a running job and those who watch it share."""

    progress: float = 0.0
    dismissed: Event = field(default_factory=Event)

    def tell(self, progress: float) -> None:
        """Say how far it is; DismissedError when nobody waits any more."""
        if self.dismissed.is_set():
            raise DismissedError
        self.progress = progress


Work = Callable[[Ticket], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and with what it is gathered."""

    actor: Actor
    reads: ReadRunner
    places: Places
    day: date
    calendar: WorkingCalendar


class CircleInputs(Input):
    """Which service points (of a moment: those not closed at it), and points that might become some."""

    area: AreaCode
    kind: Kind | None = None
    at: Moment | None = None
    extra_points: Annotated[list[Annotated[list[Degree], Field(min_length=2, max_length=2)]], Field(max_length=20)] = (
        Field(default_factory=list)
    )


class DesignInputs(Input):
    """The area to divide, how many households a grid shall have, which grids stay, and how long to search."""

    area: AreaCode
    target: Annotated[int, Field(ge=50, le=5_000)] = 400
    tolerance: Annotated[float, Field(ge=0.01, le=0.5)] = 0.05
    seconds: Annotated[float, Field(ge=1, le=55)] = 20
    fixed: Annotated[list[GridCode], Field(max_length=500)] = Field(default_factory=list)
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its inputs, and how its work is made ready."""

    id: str
    inputs: type[CircleInputs] | type[DesignInputs]
    ready: Callable[[Asking, Any], Awaitable[Work]]
    check: Callable[[Actor, str], None]


async def _circle(asking: Asking, wanted: CircleInputs) -> Work:
    roads = [row["shape_wkb"] for row in await placed.network(asking.reads, asking.actor)]
    if not roads:
        raise InvalidInput.at("/inputs/area", "no-roads")
    points = await placed.open_service_points(asking.reads, asking.actor, wanted.area, wanted.kind)
    if wanted.at is not None:
        openings = await opening.openings(asking.reads, asking.actor, wanted.at, asking.calendar)
        points = [row for row in points if openings.is_open(row["id"]) is not False]
    homes = [_home(row) for row in await placed.buildings_of(asking.reads, asking.actor, wanted.area)]
    spots = [_spot(row) for row in points]
    spots += [Spot(f"extra-{n}", f"+{n}", "extra", *at) for n, at in enumerate(wanted.extra_points, 1)]

    def work(ticket: Ticket) -> dict[str, Any]:
        lines = shapely.from_wkb(np.array(roads, dtype=object)).tolist()
        return circles.circles(lines, spots, homes, ticket.tell)

    return work


def _home(row: Row) -> Home:
    return Home(str(row["id"]), row["name"], row["area_code"], row["lon"], row["lat"], _capacity(row))


def _capacity(row: Row) -> int:
    """Households a building may hold: two doors on every floor of every entrance."""
    return int(row["floors"] * row["entrances"] * DOORS_PER_FLOOR)


def _spot(row: Row) -> Spot:
    at = shapes.any_from_wkb(row["shape_wkb"]).centroid
    return Spot(str(row["id"]), row["name"], row["kind"], at.x, at.y)


async def _design(asking: Asking, wanted: DesignInputs) -> Work:
    rows = await placed.buildings_of(asking.reads, asking.actor, wanted.area)
    if not rows:
        raise InvalidInput.at("/inputs/area", "no-buildings")
    roads = [row["shape_wkb"] for row in await placed.network(asking.reads, asking.actor)]
    versions = await areas.grids_in_force(asking.reads, wanted.area)
    fixed = _fixed(asking, wanted, versions)
    by_area: dict[str, list[House]] = {}
    digits = max(rules.COMMUNITY_DIGITS, len(wanted.area))
    for row in rows:
        house = House(str(row["id"]), row["area_code"], row["lon"], row["lat"], _capacity(row))
        by_area.setdefault(row["area_code"][:digits], []).append(house)
    grounds = [
        Ground(
            code,
            _outline(asking, code),
            houses,
            {grid: outline for grid, outline in fixed.items() if grid.startswith(code)},
            {grid: version for grid, version in versions.items() if grid.startswith(code) and grid != code},
        )
        for code, houses in sorted(by_area.items())
    ]
    wish = Wish(wanted.target, wanted.tolerance, wanted.seconds, wanted.seed)

    def work(ticket: Ticket) -> dict[str, Any]:
        lines = [shapes.any_from_wkb(road) for road in roads]
        return proposals.propose(grounds, lines, wish, ticket.tell)

    return work


def _fixed(asking: Asking, wanted: DesignInputs, versions: Mapping[str, int]) -> dict[str, BaseGeometry]:
    for index, code in enumerate(wanted.fixed):
        if code not in versions or code == wanted.area:
            raise InvalidInput.at(f"/inputs/fixed/{index}", "grid-not-there")
    return {code: _outline(asking, code) for code in wanted.fixed}


def _outline(asking: Asking, code: str) -> BaseGeometry:
    place = asking.places.place(code, asking.day)
    if place is None or place.wkb is None:
        raise NotFound
    return shapes.from_wkb(place.wkb)


def _check_design(actor: Actor, area: str) -> None:
    rules.check_may_propose(actor, area)


def _check_circle(actor: Actor, area: str) -> None:
    rules.check_may_look(actor, area)


_ALL = (
    Process("service-circle", CircleInputs, _circle, _check_circle),
    Process(rules.DESIGNER, DesignInputs, _design, _check_design),
)
PROCESSES: Mapping[str, Process] = {process.id: process for process in _ALL}


def process_of(name: str) -> Process:
    """The process of a name; NotFound when there is none."""
    if name not in PROCESSES:
        raise NotFound
    return PROCESSES[name]
